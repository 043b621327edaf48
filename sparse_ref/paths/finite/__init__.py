"""Paths at one length n, in NumPy and compiled loops: no solver is needed."""
