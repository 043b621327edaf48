"""Reading the sets out of an implementation. Exact, because attention is linear in V.

With V one-hot in columns, out_ic = P_ij for the key j of column c, whatever P is. With q = k = 0
the logits are equal, so P_ij = m_ij / sum_j m_ij, and m_ij is how many times key j is counted.
The set of a row is the keys with a millionth of its greatest weight or more: what is below, such as
e^-30, comes from a mask of finite numbers.

A second pass, of `hostile.py`, shows the keys that are masked with a finite number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sets.glyphs import draw_mask
from ...sets.notebook import summary_table
from ...sets.types import BoolArray, FloatArray, IntArray, Length
from ..calling.subject import CallOptions, Subject
from .base import BaseInputs, base_inputs, member_keys
from .hostile import HOSTILE_LOGIT, read_hostile_weights
from .members import key_counts
from .progress import progress

MAX_PROBE_N = 4096
MAX_HTML = 64  # queries and keys of a picture in a notebook

Inputs = tuple[FloatArray, FloatArray]  # q and k


@dataclass(frozen=True, eq=False)
class Probe:
    """What an implementation attends to.

    Attributes
    ----------
    weights : float64 (H, n_q, n_k)
        P_ij at equal logits.
    mask : bool (H, n_q, n_k)
        The keys with at least 2^-20 of the greatest |P_ij| of their row, or with any weight if q
        and k were given; False in rows that are not finite.
    multiplicity : int64 (H, n_q, n_k)
        P_ij over the row's least weight in `mask`, rounded.
    row_sums : float64 (H, n_q)
        sum_j P_ij: 0 in empty rows, NaN in rows that are not finite.
    nan_rows : bool (H, n_q)
        Rows with NaN or inf at equal logits.
    leaks : bool (H, n_q, n_k)
        Keys outside `mask` that get weight once their logits are 2e5 above the others'.
    overflow : bool (H, n_q)
        Rows with NaN or inf at such logits, though not at equal ones.
    dtype : str
        The name of the dtype that fn returned.
    side : float
        The entries of q and k: 0, or 1 if rows that are dead at 0 have weights there; NaN if q and
        k were given.
    """

    weights: FloatArray
    mask: BoolArray
    multiplicity: IntArray
    row_sums: FloatArray
    nan_rows: BoolArray
    leaks: BoolArray
    overflow: BoolArray
    dtype: str
    side: float = 0.0

    @property
    def bias(self) -> FloatArray:
        """What is added to the logits, up to a constant per row: log P_ij less the row's largest.

        -inf outside the sets.
        """
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(self.weights))
        logs = np.where(self.mask, logs, -np.inf)
        top = logs.max(axis=-1, keepdims=True, initial=-np.inf)
        return logs - np.where(np.isfinite(top), top, 0)

    def _repr_html_(self) -> str:
        heads, n_q, n_k = self.mask.shape
        numbers = {
            "heads": str(heads),
            "queries, keys": f"{n_q:,}, {n_k:,}",
            "keys attended to": f"{int(self.mask.sum()):,}",
            "masked keys that leak": f"{int(self.leaks.sum()):,}",
            "rows with NaN or inf": f"{int(self.nan_rows.sum()):,}",
        }
        table = summary_table("What was read from the outputs", numbers)
        if heads == 0 or max(n_q, n_k) > MAX_HTML:
            return table
        return f"{table}<p>head 0</p>{draw_mask(self.mask[0])._repr_html_()}"

    def __repr__(self) -> str:
        heads, n_q, n_k = self.mask.shape
        keys = int(self.mask.sum())
        leaks = int(self.leaks.sum())
        return f"Probe(heads={heads}, n={(n_q, n_k)}, keys={keys:,}, leaks={leaks:,})"


def probe(
    fn: Callable[..., Any],
    n: Length,
    heads: int = 1,
    *,
    q: Any = None,
    k: Any = None,
    kv_heads: int | None = None,
    d: int | None = None,
    e: int | None = None,
    layout: str = "auto",
    framework: str = "auto",
    dtype: str = "float32",
    device: str = "cpu",
    shared_qk: bool = False,
    seconds: float | None = None,
) -> Probe:
    """The sets A_i that `fn` attends to, exactly, and which masked keys leak.

    About n_k / e + n_k / min(d - 1, e) calls, so that wide d and e make few; O(H n_q n_k) memory.
    Turn dropout off. Sets that depend on the data (top-k, hashing) are those of equal logits, with
    all ties, unless q and k are given. Then the sets are those of these q and k, and the weights
    are the softmax of their logits; multiplicity and leaks are not read.

    Parameters
    ----------
    fn : callable
        fn(q, k, v) -> out, deterministic. q (H, n_q, d), k (G, n_k, d) and v (G, n_k, e) are
        float32, and writable.
    n : int or (int, int)
        A length, or (n_q, n_k), from 1 to 4096.
    heads : int
        H, the query heads.
    q, k : array or None
        (H, n_q, d) and (G, n_k, d), both or neither, for sets that depend on them.
    kv_heads : int or None
        G, which divides H; None for H.
    d, e : int or None
        The width of q and k, at least 2, and of v. None for 16, or the width of the q given, and
        for d.
    layout : str
        "hnd" (H, n, d), "bhnd" (1, H, n, d), "bnhd" (1, n, H, d), "nhd" (n, H, d), "sbhd" (n, 1, H,
        d), "ble" (1, n, H d), "lbe" (n, 1, H d), "nd" (n, d) for one head, or "thd" (t, H, d), the
        positions of all sequences of a batch: fn(q, k, v, cu_seqlens_q, cu_seqlens_k). "auto" tries
        them.
    framework : str
        fn is called with arrays of "numpy", "torch", "jax", "mlx", "paddle", "tinygrad" or "cupy".
        "auto" tries those that fn refers to, and NumPy.
    dtype, device : str
        Of the arrays that fn is called with.
    shared_qk : bool
        Whether fn takes (qk, v), as in Reformer: its keys are its queries.
    seconds : float or None
        How long one call may take. It then runs on a thread of its own, which is left behind after
        that. None: fn runs on the caller's thread, with all that belongs to it.

    Raises
    ------
    ProbeError
        fn raised, or returned no array, another shape, or no floats. A ValueError.
    TypeError, ValueError
        An option outside its bounds.

    Examples
    --------
    >>> import sparse_ref as sr
    >>> fn = lambda q, k, v: sr.attend(q, k, v, sr.Lookback(2), device="reference")
    >>> sr.verify.probe(fn, 4).mask[0].astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    """
    if (q is None) != (k is None):
        raise ValueError("q and k must be given together")
    if q is not None:
        q = np.asarray(q, np.float64)
        k = np.asarray(k, np.float64)
        if d is None:
            d = q.shape[-1] if q.ndim else 0
    options = CallOptions(kv_heads, d, e, layout, framework, dtype, device, seconds, shared_qk)
    subject = Subject.new(fn, n, heads, options)
    if q is None:
        return read_probe(subject)
    _check_shape("q", q, (subject.heads, subject.n[0], subject.d))
    _check_shape("k", k, (subject.kv_heads, subject.n[1], subject.d))
    return read_probe(subject, (q, k))


def read_probe(subject: Subject, inputs: Inputs | None = None) -> Probe:
    """The probe of a subject, at equal logits or at the q and k given."""
    _check_length(subject)
    base = base_inputs(subject, inputs=inputs)
    weights, dtype = base_weights(subject, base)
    finite = np.all(np.isfinite(weights), axis=-1)
    keys = (weights != 0) if base.is_given else member_keys(weights)
    mask = keys & finite[..., None]
    leaks, overflow = np.zeros_like(mask), np.zeros_like(finite)
    if not base.is_given:
        hostile, overflow = read_hostile_weights(subject, mask, HOSTILE_LOGIT)
        leaks = hostile > 0
    finite_weights = np.where(finite[..., None], weights, 0)
    sums = finite_weights.sum(axis=-1)
    return Probe(
        weights,
        mask,
        mask.astype(np.int64) if base.is_given else key_counts(weights, mask),
        np.where(finite, sums, np.nan),
        ~finite,
        leaks & finite[..., None],
        overflow & finite,
        dtype,
        base.side,
    )


def _check_length(subject: Subject) -> None:
    """Refuse lengths at which the weights of all pairs would not fit."""
    if max(subject.n) > MAX_PROBE_N:
        raise ValueError(
            f"n must be at most {MAX_PROBE_N} to read every pair, "
            f"since n_q n_k weights are kept, got {subject.n}"
        )


def base_weights(subject: Subject, base: BaseInputs) -> tuple[FloatArray, str]:
    """P at the base inputs, e keys a call, and the dtype that fn returned."""
    _check_length(subject)
    weights, dtype = np.empty((subject.heads, *subject.n)), ""
    n_k = subject.n[1]
    starts = range(0, n_k, subject.e)
    with progress(len(starts), "reading keys") as bar:
        for first in starts:
            keys = np.arange(first, min(first + subject.e, n_k))
            out, dtype = subject.attend(base.q, base.k, subject.one_hot(keys))
            weights[..., keys] = out[..., : len(keys)]
            bar.update()
    return weights, dtype


def _check_shape(name: str, x: FloatArray, shape: tuple[int, ...]) -> None:
    """Refuse another shape."""
    if x.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {x.shape}")
