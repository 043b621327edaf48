"""NATTEN: neighborhoods, moved inward at the borders, not cut; strided, dilated and causal.

Hassani et al. 2023, "Neighborhood Attention Transformer", arXiv 2204.07143, dilated in arXiv
2209.15001, causal in arXiv 2403.04690, strided and of even lengths in 2025, "Generalized
Neighborhood Attention", arXiv 2504.16922; and natten 0.21.7, the authors' code.

Symbols:  p = floor(i / dilation), the place of i among the positions of its residue;
L = ceil((n - i mod dilation) / dilation), the number of those positions;
lead, the query whose neighborhood the `stride` queries of its group share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..define import Sized, every
from ..sets.checks import flag, int_tuple, per_axis
from ..sets.parts import Grid


@dataclass(frozen=True)
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
                f"natten: keys * dilation must be at most n = {self.n} "
                "(NATTEN's rule: kernel size times dilation fits in the axis), "
                f"got {self.keys} * {self.dilation} = {self.keys * self.dilation}"
            )
        if self.stride > self.keys:
            raise ValueError(
                f"natten: stride must be at most keys = {self.keys} "
                f"(NATTEN's rule: stride up to the kernel size), got {self.stride}"
            )


@dataclass(frozen=True)
class Neighborhood(NattenRule):
    """A_i = { j : j mod dilation = i mod dilation,  w <= floor(j / dilation) < w + keys }

    Hassani et al. 2025, sec. 3.

    Here w = min(max(lead - floor(keys / 2), 0), L - keys)
    and lead = floor(p / stride) stride + floor(stride / 2). Every row has `keys` keys, one more
    before the lead than after it if `keys` is even. The formula writes min and max as `or`:
    x >= min(a, b) is x >= a or x >= b, and x < max(a, b) is x < a or x < b.

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
        same_residue = j % dilation == i % dilation
        lead = i // (stride * dilation) * stride + stride // 2
        # j begins the window of the lead at `middle`; at the borders windows move inward
        middle = j // dilation + keys // 2
        at_end = j + keys * dilation >= n
        at_start = j < keys * dilation
        from_first = at_end | (middle >= lead)
        to_last = at_start | (middle < lead + keys)
        return same_residue & from_first & to_last

    @staticmethod
    def solution(i, m, n, keys, stride, dilation):
        residue = i % dilation
        length = (n - 1 - residue) // dilation + 1
        lead = i // (stride * dilation) * stride + stride // 2
        first = np.minimum(np.maximum(lead - keys // 2, 0), length - keys)
        start = first * dilation + residue
        return every(dilation, start, start + keys * dilation)

    @staticmethod
    def pairs(n, keys, stride, dilation):
        return n * keys


@dataclass(frozen=True)
class CausalNeighborhood(NattenRule):
    """A_i = { j <= i : j mod dilation = i mod dilation,  lead - keys < floor(j / dilation) }

    Hassani et al. 2025, sec. 3.

    Here lead = min(floor(p / stride) stride + stride - 1, L - 1), the last query of its group. The
    others look back from there too, and so keep fewer than `keys` keys. With stride and dilation 1
    it is Lookback(keys).

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
        after = i // (stride * dilation) * stride + stride
        same_residue = j % dilation == i % dilation
        near = (after - keys <= j // dilation) | (j + keys * dilation >= n)
        return (j <= i) & same_residue & near

    @staticmethod
    def solution(i, m, n, keys, stride, dilation):
        residue = i % dilation
        length = (n - 1 - residue) // dilation + 1
        after = i // (stride * dilation) * stride + stride
        first = np.maximum(np.minimum(after, length) - keys, 0)
        return every(dilation, first * dilation + residue, i + 1)

    @staticmethod
    def pairs(n, keys, stride, dilation):
        length, longer = divmod(n, dilation)  # `longer` residues have one position more
        short_pairs = _causal_pairs(length, keys, stride)
        long_pairs = _causal_pairs(length + 1, keys, stride)
        return (dilation - longer) * short_pairs + longer * long_pairs


def _causal_pairs(length, keys, stride):
    """sum_p |A_p| over one residue."""
    first = keys // stride * stride  # queries of the groups that reach back to 0
    groups, rest = divmod(length - first, stride)
    first_groups = first * (first + 1) // 2
    whole_groups = groups * (stride * keys - stride * (stride - 1) // 2)
    last_group = rest * keys - rest * (rest - 1) // 2
    return first_groups + whole_groups + last_group


def natten(
    n: int,
    keys: int,
    stride: int = 1,
    dilation: int = 1,
    causal: bool = False,
) -> NattenRule:
    """A_i = N_i,  N = Neighborhood(n, ...), or if causal CausalNeighborhood(n, ...)

    Hassani et al. 2025, sec. 3.

    What NATTEN's `na1d` attends to.

    Parameters
    ----------
    n : the length; others are an error, since the borders are part of the set.
    keys : the kernel size, keys in each row; keys dilation <= n. NATTEN itself asks for 2 and more.
    stride : how many queries in turn share one neighborhood, 1 to `keys`; with stride = keys the
        neighborhoods are blocks, if it divides n.
    dilation : the step between keys; a row contains only positions of its own residue.
    causal : True for CausalNeighborhood, which is not N_i & Causal(): its rows end at i, and reach
        further back.

    No row is empty: each contains i. Raises ValueError if keys dilation is above n, or `stride`
    above `keys`; TypeError if `causal` is no bool.

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
    rule = CausalNeighborhood if flag("natten: causal", causal) else Neighborhood
    return rule(n, keys, stride, dilation)


def natten_nd(
    shape: Sequence[int],
    keys: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    causal: bool | Sequence[bool] = False,
) -> Grid:
    """A_i = { j : j_a in N_(i_a) for every axis a },  N = natten(s_a, ...)

    Hassani et al. 2025, sec. 3.

    `shape` is that of the grid, read row by row, as in `Grid`; each of the others is one for all
    axes or a tuple with one for each, `causal` too. NATTEN's `na1d`, `na2d` and `na3d` are those of
    one to three axes. No row is empty. Raises ValueError if one of them is a tuple of another
    length than `shape`, and along each axis as `natten` does.

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
    arguments = dict(keys=keys, stride=stride, dilation=dilation, causal=causal)
    by_axis = [per_axis(f"natten_nd: {x}", value, len(shape)) for x, value in arguments.items()]
    return Grid(shape, tuple(natten(*axis) for axis in zip(shape, *by_axis)))
