"""Bugs that any implementation may have, whatever the set: each turns a case into what an implementation with it writes.

Symbols:  a the case;  m how many times a key counts, (H, n_q, n_k);  x logits;  h query head, H of them on G key heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .dense import Given, Result, softmax

TILE, BLOCK, FINITE = 16, 4, -1e4


def _own_key(a: Given) -> Iterator[Result]:
    """m without its diagonal, where the mask is square."""
    if a.m.shape[1] == a.m.shape[2]:
        yield a.result(a.m * (1 - np.eye(a.m.shape[1])))


def _transposed(a: Given) -> Iterator[Result]:
    """m_ji for m_ij, where the mask is square."""
    if a.m.shape[1] == a.m.shape[2]:
        yield a.result(a.m.mT)


def _inverted(a: Given) -> Iterator[Result]:
    """1 - m."""
    yield a.result(1 - a.m)


def _shifted(a: Given) -> Iterator[Result]:
    """Each key for the one after it, or before it."""
    for there, here in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
        m = np.zeros_like(a.m)
        m[..., there] = a.m[..., here]
        yield a.result(m)


def _rounded(a: Given) -> Iterator[Result]:
    """All keys of a block that holds any."""
    m = np.zeros_like(a.m)
    for i in range(0, m.shape[1], BLOCK):
        for j in range(0, m.shape[2], BLOCK):
            block = np.s_[:, i : i + BLOCK, j : j + BLOCK]
            m[block] = a.m[block].max(axis=(1, 2), keepdims=True)
    yield a.result(m)


def _heads_permuted(a: Given) -> Iterator[Result]:
    """Head H - 1 - h has the set of head h."""
    yield a.result(a.m[::-1])


def _head_modulo(a: Given) -> Iterator[Result]:
    """Head h reads k[h mod G] and v[h mod G]."""
    yield a.result(kv=np.arange(len(a.q)) % len(a.k))


def _empty_rows(a: Given) -> Iterator[Result]:
    """The mean of v, or NaN, in rows without keys."""
    out, lse = a.result()
    if a.empty.any():
        for put in (a.values.mean(axis=1, keepdims=True), np.nan):
            yield np.where(a.empty[..., None], put, out), lse


def _remainder(a: Given) -> Iterator[Result]:
    """Keys of whole tiles alone."""
    m = a.m.copy()
    m[..., m.shape[2] // TILE * TILE :] = 0
    yield a.result(m)


def _ghost(a: Given) -> Iterator[Result]:
    """Keys and values of 0 up to whole tiles, each attended to."""
    more = -a.m.shape[2] % TILE
    k, v = (np.pad(x, [(0, 0), (0, more), (0, 0)]) for x in (a.k, a.v))
    yield Given(
        a.q, k, v, np.pad(a.m, [(0, 0), (0, 0), (0, more)], constant_values=1), a.scale
    ).result()


def _leak(a: Given) -> Iterator[Result]:
    """A finite number for masked logits, or added to them."""
    for x in (np.where(a.m > 0, a.x, FINITE), a.x + np.where(a.m > 0, 0, FINITE)):
        yield softmax(x, np.ones_like(a.m), a.values)


def _zeroed(a: Given) -> Iterator[Result]:
    """Masked logits are 0."""
    yield softmax(np.where(a.m > 0, a.x, 0), np.ones_like(a.m), a.values)


def _row_sum(a: Given) -> Iterator[Result]:
    """Weights over all keys, those outside taken out."""
    p = np.exp(a.x - a.x.max(axis=-1, keepdims=True))
    yield a.m * p / p.sum(axis=-1, keepdims=True) @ a.values, a.result()[1]


def _poison(a: Given) -> Iterator[Result]:
    """The same in float32, then normalised: 0 / 0 where members are too small beside the others."""
    yield (
        _normalised(a, np.exp((a.x - a.x.max(axis=-1, keepdims=True)).astype(np.float32))),
        a.result()[1],
    )


def _overflow(a: Given) -> Iterator[Result]:
    """exp of the logits in float32."""
    p = np.exp(a.x.astype(np.float32))
    yield _normalised(a, p), np.log((a.m * p).sum(axis=-1))


def _normalised(a: Given, p) -> np.ndarray:
    """out from weights p before they are masked; 0 in rows without keys."""
    p = a.m * p
    return np.where(a.empty[..., None], 0, p / p.sum(axis=-1, keepdims=True) @ a.values)


def _scale(a: Given) -> Iterator[Result]:
    """Three scales that are asked for elsewhere."""
    d = a.q.shape[-1]
    for scale in sorted({1, d**-0.5, 1 / d} - {a.scale}):
        yield a.result(scale=scale)


def _lse(a: Given) -> Iterator[Result]:
    """log2, or the sum taken after the maximum is off."""
    out, lse = a.result()
    yield out, lse / np.log(2)
    yield out, lse - np.where(a.m > 0, a.x, -np.inf).max(axis=-1)


BUGS: dict[str, Callable[[Given], Iterator[Result]]] = {
    "own key": _own_key,
    "transposed": _transposed,
    "inverted": _inverted,
    "shifted": _shifted,
    "rounded": _rounded,
    "heads permuted": _heads_permuted,
    "head modulo": _head_modulo,
    "empty rows": _empty_rows,
    "remainder": _remainder,
    "ghost": _ghost,
    "leak": _leak,
    "zeroed": _zeroed,
    "row sum": _row_sum,
    "poison": _poison,
    "overflow": _overflow,
    "scale": _scale,
    "lse": _lse,
}
