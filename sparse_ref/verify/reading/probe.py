"""Reading the sets out of an implementation. Exact, because attention is linear in V.

With V one-hot in columns, out_ic = P_ij for the key j of column c, whatever P is. With q = k = 0 the logits are equal,
so P_ij = m_ij / sum_j m_ij, where m_ij says how many times key j is counted: the support of P is the set.

Keys that are masked with a finite number are not in that support, yet win where the logits are worse than the number.
A second pass gives keys outside the set a logit of +4e4 and those inside -4e4; no number that replaces a logit and is
above -4e4, and none that is added to it and is above -8e4, withstands this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ..calling.subject import Subject, subject

LOGIT = 4e4  # near float16's largest, 65504
FEW = 50
MOST = 4096


@dataclass(frozen=True, eq=False)
class Probe:
    """What an implementation attends to.

    Attributes
    ----------
    weights : float64 (H, n_q, n_k), P_ij at equal logits.
    mask : bool (H, n_q, n_k), [P_ij != 0]; False in rows that are not finite.
    multiplicity : int64 (H, n_q, n_k), P_ij over the row's least weight, rounded; 0 for weights below a millionth of the
        row's greatest, which are what a finite sentinel leaves.
    row_sums : float64 (H, n_q), sum_j P_ij: 0 for empty rows, NaN for rows that are not finite.
    nan_rows : bool (H, n_q), rows that hold NaN or inf at equal logits.
    leaks : bool (H, n_q, n_k), keys outside `mask` that get weight once their logits are 8e4 above the others'.
    overflow : bool (H, n_q), rows that hold NaN or inf at such logits, though not at equal ones.
    dtype : the name of the dtype that came back.
    """

    weights: np.ndarray
    mask: np.ndarray
    multiplicity: np.ndarray
    row_sums: np.ndarray
    nan_rows: np.ndarray
    leaks: np.ndarray
    overflow: np.ndarray
    dtype: str

    @property
    def bias(self) -> np.ndarray:
        """What is added to the logits, up to a constant a row: log P_ij less the row's largest, -inf outside the sets."""
        with np.errstate(divide="ignore"):
            logs = np.where(self.mask, np.log(np.abs(self.weights)), -np.inf)
        top = logs.max(axis=-1, keepdims=True, initial=-np.inf)
        return logs - np.where(np.isfinite(top), top, 0)

    def __repr__(self):
        heads, n_q, n_k = self.mask.shape
        return f"Probe(heads={heads}, n={(n_q, n_k)}, keys={int(self.mask.sum()):,}, leaks={int(self.leaks.sum()):,})"


def probe(fn, n, heads=1, *, q=None, k=None, **options) -> Probe:
    """The sets A_i that `fn` attends to, exactly: how often each key is counted, and which masked keys leak.

    About n_k / e + n_k / min(d - 1, e) calls, so that wide d and e make few; O(H n_q n_k) memory. Dropout must be off.
    Sets that depend on the data (top-k, hashing) are those of equal logits, ties and all, unless q and k are given: then
    they are those of these q and k, weights are the softmax of their logits, and nothing is said of multiplicity and leaks.

    Parameters
    ----------
    fn : fn(q, k, v) -> out, deterministic; q (H, n_q, d), k (G, n_k, d), v (G, n_k, e) are float32, and writable.
    n : a length, or (n_q, n_k); from 1 to 4096.
    q, k : arrays (H, n_q, d) and (G, n_k, d), both or neither, for sets that depend on them.
    heads, kv_heads : H, and G dividing it; as many as `heads` unless given.
    d, e : the width of q and k, at least 2, and of v, d unless given.
    layout : "hnd" (H, n, d); "bhnd" (1, H, n, d); "bnhd" (1, n, H, d); "nd" (n, d), one head; or "ble" (1, n, H d).
    framework : what fn is called with: "numpy" arrays, "torch" tensors, or "jax" arrays.
    dtype, device : of what fn is called with; "float32" and "cpu" unless given.
    seconds : how long a call may take, 60 unless given; it is made on a thread of its own, and left behind after that.

    Raises
    ------
    ProbeError
        fn raised, or returned no array, another shape, or no floats. A ValueError.
    TypeError, ValueError
        An option outside its bounds.

    >>> import sparse_ref as sr
    >>> found = sr.verify.probe(lambda q, k, v: sr.attend(q, k, v, sr.Lookback(2), device="reference"), 4)
    >>> found.mask[0].astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    """
    if (q is None) != (k is None):
        raise ValueError("q and k must be given together")
    if q is None:
        return probed(subject(fn, n, heads, **options))
    q, k = np.asarray(q, np.float64), np.asarray(k, np.float64)
    call = subject(fn, n, heads, **{"d": q.shape[-1] if q.ndim else 0, **options})
    for name, x, shape in (
        ("q", q, (call.heads, call.n[0], call.d)),
        ("k", k, (call.kv_heads, call.n[1], call.d)),
    ):
        if x.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {x.shape}")
    return probed(call, (q, k))


def probed(call: Subject, given=None) -> Probe:
    """`probe`, of what is checked already."""
    if max(call.n) > MOST:
        raise ValueError(
            f"n must be at most {MOST} where every pair is looked at, since n_q n_k weights are kept, got {call.n}"
        )
    n_k, width = call.n[1], min(call.d - 1, call.e)
    hostile = range(0, n_k if given is None else 0, width)
    calls = -(-n_k // call.e) + len(hostile)
    with tqdm(total=calls, disable=calls <= FEW, desc="probe", leave=False, delay=1) as bar:
        weights, dtype = equal_weights(call, bar, given)
        finite = np.isfinite(weights).all(axis=-1)
        mask = (weights != 0) & finite[..., None]
        leaks, overflow = _leaks(call, mask, hostile, bar)
    row_sums = np.where(finite, np.where(finite[..., None], weights, 0).sum(axis=-1), np.nan)
    counts = multiplicity(weights, mask) if given is None else mask.astype(np.int64)
    return Probe(
        weights,
        mask,
        counts,
        row_sums,
        ~finite,
        leaks & finite[..., None],
        overflow & finite,
        dtype,
    )


def equal_weights(call: Subject, bar=None, given=None) -> tuple[np.ndarray, str]:
    """P at equal logits or at the q and k given, e keys a call, and the dtype that came back."""
    q, k = given or call.equal
    weights, dtype = np.empty((call.heads, *call.n)), ""
    for first in range(0, call.n[1], call.e):
        keys = np.arange(first, min(first + call.e, call.n[1]))
        out, dtype = call(q, k, _one_hot(call, keys))
        weights[..., keys] = out[..., : len(keys)]
        if bar is not None:
            bar.update()
    return weights, dtype


def _leaks(call: Subject, mask, starts, bar) -> tuple[np.ndarray, np.ndarray]:
    """Keys outside `mask` that win when they may, and rows that are not finite then.

    Each of a call's keys has a coordinate to itself, on which row i puts +4e4 if the key is not its own. All other keys
    share the last coordinate, on which every row puts -4e4.
    """
    size = hostile(call)
    leaks, overflow = np.zeros_like(mask), np.zeros(mask.shape[:2], bool)
    for first in starts:
        keys = np.arange(first, min(first + starts.step, call.n[1]))
        q, k = (
            np.full((call.heads, call.n[0], call.d), -size),
            np.zeros((call.kv_heads, call.n[1], call.d)),
        )
        q[..., : len(keys)] = np.where(mask[..., keys], -size, size)
        k[..., -1] = size
        k[:, keys, -1] = 0
        k[:, keys, np.arange(len(keys))] = size
        out, _ = call(q, k, _one_hot(call, keys))
        leaks[..., keys] = (
            np.isfinite(out[..., : len(keys)]) & (out[..., : len(keys)] != 0) & ~mask[..., keys]
        )
        overflow |= ~np.isfinite(out).all(axis=-1)
        bar.update()
    return leaks, overflow


def hostile(call: Subject) -> float:
    """What q and k hold for logits of 4e4 at the usual scale; float16 has no q . k above 65504, and gets one of 4e4."""
    return float(np.sqrt(LOGIT if call.dtype == "float16" else LOGIT * np.sqrt(call.d)))


def _one_hot(call: Subject, keys) -> np.ndarray:
    """V with a 1 for keys[c] in column c: (G, n_k, e)."""
    v = np.zeros((call.kv_heads, call.n[1], call.e))
    v[:, keys, np.arange(len(keys))] = 1
    return v


def multiplicity(weights, mask) -> np.ndarray:
    """How many times each key is counted, taking the least weight of its row for once."""
    size = np.where(mask, np.abs(weights), 0)
    size[size < 1e-6 * size.max(axis=-1, keepdims=True)] = 0
    unit = np.where(size > 0, size, np.inf).min(axis=-1, keepdims=True)
    return np.rint(size / unit).astype(np.int64)
