"""Is the scale taken from the width of v? With values as wide as keys nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..calling.arrays import ProbeError
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from ..reading.evidence import Evidence
from .finding import Finding, Outcome
from .judged_rows import JudgedRows, judged_rows

WIDER = 4  # times: a scale of 1 / sqrt(e) is then half of what it should be
MAX_VALUES = 1 << 22  # of all heads, in such a call
CLEAR = 0.1  # of the difference between both scales, that the nearer one may be off by


def value_width_findings(subject: Subject, evidence: Evidence, seed: int) -> Outcome:
    """Whether fn scales logits by 1 / sqrt(e), in one call with values wider than keys.

    A remark if fn refuses such values. Nothing is checked if e is not d, which random numbers show.
    """
    rows = judged_rows(subject, evidence)
    if rows is None or subject.e != subject.d:
        return Outcome([], [])
    wide = replace(subject, e=WIDER * subject.d)
    if subject.heads * max(subject.n) * wide.e > MAX_VALUES:
        return Outcome([], ["not checked: values wider than keys, which a smaller n would show"])
    q, k, v = wide.normal(np.random.default_rng(seed))
    try:
        wide_rows = JudgedRows(wide, evidence, rows.statement)
        out, meant, _ = wide_rows.outputs(q, k, v)
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return Outcome([], ["not checked: values wider than keys, which fn refuses"])
    by_width, inputs = _statement_by_width(rows.statement), Inputs(q, k, v)
    other, _ = by_width.attend(inputs, evidence.expected, evidence.rows)
    judged = rows.conforming & np.isfinite(out).all(axis=-1)
    if not (other != meant)[judged].any():
        return Outcome([], [])
    difference = np.abs(other - meant)[judged].mean()
    error_of_other = np.abs(out - other)[judged].mean()
    if error_of_other < CLEAR * difference:
        text = (
            f"logits are scaled by 1 / sqrt(e), the width of v, not of q and k: "
            f"at e = {wide.e} and d = {wide.d} by {wide.e**-0.5:.4g}, expected "
            f"{rows.statement.scale:.4g}"
        )
        return Outcome([Finding("scale", text, int(judged.sum()))], [])
    if np.abs(out - meant)[judged].mean() > CLEAR * difference:
        return Outcome([], [f"note, no failure: numbers are wrong at e = {wide.e}, d = {wide.d}"])
    return Outcome([], [])


def _statement_by_width(statement: Statement) -> Statement:
    """The same with a scale that is less by the root of WIDER."""
    meaning = replace(statement.meaning, scale=statement.scale * WIDER**-0.5)
    return replace(statement, meaning=meaning)
