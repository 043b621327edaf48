"""Rows whose weights do not sum to 1: ghosts, keys of logit 0 and value 0, or another factor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..reading.evidence import RowTotals
from .finding import Finding, findings_in

LARGE_LOGIT = 12.0  # e^12 outweighs some ghosts of weight e^0


def row_sum_findings(subject: Subject, totals: RowTotals) -> Iterator[Finding]:
    """Rows whose weights do not sum to 1; ghosts are those that vanish next to large logits."""
    wrong, sums = totals.has_wrong_sum(), totals.row_sums
    # every logit is LARGE_LOGIT: a softmax over the members only does not change
    q, k = subject.constant(np.sqrt(LARGE_LOGIT / np.sqrt(subject.d)))
    ones = np.ones((subject.kv_heads, subject.n[1], subject.e))
    out, _ = subject.attend(q, k, ones)
    rounding = 16 * spacing(totals.dtype) + 2.0**-24 * totals.sizes
    allowed = 0.1 * np.abs(sums - 1) + rounding
    close_to_1 = np.abs(out[..., 0] - 1) < allowed
    ghost = (sums < 1) & close_to_1
    with np.errstate(divide="ignore", invalid="ignore"):
        ghosts = totals.sizes * (1 / sums - 1)
    text = (
        "{} diluted, as by keys of logit 0 and value 0, {:.4g} of them: "
        "padding that is not masked, a sink, or softmax + 1"
    )
    yield from findings_in("ghost", wrong & ghost, text, "row", ghosts)
    text = "{} with weights that sum to {:.6g}, not to 1"
    yield from findings_in("row sum", wrong & ~ghost, text, "row", sums)
