"""A pair of positions for each theorem of the book, at a length that a figure can show.

A walk leads from j to i through the layers of a small example; or no number of layers does.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
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


def repeat(p: sr.Pattern, j, i, layers, **options) -> Walk:
    """A walk through layers that all have one pattern."""
    return Walk((p,), j, i, layers, **options)


def segments(causal: bool):
    """LongNet with four heads together: segments of 4 in full, of 16 with every fourth key."""
    union = sr.DilatedSegment(4, 1, 0)
    for head in range(4):
        union |= sr.DilatedSegment(16, 4, head)
    return union & CAUSAL if causal else union


CAUSAL = sr.Causal()
LOCAL, STRIDED = sr.strided(4)
LOOKBACK = sr.Lookback(4)
BLOCK, SUMMARY = sr.fixed(4)
SUB_BLOCKS = [sr.SubBlock(4, 1, k) for k in range(1, 5)]
FOUR_HEADS = BLOCK | reduce(or_, SUB_BLOCKS)

DILATED, DILATED_BY_4 = sr.Dilated(2, 2), sr.Dilated(4, 4)
ITSELF, NEIGHBOURS = sr.Window(0), sr.Window(1)
FIRST = sr.Global(1)
FLIPS = [sr.Flip(distance) for distance in (1, 2, 4, 8)]

SQUARE = (4, 4)
COLUMN, ROW = sr.axial(SQUARE, 0), sr.axial(SQUARE, 1)
SWIN = sr.swin(SQUARE, 2)
SHIFTED_SWIN = sr.swin(SQUARE, 2, shift=1)
DOCUMENTS = sr.Documents((3, 4, 5))

SPARSE_TRANSFORMER = {
    "strided": Walk(sr.strided(4), 3, 13, 2),
    "strided-turned": Walk((STRIDED, LOCAL), 3, 13, 2),
    "strided-code": Walk((LOOKBACK, STRIDED), 3, 13, 2),
    "strided-code-turned": Walk((STRIDED, LOOKBACK), 3, 13, 2),
    "strided-too-narrow": Walk((sr.Lookback(3), STRIDED), 3, 14, 3),
    "strided-merged": repeat(LOOKBACK | STRIDED, 3, 13, 2),
    "fixed": Walk(sr.fixed(4), 1, 2, 1, residual=False),
    "fixed-residual": Walk(sr.fixed(4), 1, 10, 2),
    "fixed-turned": Walk((SUMMARY, BLOCK), 1, 9, 3),
    "fixed-head-0": repeat(BLOCK | SUMMARY, 1, 9, 2),
    "fixed-later-heads": repeat(BLOCK | SUB_BLOCKS[1], 3, 5, None),
    "fixed-heads-together": repeat(FOUR_HEADS, 1, 10, 1),
}

WINDOWS = {
    "window": repeat(sr.Local(3), 1, 13, 4),
    "window-code": repeat(sr.Lookback(3), 1, 13, 6),
    "window-two-layers": repeat(sr.Lookback(4), 1, 13, 4),
    "longformer-window": repeat(sr.Window(2), 13, 3, 5),
    "longformer-dilated": repeat(DILATED, 3, 6, None),
    "longformer-dilated-causal": repeat(DILATED & CAUSAL, 3, 6, None),
    "longformer-some-dilated": repeat(NEIGHBOURS | DILATED, 3, 8, 2),
    "streaming": repeat(sr.streaming(1, 4), 3, 12, 3),
}

GLOBALS = {
    "star": repeat(sr.GlobalAt((5,)), 2, 12, 2, residual=False),
    "bigbird-without-random": repeat(sr.Blockwise(NEIGHBOURS | FIRST, 2), 5, 14, 2),
    "random-few": repeat(sr.Random(16, 2, 0), 4, 12, 4),
    "random-many": repeat(sr.Random(16, 4, 0), 4, 12, 2),
    "longformer-global": repeat(NEIGHBOURS | FIRST, 4, 12, 2),
    "etc-global": repeat(sr.etc(1, 1), 4, 12, 2),
    "star-transformer": repeat(FIRST | NEIGHBOURS, 4, 12, 2),
    "sinks-alone": repeat(sr.Sinks(1) | ITSELF, 3, 9, None),
}

EXPONENTIAL = {
    "logsparse": repeat(sr.LogSparse(), 2, 15, 3),
    "logsparse-exact": repeat(sr.LogSparse(), 5, 15, 2),
    "logsparse-too-few": repeat(sr.LogSparse(), 0, 15, 4),
    "logsparse-restart": repeat(sr.LogSparseRestart(4), 2, 13, 2),
    "longnet": repeat(segments(causal=False), 13, 2, 2),
    "longnet-longer": repeat(segments(causal=False), 15, 16, None, n=32),
    "longnet-causal": repeat(segments(causal=True), 3, 4, None),
    "butterfly": Walk(FLIPS, 2, 13, 4),
    "butterfly-flat": repeat(sr.butterfly(4), 2, 13, 4),
    "butterfly-too-few": repeat(sr.butterfly(4), 0, 15, 4),
    "butterfly-causal": repeat(sr.butterfly(4) & CAUSAL, 2, 12, None),
}

GRIDS = {
    "axial": Walk((COLUMN, ROW), 2, 13, 2),
    "axial-one-axis": repeat(COLUMN, 2, 13, None),
    "axial-causal": Walk((COLUMN & CAUSAL, ROW & CAUSAL), 3, 4, None),
    "swin-unshifted": repeat(SWIN, 1, 2, None),
    "swin": Walk((SWIN, SHIFTED_SWIN, SWIN), 1, 10, 2),
    "natten": repeat(sr.Neighborhood(16, 3), 3, 8, 5),
    "natten-dilated": repeat(sr.Neighborhood(16, 3, 1, 2), 3, 6, None),
    "natten-blocked": repeat(sr.Neighborhood(16, 4, 4), 3, 4, None),
}

CHUNKS = {
    "chunks": repeat(sr.Chunk(4, 0), 3, 4, None),
    "chunks-causal": repeat(sr.Block(4), 3, 4, None),
    "llama4": Walk(sr.llama4(4, 4), 3, 12, 4),
    "gpt-neo": Walk(sr.gpt_neo(4), 1, 13, 1),
    "gemma": Walk((*[LOOKBACK] * 5, CAUSAL), 1, 13, 4),
    "windows-then-windows": Walk((sr.Lookback(3),) * 6, 1, 15, 7),
    "local-attention": repeat(sr.local_attention(4, causal=True), 1, 14, 3),
    "prefix-lm": repeat(sr.prefix_lm(5), 9, 2, None),
    "documents": repeat(DOCUMENTS, 5, 8, None, n=12),
    "block-diffusion": repeat(sr.block_diffusion(8, 2), 3, 12, None),
}

CONDITIONS = {
    "yun-strided": Walk((sr.Window(4), DILATED_BY_4), 14, 1, 2),
    "yun-fixed": Walk(sr.fixed(4), 5, 6, 1, residual=False),
    "yun-causal": repeat(sr.Causal(), 9, 4, None),
    "yun-star": repeat(FIRST | ITSELF, 4, 12, 2),
    "yun-ring-and-relay": repeat(FIRST | sr.Circular(16, 1, 1), 4, 12, 2),
    "yun-window": repeat(sr.Window(4), 14, 1, 4),
    "star-in-bigbird": repeat(sr.bigbird(16, 2, 0, 0), 5, 10, 2),
    "star-in-longformer": repeat(sr.longformer(2, globals=(5,)), 1, 14, 2),
    "star-not-in-sinks": repeat(sr.Prefix(1) | sr.Window(2), 9, 0, 5),
}

WALKS = (
    SPARSE_TRANSFORMER | WINDOWS | GLOBALS | EXPONENTIAL | GRIDS | CHUNKS | CONDITIONS
)  # by the theorem's name
