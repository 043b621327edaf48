"""The verdict: an implementation compared with a pattern, first its sets, then its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from ..sets.checks import integer, lengths
from ..sets.pattern import Pattern
from ..sets.require import patterns_of_heads
from ..sets.types import FloatArray, Length
from .calling.subject import CallOptions
from .checks.gradients import VJP
from .checks.untested_parameters import default_length, length_text, untested_parameters
from .input_arrays import InputArrays, heads_of_inputs, input_arrays, shared_inputs
from .length_checks import LengthChecks
from .meaning.meaning import Bias, Meaning, Transform
from .protocol import Question
from .report.report import Report

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

    Above 2**20 pairs, the sets of all rows are checked by random sums and the keys of some wrong
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
    FAIL fn - one key too many at the left edge (Lookback(3), asked Lookback(2))
    asked: Lookback(2) at n = 5, 1 head, seed 0
    - extra: 3 keys attended to outside the set; first: head 0, query 2, key 0
    head 0: is Lookback(3), asked Lookback(2): one key too many at the left edge of 3 of 5 rows
    numbers: right in 2 of 2 rows with the right keys (3 with wrong keys skipped); ordinary ...
    numbers: right in 2 of 2 rows with the right keys (3 with wrong keys skipped); logits of ...
    again: sr.verify.check(fn, sr.Lookback(2), n=5, ragged=False)
    head 0   █ both   · neither   + only in fn   - only in the expected set
    █····
    ██···
    +██··
    ·+██·
    ··+██
    """
    inputs = input_arrays(q, k)
    heads = None if heads is None else integer("heads", heads, 1)
    if inputs is not None:
        heads, kv_heads = heads_of_inputs(inputs, heads, kv_heads)
    patterns = patterns_of_heads("pattern", pattern, heads)
    if gradients in ("torch", "jax") and framework == "auto":
        framework = str(gradients)
    n = _length(patterns, n, inputs)
    d = d if inputs is None or d is not None else inputs[0].shape[-1]
    seed = integer("seed", seed, 0)
    if shared_qk and inputs is None:
        inputs = shared_inputs(n, len(patterns), d, seed)
    options = CallOptions(kv_heads, d, e, layout, framework, dtype, device, seconds, shared_qk)
    meaning = Meaning(scale, softcap, sinks, bias, alibi, fill, transform, lse, precision)
    meaning.check(len(patterns), lengths(n))
    question = Question(meaning, seed, gradients, exhaustive, inputs, align)
    _check_gradients(gradients, framework)
    lengths_also = tuple(also)
    checks = LengthChecks(fn, patterns, options, options, question)
    for other in lengths_also:
        if min(lengths(other)) < 1:
            raise ValueError(f"also must have lengths of at least 1, got {other!r}")
        checks.aligned_patterns(other)  # refuses lengths without an alignment
    report = checks.first_report(n)
    report.options["also"], report.options["ragged"] = lengths_also, ragged
    checks.judge_by_precision_of(report)
    for other in lengths_also:
        checks.add(report, other)
    if ragged:
        checks.add_ragged_lengths(report, n)
    untested = untested_parameters(patterns, checks.checked, align)
    report.untested = tuple(replace(item, n=lengths(n)) for item in untested)
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


def _length(
    patterns: tuple[Pattern, ...],
    n: Length | None,
    inputs: InputArrays | None,
) -> Length:
    """n, or that of q and k, or one that tests the pattern."""
    if inputs is None:
        return default_length(patterns) if n is None else n
    q, k = inputs
    shape = q.shape[1], k.shape[1]
    if n is not None and lengths(n) != shape:
        raise ValueError(f"n must be that of q and k, {length_text(shape)}, got {n!r}")
    return shape


def _check_gradients(gradients: Any, framework: str) -> None:
    """Refuse gradients of another framework."""
    is_known = callable(gradients) or gradients in (None, "torch", "jax")
    if not is_known:
        raise ValueError(f"gradients must be 'torch', 'jax', a function or None, got {gradients!r}")
    if isinstance(gradients, str) and framework not in (gradients, "auto"):
        raise ValueError(
            f"gradients must be those of framework={framework!r}, or a function, got {gradients!r}"
        )
