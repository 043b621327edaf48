"""The explorer: patterns in a page of one file, drawn by the same formulas in JavaScript."""

from .explorer import Explorer, explore

__all__ = ["Explorer", "explore"]
