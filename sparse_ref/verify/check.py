"""The verdict: an implementation compared with a pattern, first its sets, then its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from ..sets.checks import integer, lengths
from ..sets.pattern import Pattern
from ..sets.require import patterns_of_heads
from ..sets.types import FloatArray, Length
from .calling.arrays import ProbeError
from .calling.references import frameworks_of
from .calling.subject import CallOptions
from .calling.trials import resolve
from .checks.alignment import aligned_pattern
from .checks.finding import Finding
from .checks.gradients import VJP
from .checks.ragged_lengths import ragged_lengths
from .checks.untested_parameters import default_length, length_text, untested_parameters
from .meaning.meaning import Bias, Meaning, Transform
from .protocol import Question, conforms_at, report_at
from .report.report import Report

FEW_TILES = 128  # keys of a length at which a fault is explained, if it shows there
Align = Literal["upper-left", "bottom-right", "none"]


def check(
    fn: Callable[..., Any],
    pattern: Pattern | Sequence[Pattern],
    n: Length | None = None,
    heads: int | None = None,
    *,
    align: Align | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    sinks: float | Sequence[float] | FloatArray | None = None,
    bias: FloatArray | Bias | None = None,
    alibi: bool | Sequence[float] | FloatArray | None = None,
    fill: float | None = None,
    transform: Transform | None = None,
    lse: str = "natural",
    precision: str | None = None,
    gradients: VJP | None = None,
    q: Any = None,
    k: Any = None,
    seed: int = 0,
    exhaustive: bool | None = None,
    also: Iterable[Length] = (),
    ragged: bool = True,
    kv_heads: int | None = None,
    d: int | None = None,
    e: int | None = None,
    layout: str = "auto",
    framework: str = "auto",
    dtype: str = "float32",
    device: str = "cpu",
    shared_qk: bool = False,
    seconds: float | None = None,
) -> Report:
    """Whether `fn` is attention over exactly these sets; if not, how it differs and what it is.

    First the sets: extra and missing keys, keys that count twice, biased weights, row sums other
    than 1, ghosts, empty rows that are not 0, NaN, and finite masks. Changing one sequence of a
    batch, or a key outside the set, must not change any other output. Then the numbers, on the rows
    with the right keys: random input, logits of spread 1 and 50, compared with the float64
    statement, and lse if fn returns it. Wrong numbers are explained if a cause fits. Never raises
    for a faulty fn. `bool(report)` is `report.passed`.

    What was not tested is not passed. A pattern whose sets at all lengths checked are those of a
    neighbour, as Lookback(256) is Causal() up to n = 256, gives the status UNTESTED.

    Above 2**22 pairs, the sets of all rows are checked by random sums and the keys of some wrong
    rows are read; finite masks, huge numbers outside the sets, and numbers are checked in some
    rows. The report names what was not checked.

    Parameters
    ----------
    fn : callable
        fn(q, k, v) -> out, or (out, lse), as for `probe`.
    pattern : Pattern or sequence of Pattern
        The expected pattern, or one for each head.
    n : int or (int, int) or None
        A length, or (n_q, n_k), from 1 to 2**20. None: the pattern's own length, or the least power
        of two from 64 on at which every parameter of the pattern shows.
    heads : int or None
        H; None for as many as there are patterns.
    align : "upper-left", "bottom-right", "none" or None
        Which position a query has if n_q != n_k: query i is position i, or i + n_k - n_q, as in a
        KV cache. "none": the pattern counts queries as fn does. Needed unless the pattern says so
        itself.
    scale : float or None
        The factor of the logits; None for 1 / sqrt(d).
    softcap : float or None
        c of c tanh(x / c), for logits x after the scale, before a bias.
    sinks : float or (H,) or None
        A logit per head, natural log, of a member of every row that has value 0.
    bias : array or function or None
        What is added to the logits: broadcasts to (H, n_q, n_k), or bias(h, i, j) of integer
        arrays.
    alibi : True or (H,) or None
        Slopes m of the bias -m |i - j|; True for those of Press et al. 2022.
    fill : float or None
        The finite number below 0 that masked logits get, or that is added to them. Rows without
        keys are not judged then.
    transform : function or None
        (q, k) -> (q, k) of float64 arrays (H, n_q, d) and (G, n_k, d), position by position, before
        the logits: RoPE, normalised q and k.
    lse : "natural" or "base2"
        The base of the log-sum-exp that fn returns; a sink is part of the sum.
    precision : str or None
        The precision that numbers are judged by: "float32", "tf32", "bfloat16", "float16", "int8",
        "float8_e4m3" or "float8_e5m2"; None for the dtype of the output.
    gradients : "torch", "jax", function or None
        How to differentiate fn: by the framework, or by a function vjp(q, k, v, grad) -> (dq, dk,
        dv). None does not.
    q, k : array or None
        (H, n_q, d) and (G, n_k, d), both or neither, for sets that depend on them. The pattern is
        what they select; sets and numbers are checked at these q and k only.
    seed : int
        Of the random input.
    exhaustive : bool or None
        True to read every pair, up to 4096 queries and keys; False to use random sums; None to
        decide by size.
    also : sequence of int or (int, int)
        More lengths to check in full. Findings begin with "at n =".
    ragged : bool
        Whether to check the lengths 1, 63, 65, n - 1 and a prime, too, by random sums and numbers,
        and in full where these are wrong. A function that raises there is named, and may pass.
    kv_heads, d, e, layout, framework, dtype, device, shared_qk, seconds
        How fn is called, as for `probe`. With shared_qk, sets are read at random q = k.

    Raises
    ------
    TypeError, ValueError
        An argument outside its bounds, another number of patterns than heads, a pattern that has no
        such n, or n_q != n_k without an alignment.

    Examples
    --------
    >>> import sparse_ref as sr
    >>> def fn(q, k, v): return sr.attend(q, k, v, sr.Lookback(3), device="reference")
    >>> print(sr.verify.check(fn, sr.Lookback(2), 5, ragged=False))        # doctest: +ELLIPSIS
    FAIL fn...
    """
    patterns = patterns_of_heads(
        "pattern", pattern, None if heads is None else integer("heads", heads, 1)
    )
    if gradients in ("torch", "jax") and framework == "auto":
        framework = str(gradients)
    inputs = _given_inputs(q, k)
    n = _length(patterns, n, inputs)
    d = d if inputs is None or d is not None else inputs[0].shape[-1]
    seed = integer("seed", seed, 0)
    if shared_qk and inputs is None:
        inputs = _shared_inputs(n, len(patterns), d, seed)
    options = CallOptions(kv_heads, d, e, layout, framework, dtype, device, seconds, shared_qk)
    meaning = Meaning(scale, softcap, sinks, bias, alibi, fill, transform, lse, precision)
    meaning.check(len(patterns), lengths(n))
    question = Question(meaning, seed, gradients, exhaustive, inputs, align)
    _check_gradients(gradients, framework)
    lengths_also = tuple(also)
    checks = Checks(fn, patterns, options, options, question)
    for other in lengths_also:
        checks._aligned(other)  # refuses lengths without an alignment
    report = checks.first_report(n)
    report.options["also"], report.options["ragged"] = lengths_also, ragged
    checks.judge_by_precision_of(report)
    for other in lengths_also:
        checks.add(report, other)
    if ragged:
        checks.add_ragged(report, n)
    report.untested = untested_parameters(patterns, checks.checked, align)
    return report


def assert_conforms(
    fn: Callable[..., Any],
    pattern: Pattern | Sequence[Pattern],
    n: Length | None = None,
    heads: int | None = None,
    *,
    align: Align | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    sinks: float | Sequence[float] | FloatArray | None = None,
    bias: FloatArray | Bias | None = None,
    alibi: bool | Sequence[float] | FloatArray | None = None,
    fill: float | None = None,
    transform: Transform | None = None,
    lse: str = "natural",
    precision: str | None = None,
    gradients: VJP | None = None,
    q: Any = None,
    k: Any = None,
    seed: int = 0,
    exhaustive: bool | None = None,
    also: Iterable[Length] = (),
    ragged: bool = True,
    kv_heads: int | None = None,
    d: int | None = None,
    e: int | None = None,
    layout: str = "auto",
    framework: str = "auto",
    dtype: str = "float32",
    device: str = "cpu",
    shared_qk: bool = False,
    seconds: float | None = None,
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
        align=align,
        scale=scale,
        softcap=softcap,
        sinks=sinks,
        bias=bias,
        alibi=alibi,
        fill=fill,
        transform=transform,
        lse=lse,
        precision=precision,
        gradients=gradients,
        q=q,
        k=k,
        seed=seed,
        exhaustive=exhaustive,
        also=also,
        ragged=ragged,
        kv_heads=kv_heads,
        d=d,
        e=e,
        layout=layout,
        framework=framework,
        dtype=dtype,
        device=device,
        shared_qk=shared_qk,
        seconds=seconds,
    )
    if not report.passed:
        raise AssertionError(str(report))


@dataclass(eq=False)
class Checks:
    """The checks of one implementation, length by length.

    asked : the options as they were given;  options : the same with "auto" settled.
    """

    fn: Callable[..., Any]
    patterns: tuple[Pattern, ...]
    asked: CallOptions
    options: CallOptions
    question: Question
    checked: list[Length] = field(default_factory=list)

    def first_report(self, n: Length) -> Report:
        """The report at the first length, by which layout and framework are settled."""
        try:
            self.options = resolve(self.fn, n, len(self.patterns), self.asked)
        except ProbeError as error:
            self.options = self._likeliest_options()
            report = self.report(n)
            if report.evidence is None and error.kind != "timeout":
                report.findings = (Finding(error.kind, str(error)),)
            return report
        return self.report(n)

    def _likeliest_options(self) -> CallOptions:
        """The options for a function that no way of calling suits."""
        layout, framework = self.asked.layout, self.asked.framework
        if framework == "auto":
            framework, *_ = (*frameworks_of(self.fn), "numpy")
        layout = "hnd" if layout == "auto" else layout
        return replace(self.asked, layout=layout, framework=framework, choice="none fits")

    def report(self, n: Length) -> Report:
        """The report at one length, whose pattern has an alignment."""
        self.checked.append(n)
        report = report_at(self.fn, self._aligned(n), n, self.options, self.question)
        del report.options["choice"]
        report.options.update(layout=self.asked.layout, framework=self.asked.framework)
        return report

    def judge_by_precision_of(self, report: Report) -> None:
        """Judge other lengths by the precision in which fn computes, which few keys do not show."""
        inner = "" if report.evidence is None else report.evidence.base.inner_precision
        if inner:
            meaning = replace(self.question.meaning, precision=inner)
            self.question = replace(self.question, meaning=meaning)

    def add(self, report: Report, n: Length) -> None:
        """Check another length in full."""
        try:
            more = self.report(n)
        except (ValueError, IndexError) as error:  # a pattern that has no such length
            report.remarks.append(f"not checked: n = {length_text(lengths(n))}: {error}")
            return
        report.add_length(more)

    def add_ragged(self, report: Report, n: Length) -> None:
        """Check ragged lengths by a few calls, and in full the least of those that are wrong."""
        if report.findings:
            report.remarks.append("not checked: other lengths, since n is wrong")
            return
        others, reason = self._ragged_lengths(n)
        if reason:
            report.remarks.append(f"not checked: other lengths: {reason}")
        wrong: list[Length] = []
        raising: dict[str, list[str]] = {}
        for other in others:
            if other in self.checked:
                continue
            try:
                if self._conforms(other):
                    self.checked.append(other)
                    report.add_length(self._right(report, other))
                else:
                    wrong.append(other)
            except ProbeError as error:
                if error.kind == "error":
                    raising.setdefault(_reason(error), []).append(_text(other))
                else:
                    wrong.append(other)
        if wrong:
            explained = _most_telling(wrong)
            self.add(report, explained)
            others = tuple(other for other in wrong if other != explained)
            report.remarks += [f"also wrong at n = {', '.join(map(_text, others))}"] * bool(others)
        for reason, texts in raising.items():
            report.remarks.append(f"not checked: n = {', '.join(texts)}: fn {reason}")

    def _conforms(self, n: Length) -> bool:
        """Whether fn is right at a length, as far as a few calls show."""
        return conforms_at(self.fn, self._aligned(n), n, self.options, self.question)

    def _ragged_lengths(self, n: Length) -> tuple[tuple[Length, ...], str]:
        """The lengths, or the reason why there are none."""
        if self.question.inputs is not None:
            return (), "q and k are given"
        bias = self.question.meaning.bias
        if bias is not None and not callable(bias):
            return (), "bias is an array of one length; a function bias(h, i, j) has any"
        return ragged_lengths(self.patterns, n)

    def _right(self, report: Report, n: Length) -> Report:
        """The report at a length at which nothing is wrong."""
        return Report(self._aligned(n), lengths(n), report.seed, self.fn, report.options)

    def _aligned(self, n: Length) -> tuple[Pattern, ...]:
        """The sets of the queries at this length."""
        return tuple(aligned_pattern(p, n, self.question.align) for p in self.patterns)


def _most_telling(wrong: Sequence[Length]) -> Length:
    """The longest of a few tiles, or else the shortest."""
    keys = {n: lengths(n)[1] for n in wrong}
    small = [n for n in wrong if keys[n] <= FEW_TILES]
    return max(small, key=keys.__getitem__) if small else min(wrong, key=keys.__getitem__)


def _text(n: Length) -> str:
    """63, or 4x12."""
    return length_text(lengths(n))


def _reason(error: ProbeError) -> str:
    """What fn raised, in words."""
    cause = error.__cause__
    return str(error) if cause is None else f"raises {type(cause).__name__}: {cause}"


def _given_inputs(q: Any, k: Any) -> tuple[FloatArray, FloatArray] | None:
    """q and k as float64 arrays, (H, n, d) each."""
    if (q is None) != (k is None):
        raise ValueError("q and k must be given together")
    if q is None:
        return None
    arrays = np.asarray(q, np.float64), np.asarray(k, np.float64)
    for name, x in zip("qk", arrays):
        if x.ndim != 3:
            raise ValueError(f"{name} must have shape (heads, n, d), got {x.shape}")
    return arrays


def _shared_inputs(
    n: Length, heads: int, d: int | None, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Random queries that are the keys, too."""
    shape = heads, lengths(n)[0], 16 if d is None else integer("d", d, 2)
    q = np.random.default_rng(seed).standard_normal(shape, np.float32).astype(np.float64)
    return q, q


def _length(
    patterns: tuple[Pattern, ...], n: Length | None, inputs: tuple[FloatArray, FloatArray] | None
) -> Length:
    """n, or that of q and k, or one that tests the pattern."""
    if inputs is None:
        return default_length(patterns) if n is None else n
    q, k = inputs
    own = q.shape[1], k.shape[1]
    if n is not None and lengths(n) != own:
        raise ValueError(f"n must be that of q and k, {length_text(own)}, got {n!r}")
    return own


def _check_gradients(gradients: Any, framework: str) -> None:
    """Refuse gradients of another framework."""
    known = gradients in (None, "torch", "jax") if not callable(gradients) else True
    if not known:
        raise ValueError(f"gradients must be 'torch', 'jax', a function or None, got {gradients!r}")
    if isinstance(gradients, str) and framework not in (gradients, "auto"):
        raise ValueError(
            f"gradients must be those of framework={framework!r}, or a function, got {gradients!r}"
        )
