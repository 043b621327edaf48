"""Findings about the sets: extra and missing keys, keys that count twice, biases, and finite masks."""

from __future__ import annotations

from collections.abc import Iterator

from ...sets.types import BoolArray
from ..naming.bias import describe_bias
from ..reading.evidence import Evidence, Leaks
from ..reading.probe import HOSTILE_LOGIT
from .finding import Finding, count_noun, findings_in


def set_findings(evidence: Evidence) -> Iterator[Finding]:
    """What is wrong with the sets at equal logits. Rows with NaN are reported as such only."""
    yield from findings_in("nan", ~evidence.finite, "{} with NaN or inf at equal logits", "row")
    findings = [*_key_findings(evidence), *_weight_findings(evidence)]
    yield from (x for x in findings if x.kind in ("extra", "missing"))
    if evidence.mismatched.any() and not findings:
        text = "{} whose random sums are not those of their sets"
        yield from findings_in("extra", evidence.mismatched, text, "row")
    text = "{} without any key in the set, which must be 0, but attend to some"
    yield from findings_in("empty row", evidence.wrongly_nonzero, text, "row")
    yield from (x for x in findings if x.kind in ("multiplicity", "bias"))


def _key_findings(evidence: Evidence) -> Iterator[Finding]:
    """Keys too many and too few, in the rows read."""
    extra = evidence.actual & ~evidence.expected
    missing = evidence.expected & ~evidence.actual
    for kind, wrong, text in (
        ("extra", extra, "{} attended to outside the set"),
        ("missing", missing, "{} of the set not attended to"),
    ):
        text += _sample_text(evidence, wrong)
        yield from findings_in(kind, wrong, text, rows=evidence.rows)


def _weight_findings(evidence: Evidence) -> Iterator[Finding]:
    """Keys that count more than once, and weights that differ otherwise, in the rows read."""
    bias, counts, rows = evidence.uneven, evidence.multiplicity, evidence.rows
    twice = (counts > 1) & ~bias[..., None]
    most = counts.max(initial=0, where=twice)
    text = f"{{}} counted more than once, up to {most} times{_sample_text(evidence, twice)}"
    yield from findings_in("multiplicity", twice, text, rows=rows)
    if bias.any():
        name = describe_bias(evidence.weights, rows, bias, evidence.totals.dtype)
        text = f"{{}} with weights that differ at equal logits, as if a bias were added{name}"
        yield from findings_in("bias", bias, text, "row", rows=rows)


def _sample_text(evidence: Evidence, wrong: BoolArray) -> str:
    """In how many rows keys are wrong, if only some rows were read."""
    if not evidence.is_sample:
        return ""
    rows = count_noun(int(wrong.any(axis=-1).sum()), "row")
    mismatched, size = int(evidence.mismatched.sum()), evidence.mismatched.size
    return f" in {rows} read key by key; {mismatched:,} of {size:,} rows mismatch"


def leak_findings(leaks: Leaks) -> Iterator[Finding]:
    """Finite masks, and rows in which they cannot be seen."""
    logits = f"at logits of {HOSTILE_LOGIT:g}"
    if leaks.leaks.ndim == 3:
        text = f"finite mask: {{}} not masked with -inf, and attended to {logits}"
        yield from findings_in("leak", leaks.leaks, text)
    else:
        text = (
            f"finite mask: {{}} attending to masked keys {logits}: masked with a number, not -inf"
        )
        yield from findings_in("leak", leaks.leaks, text, "row")
    text = f"{{}} with NaN or inf {logits}, which hides finite masks"
    yield from findings_in("overflow", leaks.overflow, text, "row")


def leak_coverage(evidence: Evidence, leaks: Leaks) -> list[str]:
    """In how many rows finite masks were checked, if not in all."""
    if not evidence.is_sample:
        return []
    size = evidence.mismatched.size
    return [f"coverage: finite masks checked in {leaks.rows:,} of {size:,} rows"]
