"""What `attend` and its kin are given, checked once: arrays, scale, and the sets of each head."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Literal, TypeAlias

import numpy as np

from ..lower import CSR, Plan, dense, plan
from ..patterns import Full
from ..sets import Branches, Pattern, heads_by_pattern, patterns_of_batch
from .arrays import FLOATS, as_array
from .documents import Pack, Piece, documents_of
from .sinks import check_sink

SetsLike = Pattern | Plan | CSR
PatternLike: TypeAlias = SetsLike | Branches | Sequence["PatternLike"]
# a Plan or CSR for kernels, a bool mask for the reference; "small mask" is a mask up to MAX_SMALL
Form = Literal["tiles", "mask", "small mask"]
MAX_SMALL = 16  # queries and keys up to which attention on the CPU compiles nothing


@dataclass(frozen=True, eq=False)
class Inputs:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), contiguous, the batch folded into the heads.

    `kv[h]` is the key head of query head h. `dtype` and `shapes` are those of the caller's q, k, v.
    `heads` is H without the batch. `sink` is a logit for each of all heads, float64, or None.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    kv: np.ndarray
    heads: int
    scale: float
    dtype: np.dtype
    shapes: tuple[tuple[int, ...], ...]
    sink: np.ndarray | None = None

    @property
    def batch(self) -> tuple[int, ...]:
        """The batch axes of the caller's q."""
        q_shape = self.shapes[0]
        return q_shape[:-3]

    @property
    def n(self) -> tuple[int, int]:
        """(n_q, n_k)"""
        return self.q.shape[1], self.k.shape[1]

    def as_float64(self) -> Inputs:
        """The same numbers in float64, and summed in it."""
        wide = np.dtype(np.float64)
        arrays = {name: getattr(self, name).astype(wide) for name in "qkv"}
        return replace(self, **arrays, dtype=wide)

    def without_values(self) -> Inputs:
        """The same queries and keys, with values of no width."""
        nothing = np.ascontiguousarray(self.v[..., :0])
        return replace(self, v=nothing)

    @property
    def sums(self) -> type:
        """The dtype of sums: float64 for float64, float32 otherwise."""
        return sums_dtype(self.dtype)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(..., H, n_q, e), as the caller's q is laid out."""
        value_width = self.shapes[2][-1]
        return (*self.lse_shape, value_width)

    @property
    def lse_shape(self) -> tuple[int, ...]:
        """(..., H, n_q)"""
        q_shape = self.shapes[0]
        return q_shape[:-1]


def check_inputs(
    q: Any,
    k: Any,
    v: Any,
    scale: Any,
    sink: Any,
) -> Inputs:
    """The input as kernels want it.

    Raises TypeError or ValueError naming argument, value and bound.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    _check_against_query("q", q, q)
    _check_against_query("k", k, q)
    _check_against_query("v", v, q)
    _check_widths(q, k, v)
    batch = math.prod(q.shape[:-3])
    if batch == 0:
        raise ValueError(f"q must have batch axes of at least 1, got {q.shape[:-3]}")
    heads, groups = _head_count(q), _head_count(k)
    if heads < 1 or groups < 1 or heads % groups:
        raise ValueError(
            f"the heads of k, G = {groups}, must divide those of q, H = {heads}, both at least 1"
        )
    key_head = np.arange(heads) // (heads // groups)
    first_key_head = np.arange(batch)[:, None] * groups
    return Inputs(
        q=_fold_batch(q, batch * heads),
        k=_fold_batch(k, batch * groups),
        v=_fold_batch(v, batch * groups),
        kv=(first_key_head + key_head).ravel(),
        heads=heads,
        scale=_check_scale(scale, q.shape[-1], sums_dtype(q.dtype)),
        dtype=q.dtype,
        shapes=(q.shape, k.shape, v.shape),
        sink=None if sink is None else np.tile(check_sink(sink, heads), batch),
    )


def fold_heads(
    name: str,
    x: Any,
    shape: tuple[int, ...],
    heads: int,
    dtype: Any,
) -> np.ndarray:
    """One more array of exactly this shape, in this dtype, its batch axes folded into the heads."""
    array = as_array(name, x)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    if array.dtype.name not in FLOATS:
        raise TypeError(f"{name} must be one of {', '.join(FLOATS)}, got {array.dtype}")
    row_shape = shape[-1:] if name == "lse" else shape[-2:]
    return _contiguous(array, dtype).reshape(heads, *row_shape)


def sums_dtype(dtype: np.dtype) -> type:
    """The dtype that sums are in: float64 for float64, float32 otherwise."""
    return np.float64 if dtype == np.float64 else np.float32


def _check_against_query(name: str, x: np.ndarray, q: np.ndarray):
    """Refuse an array whose dtype or batch axes are not those of q."""
    if x.dtype.name not in FLOATS:
        raise TypeError(f"{name} must be one of {', '.join(FLOATS)}, got {x.dtype}")
    if x.dtype != q.dtype:
        raise TypeError(f"{name} must have the dtype of q, {q.dtype}, got {x.dtype}")
    if q.ndim < 2:
        raise ValueError(f"q must have axes (..., heads, n, width) or (n, width), got {q.shape}")
    if x.ndim != q.ndim:
        raise ValueError(
            f"{name} must have axes (..., heads, n, width) or (n, width), "
            f"as many as q {q.shape}, got {x.shape}"
        )
    if x.shape[:-3] != q.shape[:-3]:
        raise ValueError(
            f"{name} must have the batch axes of q, {q.shape[:-3]}, got {x.shape[:-3]}"
        )


def _check_widths(q: np.ndarray, k: np.ndarray, v: np.ndarray):
    """Refuse keys of another width than the queries, and values of other keys."""
    d = q.shape[-1]
    if d < 1 or k.shape[-1] != d:
        raise ValueError(f"k must have the width of q, d = {d} >= 1, got {k.shape[-1]}")
    if v.shape[:-1] != k.shape[:-1]:
        raise ValueError(f"v must have the heads and keys of k, {k.shape[:-1]}, got {v.shape[:-1]}")


def _head_count(x: np.ndarray) -> int:
    """Heads of an array; two axes are one head."""
    return x.shape[-3] if x.ndim > 2 else 1


def _fold_batch(x: np.ndarray, heads: int) -> np.ndarray:
    """(heads, n, width), contiguous, the batch axes folded into the heads."""
    return _contiguous(x, x.dtype).reshape(heads, *x.shape[-2:])


def _contiguous(x: np.ndarray, dtype: Any) -> np.ndarray:
    """x contiguous, aligned and writable, as kernels are compiled for; x itself if it is."""
    return np.require(x, dtype, ["C", "A", "W"])


def _check_scale(scale: Any, d: int, sums: type) -> float:
    """The factor of the logits, finite in the dtype of the sums: 1 / sqrt(d) unless given."""
    if scale is None:
        return 1 / math.sqrt(d)
    is_number = isinstance(scale, (int, float, np.integer, np.floating))
    largest = float(np.finfo(sums).max)
    if not is_number or isinstance(scale, bool) or not -largest <= scale <= largest:
        raise ValueError(
            f"scale must be a finite number of {np.dtype(sums)}, "
            f"at most {largest:.3g}, got {scale!r}"
        )
    return float(scale)


def branches_of(pattern: Any, x: Inputs) -> list[tuple[Any, ...]]:
    """The patterns whose softmaxes are merged: for each branch, one for each of all heads.

    Raises TypeError for what is no pattern, ValueError if there are not as many as heads.
    """
    kinds = Plan, CSR, Branches
    patterns = patterns_of_batch("pattern", pattern, x.batch, x.heads, lowered=kinds)
    if not any(isinstance(p, Branches) for p in patterns):
        return [patterns]
    branches_by_head = [_patterns(p) if isinstance(p, Branches) else (p,) for p in patterns]
    nothing = ~Full()
    return list(zip_longest(*branches_by_head, fillvalue=nothing))


def _patterns(branches: Branches) -> tuple[Pattern, ...]:
    """The patterns of branches, checked as their constructor checks them."""
    patterns = branches.patterns
    is_tuple = isinstance(patterns, tuple) and len(patterns) > 0
    if not is_tuple or not all(isinstance(p, Pattern) for p in patterns):
        raise TypeError("Branches: patterns must be a tuple of one or more patterns")
    return patterns


def sets_by_heads(
    patterns: Sequence[Any],
    x: Inputs,
    form: Form,
) -> Iterator[tuple[np.ndarray, Any]]:
    """(heads, their sets) for each distinct pattern of all heads.

    Raises ValueError if they have other lengths.
    """
    for p, heads in heads_by_pattern(patterns):
        try:
            sets = _lower(p, x.n, form)
        except (TypeError, ValueError) as error:
            if len(heads) < len(patterns):
                axes = *x.batch, x.heads
                place = np.unravel_index(heads[0], axes)
                numbers = ", ".join(map(str, place))
                error.add_note(f"This is the pattern of head ({numbers}) of q, {axes}.")
            raise
        yield np.array(heads), sets


def _lower(p: SetsLike, n: tuple[int, int], form: Form):
    """The sets of p in one form; those that are lowered already must have these lengths."""
    if isinstance(p, Pattern):
        pieces = None if form == "mask" else documents_of(p, n)
        if pieces is not None:
            return Pack(tuple(_lower_piece(piece, form) for piece in pieces))
        as_mask = form == "mask" or (form == "small mask" and max(n) <= MAX_SMALL)
        return dense(p, n) if as_mask else plan(p, n)
    p.check()
    if p.shape != n:
        raise ValueError(f"pattern was lowered for (n_q, n_k) = {p.shape}, got q and k of {n}")
    if form != "mask":
        return p
    rows = p.csr() if isinstance(p, Plan) else p
    return rows.dense()


def _lower_piece(piece: Piece, form: Form) -> Piece:
    """The documents of one length, with their sets lowered."""
    sets = _lower(piece.sets, (piece.length, piece.length), form)
    return piece._replace(sets=sets)
