"""Runs -> gather-tiles: blocks of 64 rows, chunks of 64 keys, and a bitmask of who attends to which."""
