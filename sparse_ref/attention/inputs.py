"""What `attend` and its kin are handed, checked once: shapes, dtypes, heads, scale, patterns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from ..lower import CSR, Plan, dense, plan
from ..patterns import Full
from ..sets.branches import Branches
from ..sets.require import require_one_set
from ..sets.pattern import Pattern

FLOATS = ("float64", "float32", "float16", "bfloat16")


@dataclass(frozen=True, eq=False)
class Inputs:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), contiguous, batch axes folded into the heads, ready for kernels.

    `kv[h]` is the key head of query head h. `dtype` and `shapes` are those of the caller's q, k, v. `heads` is H without
    the batch.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    kv: np.ndarray
    heads: int
    scale: float
    dtype: np.dtype
    shapes: tuple[tuple[int, ...], ...]

    @property
    def n(self) -> tuple[int, int]:
        """(n_q, n_k)"""
        return self.q.shape[1], self.k.shape[1]

    @property
    def sums(self) -> type:
        """The dtype of sums: float64 for float64, float32 otherwise."""
        return _sums(self.dtype)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(..., H, n_q, e), as the caller's q is laid out."""
        return (*self.shapes[0][:-1], self.shapes[2][-1])


def check_inputs(q, k, v, scale) -> Inputs:
    """The input as kernels want it. Raises TypeError or ValueError naming argument, value and bound."""
    arrays = [as_array(name, x) for name, x in (("q", q), ("k", k), ("v", v))]
    (q, k, v), dtype = arrays, arrays[0].dtype
    for name, x in zip("qkv", arrays):
        if x.dtype.name not in FLOATS:
            raise TypeError(f"{name} must be one of {', '.join(FLOATS)}, got {x.dtype}")
        if x.dtype != dtype:
            raise TypeError(f"{name} must have the dtype of q, {dtype}, got {x.dtype}")
        if x.ndim < 2 or x.ndim != q.ndim:
            raise ValueError(
                f"{name} must have axes (..., heads, n, width) or (n, width), as many as q {q.shape}, got {x.shape}"
            )
        if x.shape[:-3] != q.shape[:-3]:
            raise ValueError(
                f"{name} must have the batch axes of q, {q.shape[:-3]}, got {x.shape[:-3]}"
            )
    if q.shape[-1] < 1 or k.shape[-1] != q.shape[-1]:
        raise ValueError(f"k must have the width of q, d = {q.shape[-1]} >= 1, got {k.shape[-1]}")
    if v.shape[:-1] != k.shape[:-1]:
        raise ValueError(f"v must have the heads and keys of k, {k.shape[:-1]}, got {v.shape[:-1]}")
    if math.prod(q.shape[:-3]) == 0:
        raise ValueError(f"q must have batch axes of at least 1, got {q.shape[:-3]}")
    batch, heads, groups = (
        math.prod(q.shape[:-3]),
        *((x.shape[-3] if x.ndim > 2 else 1) for x in (q, k)),
    )
    if heads < 1 or groups < 1 or heads % groups:
        raise ValueError(
            f"the heads of k, G = {groups}, must divide those of q, H = {heads}, both at least 1"
        )
    kv = (np.arange(batch)[:, None] * groups + np.arange(heads) // (heads // groups)).ravel()
    own = [
        _plain(x, dtype).reshape(batch * h, *x.shape[-2:])
        for x, h in ((q, heads), (k, groups), (v, groups))
    ]
    return Inputs(
        own[0],
        own[1],
        own[2],
        kv,
        heads,
        _scale(scale, q.shape[-1], _sums(dtype)),
        dtype,
        (q.shape, k.shape, v.shape),
    )


def as_array(name: str, x) -> np.ndarray:
    """x as a NumPy array in the machine's byte order, by `__array__` or DLPack."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array: which keys count is said by the pattern"
        )
    try:
        found = (
            np.asarray(x)
            if hasattr(x, "__array__") or not hasattr(x, "__dlpack__")
            else np.from_dlpack(x)
        )
        return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        hint = "; NumPy has no bfloat16, pass x.view(torch.int16).numpy().view(ml_dtypes.bfloat16)"
        raise TypeError(
            f"{name} must be an array, or cross by __array__ or __dlpack__, got {type(x).__name__}: {error}"
            + (hint if "BFloat16" in str(error) else "")
        ) from error


def fold_heads(name: str, x, shape: tuple[int, ...], heads: int, dtype) -> np.ndarray:
    """One more array, of exactly this shape, in this dtype, with its batch axes folded into `heads` heads."""
    x = as_array(name, x)
    if x.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {x.shape}")
    if x.dtype.name not in FLOATS:
        raise TypeError(f"{name} must be one of {', '.join(FLOATS)}, got {x.dtype}")
    own = shape[-2:] if name != "lse" else shape[-1:]
    return _plain(x, dtype).reshape(heads, *own)


def _plain(x: np.ndarray, dtype) -> np.ndarray:
    """x contiguous and writable, as kernels are compiled for; itself where it is."""
    return np.require(x, dtype, ["C", "W"])


def branches_of(pattern) -> list:
    """The patterns to attend to one after the other: those of each branch, for every head where heads have their own."""
    if isinstance(pattern, Branches):
        return list(pattern)
    if isinstance(pattern, (list, tuple)) and any(isinstance(p, Branches) for p in pattern):
        heads = [p.patterns if isinstance(p, Branches) else (p,) for p in pattern]
        return [list(each) for each in zip_longest(*heads, fillvalue=~Full())]
    return [pattern]


def lowered_by_pattern(pattern, x: Inputs, form: str) -> Iterator[tuple[np.ndarray, Any]]:
    """(heads, their sets) for each distinct pattern; `form` is "tiles", or "mask" for the reference.

    Raises TypeError where a pattern is none, ValueError for another number of them than H, or other lengths.
    """
    one = isinstance(pattern, (Pattern, Plan, CSR))
    require_one_set("pattern", pattern)
    if not one and not isinstance(pattern, (list, tuple)):
        raise TypeError(
            f"pattern must be a Pattern, a Plan, a CSR, or a sequence with one of them for each head, got {pattern!r}"
        )
    if not one and len(pattern) != x.heads:
        raise ValueError(f"pattern must be one for each of H = {x.heads} heads, got {len(pattern)}")
    for p in () if one else pattern:
        if not isinstance(p, (Pattern, Plan, CSR)):
            raise TypeError(
                f"pattern must have a Pattern, a Plan or a CSR for each head, got {p!r}"
            )
    groups: dict = {}
    for h in range(len(x.q)):
        groups.setdefault(pattern if one else pattern[h % x.heads], []).append(h)
    for p, heads in groups.items():
        yield np.array(heads), _lowered(p, x.n, form)


def _lowered(p, n, form):
    """The sets of p in one form; those that are lowered already must have the lengths at hand."""
    if isinstance(p, (Plan, CSR)):
        if p.shape != n:
            raise ValueError(f"pattern was lowered for (n_q, n_k) = {p.shape}, got q and k of {n}")
        p.check()
        if form == "tiles":
            return p
        return (p.csr() if isinstance(p, Plan) else p).dense()
    return {"tiles": plan, "mask": dense}[form](p, n)


def _sums(dtype) -> type:
    """The dtype that sums are in."""
    return np.float64 if dtype == np.float64 else np.float32


def _scale(scale, d: int, sums: type) -> float:
    """The factor of the logits, finite in the dtype of sums: 1 / sqrt(d) unless given."""
    if scale is None:
        return 1 / math.sqrt(d)
    number = isinstance(scale, (int, float, np.integer, np.floating)) and not isinstance(
        scale, bool
    )
    most = float(np.finfo(sums).max)
    if not number or not -most <= scale <= most:
        raise ValueError(
            f"scale must be a finite number of {np.dtype(sums)}, at most {most:.3g}, got {scale!r}"
        )
    return float(scale)
