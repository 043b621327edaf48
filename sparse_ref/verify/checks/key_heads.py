"""The kv-head mapping of grouped-query attention (GQA): query heads that read a wrong key head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..naming.key_heads import key_head_mappings
from ..reading.evidence import Evidence
from .finding import Finding, findings_in

SHOWN_HEADS = 8
Readings = dict[int, FloatArray]  # the kv head that each row reads, by query head
NEAR = 0.25  # of a kv head's number


def key_head_findings(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Query heads that read another key head than h // (H / G), or mix several."""
    totals = evidence.totals
    key_heads = np.arange(subject.kv_heads)
    v = np.ones((subject.kv_heads, subject.n[1], subject.e))
    v *= 1 + key_heads[:, None, None]  # key head g has g + 1
    out, _ = subject.attend(evidence.base.q, evidence.base.k, v)
    numbers = out[..., 0]
    expected = (np.arange(subject.heads) // subject.group)[:, None]
    known = totals.nonempty & (totals.row_sums > 0.01) & np.isfinite(numbers)
    with np.errstate(invalid="ignore", divide="ignore"):
        actual = numbers / totals.row_sums - 1
    allowed = NEAR + 8 * spacing(totals.dtype) * (expected + 1)
    wrong = known & (np.abs(actual - expected) > allowed)
    if wrong.any():
        readings = {}
        for head in np.flatnonzero(known.any(axis=1)).tolist():
            readings[head] = actual[head][known[head]]
        wrong_heads = np.flatnonzero(np.any(wrong, axis=1)).tolist()
        words = _describe(readings, wrong_heads, subject)
        text = f"kv-head mapping (GQA): {words}, in {{}}"
        yield from findings_in("kv map", wrong, text, "row")


def _describe(readings: Readings, wrong: list[int], subject: Subject) -> str:
    """Which kv heads the query heads in `wrong` read, and which they should.

    `readings` are of each query head what its rows read.
    """
    medians = {h: _rounded_median(rows) for h, rows in readings.items()}
    expected = f"h // {subject.group}" if subject.group > 1 else "h"
    shown = wrong[:SHOWN_HEADS]
    reads = ", ".join(f"{h} reads {medians[h]:g}" for h in shown)
    reads = reads.replace("reads", "reads kv head", 1)
    if not all(_is_kv_head(readings[h], subject.kv_heads) for h in shown):
        return f"query head {reads}, expected kv head {expected} ({_mixture(readings, subject)})"
    heads, numbers = list(medians), np.array(list(medians.values()))
    mappings = [
        mapping
        for mapping in key_head_mappings(subject.heads, subject.kv_heads)
        if np.allclose(numbers, mapping.key_heads[heads], rtol=0, atol=NEAR)
    ]
    if len(mappings) != 1:  # none, or several that differ at other numbers of heads only
        return f"query head {reads}, expected kv head {expected}"
    return f"{mappings[0].in_words(subject.group)}: query head {reads}"


def _rounded_median(rows: FloatArray) -> float:
    """The median, with two digits."""
    median = round(float(np.median(rows)), 2)
    return median + 0.0  # which makes -0.0 a 0


def _is_kv_head(rows: FloatArray, kv_heads: int) -> bool:
    """Whether all rows of a query head read one kv head."""
    first = np.rint(rows[0])
    is_one = np.allclose(rows, first, rtol=0, atol=NEAR)
    return is_one and 0 <= first < kv_heads


def _mixture(readings: Readings, subject: Subject) -> str:
    """What readings that are no kv head come from."""
    mean = (subject.kv_heads - 1) / 2
    rows = np.concatenate(list(readings.values()))
    if np.allclose(rows, mean, rtol=0, atol=0.01):
        return "the mean of all kv heads"
    return "no kv head has these values: swapped layout, heads taken for positions?"
