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

OF_ANY_LENGTH = (newcomer, declared, attacks)
SUBJECTS = (
    *OF_ANY_LENGTH,
    windows,
    causality,
    masks,
    heads,
    softmax,
    numbers,
    behaviour,
)
MUTANTS = [mutant for subject in SUBJECTS for mutant in subject.MUTANTS]
NEW_MUTANTS = [mutant for subject in OF_ANY_LENGTH for mutant in subject.MUTANTS]
NEW_RIGHT = right_declared.RIGHT + right_styles.RIGHT
RIGHT = right.RIGHT + pieces.RIGHT + NEW_RIGHT

__all__ = [
    "DTYPES",
    "MUTANTS",
    "NEW_MUTANTS",
    "NEW_RIGHT",
    "RIGHT",
    "SUBJECTS",
    "Case",
    "Mutant",
]
