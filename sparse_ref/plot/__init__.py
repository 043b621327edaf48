"""Figures of connectivity sets, for a paper, a talk or a debugging session.

Each function draws on the axes that it is given, or on a new figure, and returns what it drew, to
be styled further. Rows are queries i from the top, columns keys j from the left. Colours differ for
every kind of colour vision, and in grey. Nothing is shown or saved:
`im.figure.savefig("mask.pdf")` does that.
"""

from .diff import diff
from .factorization import factorization
from .image import image
from .layer_counts import hops
from .mask import mask
from .path_rows import path
from .reach_panels import reach

__all__ = ["diff", "factorization", "hops", "image", "mask", "path", "reach"]
