"""DeepSpeed's layouts: which blocks of keys each block of queries attends to, whole."""

from __future__ import annotations

import numpy as np

from ..attention.arrays import as_array
from ..lower.blocks import block_counts
from ..sets.checks import integer
from ..sets.parts import Blockwise
from ..sets.pattern import Pattern
from .heads import first_true, heads_of, listed


def deepspeed_layout(p, n: int, block: int = 16, *, covering: bool = False) -> np.ndarray:
    """The blocks that a head attends to, int64 (heads, n / block, n / block), 1 or 0, as `make_layout` of a SparsityConfig.

    A layout holds whole blocks. Where p holds part of one, as a causal pattern does on the diagonal, it has no layout, and
    that is an error; with `covering`, every block that holds any key is 1, and the caller has to mask the keys that p
    leaves out.

    Raises TypeError where p is no pattern, nor a sequence with one for each head; ValueError where block does not divide
    n, or a block is held in part.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.deepspeed_layout(sr.Blockwise(sr.Causal(), 16), 48)
    array([[[1, 0, 0],
            [1, 1, 0],
            [1, 1, 1]]])
    """
    n, block = integer("n", n, 0), integer("block", block, 1)
    if n % block:
        raise ValueError(f"n must be a multiple of block = {block} (DeepSpeed), got {n}")
    layouts = []
    for h, each in enumerate(heads_of(p)):
        held = block_counts(each, (n, n), (block, block))
        part = (held > 0) & (held < block**2)
        if part.any() and not covering:
            at = first_true(part)
            raise ValueError(
                f"p must hold whole blocks of {block}, got {held[at]} of {block**2} pairs in block {at} of head {h}: "
                "pass covering=True and mask the rest, or a Blockwise pattern"
            )
        layouts.append((held > 0).astype(np.int64))
    return np.stack(layouts)


def from_deepspeed_layout(layout, block: int) -> tuple[Pattern, ...]:
    """Blockwise(Listed, block) of each head of a layout (heads, blocks, blocks) of 0 and 1: a tuple, of one head too.

    Raises TypeError where the layout is neither integers nor bool, ValueError where it holds other numbers or has other axes.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_deepspeed_layout(np.eye(3, dtype=int)[None], 16)
    (Blockwise(Listed(<3 rows, 3 keys>), 16),)
    """
    block, layout = integer("block", block, 1), as_array("layout", layout)
    if layout.dtype.kind not in "iub":
        raise TypeError(f"layout must be integers or bool, got {layout.dtype}")
    if layout.ndim != 3:
        raise ValueError(
            f"layout must have axes (heads, blocks, blocks), got shape {layout.shape}"
            + (": pass layout[None] of one head" if layout.ndim == 2 else "")
        )
    wrong = (layout != 0) & (layout != 1)
    if wrong.any():
        at = first_true(wrong)
        raise ValueError(f"layout must be 0 or 1, got {layout[at]} at {at}")
    return tuple(Blockwise(listed([each != 0]), block) for each in layout)
