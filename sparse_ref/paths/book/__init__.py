"""The chapters of the theorem book, a family or a few in each."""

from . import chunks, conditions, exponential, globals, grids, sparse_transformer, windows

CHAPTERS = (sparse_transformer, windows, globals, exponential, grids, chunks, conditions)
