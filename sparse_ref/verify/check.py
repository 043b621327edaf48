"""The verdict: an implementation compared with a pattern, first its sets, then its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.require import patterns_of_heads
from ..sets.types import FloatArray, Length
from .calling.arrays import ProbeError
from .calling.subject import CallOptions, Subject
from .checks.assumptions import batch_findings, broken_assumptions
from .checks.coverage import leak_coverage, set_coverage
from .checks.finding import Finding
from .checks.ghosts import row_sum_findings
from .checks.gradients import VJP, gradient_findings
from .checks.key_heads import key_head_findings
from .checks.numbers import compare_numbers, number_findings, rounding_remarks
from .checks.poison import poison_findings
from .checks.score_curve import score_findings
from .checks.sets import leak_findings, set_findings
from .meaning.meaning import Meaning
from .meaning.statement import Statement
from .naming.diagnosis import Diagnosis, diagnose
from .naming.large_names import RowSample, diagnose_sample
from .reading.evidence import Evidence, read_every_pair
from .reading.leaks import read_leaks
from .reading.sample import Sampled, read_sample
from .report.report import Report

MAX_PAIRS = 1 << 22  # of all heads, up to which every pair is read


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of an implementation, beyond its pattern and its n."""

    meaning: Meaning = Meaning()
    seed: int = 0
    gradients: VJP | None = None
    exhaustive: bool | None = None
    inputs: tuple[FloatArray, FloatArray] | None = None


def check(
    fn: Callable[..., Any],
    pattern: Pattern | Sequence[Pattern],
    n: Length,
    heads: int | None = None,
    *,
    scale: float | None = None,
    seed: int = 0,
    gradients: VJP | None = None,
    exhaustive: bool | None = None,
    also: Iterable[Length] = (),
    kv_heads: int | None = None,
    d: int | None = None,
    e: int | None = None,
    layout: str = "hnd",
    framework: str = "numpy",
    dtype: str = "float32",
    device: str = "cpu",
    seconds: float = 60.0,
) -> Report:
    """Whether `fn` is attention over exactly these sets; if not, how it differs and what it is.

    First the sets: extra and missing keys, keys that count twice, biased weights, row sums other
    than 1, ghosts, empty rows that are not 0, NaN, and finite masks. Changing one sequence of a
    batch, or a key outside the set, must not change any other output. Then the numbers, on the rows
    with the right keys: random input, logits of spread 1 and 50, compared with the float64
    reference, and lse if fn returns it. Wrong numbers are explained by another scale, a soft cap or
    the kv-head mapping if one of these fits. Never raises for a faulty fn. `bool(report)` is
    `report.passed`.

    Above 2**22 pairs, the sets of all rows are checked by random sums and the keys of some wrong
    rows are read; finite masks, huge numbers outside the sets, and numbers are checked in some
    rows. The report names what was not checked.

    Parameters
    ----------
    fn : callable
        fn(q, k, v) -> out, or (out, lse), as for `probe`.
    pattern : Pattern or sequence of Pattern
        The expected pattern, or one for each head.
    n : int or (int, int)
        A length, or (n_q, n_k), from 1 to 2**20.
    heads : int or None
        H; None for as many as there are patterns.
    scale : float or None
        The factor of the logits; None for 1 / sqrt(d).
    seed : int
        Of the random input.
    gradients : "torch", "jax", function or None
        How to differentiate fn: by the framework, or by a function vjp(q, k, v, grad) -> (dq, dk,
        dv). None does not.
    exhaustive : bool or None
        True to read every pair, up to 4096 queries and keys; False to use random sums; None to
        decide by size.
    also : sequence of int or (int, int)
        More lengths to check: 1, odd ones, shorter than a window. Findings begin with "at n =".
    kv_heads, d, e, layout, framework, dtype, device, seconds
        How fn is called, as for `probe`.

    Raises
    ------
    TypeError, ValueError
        An argument outside its bounds, another number of patterns than heads, or a pattern that has
        no such n.

    Examples
    --------
    >>> import sparse_ref as sr
    >>> def fn(q, k, v): return sr.attend(q, k, v, sr.Lookback(3), device="reference")
    >>> print(sr.verify.check(fn, sr.Lookback(2), 5))                      # doctest: +ELLIPSIS
    FAIL fn: one key too many at the left edge (is Lookback(3), asked Lookback(2))
    asked: Lookback(2) at n = 5, 1 head, seed 0
    - extra: 3 keys attended to outside the set; first: head 0, query 2, key 0
    head 0: is Lookback(3), asked Lookback(2): one key too many at the left edge of 3 of 5 rows
    numbers: right in 2 of 5 rows with the right keys, logits of spread 1: error ..., allowed ...
    numbers: right in 2 of 5 rows with the right keys, logits of spread 50: error ..., allowed ...
    again: sr.verify.check(fn, sr.Lookback(2), n=5)
    head 0   █ both   · neither   + only in fn   - only in the expected set
    █····
    ██···
    +██··
    ·+██·
    ··+██
    """
    options = CallOptions(kv_heads, d, e, layout, framework, dtype, device, seconds)
    meaning = Meaning(scale)
    question = Question(meaning, integer("seed", seed, 0), gradients, exhaustive)
    _check_question(question, framework)
    lengths = tuple(also)
    heads = None if heads is None else integer("heads", heads, 1)
    report = _report(fn, pattern, heads, n, options, question)
    report.options["also"] = lengths
    for other in lengths:
        try:
            more = _report(fn, pattern, heads, other, options, question)
        except (ValueError, IndexError) as error:  # a pattern that has no such length
            report.remarks.append(f"not checked: n = {other}: {error}")
            continue
        report.findings += tuple(
            replace(finding, message=f"at n = {more.size}: {finding.message}")
            for finding in more.findings
        )
    return report


def assert_conforms(
    fn: Callable[..., Any],
    pattern: Pattern | Sequence[Pattern],
    n: Length,
    heads: int | None = None,
    *,
    scale: float | None = None,
    seed: int = 0,
    gradients: VJP | None = None,
    exhaustive: bool | None = None,
    also: Iterable[Length] = (),
    kv_heads: int | None = None,
    d: int | None = None,
    e: int | None = None,
    layout: str = "hnd",
    framework: str = "numpy",
    dtype: str = "float32",
    device: str = "cpu",
    seconds: float = 60.0,
) -> None:
    """`check` in a test: AssertionError with the report if it does not pass; same parameters.

    >>> import sparse_ref as sr
    >>> fn = lambda q, k, v: sr.attend(q, k, v, sr.Causal(), device="reference")
    >>> sr.verify.assert_conforms(fn, sr.Causal(), 8)
    """
    __tracebackhide__ = True  # pytest shows the call in the test, not this function
    report = check(
        fn,
        pattern,
        n,
        heads,
        scale=scale,
        seed=seed,
        gradients=gradients,
        exhaustive=exhaustive,
        also=also,
        kv_heads=kv_heads,
        d=d,
        e=e,
        layout=layout,
        framework=framework,
        dtype=dtype,
        device=device,
        seconds=seconds,
    )
    if not report.passed:
        raise AssertionError(str(report))


def _check_question(question: Question, framework: str) -> None:
    """Refuse gradients of another framework, and a scale that is no number."""
    gradients = question.gradients
    known = gradients in (None, "torch", "jax") if not callable(gradients) else True
    if not known:
        raise ValueError(f"gradients must be 'torch', 'jax', a function or None, got {gradients!r}")
    if isinstance(gradients, str) and gradients != framework:
        raise ValueError(
            f"gradients must be those of framework={framework!r}, or a function, got {gradients!r}"
        )


def _report(
    fn: Callable[..., Any],
    pattern: Pattern | Sequence[Pattern],
    heads: int | None,
    n: Length,
    options: CallOptions,
    question: Question,
) -> Report:
    """The report at one length; findings are kept as they come, for fn may fail later."""
    patterns = patterns_of_heads("pattern", pattern, heads)
    subject = Subject.new(fn, n, len(patterns), options)
    question.meaning.check(subject.heads, subject.n)
    call = {**vars(options), **vars(question), **vars(question.meaning)}
    seed = call.pop("seed")
    del call["meaning"], call["inputs"]
    report = Report(patterns, subject.n, seed, fn, call)
    findings: list[Finding] = []
    try:
        _judge(subject, question, report, findings)
    except ProbeError as error:
        findings.append(Finding(error.kind, str(error)))
    report.findings = tuple(findings)
    return report


def _judge(
    subject: Subject,
    question: Question,
    report: Report,
    findings: list[Finding],
) -> None:
    """The protocol, in steps, the same for small and for large n."""
    seed, patterns = question.seed, report.patterns
    statement = Statement(question.meaning, subject.heads, subject.n, subject.d)
    report.evidence = evidence = _read_evidence(subject, patterns, statement, question)
    findings += set_findings(evidence)
    if isinstance(evidence, Sampled):
        report.remarks += set_coverage(evidence)
        report.diagnosis = _diagnose_sample(evidence)
    else:
        counts = np.where(evidence.uneven[..., None], 0, evidence.multiplicity)
        report.diagnosis = diagnose(patterns, evidence.expected, evidence.actual, counts)

    leaks = evidence.leaks
    if leaks is None and not evidence.base.is_given:
        leaks = read_leaks(subject, evidence, seed)
        report.remarks += leak_coverage(evidence, leaks)
        findings += leak_findings(leaks)

    broken = list(broken_assumptions(subject, seed))
    if broken:
        report.evidence, report.diagnosis, findings[:] = None, (), broken
        return
    if evidence.totals.has_wrong_sum().any():
        findings += row_sum_findings(subject, evidence)
    findings += batch_findings(subject, seed)
    if subject.kv_heads > 1:
        findings += key_head_findings(subject, evidence.totals)

    report.numbers = compare_numbers(subject, evidence, seed)
    report.remarks += rounding_remarks(report.numbers)
    findings += number_findings(report.numbers, statement.scale)
    has_leaks = leaks is not None and leaks.leaks.any()
    if any(numbers.wrong for numbers in report.numbers):
        findings += score_findings(subject, statement, evidence.totals.dtype, seed)
    elif not has_leaks and not any(numbers.broken for numbers in report.numbers):
        poison = poison_findings(subject, evidence, seed)
        findings += poison.findings
        report.remarks += poison.remarks

    if question.gradients is not None and evidence.conforming[:, evidence.rows].any():
        findings += gradient_findings(subject, evidence, question.gradients, seed)


def _read_evidence(
    subject: Subject, patterns: tuple[Pattern, ...], statement: Statement, question: Question
) -> Evidence:
    """Every pair if there are few or if `exhaustive` says so; otherwise random sums of all rows."""
    exhaustive = question.exhaustive
    if exhaustive is None:
        n_q, n_k = subject.n
        exhaustive = subject.heads * n_q * n_k <= MAX_PAIRS
    if exhaustive:
        return read_every_pair(subject, patterns, statement, question.inputs)
    return read_sample(subject, patterns, statement, question.seed)


def _diagnose_sample(evidence: Sampled) -> tuple[Diagnosis, ...]:
    """What explains the heads whose rows mismatch."""
    sample = RowSample(evidence.rows, evidence.expected, evidence.actual, evidence.known)
    return diagnose_sample(evidence.patterns, evidence.sums, evidence.mismatched, sample)
