"""Bugs that any implementation may have, whatever the set: the outputs that each one produces.

Symbols:  a the inputs of a case;  m how many times a key counts, (H, n_q, n_k);  x logits;  p
weights;  h query head, H of them on G key heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...sets.types import FloatArray
from .statement import CaseInputs, Result, softmax

TILE_KEYS = 16
BLOCK_SIDE = 4
FINITE_MASK = -1e4


def _own_key(a: CaseInputs) -> Iterator[Result]:
    """m without its diagonal, if the mask is square."""
    _, n_q, n_k = a.m.shape
    if n_q == n_k:
        yield a.result(a.m * (1 - np.eye(n_q)))


def _transposition(a: CaseInputs) -> Iterator[Result]:
    """m_ji for m_ij, if the mask is square."""
    _, n_q, n_k = a.m.shape
    if n_q == n_k:
        yield a.result(a.m.mT)


def _inversion(a: CaseInputs) -> Iterator[Result]:
    """1 - m."""
    yield a.result(1 - a.m)


def _shift(a: CaseInputs) -> Iterator[Result]:
    """Each key replaced by the one before it, or by the one after it."""
    earlier = np.zeros_like(a.m)
    earlier[..., :-1] = a.m[..., 1:]
    yield a.result(earlier)
    later = np.zeros_like(a.m)
    later[..., 1:] = a.m[..., :-1]
    yield a.result(later)


def _whole_blocks(a: CaseInputs) -> Iterator[Result]:
    """All keys of a block that contains any."""
    m = np.zeros_like(a.m)
    _, n_q, n_k = m.shape
    for i in range(0, n_q, BLOCK_SIDE):
        for j in range(0, n_k, BLOCK_SIDE):
            block = np.s_[:, i : i + BLOCK_SIDE, j : j + BLOCK_SIDE]
            has_any = a.m[block].max(axis=(1, 2))
            m[block] = has_any[:, None, None]
    yield a.result(m)


def _head_reversal(a: CaseInputs) -> Iterator[Result]:
    """Head H - 1 - h has the set of head h."""
    yield a.result(a.m[::-1])


def _head_modulo(a: CaseInputs) -> Iterator[Result]:
    """Head h reads k[h mod G] and v[h mod G]."""
    heads = np.arange(len(a.q))
    yield a.result(kv=heads % len(a.k))


def _empty_rows(a: CaseInputs) -> Iterator[Result]:
    """The mean of v, or NaN, in rows without keys."""
    out, lse = a.result()
    if not a.empty.any():
        return
    empty = a.empty[..., None]
    mean = a.values.mean(axis=1, keepdims=True)
    yield Result(np.where(empty, mean, out), lse)
    yield Result(np.where(empty, np.nan, out), lse)


def _remainder(a: CaseInputs) -> Iterator[Result]:
    """Keys of whole tiles only."""
    m = a.m.copy()
    whole_tiles = m.shape[2] // TILE_KEYS
    m[..., whole_tiles * TILE_KEYS :] = 0
    yield a.result(m)


def _ghost(a: CaseInputs) -> Iterator[Result]:
    """Keys and values of 0 that pad to whole tiles, each attended to."""
    padding = -a.m.shape[2] % TILE_KEYS
    k = _append_keys(a.k, padding, axis=1, value=0)
    v = _append_keys(a.v, padding, axis=1, value=0)
    m = _append_keys(a.m, padding, axis=2, value=1)
    yield CaseInputs(a.q, k, v, m, a.scale).result()


def _append_keys(x: FloatArray, count: int, axis: int, value: float) -> FloatArray:
    """x with so many more keys along its axis of keys, all of one value."""
    shape = list(x.shape)
    shape[axis] = count
    return np.concatenate([x, np.full(shape, value)], axis=axis)


def _leak(a: CaseInputs) -> Iterator[Result]:
    """A finite number as masked logit, or added to it."""
    every_key = np.ones_like(a.m)
    is_member = a.m > 0
    yield softmax(np.where(is_member, a.x, FINITE_MASK), every_key, a.values)
    yield softmax(a.x + np.where(is_member, 0, FINITE_MASK), every_key, a.values)


def _zero_logits(a: CaseInputs) -> Iterator[Result]:
    """Masked logits are 0."""
    x = np.where(a.m > 0, a.x, 0)
    yield softmax(x, np.ones_like(a.m), a.values)


def _row_sum(a: CaseInputs) -> Iterator[Result]:
    """Weights over all keys, those of non-members then set to 0."""
    p = _weights_over_all_keys(a.x)
    p = p / p.sum(axis=-1, keepdims=True)
    yield Result(a.m * p @ a.values, a.result().lse)


def _poison(a: CaseInputs) -> Iterator[Result]:
    """The same in float32, then normalised: 0 / 0 if members are too small next to the others."""
    p = _weights_over_all_keys(a.x, np.float32)
    yield Result(_out_from_weights(a, p), a.result().lse)


def _overflow(a: CaseInputs) -> Iterator[Result]:
    """exp of the logits in float32."""
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
        yield a.result(scale=scale)


def _lse(a: CaseInputs) -> Iterator[Result]:
    """lse in base 2, or without the maximum that was subtracted."""
    out, lse = a.result()
    yield Result(out, lse / np.log(2))
    members = np.where(a.m > 0, a.x, -np.inf)
    yield Result(out, lse - members.max(axis=-1))


BUGS: dict[str, Callable[[CaseInputs], Iterator[Result]]] = {
    "own key": _own_key,
    "transposed": _transposition,
    "inverted": _inversion,
    "shifted": _shift,
    "rounded": _whole_blocks,
    "heads permuted": _head_reversal,
    "head modulo": _head_modulo,
    "empty rows": _empty_rows,
    "remainder": _remainder,
    "ghost": _ghost,
    "leak": _leak,
    "zeroed": _zero_logits,
    "row sum": _row_sum,
    "poison": _poison,
    "overflow": _overflow,
    "scale": _scale,
    "lse": _lse,
}
