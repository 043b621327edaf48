"""Runs -> gather-tiles: tiles of 64 queries, chunks of 64 keys, bitmasks of connected pairs."""
