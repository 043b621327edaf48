"""A bias of logits in words: ALiBi with its slope, a function of the distance or of the key.

Weights at equal logits are P_ij = e^b_ij / sum. So log P_ij' - log P_ij = b_ij' - b_ij for
neighbours j < j' of row i.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing

MIN_WEIGHT = {"float16": 2.0**-14}  # float16 has fewer bits for smaller weights
MAX_HEADS = 8  # with a bias of their own in words


class Steps(NamedTuple):
    """b_ij' - b_ij for neighbours j < j' of rows, and i, j, j': each (steps,).

    Differences up to `allowed` are rounding.
    """

    size: FloatArray
    i: IntArray
    left: IntArray
    right: IntArray
    allowed: float


def describe_bias(weights: FloatArray, rows: IntArray, wrong: BoolArray, dtype: str) -> str:
    """What the heads with rows in `wrong` add to their logits; "" if that has no name.

    `weights`, (H, rows, n_k), are those at equal logits of the queries `rows`; `wrong` is bool
    (H, rows); `dtype` is that of the output.
    """
    heads: dict[str, list[int]] = {}
    for head in np.flatnonzero(wrong.any(axis=1))[:MAX_HEADS]:
        if name := _bias_name(_steps(weights[head], rows, wrong[head], dtype)):
            heads.setdefault(name, []).append(int(head))
    texts = [
        f"{name} in head{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
        for name, numbers in heads.items()
    ]
    return f": it is {'; '.join(texts)}" if texts else ""


def _steps(weights: FloatArray, rows: IntArray, wrong: BoolArray, dtype: str) -> Steps:
    """The steps of one head, of its rows in `wrong`."""
    large_enough = weights > MIN_WEIGHT.get(dtype, 1e-30)
    r, j = np.nonzero(large_enough & wrong[:, None])
    bias = np.log(weights[r, j].astype(np.float64))
    same_row = r[1:] == r[:-1]
    return Steps(
        np.diff(bias)[same_row],
        rows[r[:-1][same_row]],
        j[:-1][same_row],
        j[1:][same_row],
        4 * spacing(dtype) + 1e-6,
    )


def _bias_name(steps: Steps) -> str:
    """The bias of one head."""
    if not len(steps.size):
        return ""
    before, after = steps.i - steps.left, steps.i - steps.right
    nearer = np.abs(before) - np.abs(after)
    norm = (nearer**2).sum()
    slope = (steps.size * nearer).sum() / norm if norm else 0.0
    residual = np.abs(steps.size - slope * nearer)
    if norm and (residual <= steps.allowed).all():
        return f"{-slope:.4g} |i - j|, as with ALiBi,"
    if _depends_only_on(before, after, steps):
        return "a function of i - j alone"
    if _depends_only_on(steps.left, steps.right, steps):
        return "a function of j alone"
    return ""


def _depends_only_on(first: IntArray, second: IntArray, steps: Steps) -> bool:
    """Whether steps with the same (first, second) are equal, and pairs repeat often enough."""
    pairs = np.stack([first, second])
    _, index, counts = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    index = index.ravel()
    means = np.bincount(index, steps.size) / counts
    equal = np.abs(steps.size - means[index]) <= steps.allowed
    return bool(2 * len(counts) <= len(steps.size) and equal.all())
