"""Bugs of masks and shapes, which any implementation may have, whatever the set.

Symbols:  a the inputs of a case;  m how many times a key counts, (H, n_q, n_k);  h query head, H of
them on G key heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ....sets.types import FloatArray
from ..statement import CaseInputs, Gradients, Result

TILE_KEYS = 16
BLOCK_SIDE = 4
Bug = Callable[[CaseInputs], Iterator[Result]]


def _own_key(a: CaseInputs) -> Iterator[Result]:
    """m without its diagonal, if the mask is square."""
    _, n_q, n_k = a.m.shape
    if n_q == n_k:
        others = a.m * (1 - np.eye(n_q))
        yield replace(a, m=others).result()


def _transposition(a: CaseInputs) -> Iterator[Result]:
    """m_ji for m_ij, if the mask is square."""
    _, n_q, n_k = a.m.shape
    if n_q == n_k:
        yield replace(a, m=a.m.mT).result()


def _inversion(a: CaseInputs) -> Iterator[Result]:
    """1 - m."""
    yield replace(a, m=1 - a.m).result()


def _shift(a: CaseInputs) -> Iterator[Result]:
    """Each key replaced by the one before it, or by the one after it."""
    earlier = np.zeros_like(a.m)
    earlier[..., :-1] = a.m[..., 1:]
    yield replace(a, m=earlier).result()
    later = np.zeros_like(a.m)
    later[..., 1:] = a.m[..., :-1]
    yield replace(a, m=later).result()


def _whole_blocks(a: CaseInputs) -> Iterator[Result]:
    """All keys of a block that contains any."""
    m = np.zeros_like(a.m)
    _, n_q, n_k = m.shape
    for i in range(0, n_q, BLOCK_SIDE):
        for j in range(0, n_k, BLOCK_SIDE):
            block = np.s_[:, i : i + BLOCK_SIDE, j : j + BLOCK_SIDE]
            has_any = a.m[block].max(axis=(1, 2))
            m[block] = has_any[:, None, None]
    yield replace(a, m=m).result()


def _head_reversal(a: CaseInputs) -> Iterator[Result]:
    """Head H - 1 - h has the set of head h."""
    yield replace(a, m=a.m[::-1]).result()


def _head_modulo(a: CaseInputs) -> Iterator[Result]:
    """Head h reads k[h mod G] and v[h mod G]."""
    heads = np.arange(len(a.q))
    yield replace(a, kv=heads % len(a.k)).result()


def _partial_tile(a: CaseInputs) -> Iterator[Result]:
    """Keys of whole tiles only, or of whole pages."""
    tile = a.pages.size if a.pages else TILE_KEYS
    if a.sequences is None:
        length = a.m.shape[2]
        is_kept = np.arange(length) < length // tile * tile
        yield replace(a, m=a.m * is_kept).result()
        return
    m = a.m.copy()
    for queries, keys in a.sequences:
        length = keys.stop - keys.start
        m[:, queries, keys.start + length // tile * tile :] = 0
    yield replace(a, m=m).result()


def _padding(a: CaseInputs) -> Iterator[Result]:
    """Keys and values of 0 that pad to whole tiles, each attended to."""
    if a.sequences is not None:
        return
    n_k = a.m.shape[2]
    padding = -n_k % TILE_KEYS
    k = _append_keys(a.k, padding, axis=1, value=0)
    v = _append_keys(a.v, padding, axis=1, value=0)
    m = _append_keys(a.m, padding, axis=2, value=1)
    result = replace(a, k=k, v=v, m=m).result()
    if result.gradients is None:
        yield result
    else:
        dq, dk, dv = result.gradients
        without_padding = Gradients(dq, dk[:, :n_k], dv[:, :n_k])
        yield result._replace(gradients=without_padding)


def _mixed_sequences(a: CaseInputs) -> Iterator[Result]:
    """All sequences as if they were one."""
    if a.sequences is None:
        return
    n_q, n_k = a.sequences.shape
    yield replace(a, m=np.ones_like(a.m)).result()
    one_sequence = np.tri(n_q, n_k, n_k - n_q)
    yield replace(a, m=np.broadcast_to(one_sequence, a.m.shape)).result()


def _append_keys(x: FloatArray, count: int, axis: int, value: float) -> FloatArray:
    """x with so many more keys along its axis of keys, all of one value."""
    shape = list(x.shape)
    shape[axis] = count
    return np.concatenate([x, np.full(shape, value)], axis=axis)


SET_BUGS: dict[str, Bug] = {
    "own key": _own_key,
    "borders": _mixed_sequences,
    "transposed mask": _transposition,
    "inverted mask": _inversion,
    "shifted": _shift,
    "rounded out to blocks": _whole_blocks,
    "heads permuted": _head_reversal,
    "kv head h % G": _head_modulo,
    "last, partial tile": _partial_tile,
    "padding attended to": _padding,
}
