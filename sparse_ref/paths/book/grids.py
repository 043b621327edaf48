"""Grids and neighborhoods: axial attention, Swin, NATTEN.

Symbols:  height, width of a grid read row by row;  k keys of a neighborhood;  d its dilation.
"""

from __future__ import annotations

from ...patterns import Causal, Neighborhood, axial, swin
from ...sets.factorized import Factorized
from ..proof.lemmas import prove_hops, prove_invariant
from ..proof.prove import prove
from .measures import distance, neighbour, one_block, one_residue
from .theorem import Theorem


def columns_then_rows(height, width):
    """A layer along columns, then one along rows."""
    shape = (height, width)
    steps = (axial(shape, 0), axial(shape, 1))

    def via(j, i):
        row_start = i // width * width
        return (row_start + j % width,)

    return Factorized(steps, via=via)


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


def dilation(n, k, d):
    """Neighborhoods of every d-th position."""
    return Neighborhood(n, k, 1, d)


def blocks(n, b):
    """Neighborhoods of b keys whose stride is b, over whole blocks."""
    neighborhood = Neighborhood(n, b, b)
    if n % b:
        raise ValueError(f"n must be a multiple of b = {b}, got {n}")
    return neighborhood


def one_window(j, i):
    """j and i are in one window of the 8 x 8 grid"""
    same_rows = j // 8 // 4 == i // 8 // 4
    same_columns = j % 8 // 4 == i % 8 // 4
    return same_rows & same_columns


SWIN = swin((8, 8), 4)
SHIFTED_SWIN = swin((8, 8), 4, shift=2)
CAUSAL_COLUMNS = axial((4, 5), 0) & Causal()
CAUSAL_ROWS = axial((4, 5), 1) & Causal()

THEOREMS = (
    Theorem(
        "axial",
        "axial attention",
        "proved",
        "confirms",
        claim="A layer along each axis covers the whole image",
        source="Ho et al. 2019, sec. 3.1",
        remark="For every height and width, through the row of i and the column of j.",
        settle=lambda: prove(columns_then_rows, residual=False, causal=False),
    ),
    Theorem(
        "axial-one-axis",
        "axial attention",
        "proved",
        "confirms",
        claim="A layer along one axis only does not cover the image",
        source="Ho et al. 2019, sec. 3.1",
        remark="However many layers: columns never mix.",
        settle=lambda: prove_invariant(columns, one_column, causal=False),
    ),
    Theorem(
        "axial-causal",
        "axial attention",
        "refuted",
        "contradicts",
        claim="Cutting both layers to the pixels before makes them causal",
        source="folklore",
        remark="Pixels above and to the right are lost: the paper has two decoders for that.",
        settle=lambda: prove((CAUSAL_COLUMNS, CAUSAL_ROWS)),
    ),
    Theorem(
        "swin-unshifted",
        "Swin",
        "proved",
        "confirms",
        claim="Windows that are not shifted have no connection to one another",
        source="Liu et al. 2021, sec. 3.2",
        remark="In any number of layers.",
        settle=lambda: prove_invariant(SWIN, one_window, causal=False),
    ),
    Theorem(
        "swin",
        "Swin",
        "proved",
        "confirms",
        claim="Shifting windows in every other layer connects them",
        source="Liu et al. 2021, sec. 3.2",
        remark="On 8 x 8 positions with windows of 4: three layers connect every pair.",
        settle=lambda: prove((SWIN, SHIFTED_SWIN, SWIN), causal=False),
    ),
    Theorem(
        "natten",
        "NATTEN",
        "proved",
        "confirms",
        claim="Neighborhoods connect everything, layer by layer",
        source="Hassani et al. 2023, sec. 3",
        remark="Also at the borders: three keys or more include the neighbours on both sides.",
        settle=lambda: prove_hops(neighbors, distance, neighbour, causal=False),
    ),
    Theorem(
        "natten-dilated",
        "NATTEN",
        "proved",
        "sharpens",
        claim="Dilated neighborhoods widen the receptive field exponentially",
        source="Hassani and Shi 2022, sec. 3",
        remark="Not alone: with one dilation residues never mix; the model alternates with d = 1.",
        settle=lambda: prove_invariant(dilation, one_residue, causal=False),
    ),
    Theorem(
        "natten-blocked",
        "NATTEN",
        "proved",
        "confirms",
        claim="A stride of the whole neighborhood is blocked attention",
        source="Hassani et al. 2025, sec. 3",
        remark="Its blocks never mix.",
        settle=lambda: prove_invariant(blocks, one_block, causal=False),
    ),
)
