"""The verdict: an implementation against a pattern, first the sets, exactly, then the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..checks import whole
from ..factorized import one_set
from ..lower import dense
from ..sets import Pattern
from .numerics import Numbers, compared
from .premises import broken_premises
from .probe import LOGIT, Probe, probed
from .report import Finding, Report, counted, found_in
from .subject import ProbeError, spacing, subject


def check(fn, pattern, n, heads=None, *, scale=None, seed=0, **options) -> Report:
    """Whether `fn` is attention over exactly these sets, and if not, how it differs.

    The sets: extra and missing keys, keys counted more than once, biased weights, row sums that are not 1, empty rows
    that are not 0, NaN, and keys masked with a finite number that some input unmasks. Then the numbers on random input,
    logits of spread 1 and 50, against the float64 reference, on the rows whose sets are right. Whatever fn does, a
    report comes back; it is true if it passed.

    Parameters
    ----------
    fn : fn(q, k, v) -> out, as for `probe`.
    pattern : the expected Pattern, or a sequence with one for each head.
    n : a length, or (n_q, n_k); from 1 to 4096.
    heads : H; as many as there are patterns unless given.
    scale : what fn multiplies logits by, 1 / sqrt(d) unless given.
    seed : of the random input.
    options : kv_heads, d, e, layout and framework, as for `probe`.

    Raises TypeError or ValueError for arguments outside their bounds, another number of patterns than heads, and
    whatever `pattern` raises at this size.

    >>> import sparse_ref as sr
    >>> def fn(q, k, v): return sr.attend(q, k, v, sr.Lookback(3), device="reference")
    >>> print(sr.verify.check(fn, sr.Lookback(2), 5))                      # doctest: +ELLIPSIS
    FAIL: fn is not Lookback(2) at n = 5, 1 head, seed 0
    - extra: 3 keys attended to outside the set; first at head 0, i 2, j 0
    head 0 attends to Lookback(3)
    numbers: right on the 2 of 5 rows whose sets are right, logits of spread 1, error ..., budget ...
    numbers: right on the 2 of 5 rows whose sets are right, logits of spread 50, error ..., budget ...
    head 0   █ both   · neither   + only in fn   - only in the expected set
    █····
    ██···
    +██··
    ·+██·
    ··+██
    """
    patterns, seed = _patterns(pattern, heads), whole("seed", seed, 0)
    call = subject(fn, n, len(patterns), **options)
    expected = np.stack([dense(p, call.n) for p in patterns])
    findings: list[Finding] = []
    found: Probe | None = None
    numbers: tuple[Numbers, ...] = ()
    try:
        found = probed(call)
        findings += _of_sets(found, expected)
        if broken := tuple(broken_premises(call, seed)):
            return Report(broken, patterns, call.n, seed, expected, None, ())
        numbers = compared(call, patterns, expected, _right(found, expected), scale, seed)
        findings += _of_numbers(numbers)
    except ProbeError as error:
        findings.append(Finding("error", str(error)))
    return Report(tuple(findings), patterns, call.n, seed, expected, found, numbers)


def assert_conforms(fn, pattern, n, heads=None, **options) -> None:
    """`check`, raising AssertionError that carries the report where it does not pass.

    >>> import sparse_ref as sr
    >>> sr.verify.assert_conforms(lambda q, k, v: sr.attend(q, k, v, sr.Causal(), device="reference"), sr.Causal(), 8)
    """
    report = check(fn, pattern, n, heads, **options)
    if not report.passed:
        raise AssertionError(str(report))


def _patterns(pattern, heads) -> tuple[Pattern, ...]:
    """One pattern for each head."""
    if isinstance(pattern, Pattern):
        return (pattern,) * (1 if heads is None else whole("heads", heads, 1))
    one_set("pattern", pattern)
    if not isinstance(pattern, (list, tuple)) or not pattern or not all(isinstance(p, Pattern) for p in pattern):
        raise TypeError(f"pattern must be a Pattern, or a sequence of one for each head, got {pattern!r}")
    if heads is not None and heads != len(pattern):
        raise ValueError(f"pattern must be one for each of heads = {heads}, got {len(pattern)}")
    return tuple(pattern)


def _of_sets(found: Probe, expected) -> Iterator[Finding]:
    """What is wrong with the sets. Rows that are NaN are reported as that alone."""
    known, some, biased = ~found.nan_rows, found.mask.any(axis=-1), _biased(found)
    twice = (found.multiplicity > 1) & ~biased[..., None]
    most = found.multiplicity.max(initial=0, where=twice)
    yield from found_in("nan", found.nan_rows, "{} with NaN or inf at equal logits", "row")
    yield from found_in("extra", found.mask & ~expected, "{} attended to outside the set")
    yield from found_in("missing", expected & ~found.mask & known[..., None], "{} of the set not attended to")
    yield from found_in("empty row", some & ~expected.any(axis=-1), "{} that must be 0, having no keys, but average some", "row")
    yield from found_in("multiplicity", twice, f"{{}} counted more than once, up to {most} times")
    yield from found_in("bias", biased, "{} with weights that differ at equal logits, as if a bias were added", "row")
    yield from found_in("row sum", _unnormalised(found), "{} with weights that do not sum to 1, but to {:.6g}", "row",
                        found.row_sums)
    yield from found_in("leak", found.leaks, f"{{}} masked with a finite number, let in by logits of {LOGIT:g}")
    yield from found_in("overflow", found.overflow, f"{{}} with NaN or inf at logits of {LOGIT:g}, where leaks stay unknown", "row")


def _of_numbers(numbers: tuple[Numbers, ...]) -> Iterator[Finding]:
    """What is wrong with the numbers."""
    for x in numbers:
        logits = f"at random logits of spread {x.spread:g}"
        if x.broken:
            yield Finding("nan", f"{counted(x.broken, 'row')} with NaN or inf {logits}", x.broken, x.broken_at)
        if x.wrong:
            yield Finding("numerics", f"{counted(x.wrong, 'row')} of {x.rows} off, by up to {x.error:.2g} where {x.budget:.2g} is "
                          f"allowed, {logits}", x.wrong, x.wrong_at)


def _biased(found: Probe) -> np.ndarray:
    """Rows whose weights are no multiples of one another."""
    each = np.abs(found.weights) / np.maximum(found.multiplicity, 1)
    counted = found.multiplicity > 0
    return each.max(axis=-1, initial=0, where=counted) > 1.02 * each.min(axis=-1, initial=np.inf, where=counted)


def _unnormalised(found: Probe) -> np.ndarray:
    """Rows with keys whose weights do not sum to 1, but for the rounding of the dtype that came back."""
    return found.mask.any(axis=-1) & (np.abs(found.row_sums - 1) > 16 * spacing(found.dtype))


def _right(found: Probe, expected) -> np.ndarray:
    """Rows whose keys are those expected, each once, with equal weights that sum to 1: the numbers are judged on these."""
    same = (found.mask == expected).all(axis=-1) & (found.multiplicity <= 1).all(axis=-1)
    return same & ~found.nan_rows & ~_biased(found) & ~_unnormalised(found)
