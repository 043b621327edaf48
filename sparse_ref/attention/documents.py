"""Packed documents, each computed as the sequence that it is: its bits are those it has alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..patterns import Full, Global
from ..sets import Documents
from ..sets.checks import Pair
from ..sets.pattern import Difference, Intersection
from ..sets.types import IntArray

Arrays = tuple[np.ndarray, ...]
Places = Sequence[np.ndarray]


class Piece(NamedTuple):
    """Documents of one length: where they start, and the sets of each, lowered or a pattern."""

    starts: IntArray
    length: int
    sets: Any


class Pack(NamedTuple):
    """The pieces of packed documents. A query outside of all has no keys."""

    pieces: tuple[Piece, ...]


def documents_of(p: Any, n: Pair) -> tuple[Piece, ...] | None:
    """The documents of a pattern over n = (n_q, n_k), those of one length in one piece; or None.

    They are those of Documents, or of Documents & Global(count) and Documents - Global(count) if a
    document starts at `count` or the last ends there: the documents before it, and the others.
    """
    is_cut = isinstance(p, Intersection | Difference) and isinstance(p.right, Global)
    documents = p.left if is_cut else p
    if not isinstance(documents, Documents) or n != (documents.own_length,) * 2:
        return None
    bounds = np.array([0, *documents.ends])
    lengths, starts = np.diff(bounds), bounds[:-1]
    is_used = lengths > 0
    if is_cut:
        if p.right.count not in bounds:
            return None
        is_before = starts < p.right.count
        is_used &= is_before == isinstance(p, Intersection)
    sets = Full() if documents.inner is None else documents.inner
    pieces = []
    for length in np.unique(lengths[is_used]).tolist():
        is_member = is_used & (lengths == length)
        pieces.append(Piece(starts[is_member], length, sets))
    return tuple(pieces)


class Cut:
    """The heads of some documents of one length as heads of their own, document after document.

    `queries` and `keys` are (head, row) of each of their numbers, (documents, heads, length).
    """

    def __init__(self, piece: Piece, heads: IntArray, kv: IntArray):
        groups, group_of_head = np.unique(kv[heads], return_inverse=True)
        count = len(piece.starts)
        first_group = np.arange(count)[:, None] * len(groups)
        rows = piece.starts[:, None] + np.arange(piece.length)
        self.heads = np.arange(count * len(heads))
        self.kv = (first_group + group_of_head).ravel()
        self.queries: Places = np.broadcast_arrays(heads[:, None], rows[:, None])
        self.keys: Places = np.broadcast_arrays(groups[:, None], rows[:, None])

    def vectors(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """(q, k, v), or their gradients, of the documents."""
        q, k, v = arrays
        own_q = fold(q, self.queries)
        return own_q, fold(k, self.keys), fold(v, self.keys)

    def rows(self, *arrays: np.ndarray) -> Arrays:
        """Other arrays of queries, of the documents."""
        return tuple(fold(x, self.queries) for x in arrays)


def fold(x: np.ndarray, places: Places) -> np.ndarray:
    """What x (H, n, ...) has at places, as (documents heads, length, ...), contiguous."""
    head, row = places
    documents, heads, length = row.shape
    width = x.shape[2:]
    return x[head, row].reshape(documents * heads, length, *width)


def unfold(rows: np.ndarray, x: np.ndarray, places: Places) -> None:
    """Write such rows into x."""
    head, row = places
    width = x.shape[2:]
    x[head, row] = rows.reshape(*row.shape, *width)


def attend_pack(
    attend: Callable[..., np.ndarray],
    vectors: Arrays,
    heads: IntArray,
    kv: IntArray,
    scale: float,
    pack: Pack,
    results: Arrays,
) -> np.ndarray:
    """`attend(vectors, heads, kv, scale, sets, results)` over each piece; as it returns, (H,)."""
    out, lse = results
    out[heads] = 0
    lse[heads] = -np.inf
    is_lost = np.zeros(len(out), bool)
    for piece in pack.pieces:
        cut = Cut(piece, heads, kv)
        own_vectors, own_results = cut.vectors(vectors), cut.rows(*results)
        own_lost = attend(own_vectors, cut.heads, cut.kv, scale, piece.sets, own_results)
        is_lost[heads] |= own_lost.reshape(-1, len(heads)).any(axis=0)
        for x, rows in zip(results, own_results):
            unfold(rows, x, cut.queries)
    return is_lost


def backward_pack(
    backward: Callable[..., None],
    arrays: Arrays,
    heads: IntArray,
    kv: IntArray,
    scale: float,
    pack: Pack,
    gradients: list[np.ndarray],
) -> None:
    """`backward(arrays, heads, kv, scale, sets, gradients)` over each piece."""
    grad, *vectors, out, lse = arrays
    for piece in pack.pieces:
        cut = Cut(piece, heads, kv)
        own_grad, own_out, own_lse = cut.rows(grad, out, lse)
        own_arrays = own_grad, *cut.vectors(vectors), own_out, own_lse
        own_gradients = list(cut.vectors(gradients))
        backward(own_arrays, cut.heads, cut.kv, scale, piece.sets, own_gradients)
        places = cut.queries, cut.keys, cut.keys
        for own_gradient, gradient, place in zip(own_gradients, gradients, places):
            unfold(own_gradient, gradient, place)
