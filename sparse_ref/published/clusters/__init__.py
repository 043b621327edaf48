"""Keys chosen by hashing, clustering and sorting."""
