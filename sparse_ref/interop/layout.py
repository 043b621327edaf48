"""DeepSpeed's layouts: which whole blocks of keys each block of queries attends to."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..attention.arrays import as_array
from ..lower import block_counts
from ..sets.checks import integer
from ..sets.parts import Blockwise
from ..sets.pattern import Pattern
from ..sets.positions import first_index
from ..sets.types import IntArray
from .heads import PatternPerHead, pattern_of_slabs, patterns_of_heads


def deepspeed_layout(
    p: PatternPerHead, n: int, block: int = 16, *, covering: bool = False
) -> IntArray:
    """The blocks that each head attends to, int64 (H, n / block, n / block), 1 or 0.

    It is what `make_layout` of a SparsityConfig returns. A layout contains whole blocks only. If p
    fills a block in part, as a causal pattern does on the diagonal, that is an error. With
    `covering`, every block that contains a key is 1, and the caller has to mask the other keys.

    Raises TypeError if p is no pattern, nor a sequence with one per head; ValueError if block does
    not divide n, or p fills a block in part.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.deepspeed_layout(sr.Blockwise(sr.Causal(), 16), 48)
    array([[[1, 0, 0],
            [1, 1, 0],
            [1, 1, 1]]])
    """
    n = integer("n", n, 0)
    block = integer("block", block, 1)
    if n % block:
        raise ValueError(f"n must be a multiple of block = {block} (DeepSpeed), got {n}")
    layouts = []
    for h, pattern in enumerate(patterns_of_heads("p", p)):
        counts = block_counts(pattern, (n, n), (block, block))
        is_partial = (counts > 0) & (counts < block**2)
        if is_partial.any() and not covering:
            at = first_index(is_partial)
            raise ValueError(
                f"p must hold whole blocks of {block}, got {counts[at]} of {block**2} pairs in "
                f"block {at} of head {h}: pass covering=True and mask the rest, or a Blockwise "
                "pattern"
            )
        layouts.append((counts > 0).astype(np.int64))
    return np.stack(layouts)


def from_deepspeed_layout(layout: ArrayLike, block: int) -> tuple[Pattern, ...]:
    """Blockwise(Listed, block) of each head of a layout (H, blocks, blocks) of 0 and 1.

    The result is a tuple, also for one head. Raises TypeError if the layout is neither integers nor
    bool, ValueError if it contains other numbers or has other axes.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_deepspeed_layout(np.eye(3, dtype=int)[None], 16)
    (Blockwise(Listed(<3 rows, 3 keys>), 16),)
    """
    block = integer("block", block, 1)
    array = as_array("layout", layout)
    if array.dtype.kind not in "iub":
        raise TypeError(f"layout must be integers or bool, got {array.dtype}")
    if array.ndim != 3:
        hint = ": pass layout[None] of one head" if array.ndim == 2 else ""
        raise ValueError(
            f"layout must have axes (heads, blocks, blocks), got shape {array.shape}{hint}"
        )
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        at = first_index(wrong)
        raise ValueError(f"layout must be 0 or 1, got {array[at]} at {at}")
    return tuple(Blockwise(pattern_of_slabs([head != 0]), block) for head in array)
