"""A pattern and a length -> runs: a few arithmetic sequences of keys per row.

Importing the room registers the lowering rule of every kind of pattern.
"""

from . import runs_of, runs_of_parts

__all__ = ["runs_of", "runs_of_parts"]
