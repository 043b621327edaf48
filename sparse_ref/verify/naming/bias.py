"""A bias of logits in words: ALiBi with its slope, a function of the distance or of the key.

Weights at equal logits are P_ij = e^b_ij / sum. So log P_ij = b_ij up to a constant of row i, and
log P_ij' - log P_ij = b_ij' - b_ij for neighbours j < j'. A name is confirmed in every row given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..meaning.meaning import alibi_slopes
from ..reading.base import relative_sizes
from ..reading.evidence import Evidence

MIN_WEIGHT = {"float16": 2.0**-14}  # float16 has fewer bits for smaller weights
MAX_HEADS = 8  # in words
BLOCKS = 3  # of keys that `sample_weights` reads
SLOPE_ERROR = 0.005  # relative, of slopes that are the usual ones
DISTANCE, KEY = "a function of i - j alone", "a function of j alone"


class Entries(NamedTuple):
    """log P of some pairs of one head, with their queries and keys, each (pairs,), row by row.

    Differences up to `allowed` are rounding.
    """

    log_weight: FloatArray
    i: IntArray
    j: IntArray
    allowed: float


class HeadBias(NamedTuple):
    """What one head adds to its logits: the name, and the slope if it is linear."""

    name: str
    slope: float = 0.0

    def agrees_with(self, other: HeadBias) -> bool:
        """Whether both have the same name, up to the rounding of their slopes."""
        if not self.slope:
            return bool(self.name) and self.name == other.name
        return abs(other.slope - self.slope) <= SLOPE_ERROR * abs(self.slope)


def describe_bias(
    weights: FloatArray,
    rows: IntArray,
    wrong: BoolArray,
    dtype: str,
    keys: IntArray | None = None,
) -> str:
    """What the heads with rows in `wrong` add to their logits, and the option that declares it.

    "" if that has no name. `weights`, (H, rows, keys), are those at equal logits of the queries
    `rows` and of `keys`, all of them unless given; `wrong` is bool (H, rows); `dtype` is that of
    the output.
    """
    biases = head_biases(weights, rows, wrong, dtype, keys)
    heads: dict[str, list[int]] = {}
    for head, bias in biases.items():
        if bias.name:
            heads.setdefault(bias.name, []).append(head)
    texts = [
        f"{name} in head{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
        for name, numbers in list(heads.items())[:MAX_HEADS]
    ]
    if len(heads) > MAX_HEADS:
        texts.append("...")
    return f": it is {'; '.join(texts)}{_advice(biases, len(weights))}" if texts else ""


def head_biases(
    weights: FloatArray,
    rows: IntArray,
    wrong: BoolArray,
    dtype: str,
    keys: IntArray | None = None,
) -> dict[int, HeadBias]:
    """The bias of each head with rows in `wrong`; its name is "" if it has none.

    The parameters are those of `describe_bias`.
    """
    keys = np.arange(weights.shape[2]) if keys is None else keys
    biases = {}
    for head in np.flatnonzero(wrong.any(axis=1)).tolist():
        entries = _entries(weights[head], rows, keys, wrong[head], dtype)
        biases[head] = _head_bias(entries)
    return biases


def bias_in_words(subject: Subject, evidence: Evidence) -> str:
    """`describe_bias` of the heads with uneven rows, at any n; at large n in three more calls."""
    dtype, wrong = evidence.totals.dtype, evidence.uneven
    if not evidence.is_sample:
        return describe_bias(evidence.weights, evidence.rows, wrong, dtype)
    base = evidence.base
    weights, rows, keys = sample_weights(subject, base.q, base.k)
    x = base.logits(rows)
    x_of_keys = None if x is None else x[:, :, keys]
    sizes = relative_sizes(weights, x_of_keys)
    in_heads = np.zeros(sizes.shape[:2], bool)
    in_heads[wrong.any(axis=1)] = True
    return describe_bias(sizes, rows, in_heads, dtype, keys)


def explained_rows(
    weights: FloatArray, rows: IntArray, wrong: BoolArray, others: BoolArray, dtype: str
) -> BoolArray:
    """The rows in `others` that the bias of the rows in `wrong` explains, both bool (H, rows).

    In such rows the ratios of weights happen to be near integers, as if keys counted twice.
    """
    explained = np.zeros_like(others)
    keys = np.arange(weights.shape[2])
    biases = head_biases(weights, rows, wrong & ~others, dtype)
    for head, bias in biases.items():
        for row in np.flatnonzero(others[head]) if bias.name else ():
            joined = wrong[head] & ~others[head]
            joined[row] = True
            entries = _entries(weights[head], rows, keys, joined, dtype)
            explained[head, row] = bias.agrees_with(_head_bias(entries))
    return explained


def sample_weights(
    subject: Subject, q: FloatArray, k: FloatArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """(weights (H, rows, keys), rows, keys): some blocks of keys at large n, and rows after them.

    q and k are those at which sets are read; each block takes one call.
    """
    n_q, n_k = subject.n
    width = min(subject.e, n_k)
    places = np.linspace(0, n_k - width, BLOCKS + 2, dtype=int)
    starts = np.unique(places[1:-1])
    offset = max(n_k - n_q, 0)
    near = starts[:, None] + np.arange(-width, 4 * width)
    rows = np.unique(np.clip(near - offset, 0, n_q - 1))
    blocks = [start + np.arange(width) for start in starts]
    outs = []
    for keys in blocks:
        out, _ = subject.attend(q, k, subject.one_hot(keys))
        outs.append(out[:, rows, :width])
    return np.concatenate(outs, axis=-1), rows, np.concatenate(blocks)


def _entries(
    weights: FloatArray, rows: IntArray, keys: IntArray, wrong: BoolArray, dtype: str
) -> Entries:
    """The entries of one head, of its rows in `wrong`."""
    large_enough = weights > MIN_WEIGHT.get(dtype, 1e-30)
    r, c = np.nonzero(large_enough & wrong[:, None])
    logs = np.log(weights[r, c].astype(np.float64))
    return Entries(logs, rows[r], keys[c], 3 * spacing(dtype) + 2e-6)


def _head_bias(entries: Entries) -> HeadBias:
    """The bias of one head, the simplest first."""
    for distance, name in ((abs, "|i - j|"), (np.asarray, "(i - j)")):
        slope = _slope(entries, distance(entries.i - entries.j))
        if slope and name == "|i - j|":
            return HeadBias(f"{-slope:.3g} |i - j|, as with ALiBi,", slope)
        if slope:
            return HeadBias(f"{-slope:.3g} (i - j)", slope)
    steps = np.diff(entries.log_weight)
    same_row = np.diff(entries.i) == 0
    before, after = entries.j[:-1], entries.j[1:]
    left, right = before[same_row], after[same_row]
    i = entries.i[1:][same_row]
    size, allowed = steps[same_row], 2 * entries.allowed
    if _depends_only_on(i - left, i - right, size, allowed):
        return HeadBias(DISTANCE)
    if _depends_only_on(left, right, size, allowed):
        return HeadBias(KEY)
    return HeadBias("")


def _slope(entries: Entries, distance: IntArray) -> float:
    """The slope m of a bias -m distance; 0 if the bias is not that in every row."""
    x = _less_row_means(distance.astype(float), entries.i)
    y = _less_row_means(entries.log_weight, entries.i)
    norm = (x * x).sum()
    if not norm:
        return 0.0
    slope = -float((x * y).sum() / norm)
    # in float32 a bias of this size is rounded, too
    farthest = max(entries.i.max(), entries.j.max())
    size = abs(slope) * farthest
    allowed = entries.allowed + 2 * spacing("float32") * size
    is_seen = abs(slope) * np.abs(x).max() > 2 * allowed
    residual = np.abs(y + slope * x)
    fits = residual.max() <= allowed
    return slope if is_seen and fits else 0.0


def _less_row_means(x: FloatArray, rows: IntArray) -> FloatArray:
    """x less the mean of its row."""
    _, index, counts = np.unique(rows, return_inverse=True, return_counts=True)
    means = np.bincount(index, x) / counts
    return x - means[index]


def _depends_only_on(first: IntArray, second: IntArray, size: FloatArray, allowed: float) -> bool:
    """Whether steps with the same (first, second) are equal, and pairs repeat often enough."""
    if not len(size):
        return False
    pairs = np.stack([first, second])
    _, index, counts = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    index = index.ravel()
    means = np.bincount(index, size) / counts
    equal = np.abs(size - means[index]) <= allowed
    return bool(2 * len(counts) <= len(size) and equal.all())


def _advice(biases: dict[int, HeadBias], heads: int) -> str:
    """The option that declares these biases, if all of them have a name."""
    if not all(bias.name for bias in biases.values()):
        return ""
    if not all("|i - j|" in bias.name for bias in biases.values()):
        return "; declare bias= as a function of h, i and j if that is meant"
    slopes = np.zeros(heads)
    for head, bias in biases.items():
        slopes[head] = bias.slope
    usual = alibi_slopes(heads)
    if (np.abs(slopes - usual) <= SLOPE_ERROR * usual).all():
        return "; declare alibi=True if that is meant"
    numbers = ", ".join(f"{slope:.4g}" for slope in slopes)
    return f"; declare alibi=[{numbers}] if that is meant"
