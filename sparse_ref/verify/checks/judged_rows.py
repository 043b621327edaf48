"""Inputs made for a purpose, and outputs next to what is meant, in the rows with the right keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ...sets.types import BoolArray, FloatArray
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from ..reading.evidence import Evidence


class Outputs(NamedTuple):
    """Outputs of the rows read, (H, rows, e): those of fn and those that are meant."""

    out: FloatArray
    meant: FloatArray
    dtype: str


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """The rows of an implementation whose keys were read."""

    subject: Subject
    evidence: Evidence
    statement: Statement

    @property
    def conforming(self) -> BoolArray:
        """Rows that conform and have keys, bool (H, rows)."""
        conforming = self.evidence.conforming[:, self.evidence.rows]
        return conforming & self.evidence.expected.any(axis=-1)

    def outputs(self, q: FloatArray, k: FloatArray, v: FloatArray) -> Outputs:
        """Call fn with these inputs, rounded to its dtype."""
        subject, evidence = self.subject, self.evidence
        inputs = Inputs(*map(subject.round_input, (q, k, v)))
        out, dtype = subject.attend(*inputs)
        meant, _ = self.statement.attend(inputs, evidence.expected, evidence.rows)
        return Outputs(out[:, evidence.rows], meant, dtype)


def judged_rows(subject: Subject, evidence: Evidence) -> JudgedRows | None:
    """The rows, if q and k may be chosen, anything is meant and any row conforms."""
    base = evidence.base
    if base.is_given or base.statement is None:
        return None
    rows = JudgedRows(subject, evidence, base.statement)
    return rows if rows.conforming.any() else None
