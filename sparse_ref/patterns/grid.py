"""Axial attention and Swin: patterns over the axes of a grid.

Ho et al. 2019, "Axial Attention in Multidimensional Transformers", arXiv 1912.12180; Liu et al.
2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", arXiv 2103.14030.

Symbols:  a an axis;  i_a the coordinate of i along it;  M the side of a window, in positions;  s
its shift.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..sets.checks import int_tuple, integer, per_axis
from ..sets.parts import Grid
from ..sets.pattern import Pattern
from .divided import Chunk
from .elementary import Full, Window


def axial(shape: Sequence[int], axis: int) -> Grid:
    """A_i = { j : j_b = i_b for every axis b but `axis` }

    Ho et al. 2019, sec. 3.1.

    The line through i along one axis of a grid read row by row. Causal: & Causal(), the part of it
    up to i. A layer for each axis in turn is Factorized((axial(shape, 0), axial(shape, 1), ...)).
    In the axial-attention package one layer has all axes by default, each with a softmax of its
    own, and sums the outputs: that is no union, nor the one softmax of Branches.

    Parameters
    ----------
    shape : positions along each axis, from 1.
    axis : the axis of the line, 0 for the first, to len(shape) - 1.

    No row is empty: each contains i. Raises ValueError if `axis` is none of the shape's, and for a
    side below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Factorized((sr.axial((2, 3), 0), sr.axial((2, 3), 1))), 6))
    █··█··  ███···
    ·█··█·  ███···
    ··█··█  ███···
    █··█··  ···███
    ·█··█·  ···███
    ··█··█  ···███
    """
    shape = int_tuple("axial: shape", shape, 1)
    axis = integer("axial: axis", axis, 0)
    if axis >= len(shape):
        raise ValueError(f"axial: axis must be below len(shape) = {len(shape)}, got {axis}")
    patterns: list[Pattern] = [Window(0)] * len(shape)
    patterns[axis] = Full()
    return Grid(shape, tuple(patterns))


def swin(
    shape: Sequence[int],
    window: int | Sequence[int],
    shift: int | Sequence[int] = 0,
) -> Grid:
    """A_i = { j : floor((j_a - s) / M) = floor((i_a - s) / M) for every axis a }

    Liu et al. 2021, sec. 3.2.

    Windows of M positions per side, the first of them cut to s if they are shifted; the published
    code computes them by a cyclic shift and a mask. Its layers alternate s = 0 and s = floor(M /
    2).

    Differs: if a side is no longer than M, the code shifts nothing and takes the shorter side for
    M, which is swin(shape, min(shape)) here; and it pads a grid that is no multiple of M with
    zeros, which queries in the last windows attend to. Its mask is -100, not minus infinity.

    Parameters
    ----------
    shape : positions along each axis of a grid read row by row; the paper's have two.
    window : M, from 1, one for all axes or a tuple with one for each.
    shift : s, 0 to M - 1, likewise.

    No row is empty: each contains i. Raises ValueError if `shift` is not below `window`, and if one
    of them is a tuple of another length than `shape`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.swin((3, 4), window=2, shift=1), 12))
    █···········
    ·██·········
    ·██·········
    ···█········
    ····█···█···
    ·····██··██·
    ·····██··██·
    ·······█···█
    ····█···█···
    ·····██··██·
    ·····██··██·
    ·······█···█
    """
    shape = int_tuple("swin: shape", shape, 1)
    sides = per_axis("swin: window", window, len(shape))
    offsets = per_axis("swin: shift", shift, len(shape))
    windows = []
    for side, offset in zip(sides, offsets):
        side = integer("swin: window", side, 1)
        offset = integer("swin: shift", offset, 0)
        if offset >= side:
            raise ValueError(
                f"swin: shift must be below window = {side} (Swin's rule), got {offset}"
            )
        windows.append(Chunk(side, offset))
    return Grid(shape, tuple(windows))
