"""Figures of connectivity sets, for a paper, a talk or a debugging session.

Each function draws on the axes or the figure that it is given, or on a new figure, and returns what
it drew, to be styled further. Rows are queries i from the top, columns keys j from the left.
Colours differ for every kind of colour vision, and in grey, on light pages and on dark ones.
Nothing is shown or saved: `sr.plot.save(im, "mask.svg")` does that.
"""

from .animation import animate
from .computation.block_image import blocks
from .computation.pair_image import pair_values
from .computation.selection_image import selection
from .computation.tile_image import tiles
from .computation.weight_image import weights
from .drawing.animation_files import save_animation
from .drawing.files import save
from .masks.branch_counts import multiplicity
from .masks.cost_curves import cost
from .masks.degrees import degree
from .masks.diff import diff
from .masks.factorization import factorization
from .masks.head_grid import heads, layers
from .masks.image import image
from .masks.levels import levels
from .masks.mask import mask
from .masks.part_panels import parts
from .stacks.layer_counts import hops
from .stacks.path_rows import path
from .stacks.reach_panels import reach

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
    "pair_values",
    "parts",
    "path",
    "reach",
    "save",
    "save_animation",
    "selection",
    "tiles",
    "weights",
]
