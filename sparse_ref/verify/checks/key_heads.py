"""The kv-head mapping of grouped-query attention (GQA): query heads that read a wrong key head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..reading.evidence import RowTotals
from .finding import Finding, findings_in

SHOWN_HEADS = 8


def key_head_findings(subject: Subject, totals: RowTotals) -> Iterator[Finding]:
    """Query heads that read another key head than h // (H / G), or mix several."""
    key_heads = np.arange(subject.kv_heads)
    v = np.ones((subject.kv_heads, subject.n[1], subject.e))
    v *= 1 + key_heads[:, None, None]  # key head g holds g + 1
    out, _ = subject.attend(*subject.equal_logits, v)
    numbers = out[..., 0]
    expected = (np.arange(subject.heads) // subject.group)[:, None]
    known = totals.nonempty & (totals.row_sums > 0.01) & np.isfinite(numbers)
    with np.errstate(invalid="ignore", divide="ignore"):
        actual = numbers / totals.row_sums - 1
    allowed = 0.25 + 8 * spacing(totals.dtype) * (expected + 1)
    wrong = known & (np.abs(actual - expected) > allowed)
    if wrong.any():
        mapping = {}
        for head in np.flatnonzero(wrong.any(axis=1)):
            median = float(np.median(actual[head][known[head]]))
            mapping[int(head)] = round(median, 2) + 0.0  # + 0.0 makes -0.0 a 0
        text = f"kv-head mapping (GQA): {_describe(mapping, subject)}, in {{}}"
        yield from findings_in("kv map", wrong, text, "row")


def _describe(mapping: dict[int, float], subject: Subject) -> str:
    """Which key heads the query heads in the mapping read, and which they should."""
    (head, key_head), *others = list(mapping.items())[:SHOWN_HEADS]
    reads = [f"query head {head} reads kv head {key_head:g}"]
    reads += [f"{h} reads {g:g}" for h, g in others]
    expected = f"h // {subject.group}" if subject.group > 1 else "h"
    G = subject.kv_heads
    modulo = [abs(g - h % G) < 0.25 for h, g in mapping.items()]
    if all(modulo):
        return (
            f"query head h reads kv head h % {G}, expected {expected} "
            f"(repeat instead of repeat_interleave?): {', '.join(reads)}"
        )
    return f"{', '.join(reads)}, expected kv head {expected}"
