"""Peers in PyTorch: FlexAttention, compiled, which takes sets as functions and skips the blocks
that are empty.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

import sparse_ref as sr

from . import peers
from .cases import label, part
from .peers import SMALL, Peer
from .rows import Row, Target, ratio
from .timing import Size, seconds
from .torch_peers import first, inference, tensors, torch_on_our_threads

GROUP = "FlexAttention"
BLOCK = 128  # its own default
LOWERING = "lowering "  # begins the cases that time no attention


def rows(size: Size) -> list[Row]:
    """Time of `attend` over that of `flex_attention` under `torch.compile`, 8 heads; then of `plan`
    over `create_block_mask`.

    It is compiled for each mask and length before anything is timed, and its BlockMask, in blocks
    of 128, is made beforehand, as our set is lowered beforehand. Each BlockMask is made once, by
    the function as it is, so that the last rows are no medians and have no target; compiled, which
    takes longer the first time, it is quicker.
    """
    numbers = range(len(masks(size.scale)))
    attending = peers.rows(GROUP, [partial(peer, m) for m in numbers], size)
    return attending + [lowering_row(m, size) for m in numbers if not attending[m].missing]


class MaskedSet(NamedTuple):
    """A set, and the same set as FlexAttention's function."""

    pattern: sr.Pattern
    n: int
    mask_mod: Callable
    target: Target


@cache
def masks(scale: int) -> list[MaskedSet]:
    """The sets that are compared."""
    l, window = part(128, scale), part(512, scale)
    c = part(l, 16)

    def causal_mask(b, h, i, j):
        return j <= i

    def lookback_mask(b, h, i, j):
        return (j <= i) & (i - j < window)

    def strided_mask(b, h, i, j):
        return (j <= i) & ((i - j) % l == 0)

    def summary_mask(b, h, i, j):
        return (j <= i) & (j % l >= l - c)

    n = part(16384, scale)
    return [
        MaskedSet(sr.Causal(), part(8192, scale), causal_mask, Target("<=", 0.8)),
        MaskedSet(sr.Lookback(window), n, lookback_mask, Target("<=", 0.6)),
        MaskedSet(sr.Strided(l), n, strided_mask, Target("<=", 0.03)),
        MaskedSet(sr.Summary(l, c), n, summary_mask, Target("<=", 0.03)),
    ]


@cache
def block_mask(m: int, scale: int):
    """(the BlockMask, the seconds that it took)."""
    torch_on_our_threads()
    from torch.nn.attention.flex_attention import create_block_mask

    sets = masks(scale)[m]
    options = {"device": "cpu", "BLOCK_SIZE": BLOCK}
    start = time.perf_counter()
    mask = create_block_mask(sets.mask_mod, None, None, sets.n, sets.n, **options)
    return mask, time.perf_counter() - start


@cache
def compiled_attention():
    """One compiled function; it compiles anew for each mask and length."""
    torch = torch_on_our_threads()
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=False)


def peer(m: int, scale: int) -> Peer:
    """The m-th set. On short inputs, at which sets are compared and not times, the function runs
    uncompiled, and its warning of that is silenced.
    """
    sets = masks(scale)[m]

    def ready(q, k, v):
        mask, _ = block_mask(m, scale)
        inputs = tensors(q, k, v)
        if scale < SMALL:
            return inference(lambda: compiled_attention()(*inputs, block_mask=mask)), first
        from torch.nn.attention.flex_attention import flex_attention

        def plain():
            with warnings.catch_warnings(action="ignore"):
                return flex_attention(*inputs, block_mask=mask)

        return inference(plain), first

    p = sets.pattern
    return Peer(GROUP, repr(p), p, sets.n, ready, sets.target)


def lowering_row(m: int, size: Size) -> Row:
    """How long a plan takes to make, and a BlockMask."""
    sets = masks(size.scale)[m]
    case = f"{LOWERING}{label(repr(sets.pattern), sets.n)}"
    ours = seconds(partial(sr.plan, sets.pattern, sets.n), size.pause)
    _, theirs = block_mask(m, size.scale)
    times = np.array([ours]), np.array([theirs])
    return ratio(GROUP, case, "create_block_mask", *times)
