"""The exercises of the lessons, one module a lesson; each lists its puzzles as PUZZLES."""
