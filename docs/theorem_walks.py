"""A pair of positions for each theorem of the book, at a length that a figure can show.

A walk leads from j to i through the layers of a small example; or no number of layers does.
"""

from __future__ import annotations

from typing import NamedTuple

import sparse_ref as sr
from sparse_ref.paths.layers import Steps


class Walk(NamedTuple):
    """From j to i at length n; `layers` is the least number that lead there, None if none does."""

    steps: Steps
    j: int
    i: int
    layers: int | None
    n: int = 16
    residual: bool = True


def segments(causal: bool):
    """LongNet with four heads together: segments of 4 in full, of 16 with every fourth key."""
    union = sr.DilatedSegment(4, 1, 0)
    for head in range(4):
        union |= sr.DilatedSegment(16, 4, head)
    return union & sr.Causal() if causal else union


def causal_axis(axis: int):
    """One axis of a 4 x 4 image, cut to the pixels before."""
    return sr.axial((4, 4), axis) & sr.Causal()


SWIN = sr.swin((4, 4), 2)
SHIFTED_SWIN = sr.swin((4, 4), 2, shift=1)
SUB_BLOCKS = sr.SubBlock(4, 1, 1) | sr.SubBlock(4, 1, 2) | sr.SubBlock(4, 1, 3)
FOUR_HEADS = sr.Block(4) | SUB_BLOCKS | sr.SubBlock(4, 1, 4)
FACTORS = (sr.Flip(1), sr.Flip(2), sr.Flip(4), sr.Flip(8))

SPARSE_TRANSFORMER = {
    "strided": Walk(sr.strided(4), 3, 13, 2),
    "strided-turned": Walk((sr.Strided(4), sr.Local(4)), 3, 13, 2),
    "strided-code": Walk((sr.Lookback(4), sr.Strided(4)), 3, 13, 2),
    "strided-code-turned": Walk((sr.Strided(4), sr.Lookback(4)), 3, 13, 2),
    "strided-too-narrow": Walk((sr.Lookback(3), sr.Strided(4)), 3, 14, 3),
    "strided-merged": Walk((sr.Lookback(4) | sr.Strided(4),), 3, 13, 2),
    "fixed": Walk(sr.fixed(4), 1, 2, 1, residual=False),
    "fixed-residual": Walk(sr.fixed(4), 1, 10, 2),
    "fixed-turned": Walk((sr.Summary(4), sr.Block(4)), 1, 9, 3),
    "fixed-head-0": Walk((sr.Block(4) | sr.Summary(4),), 1, 9, 2),
    "fixed-later-heads": Walk((sr.Block(4) | sr.SubBlock(4, 1, 2),), 3, 5, None),
    "fixed-heads-together": Walk((FOUR_HEADS,), 1, 10, 1),
}

WINDOWS = {
    "window": Walk((sr.Local(3),), 1, 13, 4),
    "window-code": Walk((sr.Lookback(3),), 1, 13, 6),
    "window-two-layers": Walk((sr.Lookback(4),), 1, 13, 4),
    "longformer-window": Walk((sr.Window(2),), 13, 3, 5),
    "longformer-dilated": Walk((sr.Dilated(2, 2),), 3, 6, None),
    "longformer-dilated-causal": Walk((sr.Dilated(2, 2) & sr.Causal(),), 3, 6, None),
    "longformer-some-dilated": Walk((sr.Window(1) | sr.Dilated(2, 2),), 3, 8, 2),
    "streaming": Walk((sr.streaming(1, 4),), 3, 12, 3),
}

GLOBALS = {
    "star": Walk((sr.GlobalAt((5,)),), 2, 12, 2, residual=False),
    "bigbird-without-random": Walk((sr.Blockwise(sr.Window(1) | sr.Global(1), 2),), 5, 14, 2),
    "random-few": Walk((sr.Random(16, 2, 0),), 4, 12, 4),
    "random-many": Walk((sr.Random(16, 4, 0),), 4, 12, 2),
    "longformer-global": Walk((sr.Window(1) | sr.Global(1),), 4, 12, 2),
    "etc-global": Walk((sr.etc(1, 1),), 4, 12, 2),
    "star-transformer": Walk((sr.Global(1) | sr.Window(1),), 4, 12, 2),
    "sinks-alone": Walk((sr.Sinks(1) | sr.Window(0),), 3, 9, None),
}

EXPONENTIAL = {
    "logsparse": Walk((sr.LogSparse(),), 2, 15, 3),
    "logsparse-exact": Walk((sr.LogSparse(),), 5, 15, 2),
    "logsparse-too-few": Walk((sr.LogSparse(),), 0, 15, 4),
    "logsparse-restart": Walk((sr.LogSparseRestart(4),), 2, 13, 2),
    "longnet": Walk((segments(causal=False),), 13, 2, 2),
    "longnet-longer": Walk((segments(causal=False),), 15, 16, None, n=32),
    "longnet-causal": Walk((segments(causal=True),), 3, 4, None),
    "butterfly": Walk(FACTORS, 2, 13, 4),
    "butterfly-flat": Walk((sr.butterfly(4),), 2, 13, 4),
    "butterfly-too-few": Walk((sr.butterfly(4),), 0, 15, 4),
    "butterfly-causal": Walk((sr.butterfly(4) & sr.Causal(),), 2, 12, None),
}

GRIDS = {
    "axial": Walk((sr.axial((4, 4), 0), sr.axial((4, 4), 1)), 2, 13, 2),
    "axial-one-axis": Walk((sr.axial((4, 4), 0),), 2, 13, None),
    "axial-causal": Walk((causal_axis(0), causal_axis(1)), 3, 4, None),
    "swin-unshifted": Walk((SWIN,), 1, 2, None),
    "swin": Walk((SWIN, SHIFTED_SWIN, SWIN), 1, 10, 2),
    "natten": Walk((sr.Neighborhood(16, 3),), 3, 8, 5),
    "natten-dilated": Walk((sr.Neighborhood(16, 3, 1, 2),), 3, 6, None),
    "natten-blocked": Walk((sr.Neighborhood(16, 4, 4),), 3, 4, None),
}

CHUNKS = {
    "chunks": Walk((sr.Chunk(4, 0),), 3, 4, None),
    "chunks-causal": Walk((sr.Block(4),), 3, 4, None),
    "llama4": Walk(sr.llama4(4, 4), 3, 12, 4),
    "gpt-neo": Walk(sr.gpt_neo(4), 1, 13, 1),
    "gemma": Walk((sr.Lookback(4),) * 5 + (sr.Causal(),), 1, 13, 4),
    "windows-then-windows": Walk((sr.Lookback(3),) * 6, 1, 15, 7),
    "local-attention": Walk((sr.local_attention(4, causal=True),), 1, 14, 3),
    "prefix-lm": Walk((sr.prefix_lm(5),), 9, 2, None),
    "documents": Walk((sr.Documents((3, 4, 5)),), 5, 8, None, n=12),
    "block-diffusion": Walk((sr.block_diffusion(8, 2),), 3, 12, None),
}

CONDITIONS = {
    "yun-strided": Walk((sr.Window(4), sr.Dilated(4, 4)), 14, 1, 2),
    "yun-fixed": Walk(sr.fixed(4), 5, 6, 1, residual=False),
    "yun-causal": Walk((sr.Causal(),), 9, 4, None),
    "yun-star": Walk((sr.Global(1) | sr.Window(0),), 4, 12, 2),
    "yun-ring-and-relay": Walk((sr.Global(1) | sr.Circular(16, 1, 1),), 4, 12, 2),
    "yun-window": Walk((sr.Window(4),), 14, 1, 4),
    "star-in-bigbird": Walk((sr.bigbird(16, 2, 0, 0),), 5, 10, 2),
    "star-in-longformer": Walk((sr.longformer(2, globals=(5,)),), 1, 14, 2),
    "star-not-in-sinks": Walk((sr.Prefix(1) | sr.Window(2),), 9, 0, 5),
}

WALKS = (
    SPARSE_TRANSFORMER | WINDOWS | GLOBALS | EXPONENTIAL | GRIDS | CHUNKS | CONDITIONS
)  # by the theorem's name
