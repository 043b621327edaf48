"""Bugs of the softmax: masks that are finite, sums, maxima, scales and the log-sum-exp.

Symbols:  a the inputs of a case;  m how many times a key counts, (H, n_q, n_k);  x logits;  p
weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ....sets.types import FloatArray
from ..statement import CaseInputs, Result, softmax
from .set_bugs import Bug

FINITE_MASK = -1e4
ACCUMULATOR_TILES = 8, 16, 32


def _empty_rows(a: CaseInputs) -> Iterator[Result]:
    """The mean of v, or NaN, in rows without keys."""
    if not a.empty.any():
        return
    result = a.result()
    empty = a.empty[..., None]
    mean = a.values.mean(axis=1, keepdims=True)
    yield Result(np.where(empty, mean, result.out), result.lse)
    yield Result(np.where(empty, np.nan, result.out), result.lse)


def _leak(a: CaseInputs) -> Iterator[Result]:
    """A finite number as masked logit, or added to it."""
    every_key = np.ones_like(a.m)
    is_member = a.m > 0
    filled = np.where(is_member, a.x, FINITE_MASK)
    yield softmax(filled, every_key, a.values, a.sinks)
    added = a.x + np.where(is_member, 0, FINITE_MASK)
    yield softmax(added, every_key, a.values, a.sinks)


def _zero_logits(a: CaseInputs) -> Iterator[Result]:
    """Masked logits are 0."""
    x = np.where(a.m > 0, a.x, 0)
    yield softmax(x, np.ones_like(a.m), a.values, a.sinks)


def _row_sum(a: CaseInputs) -> Iterator[Result]:
    """Weights over all keys, those of non-members then set to 0."""
    if a.sinks is not None:
        return
    p = _weights_over_all_keys(a.x)
    p = p / p.sum(axis=-1, keepdims=True)
    yield Result(a.m * p @ a.values, a.result().lse)


def _poison(a: CaseInputs) -> Iterator[Result]:
    """The same in float32, then normalised: 0 / 0 if members are too small next to the others."""
    if a.sinks is not None:
        return
    p = _weights_over_all_keys(a.x, np.float32)
    yield Result(_out_from_weights(a, p), a.result().lse)


def _overflow(a: CaseInputs) -> Iterator[Result]:
    """exp of the logits in float32."""
    if a.sinks is not None:
        return
    p = np.exp(a.x.astype(np.float32))
    lse = np.log((a.m * p).sum(axis=-1))
    yield Result(_out_from_weights(a, p), lse)


def _weights_over_all_keys(x: FloatArray, dtype: type = np.float64) -> FloatArray:
    """exp(x - max x), for members and non-members."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.exp(shifted.astype(dtype))


def _out_from_weights(a: CaseInputs, p: FloatArray) -> FloatArray:
    """out from weights p that are masked and normalised; 0 in rows without keys."""
    p = a.m * p
    out = p / p.sum(axis=-1, keepdims=True) @ a.values
    return np.where(a.empty[..., None], 0, out)


def _scale(a: CaseInputs) -> Iterator[Result]:
    """Three common scales, without the right one."""
    d = a.q.shape[-1]
    common_scales = {1, d**-0.5, 1 / d}
    for scale in sorted(common_scales - {a.scale}):
        yield replace(a, scale=scale).result()


def _base_2(a: CaseInputs) -> Iterator[Result]:
    """lse in base 2."""
    result = a.result()
    yield Result(result.out, result.lse / np.log(2))


def _base_e(a: CaseInputs) -> Iterator[Result]:
    """lse in base e, converted as if it had base 2."""
    result = a.result()
    yield Result(result.out, result.lse * np.log(2))


def _lse_without_maximum(a: CaseInputs) -> Iterator[Result]:
    """lse without the maximum that was subtracted."""
    result = a.result()
    members = np.where(a.m > 0, a.x, -np.inf)
    top = members.max(axis=-1, initial=-np.inf)
    if a.sinks is not None:
        top = np.maximum(top, a.sinks[:, None])
    yield Result(result.out, result.lse - top)


def _no_rescale(a: CaseInputs) -> Iterator[Result]:
    """The accumulator, or it and the sum, are not rescaled when a later tile raises the maximum."""
    if a.sequences is not None or a.sinks is not None:
        return
    lse = a.result().lse
    for tile in ACCUMULATOR_TILES:
        if tile < a.m.shape[2]:
            yield Result(_unscaled_out(a, tile, rescales_sum=True), lse)
            yield Result(_unscaled_out(a, tile, rescales_sum=False), lse)


def _unscaled_out(a: CaseInputs, tile: int, rescales_sum: bool) -> FloatArray:
    """out from tiles of keys, one after the other, each relative to the maximum so far."""
    x = np.where(a.m > 0, a.x, -np.inf)
    shape = a.m.shape[:2]
    accumulator = np.zeros((*shape, a.values.shape[2]))
    total, top = np.zeros(shape), np.full(shape, -np.inf)
    for start in range(0, x.shape[2], tile):
        keys = slice(start, start + tile)
        tile_x, tile_m = x[..., keys], a.m[..., keys]
        new_top = np.maximum(top, tile_x.max(axis=-1))
        finite_top = np.where(new_top == -np.inf, 0, new_top)
        p = tile_m * np.exp(tile_x - finite_top[..., None])
        terms = p[..., None] * a.values[:, None, keys]
        is_member = tile_m[..., None] > 0
        accumulator += np.where(is_member, terms, 0).sum(axis=2)
        if rescales_sum:
            total *= np.exp(top - finite_top)
        total += p.sum(axis=-1)
        top = new_top
    divisor = np.where(total == 0, 1, total)
    return accumulator / divisor[..., None]


NUMBER_BUGS: dict[str, Bug] = {
    "empty rows": _empty_rows,
    "finite mask": _leak,
    "masked logits 0": _zero_logits,
    "masked after softmax": _row_sum,
    "maximum over all keys": _poison,
    "maximum not subtracted": _overflow,
    "missing rescale of the accumulator": _no_rescale,
    "scale": _scale,
    "lse in base 2": _base_2,
    "lse in base e": _base_e,
    "lse without the maximum": _lse_without_maximum,
}
