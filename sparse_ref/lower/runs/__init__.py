"""A pattern and a length -> runs, a table of arithmetic sequences of keys for each row."""
