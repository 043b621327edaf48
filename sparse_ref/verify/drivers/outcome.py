"""The outcome of one schedule: a report, and the queries that its findings are about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ..checks.finding import Finding
from ..report.report import Report
from .feed import Feed
from .schedule import Portion
from .strangers import stranger_findings


class Refusal(NamedTuple):
    """A portion that a cache refused: what is not tested, and n."""

    message: str
    least_n: int

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, eq=False)
class Outcome:
    """The report of one schedule, and the queries of findings that it has no masks of."""

    feed: Feed
    report: Report
    rows: dict[Finding, list[int]] = field(default_factory=dict)

    @property
    def portions(self) -> list[Portion]:
        """What the cache was fed with."""
        return self.feed.portions(self.report.n[0])

    @property
    def place(self) -> str:
        """The portion of the first wrong query; "" if all are right or none is known."""
        for finding in self.report.findings:
            rows = self.wrong_rows(finding)
            if rows:
                names = [x.name for x in self.portions if rows[0] < x.stop]
                return f"first in {names[0]}"
        return ""

    def wrong_rows(self, finding: Finding) -> list[int]:
        """The queries of a finding: all if they are known, otherwise the first."""
        if finding in self.rows:
            return self.rows[finding]
        expected, actual = self.report.expected_mask, self.report.actual_mask
        if finding.kind in ("extra", "missing") and expected is not None and actual is not None:
            wrong = actual & ~expected if finding.kind == "extra" else expected & ~actual
            rows = np.flatnonzero(wrong.any(axis=(0, 2)))
            sample = self.report.sample
            queries = rows if sample is None else sample.rows[rows]
            if len(queries):
                return list(map(int, queries))
        return [] if finding.at is None else [finding.at[1]]


def with_cause(outcome: Outcome) -> Outcome:
    """The outcome, with a refusal, or tokens that must not be read, as the cause of the rest."""
    feed, report = outcome.feed, outcome.report
    # hints at other layouts cut the tokens along the axis of this one
    report.findings = tuple(x for x in report.findings if x.kind != "layout")
    if feed.refusal:
        report.findings = ()
        report.untested += (Refusal(f"{feed.schedule}: {feed.refusal}", report.n[0]),)
        return outcome
    rows = dict(stranger_findings(feed))
    if rows:
        others = tuple(x for x in report.findings if x.kind != "not linear")
        report.findings, report.diagnosis = (*rows, *others), ()
    return replace(outcome, rows=rows)
