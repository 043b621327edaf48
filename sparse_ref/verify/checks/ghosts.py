"""Rows whose weights do not sum to 1: a sink, or ghosts: keys of logit 0 and value 0.

At equal logits of 0, a sink of logit s leaves the m keys of a row m / (m + e^s) of the weight, and
so do e^s ghosts. Both vanish next to large logits; another factor does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..meaning.statement import Statement
from ..reading.evidence import Evidence, meant_sums
from .finding import Finding, count_noun, findings_in, first_place

LARGE_LOGIT = 12.0  # e^12 outweighs some ghosts of weight e^0
SINK_SPREAD = 0.02  # of the sinks of one head's rows, if they are one sink


def row_sum_findings(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Rows whose weights do not sum to what is meant; ghosts are those that vanish next to large
    logits.
    """
    totals, statement = evidence.totals, evidence.base.statement
    assert statement is not None
    wrong, sums = totals.has_wrong_sum(), totals.row_sums
    if statement.meaning.sinks is not None:
        ignored = wrong & (np.abs(sums - 1) <= 6 * spacing(totals.dtype))
        declared = _numbers_in_words(statement.meaning.sinks_of(statement.heads))
        text = f"no sink: {{}} with weights that sum to 1; declared sinks={declared}"
        yield from findings_in("ghost", ignored, text, "row")
        wrong = wrong & ~ignored
    # every logit is LARGE_LOGIT: a softmax over the members only does not change
    side = np.sqrt(LARGE_LOGIT / np.sqrt(subject.d))
    q, k = subject.constant(side)
    ones = np.ones((subject.kv_heads, subject.n[1], subject.e))
    out, _ = subject.attend(q, k, ones)
    rounding = 16 * spacing(totals.dtype) + 2.0**-24 * totals.sizes
    allowed = 0.1 * np.abs(sums - totals.meant_sums) + rounding
    large_sums = _meant_at_large_logits(subject, evidence, statement)
    vanishes = np.abs(out[..., 0] - large_sums) < allowed
    ghost = (sums != totals.meant_sums) & vanishes
    ghost &= (sums < 1) & (sums > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ghosts = totals.sizes * (1 / sums - 1)
        sinks = _sinks(np.log(ghosts), wrong & ghost)
    if sinks is not None:
        yield _sink_finding(sinks, statement, wrong & ghost)
    else:
        text = (
            "{} diluted, as by keys of logit 0 and value 0, {:.4g} of them: "
            "padding that is not masked, a sink, or softmax + 1"
        )
        yield from findings_in("ghost", wrong & ghost, text, "row", ghosts)
    text = "{} with weights that sum to {:.6g}, not to what is meant"
    if statement.meaning.sinks is None:
        text = "{} with weights that sum to {:.6g}, not to 1"
    yield from findings_in("row sum", wrong & ~ghost, text, "row", sums)


def _meant_at_large_logits(
    subject: Subject, evidence: Evidence, statement: Statement
) -> FloatArray | float:
    """What the weights should sum to if every logit is LARGE_LOGIT."""
    if statement.meaning.sinks is None or evidence.is_sample:
        return 1.0
    return meant_sums(np.full(evidence.actual.shape, LARGE_LOGIT), evidence.actual, statement)


def _sinks(logits: FloatArray, rows: BoolArray) -> FloatArray | None:
    """One logit per head, (H,), NaN for heads without such rows; None if the rows of a head differ
    or hardly any row has one.
    """
    if not rows.any():
        return None
    sinks = np.full(len(rows), np.nan)
    for head in np.flatnonzero(rows.any(axis=-1)):
        head_logits = logits[head][rows[head]]
        sinks[head] = np.median(head_logits)
        deviations = np.abs(head_logits - sinks[head])
        if len(deviations) < 2 or deviations.max() > SINK_SPREAD:
            return None
    return sinks


def _sink_finding(sinks: FloatArray, statement: Statement, rows: BoolArray) -> Finding:
    """A sink of the same logit in all rows of a head."""
    declared = statement.meaning.sinks_of(statement.heads)
    usual = np.zeros(len(sinks)) if declared is None else declared
    missing = np.isnan(sinks)
    known = np.round(np.where(missing, usual, sinks), 3) + 0.0
    is_single = len(set(known.tolist())) == 1 and not missing.any()
    value = _numbers_in_words(known)
    text = f"every row has a sink of logit {value}, a member of value 0"
    keys = np.exp(known[0])
    if is_single and abs(keys - np.rint(keys)) < SINK_SPREAD * keys:
        ghosts = count_noun(int(np.rint(keys)), "key")
        text = f"every row is diluted, as by {ghosts} of logit 0 and value 0, or a sink of {value}"
    if declared is not None:
        text += f"; declared sinks={_numbers_in_words(declared)}"
    elif is_single and known[0] == 0:
        text += " (softmax + 1, or a padded key); declare sinks=0 if that is meant"
    else:
        text += f"; declare sinks={value} if that is meant"
    return Finding("ghost", text, int(rows.sum()), first_place(rows))


def _numbers_in_words(numbers: FloatArray | None) -> str:
    """One number if all are equal, or all in brackets."""
    texts = [f"{x:g}" for x in (numbers if numbers is not None else ())]
    return texts[0] if len(set(texts)) == 1 else f"[{', '.join(texts)}]"
