"""The index family: an indexer scores tokens, or pools of them, and each query takes the best."""
