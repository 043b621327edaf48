"""The cases: a set, a shape, the numbers in it, and the sets that known bugs turn it into."""

from .case import Case
from .combined_cases import COMBINED
from .number_cases import EMPTY, NUMBERS, SHAPES
from .window_cases import FACTORIZED, WINDOWS

CASES = (*WINDOWS, *FACTORIZED, *COMBINED, *SHAPES, *EMPTY, *NUMBERS)

__all__ = ["CASES", "Case"]
