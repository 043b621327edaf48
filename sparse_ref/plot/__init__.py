"""Figures of connectivity sets, for a paper, a talk or a debugging session.

Each function draws on the axes that it is given, or on a new figure, and returns what it drew, to
be styled further. Rows are queries i from the top, columns keys j from the left. Colours differ for
every kind of colour vision, and in grey. Nothing is shown or saved:
`im.figure.savefig("mask.pdf")` does that.
"""

from .block_image import blocks
from .diff import diff
from .factorization import factorization
from .image import image
from .levels import levels
from .mask import mask
from .selection_image import selection
from .tile_image import tiles
from .weight_image import weights

__all__ = [
    "blocks",
    "diff",
    "factorization",
    "image",
    "levels",
    "mask",
    "selection",
    "tiles",
    "weights",
]
