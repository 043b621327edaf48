"""Reading the sets out of an implementation. Exact, because attention is linear in V.

With V one-hot in columns, out_ic = P_ij for the key j of column c, whatever P is. With q = k = 0
the logits are equal, so P_ij = m_ij / sum_j m_ij, and m_ij says how many times key j is counted:
the support of P is the set.

A key that is masked with a finite number is not in that support, yet gets weight once the other
logits are below the number. A second pass gives keys outside the set a logit of +4e4 and those
inside -4e4. No number that replaces a logit and is above -4e4 withstands this, and none that is
added to it and is above -8e4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from ...sets.glyphs import draw_mask
from ...sets.notebook import summary_table
from ...sets.types import BoolArray, FloatArray, IntArray, Length
from ..calling.subject import CallOptions, Subject

HOSTILE_LOGIT = 4e4  # near float16's largest, 65504
QUIET_CALLS = 50  # at most, without a progress bar
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
        [P_ij != 0]; False in rows that are not finite.
    multiplicity : int64 (H, n_q, n_k)
        P_ij over the row's least weight, rounded. Weights below a millionth of the row's greatest,
        which a finite mask leaves, count 0 times.
    row_sums : float64 (H, n_q)
        sum_j P_ij: 0 in empty rows, NaN in rows that are not finite.
    nan_rows : bool (H, n_q)
        Rows with NaN or inf at equal logits.
    leaks : bool (H, n_q, n_k)
        Keys outside `mask` that get weight once their logits are 8e4 above the others'.
    overflow : bool (H, n_q)
        Rows with NaN or inf at such logits, though not at equal ones.
    dtype : str
        The name of the dtype that fn returned.
    """

    weights: FloatArray
    mask: BoolArray
    multiplicity: IntArray
    row_sums: FloatArray
    nan_rows: BoolArray
    leaks: BoolArray
    overflow: BoolArray
    dtype: str

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
    layout: str = "hnd",
    framework: str = "numpy",
    dtype: str = "float32",
    device: str = "cpu",
    seconds: float = 60.0,
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
        "hnd" (H, n, d), "bhnd" (1, H, n, d), "bnhd" (1, n, H, d), "nd" (n, d) for one head, or
        "ble" (1, n, H d).
    framework : str
        fn is called with "numpy" arrays, "torch" tensors or "jax" arrays.
    dtype, device : str
        Of the arrays that fn is called with.
    seconds : float
        How long one call may take. It runs on a thread of its own, which is left behind after that.

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
    options = CallOptions(kv_heads, d, e, layout, framework, dtype, device, seconds)
    subject = Subject.new(fn, n, heads, options)
    if q is None:
        return read_probe(subject)
    _check_shape("q", q, (subject.heads, subject.n[0], subject.d))
    _check_shape("k", k, (subject.kv_heads, subject.n[1], subject.d))
    return read_probe(subject, (q, k))


def read_probe(subject: Subject, inputs: Inputs | None = None) -> Probe:
    """The probe of a subject, at equal logits or at the q and k given."""
    if max(subject.n) > MAX_PROBE_N:
        raise ValueError(
            f"n must be at most {MAX_PROBE_N} to read every pair, "
            f"since n_q n_k weights are kept, got {subject.n}"
        )
    n_k = subject.n[1]
    width = min(subject.d - 1, subject.e)
    hostile_starts = range(0, n_k if inputs is None else 0, width)
    calls = -(-n_k // subject.e) + len(hostile_starts)
    quiet = calls <= QUIET_CALLS or None  # None: no bar if stderr is no terminal
    bar = tqdm(total=calls, disable=quiet, leave=False, delay=1)
    bar.set_description("probe", refresh=False)
    with bar:
        weights, dtype = equal_weights(subject, bar, inputs)
        finite = np.all(np.isfinite(weights), axis=-1)
        mask = (weights != 0) & finite[..., None]
        leaks, overflow = _read_leaks(subject, mask, hostile_starts, bar)
    finite_weights = np.where(finite[..., None], weights, 0)
    sums = finite_weights.sum(axis=-1)
    return Probe(
        weights,
        mask,
        key_counts(weights, mask) if inputs is None else mask.astype(np.int64),
        np.where(finite, sums, np.nan),
        ~finite,
        leaks & finite[..., None],
        overflow & finite,
        dtype,
    )


def equal_weights(
    subject: Subject, bar: Any = None, inputs: Inputs | None = None
) -> tuple[FloatArray, str]:
    """P at equal logits or at the q and k given, e keys a call, and the dtype that fn returned."""
    q, k = inputs or subject.equal_logits
    weights, dtype = np.empty((subject.heads, *subject.n)), ""
    for first in range(0, subject.n[1], subject.e):
        keys = np.arange(first, min(first + subject.e, subject.n[1]))
        out, dtype = subject.attend(q, k, subject.one_hot(keys))
        weights[..., keys] = out[..., : len(keys)]
        if bar is not None:
            bar.update()
    return weights, dtype


def _read_leaks(
    subject: Subject, mask: BoolArray, starts: range, bar: Any
) -> tuple[BoolArray, BoolArray]:
    """Keys outside `mask` that get weight if their logits are the largest, and rows that are not
    finite then.

    Each key of a call has a coordinate of its own, on which row i has +4e4 if the key is not in its
    set. All other keys share the last coordinate, on which every row has -4e4.
    """
    side = hostile_side(subject)
    leaks = np.zeros_like(mask)
    overflow = np.zeros(mask.shape[:2], bool)
    for first in starts:
        keys = np.arange(first, min(first + starts.step, subject.n[1]))
        columns = np.arange(len(keys))
        q, _ = subject.constant(-side)
        _, k = subject.equal_logits
        q[..., columns] = np.where(mask[..., keys], -side, side)
        k[..., -1] = side
        k[:, keys, -1] = 0
        k[:, keys, columns] = side
        out, _ = subject.attend(q, k, subject.one_hot(keys))
        weights = out[..., columns]
        attended = np.isfinite(weights) & (weights != 0)
        leaks[..., keys] = attended & ~mask[..., keys]
        overflow |= ~np.all(np.isfinite(out), axis=-1)
        bar.update()
    return leaks, overflow


def hostile_side(subject: Subject) -> float:
    """The entry of q and k whose product is a logit of 4e4 at the usual scale.

    float16 has no q . k above 65504, so there q . k itself is 4e4.
    """
    product = (
        HOSTILE_LOGIT if subject.form.dtype == "float16" else HOSTILE_LOGIT * np.sqrt(subject.d)
    )
    return float(np.sqrt(product))


def key_counts(weights: FloatArray, mask: BoolArray) -> IntArray:
    """How many times each key counts, if the least weight of its row counts once."""
    size = np.where(mask, np.abs(weights), 0)
    size[size < 1e-6 * size.max(axis=-1, keepdims=True)] = 0
    positive = np.where(size > 0, size, np.inf)
    unit = positive.min(axis=-1, keepdims=True)
    return np.rint(size / unit).astype(np.int64)


def _check_shape(name: str, x: FloatArray, shape: tuple[int, ...]) -> None:
    """Refuse another shape."""
    if x.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {x.shape}")
