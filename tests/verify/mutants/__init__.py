"""Implementations stored with what is wrong with each, to test what tests them; and right ones,
which nothing may flag.
"""

from . import behaviour, causality, heads, masks, numbers, pieces, right, softmax, windows
from .registry import DTYPES, Case, Mutant

SUBJECTS = (windows, causality, masks, heads, softmax, numbers, behaviour)
MUTANTS = [mutant for subject in SUBJECTS for mutant in subject.MUTANTS]
RIGHT = right.RIGHT + pieces.RIGHT

__all__ = ["DTYPES", "MUTANTS", "RIGHT", "SUBJECTS", "Case", "Mutant"]
