"""A pattern and a length -> runs: a few arithmetic sequences of keys per row.

Importing the room registers the lowering rule of every kind of pattern.
"""

from . import combinations, row_set, sequence_parts

__all__ = ["combinations", "row_set", "sequence_parts"]
