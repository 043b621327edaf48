"""Figures of connectivity sets, for a paper, a talk or a debugging session.

Each function draws on the axes or the figure that it is given, or on a new figure, and returns what
it drew, to be styled further. Rows are queries i from the top, columns keys j from the left.
Colours differ for every kind of colour vision, and in grey, on light pages and on dark ones.
Nothing is shown or saved: `sr.plot.save(im, "mask.svg")` does that.
"""

from .animation import animate
from .animation_files import save_animation
from .block_image import blocks
from .branch_counts import multiplicity
from .cost_curves import cost
from .degrees import degree
from .diff import diff
from .factorization import factorization
from .files import save
from .head_grid import heads, layers
from .image import image
from .layer_counts import hops
from .levels import levels
from .mask import mask
from .part_panels import parts
from .path_rows import path
from .reach_panels import reach
from .selection_image import selection
from .tile_image import tiles
from .weight_image import weights

__all__ = [
    "animate",
    "blocks",
    "cost",
    "degree",
    "diff",
    "factorization",
    "heads",
    "hops",
    "image",
    "layers",
    "levels",
    "mask",
    "multiplicity",
    "parts",
    "path",
    "reach",
    "save",
    "save_animation",
    "selection",
    "tiles",
    "weights",
]
