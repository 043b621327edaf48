"""The verdict on a KV cache: what it gives by schedules, compared with the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ..check import check
from ..checks.finding import Finding
from ..report.report import Report
from ..report.rerun import import_path, python_text, short_name
from .driven_report import DrivenReport, call_text, report_values
from .feed import BATCH_FIRST, TOKEN_AXIS, Feed, new_step
from .schedule import Portion, Schedule, places, usual_schedules
from .strangers import stranger_findings

DEFAULT_N = 64


@dataclass(eq=False, repr=False)
class CacheReport(DrivenReport):
    """The verdict on a cache, a `Report` whose findings name schedules and their portions.

    Attributes
    ----------
    schedules : tuple of Schedule
        By which the cache was fed; the sets, numbers and pictures are of the first that failed.
    place : str
        Which schedules failed, and the portion of the first wrong query.
    """

    schedules: tuple[Schedule, ...] = ()
    place: str = ""

    @property
    def verdict(self) -> str:
        """One line: the verdict, the function, the cause, and the portion that is wrong first."""
        return f"{super().verdict}, {self.place}" if self.place else super().verdict


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
        located = [self.wrong_rows(finding) for finding in self.report.findings]
        rows = next((rows for rows in located if rows), [])
        if not rows:
            return ""
        name = next(x.name for x in self.portions if x.start <= rows[0] < x.stop)
        return f"first in {name}"

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


def check_cache(
    cache: Any,
    pattern: Pattern | Sequence[Pattern],
    prefill: int | Iterable[int] | None = None,
    decode: int | None = None,
    *,
    n: int | None = None,
    lengths: bool = False,
    layout: str = "hnd",
    **options: Any,
) -> CacheReport:
    """Whether a KV cache attends to exactly these sets, however its tokens come.

    The cache gets a prompt, or chunks of it, then single tokens; the outputs of all calls together
    are judged as those of one function of all tokens, by `check`: every query, compared with the
    pattern on the whole. Findings name the portion of the schedule with the wrong queries.

    Without prefill and decode there are several schedules: one prompt and steps, a short prompt and
    many steps, steps only, small chunks, and chunks longer than the window. If one fails, the
    report shows the sets of the first that does; the findings of all are listed.

    Parameters
    ----------
    cache : callable or object
        `cache()` returns step(q, k, v) -> out, or (out, lse), of an empty cache; q, k and v are
        those of the new tokens, and so is out. Or an object that is called so, or has such a
        method `step`, and that `reset()` empties.
    pattern : Pattern or sequence of Pattern
        The expected pattern of all n tokens, or one for each head. A ring buffer of w entries is
        Lookback(w), or streaming(s, w) if it keeps the first s tokens.
    prefill : int, sequence of int or None
        The length of the prompt, or of its chunks.
    decode : int or None
        How many single tokens follow.
    n : int or None
        The number of tokens if neither prefill nor decode is given; 64 by default.
    lengths : bool
        Whether step takes a fourth argument, the number of new tokens of each sequence, a tuple of
        int (B,), as caches do whose sequences differ in length. Shorter ones are padded on the
        right. The judged sequences come after another one.
    layout : str
        The axes of q, k and v, as for `check`; lengths needs one with a batch.
    **options
        heads, kv_heads, scale, and all other options of `check`.

    Returns
    -------
    CacheReport
        A `Report` with the attribute schedules. A schedule that the cache refuses by
        NotImplementedError is named, and the report does not pass.

    Raises
    ------
    TypeError, ValueError
        As `check` does, or if cache is neither a function nor an object with reset(), prefill or
        decode is negative, or n is not their sum.

    Examples
    --------
    >>> import numpy as np, sparse_ref as sr
    >>> def make():                                     # a growing cache
    ...     keys = values = np.zeros((1, 0, 16), np.float32)
    ...     def step(q, k, v):
    ...         nonlocal keys, values
    ...         keys, values = np.append(keys, k, 1), np.append(values, v, 1)
    ...         n_q, n_k = q.shape[1], keys.shape[1]
    ...         sees = sr.Shifted(sr.Causal(), n_k - n_q)           # bottom-right
    ...         return sr.attend(q, keys, values, sees, device="reference")
    ...     return step
    >>> sr.verify.check_cache(make, sr.Causal(), prefill=(4, 4), decode=3).passed
    True
    >>> report = sr.verify.check_cache(make, sr.Lookback(6), prefill=(4, 4), decode=3)
    >>> print(report.findings[0].message)                       # doctest: +NORMALIZE_WHITESPACE
    15 keys attended to outside the set
    (queries 6 to 7: the second chunk; queries 8 to 10: decoding steps 1 to 3)
    """
    if layout not in TOKEN_AXIS:
        raise ValueError(f"layout must be one of {', '.join(TOKEN_AXIS)}, got {layout!r}")
    if lengths and layout not in BATCH_FIRST:
        choices = ", ".join(BATCH_FIRST)
        raise ValueError(f"lengths needs a layout with a batch, {choices}, got {layout!r}")
    new_step(cache)
    patterns = patterns_of_heads("pattern", pattern, options.get("heads"))
    schedules = _schedules(patterns, prefill, decode, n)
    outcomes = []
    for schedule in schedules:
        feed = Feed(cache, schedule, layout, lengths)
        report = check(feed, pattern, schedule.n, layout=layout, **options)
        outcomes.append(_explained(Outcome(feed, report)))
    own = dict(prefill=prefill, decode=decode, n=n, lengths=lengths or None)
    own["layout"] = None if layout == "hnd" else layout
    return _merged(outcomes, _call(cache, patterns, {**own, **options}))


def _call(cache: Any, patterns: Sequence[Pattern], arguments: dict[str, Any]) -> str:
    """The line of Python that gives the report again."""
    texts = [python_text(p) for p in patterns]
    pattern = texts[0] if len(set(texts)) == 1 else f"({', '.join(texts)})"
    name = short_name(import_path(cache)).rpartition(":")[2]
    return call_text("check_cache", [name if name.isidentifier() else "cache", pattern], arguments)


def _schedules(
    patterns: Sequence[Pattern],
    prefill: int | Iterable[int] | None,
    decode: int | None,
    n: int | None,
) -> tuple[Schedule, ...]:
    """The schedule that is asked for, or the usual ones."""
    if prefill is None and decode is None:
        own = next((p.own_length for p in patterns if p.own_length), DEFAULT_N)
        return usual_schedules(integer("n", own if n is None else n, 1), patterns)
    schedule = Schedule.new(() if prefill is None else prefill, decode or 0)
    if n not in (None, schedule.n):
        raise ValueError(f"n must be prefill + decode = {schedule.n}, got {n!r}")
    return (schedule,)


def _explained(outcome: Outcome) -> Outcome:
    """The outcome, with a refusal, or tokens that must not be read, as the cause of the rest."""
    feed, report = outcome.feed, outcome.report
    if feed.refusal:
        report.findings = (Finding("error", feed.refusal),)
        return outcome
    rows = dict(stranger_findings(feed))
    if rows:
        others = tuple(x for x in report.findings if x.kind != "not linear")
        report.findings, report.diagnosis = (*rows, *others), ()
    return replace(outcome, rows=rows)


def _merged(outcomes: Sequence[Outcome], call: str) -> CacheReport:
    """One report of all schedules: that of the first that failed, with the findings of all."""
    base = next((x for x in outcomes if not x.report.passed), outcomes[0])
    values = report_values(base.report)
    values["function"] = base.feed.cache
    values["findings"] = tuple(_findings(outcomes))
    values["remarks"] = [*base.report.remarks, *_remarks(outcomes)]
    schedules = tuple(x.feed.schedule for x in outcomes)
    place = base.place
    wrong = [str(x.feed.schedule) for x in outcomes if not x.report.passed]
    if len(outcomes) > 1 and wrong:
        names = wrong[0] if len(wrong) == 1 else f"{len(wrong)} of {len(outcomes)} schedules"
        place = f"by {names}" + (f": {place}" if place and len(wrong) == 1 else "")
    return CacheReport(**values, call=call, schedules=schedules, place=place)


def _findings(outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    """The findings of all schedules, equal ones once, with their schedules and portions."""
    groups: dict[Finding, list[Outcome]] = {}
    for outcome in outcomes:
        for finding in outcome.report.findings:
            groups.setdefault(finding, []).append(outcome)
    for finding, sources in groups.items():
        details = []
        if len(outcomes) > 1:
            names = ", ".join(str(x.feed.schedule) for x in sources)
            details.append("every schedule" if len(sources) == len(outcomes) else names)
        rows = sources[0].wrong_rows(finding)
        if len(sources) == 1 and rows:
            details.append(places(sources[0].portions, rows))
        text = "; ".join(filter(None, details))
        yield replace(finding, message=f"{finding.message} ({text})" if text else finding.message)


def _remarks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Which schedules are right and which are wrong."""
    for passed, word in ((True, "right"), (False, "wrong")):
        schedules = [x.feed.schedule for x in outcomes if x.report.passed is passed]
        names = [f"{x.name} ({x.sizes})" if x.name else x.sizes for x in schedules]
        if names:
            count = f"{len(names)} schedule{'s' * (len(names) != 1)}"
            yield f"{word} by {count}: {'; '.join(names)}"
