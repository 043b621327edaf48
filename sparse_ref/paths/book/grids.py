"""Grids and neighborhoods: axial attention, Swin, NATTEN.

Symbols:  height, width of a grid read row by row;  k keys of a neighborhood;  d its dilation.
"""

from __future__ import annotations

from ...patterns import Causal, Neighborhood, axial, swin
from ...sets.factorized import Factorized
from ..proof.lemmas import prove_closed, prove_hops
from ..proof.prove import prove
from .measures import distance, neighbour, one_block, one_residue
from .theorem import Theorem


def columns_then_rows(height, width):
    """A layer along columns, then one along rows."""
    shape = height, width
    return Factorized(
        (axial(shape, 0), axial(shape, 1)), via=lambda j, i: (i // width * width + j % width,)
    )


def columns(height, width):
    """One layer along columns."""
    return axial((height, width), 0)


def one_column(j, i, height, width):
    """j and i are in one column"""
    return j % width == i % width


def neighbors(n, k):
    """Neighborhoods of at least three keys."""
    if k < 3:
        raise ValueError(f"k must be at least 3, got {k}")
    return Neighborhood(n, k)


def dilated(n, k, d):
    """Neighborhoods of every d-th position."""
    return Neighborhood(n, k, 1, d)


def blocked(n, b):
    """Neighborhoods of b keys whose stride is b, over whole blocks."""
    found = Neighborhood(n, b, b)
    if n % b:
        raise ValueError(f"n must be a multiple of b = {b}, got {n}")
    return found


def one_window(j, i):
    """j and i are in one window of the 8 x 8 grid"""
    return (j // 8 // 4 == i // 8 // 4) & (j % 8 // 4 == i % 8 // 4)


SWIN = swin((8, 8), 4), swin((8, 8), 4, shift=2)

THEOREMS = (
    Theorem(
        "axial",
        "axial attention",
        "proved",
        "confirms",
        claim="A layer along each axis covers the whole image",
        source="Ho et al. 2019, sec. 3.1",
        remark="For grids of every height and width, through the position in i's row and j's column.",
        settle=lambda: prove(columns_then_rows, residual=False, causal=False),
    ),
    Theorem(
        "axial-one-axis",
        "axial attention",
        "proved",
        "confirms",
        claim="One axis alone does not",
        source="Ho et al. 2019, sec. 3.1",
        remark="However many layers: columns never mix.",
        settle=lambda: prove_closed(columns, one_column, causal=False),
    ),
    Theorem(
        "axial-causal",
        "axial attention",
        "refuted",
        "contradicts",
        claim="Cutting both layers to the pixels before makes them causal",
        source="folklore",
        remark="At a price: pixels above and to the right are lost, which is why the paper has an inner and an outer decoder.",
        settle=lambda: prove((axial((4, 5), 0) & Causal(), axial((4, 5), 1) & Causal())),
    ),
    Theorem(
        "swin-unshifted",
        "Swin",
        "proved",
        "confirms",
        claim="Windows that are not shifted have no connection across",
        source="Liu et al. 2021, sec. 3.2",
        remark="In any number of layers.",
        settle=lambda: prove_closed(SWIN[0], one_window, causal=False),
    ),
    Theorem(
        "swin",
        "Swin",
        "proved",
        "confirms",
        claim="Shifting windows in every other layer connects them",
        source="Liu et al. 2021, sec. 3.2",
        remark="On 8 x 8 positions with windows of 4: three layers connect every pair.",
        settle=lambda: prove((SWIN[0], SWIN[1], SWIN[0]), causal=False),
    ),
    Theorem(
        "natten",
        "NATTEN",
        "proved",
        "confirms",
        claim="Neighborhoods connect everything, layer by layer",
        source="Hassani et al. 2023, sec. 3",
        remark="Borders included: each position has its neighbours to both sides among three keys or more.",
        settle=lambda: prove_hops(neighbors, distance, neighbour, causal=False),
    ),
    Theorem(
        "natten-dilated",
        "NATTEN",
        "proved",
        "sharpens",
        claim="Dilated neighborhoods widen the receptive field exponentially",
        source="Hassani and Shi 2022, sec. 3",
        remark="Not by themselves: with one dilation residues never mix; the model alternates with d = 1.",
        settle=lambda: prove_closed(dilated, one_residue, causal=False),
    ),
    Theorem(
        "natten-blocked",
        "NATTEN",
        "proved",
        "confirms",
        claim="A stride of the whole neighborhood is blocked attention",
        source="Hassani et al. 2025, sec. 3",
        remark="Its blocks never mix.",
        settle=lambda: prove_closed(blocked, one_block, causal=False),
    ),
)
