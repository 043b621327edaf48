"""A softmax over tiles that is wrong: sums that keep an old maximum, and parts wrongly joined.

Symbols:  x logits, (B, H, n_q, n_k);  p weights;  lse (B, H, n_q).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....sets.types import FloatArray
from .attention import Attention, Change
from .mutation import family
from .softmax import LARGE_LOGITS, divide, finite_top, in_float32

TILES = "compare random logits at an n of several tiles"


def tile_tops(x: FloatArray, tile: int) -> FloatArray:
    """The largest logit of each row in the tile of each key, of the shape of x."""
    starts = np.arange(0, x.shape[-1], tile)
    tops = np.maximum.reduceat(x, starts, axis=-1)
    return tops.repeat(tile, axis=-1)[..., : x.shape[-1]]


def running_tops(x: FloatArray, tile: int) -> FloatArray:
    """The largest logit up to the tile of each key; 0 before there is one."""
    tops = np.maximum.accumulate(tile_tops(x, tile), axis=-1)
    return np.where(np.isneginf(tops), 0, tops)


def keep_stale(tile: int, *, output: bool, denominator: bool) -> Change:
    """A running maximum over tiles, whose sums keep the maximum of their time."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        rescaled = np.exp(x - finite_top(x))
        stale = np.exp(x - running_tops(x, tile))
        total = (stale if denominator else rescaled).sum(axis=-1, keepdims=True)
        return divide(stale if output else rescaled, total), lse

    return change


def of_parts(tile: int, weigh: Any) -> Change:
    """Each tile of keys by itself, joined by weigh(lse (..., T), has_keys (..., T))."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        starts = np.arange(0, a.n_k, tile)
        p = np.exp(x - finite_top(x))
        sums = np.add.reduceat(p, starts, axis=-1)
        weight = weigh(np.log(sums) + finite_top(x), sums > 0)
        share = divide(weight, weight.sum(axis=-1, keepdims=True))
        total_of_key = sums.repeat(tile, axis=-1)[..., : a.n_k]
        share_of_key = share.repeat(tile, axis=-1)[..., : a.n_k]
        return divide(p, total_of_key) * share_of_key, lse

    return change


def base_two(lse: FloatArray, has_keys: Any) -> FloatArray:
    """The parts weighed by powers of 2."""
    top = finite_top(lse)
    return np.exp2(lse - top)


def all_but_last(lse: FloatArray, has_keys: Any) -> FloatArray:
    """The parts without the last, if there are several."""
    weight = np.exp(lse - finite_top(lse))
    if weight.shape[-1] > 1:
        weight[..., -1] = 0
    return weight


MUTATIONS = (
    *family(
        "softmax",
        TILES,
        {
            "output not rescaled, tiles of 8": keep_stale(8, output=True, denominator=False),
            "denominator not rescaled, tiles of 8": keep_stale(8, output=False, denominator=True),
            "neither rescaled, tiles of 8": keep_stale(8, output=True, denominator=True),
            "output not rescaled, tiles of 16": keep_stale(16, output=True, denominator=False),
            "denominator not rescaled, tiles of 16": keep_stale(16, output=False, denominator=True),
            "neither rescaled, tiles of 16": keep_stale(16, output=True, denominator=True),
            "parts of 16 keys joined by their mean": of_parts(16, lambda lse, has_keys: has_keys),
            "parts of 16 keys joined by powers of 2": of_parts(16, base_two),
            "the last part of 16 keys not joined": of_parts(16, all_but_last),
            "parts of 16 keys joined by their lse as it is": of_parts(
                16, lambda lse, has_keys: np.where(has_keys, np.abs(lse), 0)
            ),
        },
    ),
    *family(
        "softmax",
        LARGE_LOGITS,
        {
            "the maximum of the first tile of 16 subtracted": in_float32(
                lambda a, x: running_tops(x, 16)[..., :1]
            ),
        },
    ),
)
