"""The cases: a set, a shape, the numbers in it, and the sets that known bugs turn it into."""

from .case import Case
from .combined_cases import COMBINED
from .gradient_cases import GRADIENTS
from .number_cases import EMPTY, NUMBERS, SHAPES
from .option_cases import SELECTIONS, SINKS, SOFT_CAPS
from .sequence_cases import CACHES, PACKED, PAGED
from .window_cases import FACTORIZED, WINDOWS

FORWARD = (*WINDOWS, *FACTORIZED, *COMBINED, *SHAPES, *EMPTY, *NUMBERS)
OPTIONS = (*SOFT_CAPS, *SINKS, *SELECTIONS, *PACKED, *PAGED, *CACHES)
CASES = (*FORWARD, *OPTIONS, *GRADIENTS)

__all__ = ["CASES", "Case"]
