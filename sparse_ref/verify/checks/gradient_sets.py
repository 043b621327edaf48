"""Which keys the gradient of an implementation reaches: those that it attends to, and no others.

At q = k = 0 the gradient of v_j is sum_i P_ij g_i, and P_ij = 1 / |A_i|. With g_i = |A_i| times
random signs it is the sum of the signs of the queries that attend to j. A query too many or too few
changes its key by 1, in as many columns as v is wide. If keys are wrong and n is small, the sets of
the backward pass are read query by query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing, sum_groups
from ..calling.subject import Subject
from ..reading.checksums import fit_factor, random_signs
from ..reading.evidence import Evidence
from .finding import Finding, count_noun, first_place

MIN_COLUMNS = 32  # of signs
MAX_CALLS = 256
UNIT = 2.0**-8  # of the gradient, so that |A_i| signs fit in float16

DV = Callable[..., FloatArray]  # dv(q, k, v, grad), in float64


def gradient_set_findings(subject: Subject, evidence: Evidence, dv: DV) -> Iterator[Finding]:
    """Keys whose dv is no multiple of what their queries give, at equal logits.

    The gradient is 0 in all but the conforming rows read."""
    rows = evidence.rows
    sets = evidence.expected & evidence.conforming[:, evidence.rows][..., None]
    sizes = sets.sum(axis=-1)[..., None]
    shape = subject.heads, len(rows), max(MIN_COLUMNS, subject.e)
    signs = random_signs(np.random.default_rng(0), shape)
    grad = subject.round_input(signs * sizes * UNIT)
    per_key = grad / UNIT / np.maximum(sizes, 1)  # the share of each key
    expected = sum_groups(sets.mT.astype(np.float64) @ per_key, subject.group)
    squares = sum_groups(sets.mT.astype(np.float64) @ per_key**2, subject.group)
    actual = _dv_of_rows(subject, dv, grad, rows) / UNIT
    wrong = _wrong_keys(actual, expected, squares, subject.form.dtype)
    if wrong.any():
        key_head, key = first_place(wrong)
        place = _first_mismatch(subject, dv, sets, rows)
        place = place or f"first at key head {key_head}, key {key}"
        count = int(wrong.sum())
        keys = count_noun(count, "key")
        text = f"dv of {keys} comes from other queries than attend to them: {place}"
        yield Finding("gradient", text, count)


def _wrong_keys(
    actual: FloatArray, expected: FloatArray, squares: FloatArray, dtype: str
) -> BoolArray:
    """Keys (G, n_k) whose sums are no multiple of the expected ones, or almost 0 times them."""
    factor = fit_factor(actual, expected)
    size = np.abs(expected) + 2 * np.sqrt(squares)
    allowed = 0.1 + spacing(dtype) * size
    with np.errstate(invalid="ignore"):
        error = np.abs(actual - factor[..., None] * expected)
        near = (error <= allowed).all(axis=-1)
        vanishes = expected.any(axis=-1) & (np.abs(factor) < 0.25)
    return ~near | vanishes


def _dv_of_rows(subject: Subject, dv: DV, grad: FloatArray, rows: IntArray) -> FloatArray:
    """dv for a gradient (H, rows, w) of any width at these rows, 0 at others, at q = k = 0."""
    q, k = (x.astype(np.float32) for x in subject.equal_logits)
    n_q, n_k = subject.n
    v = np.zeros((subject.kv_heads, n_k, subject.e), np.float32)
    parts = []
    for start in range(0, grad.shape[-1], subject.e):
        columns = grad[..., start : start + subject.e]
        width = columns.shape[-1]
        whole = np.zeros((subject.heads, n_q, subject.e), np.float32)
        whole[:, rows, :width] = columns
        parts.append(dv(q, k, v, whole)[..., :width])
    return np.concatenate(parts, axis=-1)


def _first_mismatch(subject: Subject, dv: DV, sets: BoolArray, rows: IntArray) -> str:
    """The first query and key that differ, in words, if few calls are enough."""
    if subject.heads * len(rows) > MAX_CALLS * subject.e:
        return ""
    for head in range(subject.heads):
        grad = np.zeros((subject.heads, len(rows), len(rows)))
        grad[head] = np.eye(len(rows))
        key_head = head // subject.group
        reached = _dv_of_rows(subject, dv, grad, rows)[key_head].T != 0  # (rows, n_k)
        if (reached != sets[head]).any():
            row, key = np.argwhere(reached != sets[head])[0]
            verb = "reaches" if reached[row, key] else "does not reach"
            return f"head {head}, query {rows[row]} {verb} key {key}"
    return ""
