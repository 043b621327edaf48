"""Peers in PyTorch: FlexAttention, compiled, which takes sets as functions and skips the blocks
that hold nothing.
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
from .cases import named, part
from .peers import SMALL, Peer
from .rows import Row, Target, ratio
from .timing import Size, seconds
from .torch_peers import first, tensors, timed, torch_on_our_threads

GROUP = "FlexAttention"
BLOCK = 128  # its own default


def rows(size: Size) -> list[Row]:
    """Time of `attend` over that of `flex_attention` under `torch.compile`, 8 heads; then of `plan`
    over `create_block_mask`.

    It is compiled for each mask and length before anything is timed, and its BlockMask, in blocks
    of 128, is made beforehand, as our set is lowered beforehand. Each BlockMask is made once, by
    the function as it is, so that the last rows are no medians and have no target; compiled, which
    takes longer the first time, it is quicker.
    """
    which = range(len(masks(size.scale)))
    timed_rows = peers.rows(GROUP, [partial(peer, m) for m in which], size)
    return timed_rows + [made(m, size) for m in which if not timed_rows[m].missing]


class Masked(NamedTuple):
    """A set, and the function that says the same to FlexAttention."""

    pattern: sr.Pattern
    n: int
    mask_mod: Callable
    target: Target


@cache
def masks(scale: int) -> list[Masked]:
    """The sets that are compared."""
    l, window = part(128, scale), part(512, scale)
    c = part(l, 16)

    def causal(b, h, i, j):
        return j <= i

    def lookback(b, h, i, j):
        return (j <= i) & (i - j < window)

    def strided(b, h, i, j):
        return (j <= i) & ((i - j) % l == 0)

    def summary(b, h, i, j):
        return (j <= i) & (j % l >= l - c)

    n = part(16384, scale)
    return [
        Masked(sr.Causal(), part(8192, scale), causal, Target("<=", 0.8)),
        Masked(sr.Lookback(window), n, lookback, Target("<=", 0.6)),
        Masked(sr.Strided(l), n, strided, Target("<=", 0.03)),
        Masked(sr.Summary(l, c), n, summary, Target("<=", 0.03)),
    ]


@cache
def block_mask(m: int, scale: int):
    """(the BlockMask, the seconds that it took)."""
    torch_on_our_threads()
    from torch.nn.attention.flex_attention import create_block_mask

    own, start = masks(scale)[m], time.perf_counter()
    found = create_block_mask(
        own.mask_mod, None, None, own.n, own.n, device="cpu", BLOCK_SIZE=BLOCK
    )
    return found, time.perf_counter() - start


@cache
def compiled():
    """One compiled function; it compiles anew for each mask and length."""
    torch = torch_on_our_threads()
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=False)


def peer(m: int, scale: int) -> Peer:
    """The m-th set; where sets are compared, not times, the function runs as it is and warns that
    it does.
    """
    own = masks(scale)[m]

    def ready(q, k, v):
        mask, tensor = block_mask(m, scale)[0], tensors(q, k, v)
        if scale < SMALL:
            return timed(lambda: compiled()(*tensor, block_mask=mask)), first
        from torch.nn.attention.flex_attention import flex_attention

        def plain():
            with warnings.catch_warnings(action="ignore"):
                return flex_attention(*tensor, block_mask=mask)

        return timed(plain), first

    return Peer(GROUP, repr(own.pattern), own.pattern, own.n, ready, own.target)


def made(m: int, size: Size) -> Row:
    """How long a plan takes to make, and a BlockMask."""
    own = masks(size.scale)[m]
    return ratio(
        GROUP,
        f"lowering {named(repr(own.pattern), own.n)}",
        "create_block_mask",
        np.array([seconds(partial(sr.plan, own.pattern, own.n), size.pause)]),
        np.array([block_mask(m, size.scale)[1]]),
    )
