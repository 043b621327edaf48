"""Implementations stored with what is wrong with each, to test what tests them; and right ones,
which nothing may flag.
"""

from . import (
    attacks,
    behaviour,
    causality,
    declared,
    heads,
    masks,
    newcomer,
    numbers,
    pieces,
    right,
    right_declared,
    right_styles,
    softmax,
    windows,
)
from .registry import DTYPES, Case, Mutant

SUBJECTS = (windows, causality, masks, heads, softmax, numbers, behaviour)
NEW_SUBJECTS = (newcomer, declared, attacks)
OLD_MUTANTS = [mutant for subject in SUBJECTS for mutant in subject.MUTANTS]
NEW_MUTANTS = [mutant for subject in NEW_SUBJECTS for mutant in subject.MUTANTS]
NEW_RIGHT = right_declared.RIGHT + right_styles.RIGHT
MUTANTS = OLD_MUTANTS + NEW_MUTANTS
RIGHT = right.RIGHT + pieces.RIGHT + NEW_RIGHT

__all__ = [
    "DTYPES",
    "MUTANTS",
    "NEW_MUTANTS",
    "NEW_RIGHT",
    "NEW_SUBJECTS",
    "RIGHT",
    "SUBJECTS",
    "Case",
    "Mutant",
]
