"""The verdict: an implementation against a pattern, first the sets, exactly, then the numbers."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np

from ..lower import dense
from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.require import require_one_set
from .calling.subject import ProbeError, Subject, subject
from .checks.assumptions import broken_premises, mixed_batch
from .checks.explain import diluted, other_key_heads, reasons
from .checks.finding import Finding, counted
from .checks.gradients import wrong_gradients
from .checks.leaks import let_in
from .checks.numbers import compared
from .checks.poison import POISONED, poisoned
from .checks.set_findings import biased, of_numbers, of_sets, right
from .naming.diagnosis import diagnose
from .naming.large_names import attending
from .reading.probe import probed
from .reading.row_totals import Held
from .report.report import Report
from .report.rerun import import_path
from .sketch import sketched

CELLS = 1 << 22  # pairs of all heads, up to which every one is looked at


def check(
    fn,
    pattern,
    n,
    heads=None,
    *,
    scale=None,
    seed=0,
    gradients=None,
    exhaustive=None,
    also=(),
    **options,
) -> Report:
    """Whether `fn` is attention over exactly these sets, and if not, how it differs and what it is.

    The sets: extra and missing keys, keys counted more than once, biased weights, row sums that are not 1, ghosts, empty
    rows that are not 0, NaN, and keys masked with a finite number that some input unmasks; that one sequence of a batch, and
    a key that is not attended to, move no other. Then the numbers on random input, logits of spread 1 and 50, against the
    float64 reference, on the rows whose sets are right, and lse where it is returned; and what explains them where they are
    wrong: another scale, a soft cap, other key heads. Whatever fn does, a report comes back; it is true if it passed.

    Above 2**22 pairs the sets of all rows are seen through random sums, and read on some rows that are off; leaks, huge
    numbers outside the sets, and numbers are looked at in some rows. The report states what was seen and what was not.

    Parameters
    ----------
    fn : fn(q, k, v) -> out, or (out, lse), as for `probe`.
    pattern : the expected Pattern, or a sequence with one for each head.
    n : a length, or (n_q, n_k); from 1 to 2**20, as far as fn goes.
    heads : H; as many as there are patterns unless given.
    scale : what fn multiplies logits by, 1 / sqrt(d) unless given.
    seed : of the random input.
    gradients : "torch" or "jax" to differentiate fn, or a function vjp(q, k, v, grad) -> (dq, dk, dv); None leaves them out.
    exhaustive : True to look at every pair, up to 4096 queries and keys, False not to.
    also : more lengths, or pairs of them, to look at: ragged ones, shorter than a window, 1. Their findings begin with "at n =".
    options : kv_heads, d, e, layout, framework, dtype, device and seconds, as for `probe`.

    Raises TypeError or ValueError for arguments outside their bounds, another number of patterns than heads, and
    whatever `pattern` raises at this size.

    >>> import sparse_ref as sr
    >>> def fn(q, k, v): return sr.attend(q, k, v, sr.Lookback(3), device="reference")
    >>> print(sr.verify.check(fn, sr.Lookback(2), 5))                      # doctest: +ELLIPSIS
    FAIL fn: one key too many at the left edge (is Lookback(3), asked Lookback(2))
    asked: Lookback(2) at n = 5, 1 head, seed 0
    - extra: 3 keys attended to outside the set; first at head 0, i 2, j 0
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
    patterns, seed = _patterns(pattern, heads), integer("seed", seed, 0)
    if not (
        gradients in (None, "torch", "jax")
        if isinstance(gradients, (str, type(None)))
        else callable(gradients)
    ):
        raise ValueError(f"gradients must be 'torch', 'jax', a function or None, got {gradients!r}")
    if isinstance(gradients, str) and gradients != options.get("framework", "numpy"):
        framework = options.get("framework", "numpy")
        raise ValueError(
            f"gradients must be those of framework={framework!r}, or a function, got {gradients!r}"
        )
    if scale is not None and not (isinstance(scale, (int, float)) and isfinite(scale)):
        raise ValueError(f"scale must be a finite number, got {scale!r}")
    call = subject(fn, n, len(patterns), **options)
    small = call.heads * call.n[0] * call.n[1] <= CELLS if exhaustive is None else exhaustive
    report = Report(
        patterns,
        call.n,
        seed,
        import_path(fn),
        {
            **options,
            "scale": scale,
            "exhaustive": exhaustive,
            "also": tuple(also),
            "gradients": gradients,
        },
    )
    findings: list[Finding] = []
    try:
        (_small if small else _large)(call, patterns, scale, seed, gradients, report, findings)
    except ProbeError as error:
        findings.append(Finding(error.kind, str(error)))
    for other in also:
        try:
            more = check(
                fn,
                pattern,
                other,
                heads,
                scale=scale,
                seed=seed,
                gradients=gradients,
                exhaustive=exhaustive,
                **options,
            )
        except (ValueError, IndexError) as error:  # a pattern of one length has no other
            report.remarks.append(f"n = {other} was not looked at: {error}")
            continue
        findings += (
            replace(finding, message=f"at n = {more.size}: {finding.message}")
            for finding in more.findings
        )
    report.findings = tuple(findings)
    return report


def assert_conforms(fn, pattern, n, heads=None, **options) -> None:
    """`check`, raising AssertionError that carries the report where it does not pass.

    >>> import sparse_ref as sr
    >>> sr.verify.assert_conforms(lambda q, k, v: sr.attend(q, k, v, sr.Causal(), device="reference"), sr.Causal(), 8)
    """
    __tracebackhide__ = True  # pytest shows the call in the test, not this function
    report = check(fn, pattern, n, heads, **options)
    if not report.passed:
        raise AssertionError(str(report))


def _small(
    call: Subject, patterns, scale, seed: int, gradients, report: Report, findings: list[Finding]
) -> None:
    """Every pair is looked at. What is found is kept at once, so that nothing is lost where fn fails later."""
    report.expected = expected = np.stack([dense(p, call.n) for p in patterns])
    report.probe = found = probed(call)
    findings += of_sets(found, expected)
    known = np.where(found.nan_rows[..., None], expected, found.mask)
    counts = np.where(biased(found)[..., None], 0, found.multiplicity)
    report.diagnosis = diagnose(patterns, expected, known, counts)
    if broken := list(broken_premises(call, seed)):
        report.probe, report.diagnosis, findings[:] = None, (), broken
        return
    findings += diluted(call, Held.of(found))
    findings += mixed_batch(call, seed)
    findings += other_key_heads(call, Held.of(found))
    judged = right(found, expected)
    report.numbers = compared(call, expected, judged, scale, seed)
    findings += of_numbers(report.numbers)
    if any(x.wrong for x in report.numbers):
        findings += reasons(call, found.dtype, scale, seed)
    elif judged.any() and not found.leaks.any() and not any(x.broken for x in report.numbers):
        outside = np.flatnonzero((~expected & judged[..., None]).any(axis=(0, 1)))
        moved, report.remarks, _ = poisoned(
            call, outside, lambda keys: expected[..., keys].any(axis=-1), judged, seed
        )
        findings += moved
    if gradients is not None and judged.any():
        findings += wrong_gradients(call, gradients, patterns, expected, judged, scale, seed)


def _large(
    call: Subject, patterns, scale, seed: int, gradients, report: Report, findings: list[Finding]
) -> None:
    """All rows are seen through random sums, a sample of them is read."""
    seen = sketched(call, patterns, seed)
    report.expected, report.sampled, report.remarks = seen.expected, seen, seen.said()
    report.diagnosis = seen.diagnosis
    findings += seen.findings
    leaks, said = let_in(call, patterns, seen.judged, seed)
    findings += leaks
    report.remarks.append(said)
    if broken := list(broken_premises(call, seed)):
        report.sampled, report.diagnosis, findings[:] = None, (), broken
        return
    findings += diluted(call, seen.held)
    findings += mixed_batch(call, seed)
    findings += other_key_heads(call, seen.held._replace(some=seen.many > 0))
    report.numbers = compared(call, seen.expected, seen.right, scale, seed, seen.rows)
    findings += of_numbers(report.numbers)
    if any(x.wrong for x in report.numbers):
        findings += reasons(call, seen.sums.dtype, scale, seed)
    elif not {"leak", "overflow", "nan"} & {x.kind for x in findings}:
        outside = np.flatnonzero((~seen.expected & seen.right[..., None]).any(axis=(0, 1)))
        moved, remarks, rows = poisoned(
            call, outside, lambda keys: attending(patterns, keys, call.n[0]), seen.judged, seed
        )
        findings += moved
        report.remarks += [
            *remarks,
            f"seen: huge numbers in {POISONED} keys at most, and the {counted(rows, 'row')} without them",
        ]
    if gradients is not None and seen.right.any():
        findings += wrong_gradients(
            call, gradients, patterns, seen.expected, seen.right, scale, seed, seen.rows
        )


def _patterns(pattern, heads) -> tuple[Pattern, ...]:
    """One pattern for each head."""
    if isinstance(pattern, Pattern):
        return (pattern,) * (1 if heads is None else integer("heads", heads, 1))
    require_one_set("pattern", pattern)
    if (
        not isinstance(pattern, (list, tuple))
        or not pattern
        or not all(isinstance(p, Pattern) for p in pattern)
    ):
        raise TypeError(
            f"pattern must be a Pattern, or a sequence of one for each head, got {pattern!r}"
        )
    if heads is not None and heads != len(pattern):
        raise ValueError(f"pattern must be one for each of heads = {heads}, got {len(pattern)}")
    return tuple(pattern)
