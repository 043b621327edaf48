"""Are the gradients right? Those of autograd or of a function, compared with the statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...attention import attend_with_lse
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray
from ..calling.arrays import DTYPES, LAYOUTS, dtype_name, to_float64
from ..calling.rounded_attention import Precision, bits_of, round_to, spacing
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from ..naming.gradient_faults import GradientCase, describe_gradients
from ..reading.evidence import Evidence
from .finding import Finding, findings_in
from .fitted_factors import MIN_DEVIATION, SIGMAS
from .gradient_sets import gradient_set_findings

VJP = str | Callable[..., Any]  # "torch", "jax", or vjp(q, k, v, grad) -> (dq, dk, dv)
NAMES = ("dq", "dk", "dv")


class GradientInputs(NamedTuple):
    """The gradient of the output, (H, n_q, e), and q, k, v."""

    grad: FloatArray
    q: FloatArray
    k: FloatArray
    v: FloatArray

    @property
    def inputs(self) -> Inputs:
        """q, k, v"""
        return Inputs(self.q, self.k, self.v)


def gradient_findings(
    subject: Subject, evidence: Evidence, vjp: VJP, seed: int
) -> Iterator[Finding]:
    """Wrong rows of dq, dk and dv, for a random gradient at the conforming rows and 0 at the
    others.
    """
    x = _random_inputs(subject, evidence, seed)
    actual, dtype = subject.run(GradientCall(subject, vjp, x))
    if len(actual) != 3:
        text = f"the gradient of fn must be (dq, dk, dv), got {len(actual)} of them"
        yield Finding("gradient", text)
        return
    statement = evidence.base.statement
    assert statement is not None
    dtype = statement.meaning.precision or dtype
    rows, sets = evidence.rows, evidence.expected
    grad = x.grad[:, rows]
    expected = statement.gradients(grad, x.inputs, sets, rows)
    budgets = list(_budgets(x, evidence, statement, dtype, expected))
    case = GradientCase(statement, x.inputs, grad, rows, sets)
    by_name = dict(zip(NAMES, actual))
    causes = describe_gradients(case, by_name, dict(zip(NAMES, budgets)))
    no_keys = ~nonempty_rows(evidence.patterns, subject.n)
    no_queries = (expected[2] == 0).all(axis=-1)
    unreached = no_keys, no_queries, no_queries
    for name, came, right, *rest in zip(NAMES, actual, expected, budgets, unreached):
        cause = causes.get(name) or _factor_in_words(name, came, right, dtype)
        yield from _row_findings(name, cause, came, right, *rest)
    if actual[2].shape == expected[2].shape and evidence.base.is_flat:

        def dv(q: Any, k: Any, v: Any, grad: Any) -> FloatArray:
            inputs = GradientInputs(grad, q, k, v)
            parts, _ = subject.run(GradientCall(subject, vjp, inputs))
            return parts[2]

        yield from gradient_set_findings(subject, evidence, dv)


def _row_findings(
    name: str,
    cause: str,
    actual: FloatArray,
    expected: FloatArray,
    budget: float,
    unreached: BoolArray,
) -> Iterator[Finding]:
    """Wrong rows of one gradient, and their cause; `unreached` are those that must be 0."""
    if actual.shape != expected.shape:
        text = f"{name} must have shape {expected.shape}, got {actual.shape}"
        yield Finding("gradient", text)
        return
    with np.errstate(invalid="ignore"):
        error = np.abs(actual - expected).max(axis=-1, initial=0)
        wrong = ~(error <= budget)
    size = f"error up to {error.max(initial=0):.2g}, allowed {budget:.2g}"
    if cause and not wrong.any():
        yield Finding("gradient", cause)
    start = f"{cause}; " if cause else ""
    text = f"{start}{{}} of {name} with wrong numbers: {size}"
    yield from findings_in("gradient", wrong, text, "row")
    nonzero = unreached & (actual != 0).any(axis=-1) & ~wrong
    text = f"{{}} of {name} that must be 0, since no gradient reaches them, but are not"
    yield from findings_in("gradient", nonzero, text, "row")


def _factor_in_words(name: str, actual: FloatArray, expected: FloatArray, dtype: str) -> str:
    """The factor of one gradient, if it differs from 1 by more than 0.1 % and than chance."""
    if actual.shape != expected.shape or not np.isfinite(actual).all():
        return ""
    squares = (expected * expected).sum()
    if squares == 0:
        return ""
    factor = float((actual * expected).sum() / squares)
    rest = actual - factor * expected
    sigma = np.sqrt((rest * rest).sum() / rest.size / squares)
    least = max(MIN_DEVIATION, spacing(dtype) / 8, SIGMAS * sigma)
    explains = (rest * rest).sum() < 0.01 * squares
    is_factor = abs(factor - 1) > least and explains
    return f"{name} is {factor:.4g} of what it should be" if is_factor else ""


def _random_inputs(subject: Subject, evidence: Evidence, seed: int) -> GradientInputs:
    """Random q, k, v, and a random gradient that is 0 in all but the conforming rows read."""
    rng = np.random.default_rng(seed)
    bits = bits_of(evidence.totals.dtype)
    q, k, v = (round_to(x, bits) for x in subject.normal(rng))
    if evidence.base.is_given:
        q, k = evidence.base.q, evidence.base.k
    shape = subject.heads, subject.n[0], subject.e
    grad = round_to(subject.round_input(rng.standard_normal(shape, np.float32)), bits)
    judged = np.zeros(shape[:2], bool)
    judged[:, evidence.rows] = evidence.conforming[:, evidence.rows]
    grad[~judged] = 0
    return GradientInputs(grad, q, k, v)


def _budgets(
    x: GradientInputs,
    evidence: Evidence,
    statement: Statement,
    dtype: str,
    expected: Sequence[FloatArray],
) -> Iterator[float]:
    """Of dq, dk and dv: twice the error of plain NumPy in this precision, and their rounding."""
    rows, sets = evidence.rows, evidence.expected
    grad = x.grad[:, rows]
    bits = bits_of(dtype)
    precisions = [Precision(bits, logit_bits) for logit_bits in {24, bits}]
    plain = [statement.gradients(grad, x.inputs, sets, rows, to) for to in precisions]
    for index, true in enumerate(expected):
        errors = [np.abs(parts[index] - true) for parts in plain]
        error = max(x.max(initial=0) for x in errors)
        rounding = spacing(dtype) + 16 * spacing("float32")
        yield 2 * error + rounding * np.abs(true).max(initial=0)


def nonempty_rows(patterns: Sequence[Pattern], n: tuple[int, int]) -> BoolArray:
    """Which queries have any key, bool (H, n_q)."""
    n_q, n_k = n
    q = np.zeros((len(patterns), n_q, 1))
    k = np.zeros((1, n_k, 1))
    _, lse = attend_with_lse(q, k, k, patterns)
    return lse > -np.inf


@dataclass(frozen=True, eq=False)
class GradientCall:
    """A call of the gradient of fn."""

    subject: Subject
    vjp: VJP
    x: GradientInputs

    def __call__(self) -> tuple[list[Any], str]:
        """dq, dk, dv in float64, (heads, n, width), and the dtype with the fewest bits."""
        form, heads, kv_heads = self.subject.form, self.subject.heads, self.subject.kv_heads
        arrays = [form.pack(array[None]) for array in self.x]
        with np.errstate(all="ignore"):
            backward = _backward(self.vjp, self.subject.function)
            grad, q, k, v = map(form.convert, arrays)
            parts = list(backward(q, k, v, grad))
            names = [name for name in map(dtype_name, parts) if name in DTYPES]
            dtype = min([*names, form.dtype], key=bits_of)
            if len(parts) != 3:
                return parts, dtype
            unpack = LAYOUTS[form.layout].unpack
            batches = map(unpack, map(to_float64, parts), (heads, kv_heads, kv_heads))
            return [batch[0] for batch in batches], dtype

    def __str__(self) -> str:
        return "the gradient of fn"


def _backward(vjp: VJP, fn: Callable[..., Any]) -> Callable[..., Any]:
    """vjp(q, k, v, grad) -> (dq, dk, dv)."""
    if isinstance(vjp, str):
        return {"torch": _torch_vjp, "jax": _jax_vjp}[vjp](fn)
    return vjp


def _torch_vjp(fn: Callable[..., Any]) -> Callable[..., Any]:
    """vjp(q, k, v, grad) by torch's autograd."""

    def vjp(q: Any, k: Any, v: Any, grad: Any) -> Any:
        torch = import_module("torch")
        with torch.enable_grad():
            copies = [x.detach().clone() for x in (q, k, v)]
            leaves = [x.requires_grad_() for x in copies]
            # no leaves, so that fn may write on them; backward(), for reentrant checkpoints
            out = _output(fn(*[leaf * 1 for leaf in leaves]))
            out.backward(grad.to(out.dtype))
            zeros = torch.zeros_like
            return [zeros(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]

    return vjp


def _jax_vjp(fn: Callable[..., Any]) -> Callable[..., Any]:
    """vjp(q, k, v, grad) by jax.vjp."""

    def vjp(q: Any, k: Any, v: Any, grad: Any) -> Any:
        jax = import_module("jax")

        def output(*x: Any) -> Any:
            return _output(fn(*x))

        out, backward = jax.vjp(output, q, k, v)
        return backward(grad.astype(out.dtype))

    return vjp


def _output(result: Any) -> Any:
    """The output, without the log-sum-exp that may come with it."""
    return result[0] if isinstance(result, (tuple, list)) else result
