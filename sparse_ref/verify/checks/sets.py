"""Findings about the sets: extra and missing keys, biases, keys that count twice, finite masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, IntArray
from ..calling.rounded_attention import bits_of
from ..calling.subject import Subject
from ..naming.bias import bias_in_words, explained_rows
from ..naming.finite_mask import describe_finite_mask, read_finite_mask
from ..reading.evidence import Evidence, Leaks
from .finding import Finding, findings_in

SMALL_SHARE = 0.1  # of the largest weight of a row, below which it is reported


class Fault(NamedTuple):
    """Where something is wrong, (H, rows) or (H, rows, n_k), and its finding."""

    kind: str
    wrong: BoolArray
    text: str
    noun: str = "key"
    rows: IntArray | None = None  # the queries of these rows, if they are not all


def set_findings(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """What is wrong with the sets at equal logits. Rows with NaN are reported as such only."""
    keys, weights = list(_key_faults(evidence)), list(_weight_faults(subject, evidence))
    text = "{} with NaN or inf at equal logits"
    faults = [Fault("nan", ~evidence.finite, text, "row"), *keys]
    if not any(fault.wrong.any() for fault in (*keys, *weights)):
        text = "{} whose random sums are not those of their sets"
        faults.append(Fault("extra", evidence.mismatched, text, "row"))
    text = "{} without any key in the set, which must be 0, but attend to some"
    faults += [Fault("empty row", evidence.wrongly_nonzero, text, "row"), *weights]
    if evidence.leaks is not None:
        faults += _leak_faults(subject, evidence, evidence.leaks)
    for kind, wrong, text, noun, rows in [*_faults_at_0(evidence), *faults]:
        yield from findings_in(kind, wrong, text, noun, rows=rows)
    if inner := evidence.base.inner_precision:
        text = (
            f"weights have the {bits_of(inner)} bits of {inner}, though the output has more; "
            f"declare precision={inner!r} if that is meant"
        )
        yield Finding("precision", text)


def _faults_at_0(evidence: Evidence) -> Iterator[Fault]:
    """Rows that have weights at q = k = 1, but not at 0, where all logits are equal, too."""
    base = evidence.base
    if base.broken_at_0 is None or base.dead_at_0 is None or _is_undefined_at_0(evidence):
        return
    read = f"sets were read at q = k = {base.side:g}"
    text = f"{{}} with NaN or inf at q = k = 0 (normalised q and k without epsilon?); {read}"
    yield Fault("nan", base.broken_at_0, text, "row")
    text = (
        "{} without any weight at q = k = 0, where a softmax has equal ones "
        f"(linear attention or retention?); {read}"
    )
    yield Fault("curve", base.dead_at_0, text, "row")


def _is_undefined_at_0(evidence: Evidence) -> bool:
    """Whether the declared transform has no value at q = k = 0."""
    statement = evidence.base.statement
    if statement is None or statement.meaning.transform is None:
        return False
    q = np.zeros_like(evidence.base.q, np.float64)
    k = np.zeros_like(evidence.base.k, np.float64)
    values = statement.transform(q, k)
    return not all(np.isfinite(x).all() for x in values)


def leak_findings(subject: Subject, evidence: Evidence, leaks: Leaks) -> Iterator[Finding]:
    """Finite masks, and rows in which they cannot be seen."""
    for kind, wrong, text, noun, _ in _leak_faults(subject, evidence, leaks):
        yield from findings_in(kind, wrong, text, noun)


def _key_faults(evidence: Evidence) -> Iterator[Fault]:
    """Keys too many and too few, in the rows read."""
    extra = evidence.actual & ~evidence.expected
    missing = evidence.expected & ~evidence.actual
    small = _share_text(evidence, extra)
    text = f"{{}} attended to outside the set{small}{_sample_text(evidence, extra)}"
    yield Fault("extra", extra, text, rows=evidence.rows)
    text = f"{{}} of the set not attended to{_sample_text(evidence, missing)}"
    yield Fault("missing", missing, text, rows=evidence.rows)


def _weight_faults(subject: Subject, evidence: Evidence) -> Iterator[Fault]:
    """Keys that count more than once, and weights that differ otherwise, in the rows read."""
    bias, counts = evidence.uneven, evidence.multiplicity
    twice_rows = (counts > 1).any(axis=-1) & ~bias
    if bias.any() and twice_rows.any():
        parts = evidence.weights, evidence.rows, bias, twice_rows
        bias = bias | explained_rows(*parts, evidence.totals.dtype)
    twice = (counts > 1) & ~bias[..., None]
    most = counts.max(initial=0, where=twice)
    text = f"{{}} counted more than once, up to {most} times{_sample_text(evidence, twice)}"
    yield Fault("multiplicity", twice, text, rows=evidence.rows)
    text = "{} with a bias on the logits, by which weights differ at equal q . k"
    if evidence.base.is_given:
        text = "{} with other weights than the softmax of the logits that are meant (scale, cap?)"
    elif bias.any():
        text += bias_in_words(subject, evidence)
    yield Fault("bias", bias, text, "row", evidence.rows)


def _share_text(evidence: Evidence, keys: BoolArray) -> str:
    """How small the weights of these keys are, if much smaller than others of their rows."""
    top = evidence.weights.max(axis=-1, keepdims=True)
    share = evidence.weights / np.where(top > 0, top, 1)
    largest = share.max(initial=0, where=keys)
    small = 0 < largest < SMALL_SHARE
    return f", with at most {largest:.2g} of the largest weight of their row" if small else ""


def _sample_text(evidence: Evidence, wrong: BoolArray) -> str:
    """In how many rows keys are wrong, if only some rows were read."""
    if not evidence.is_sample:
        return ""
    rows = np.count_nonzero(wrong.any(axis=-1))
    mismatched, size = int(evidence.mismatched.sum()), evidence.mismatched.size
    read = f" in {rows:,} of the {evidence.expected[..., 0].size:,} rows read key by key"
    return f"{read}; {mismatched:,} of {size:,} rows mismatch"


def _leak_faults(subject: Subject, evidence: Evidence, leaks: Leaks) -> Iterator[Fault]:
    """Finite masks, and rows in which they cannot be seen."""
    logits = f"at logits of {leaks.logit:g}"
    is_key = leaks.leaks.ndim == 3
    if leaks.leaks.any():
        size = f" with weights up to {leaks.largest:.2g}" if is_key else ""
        mask = read_finite_mask(subject, evidence, leaks)
        cause = "masked with a number and not with -inf, or chosen by q and k (top-k, hashing)"
        if mask is not None:
            cause = describe_finite_mask(mask)
        noun = "attended to" if is_key else "attending to masked keys"
        text = f"finite mask: {cause}; {{}} {noun}{size} {logits}"
        yield Fault("leak", leaks.leaks, text, "key" if is_key else "row")
    text = f"{{}} with NaN or inf {logits}, which hides finite masks"
    yield Fault("overflow", leaks.overflow, text, "row")
