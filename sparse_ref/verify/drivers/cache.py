"""The verdict on a KV cache: what it gives by schedules, compared with the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ..attention_check import check
from ..checks.finding import Finding
from ..checks.untested_parameters import default_length
from .driven_report import Call, DrivenReport, function_word, pattern_word, report_values
from .feed import Feed, new_step
from .outcome import Outcome, with_cause
from .schedule import Schedule, places, usual_schedules
from .ways import way_to_call


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


def check_cache(
    cache: Any,
    pattern: Pattern | Sequence[Pattern],
    prefill: int | Iterable[int] | None = None,
    decode: int | None = None,
    *,
    n: int | None = None,
    lengths: bool = False,
    layout: str = "auto",
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
        The number of tokens if neither prefill nor decode is given; None chooses one at which all
        parameters of the pattern show, at least 64.
    lengths : bool
        Whether step takes a fourth argument, the number of new tokens of each sequence, a tuple of
        int (B,), as caches do whose sequences differ in length. Shorter ones are padded on the
        right. The judged sequences come after another one.
    layout : str
        The axes of q, k and v, as for `check`, but not "thd"; "auto" tries them. lengths needs one
        whose first axis is the batch.
    **options
        heads, kv_heads, scale, and all other options of `check`.

    Returns
    -------
    CacheReport
        A `Report` with the attribute schedules. A schedule that the cache refuses by
        NotImplementedError is named, and makes the report UNTESTED.

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
    new_step(cache)
    patterns = patterns_of_heads("pattern", pattern, options.get("heads"))
    own: dict[str, Any] = dict(prefill=prefill, decode=decode, n=n)
    own["lengths"] = lengths or None
    own["layout"] = None if layout == "auto" else layout
    words = function_word(cache, "cache"), pattern_word(patterns)
    call = Call("check_cache", words, {**own, **options})
    options = {"ragged": False, **options, "layout": layout}
    schedules = _schedules(patterns, prefill, decode, n)
    way = way_to_call(cache, schedules[0], len(patterns), lengths, options)
    options["layout"], options["framework"] = way
    outcomes = []
    for schedule in schedules:
        feed = Feed(cache, schedule, options["layout"], lengths)
        report = check(feed, pattern, schedule.n, **options)
        outcomes.append(with_cause(Outcome(feed, report)))
    return _merge(outcomes, call)


def _schedules(
    patterns: Sequence[Pattern],
    prefill: int | Iterable[int] | None,
    decode: int | None,
    n: int | None,
) -> tuple[Schedule, ...]:
    """The schedule that is asked for, or the usual ones."""
    if prefill is None and decode is None:
        length = default_length(patterns) if n is None else n
        return usual_schedules(integer("n", length, 1), patterns)
    schedule = Schedule.new(() if prefill is None else prefill, decode or 0)
    if n not in (None, schedule.n):
        raise ValueError(f"n must be prefill + decode = {schedule.n}, got {n!r}")
    return (schedule,)


def _merge(outcomes: Sequence[Outcome], call: Call) -> CacheReport:
    """One report of all schedules: that of the first that failed, with the findings of all."""
    wrong = [x for x in outcomes if x.report.findings]
    base = (wrong or outcomes)[0]
    values = report_values(base.report)
    values["function"] = base.feed.cache
    values["findings"] = tuple(_findings(outcomes))
    untested = chain.from_iterable(x.report.untested for x in outcomes)
    values["untested"] = tuple(dict.fromkeys(untested))
    values["remarks"] = [*base.report.remarks, *_remarks(outcomes)]
    if any(other.findings for other in base.report.others):
        values["others"] = ()  # their findings are among those of all schedules
    schedules = tuple(x.feed.schedule for x in outcomes)
    place = base.place
    if wrong and len(outcomes) > 1:
        is_one = len(wrong) == 1
        names = str(base.feed.schedule) if is_one else f"{len(wrong)} of {len(outcomes)} schedules"
        place = f"by {names}: {place}" if is_one and place else f"by {names}"
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
    """Which schedules are right, and which are wrong."""
    by_word: dict[str, list[str]] = {"right": [], "wrong": []}
    for outcome in outcomes:
        schedule = outcome.feed.schedule
        name = f"{schedule.name} ({schedule.sizes})" if schedule.name else schedule.sizes
        if outcome.feed.refusal:
            continue
        by_word["wrong" if outcome.report.findings else "right"].append(name)
    for word, names in by_word.items():
        if names:
            count = f"{len(names)} schedule{'s' * (len(names) != 1)}"
            yield f"{word} by {count}: {'; '.join(names)}"
