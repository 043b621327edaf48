"""The thirty puzzles, one module a kind; each lists its puzzles as PUZZLES."""
