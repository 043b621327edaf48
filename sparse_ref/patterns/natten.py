"""NATTEN: neighborhoods that are moved inward at the borders, not cut there; strided, dilated and causal.

Hassani et al. 2023, "Neighborhood Attention Transformer", arXiv 2204.07143, dilated in arXiv 2209.15001, causal in
arXiv 2403.04690, strided and of even lengths in 2025, "Generalized Neighborhood Attention", arXiv 2504.16922; and natten 0.21.7,
the authors' code.

Symbols:  p = floor(i / dilation), the place of i among the positions of its residue;  L = ceil((n - i mod dilation) / dilation),
how many those are;  lead, the query whose neighborhood the `stride` queries of its group share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..define import Sized, every
from ..sets.checks import flag, int_tuple, per_axis
from ..sets.parts import Grid


@dataclass(frozen=True, repr=False)
class NattenRule(Sized):
    """The parameters of both rules, and NATTEN's bounds on them; abstract."""

    n: int
    keys: int
    stride: int = 1
    dilation: int = 1

    def __post_init__(self):
        super().__post_init__()
        if self.keys * self.dilation > self.n:
            raise ValueError(
                f"natten: keys * dilation must be at most n = {self.n} (NATTEN's rule: kernel size times dilation "
                f"fits in the axis), got {self.keys} * {self.dilation} = {self.keys * self.dilation}"
            )
        if self.stride > self.keys:
            raise ValueError(
                f"natten: stride must be at most keys = {self.keys} (NATTEN's rule: stride up to the kernel size), "
                f"got {self.stride}"
            )


@dataclass(frozen=True, repr=False)
class Neighborhood(NattenRule):
    """A_i = { j : j mod dilation = i mod dilation,  w <= floor(j / dilation) < w + keys }        Hassani et al. 2025, sec. 3

    with w = min(max(lead - floor(keys / 2), 0), L - keys) and lead = floor(p / stride) stride + floor(stride / 2): `keys` keys
    in every row, one more before the lead than after it where `keys` is even. The formula takes min and max apart:
    j' >= min(x, y) is j' >= x or j' >= y, and j' < max(x, y) is j' < x or j' < y.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Neighborhood(7, keys=3), 7))
    ███····
    ███····
    ·███···
    ··███··
    ···███·
    ····███
    ····███
    """

    @staticmethod
    def formula(i, j, n, keys, stride, dilation):
        return (
            (j % dilation == i % dilation)
            & (
                (j + keys * dilation >= n)
                | (j // dilation + keys // 2 >= i // (stride * dilation) * stride + stride // 2)
            )
            & (
                (j < keys * dilation)
                | (
                    j // dilation + keys // 2
                    < i // (stride * dilation) * stride + stride // 2 + keys
                )
            )
        )

    @staticmethod
    def solution(i, m, n, keys, stride, dilation):
        residue, lead = i % dilation, i // (stride * dilation) * stride + stride // 2
        length = (n - 1 - residue) // dilation + 1
        start = np.minimum(np.maximum(lead - keys // 2, 0), length - keys) * dilation + residue
        return every(dilation, start, start + keys * dilation)

    @staticmethod
    def pairs(n, keys, stride, dilation):
        return n * keys


@dataclass(frozen=True, repr=False)
class CausalNeighborhood(NattenRule):
    """A_i = { j <= i : j mod dilation = i mod dilation,  lead - keys < floor(j / dilation) }        Hassani et al. 2025, sec. 3

    with lead = min(floor(p / stride) stride + stride - 1, L - 1), the last of its group: the others look back from there too,
    and so keep fewer than `keys` keys. Lookback(keys) where stride and dilation are 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.CausalNeighborhood(7, keys=3, stride=2), 7))
    █······
    ██·····
    ·██····
    ·███···
    ···██··
    ···███·
    ····███
    """

    @staticmethod
    def formula(i, j, n, keys, stride, dilation):
        return (
            (j <= i)
            & (j % dilation == i % dilation)
            & (
                (j + keys * dilation >= n)
                | (j // dilation + keys >= i // (stride * dilation) * stride + stride)
            )
        )

    @staticmethod
    def solution(i, m, n, keys, stride, dilation):
        residue, after = i % dilation, i // (stride * dilation) * stride + stride
        length = (n - 1 - residue) // dilation + 1
        return every(
            dilation, np.maximum(np.minimum(after, length) - keys, 0) * dilation + residue, i + 1
        )

    @staticmethod
    def pairs(n, keys, stride, dilation):
        short, longer = divmod(n, dilation)
        return (dilation - longer) * _causal_pairs(short, keys, stride) + longer * _causal_pairs(
            short + 1, keys, stride
        )


def _causal_pairs(length, keys, stride):
    """sum_p |A_p| over one residue: the groups that reach back to 0, those of a whole stride, and the last."""
    first = keys // stride * stride
    groups, rest = divmod(length - first, stride)
    whole_group, last = (
        stride * keys - stride * (stride - 1) // 2,
        rest * keys - rest * (rest - 1) // 2,
    )
    return first * (first + 1) // 2 + groups * whole_group + last


def natten(
    n: int, keys: int, stride: int = 1, dilation: int = 1, causal: bool = False
) -> NattenRule:
    """A_i = N_i,  N = Neighborhood(n, ...), or if causal CausalNeighborhood(n, ...)        Hassani et al. 2025, sec. 3

    What NATTEN's `na1d` attends to.

    Parameters
    ----------
    n : the length; others are an error, since the borders are part of the set.
    keys : the kernel size, keys in each row; keys dilation <= n. NATTEN itself asks for 2 and more.
    stride : how many queries in turn share one neighborhood, 1 to `keys`; at `keys` they are blocks where it divides n.
    dilation : the step between keys; a row holds positions of its own residue alone.
    causal : True for CausalNeighborhood, which is not N_i & Causal(): its rows end at i, and reach further back.

    No row is empty: each holds i. Raises ValueError where keys dilation is above n, and where `stride` is above `keys`;
    TypeError where `causal` is no bool.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.natten(8, keys=3, dilation=2), 8))
    █·█·█···
    ·█·█·█··
    █·█·█···
    ·█·█·█··
    ··█·█·█·
    ···█·█·█
    ··█·█·█·
    ···█·█·█
    """
    return (CausalNeighborhood if flag("natten: causal", causal) else Neighborhood)(
        n, keys, stride, dilation
    )


def natten_nd(shape, keys, stride=1, dilation=1, causal=False) -> Grid:
    """A_i = { j : j_a in N_(i_a) for every axis a },  N = natten(s_a, ...)        Hassani et al. 2025, sec. 3

    `shape` is that of the grid, read row by row, as in `Grid`; each of the others is one for all axes or a tuple with one for
    each, `causal` too. NATTEN's `na1d`, `na2d` and `na3d` are those of one to three axes. No row is empty. Raises ValueError
    where one of them is a tuple of another length than `shape`, and along each axis as `natten` does.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.natten_nd((3, 4), keys=(2, 3), causal=(True, False)), 12))
    ███·········
    ███·········
    ·███········
    ·███········
    ███·███·····
    ███·███·····
    ·███·███····
    ·███·███····
    ····███·███·
    ····███·███·
    ·····███·███
    ·····███·███
    """
    shape = int_tuple("natten_nd: shape", shape, 1)
    given = dict(keys=keys, stride=stride, dilation=dilation, causal=causal)
    each = [per_axis(f"natten_nd: {name}", value, len(shape)) for name, value in given.items()]
    return Grid(shape, tuple(natten(*along) for along in zip(shape, *each)))
