"""What reading sets assumes: fn is deterministic and linear in V, alone or in a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...sets.types import BoolArray
from ..calling.arrays import BATCHED, ProbeError
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from .finding import Finding, findings_in

UNREADABLE = "the sets cannot be read out"


def broken_assumptions(subject: Subject, seed: int) -> Iterator[Finding]:
    """Findings that make a verdict on the sets impossible; none if the sets can be read out."""
    rng = np.random.default_rng(seed)
    q, k, v = subject.normal(rng)
    first, dtype = subject.attend(q, k, v)
    second, _ = subject.attend(q, k, v)
    third, _ = subject.attend(q, k, v)
    rounding = _rounding(first, dtype)
    changed = _differs(second, first, rounding)
    if changed.any():
        settles = not _differs(third, second, rounding).any()
        drifts = not _differs(third - second, second - first, 4 * rounding).any()
        has_state = settles or drifts
        kind = "state" if has_state else "random"
        cause = "it keeps state of earlier calls" if has_state else "random, as dropout is"
        text = f"{{}} that differ between calls with the same input ({cause}); {UNREADABLE}"
        yield from findings_in(kind, changed, text, "row")
        return
    subject.attend(*subject.normal(rng))
    repeat, _ = subject.attend(q, k, v)
    text = f"{{}} that another call in between has changed; {UNREADABLE}"
    yield from findings_in("state", _differs(repeat, first, rounding), text, "row")
    zeros = np.where(np.isfinite(first), 0, np.nan)
    at_zero, _ = subject.attend(q, k, 0 * v)
    text = f"{{}} that are not 0 at v = 0, so the output is not linear in V; {UNREADABLE}"
    yield from findings_in("not linear", _differs(at_zero, zeros, 0), text, "row")


def batch_findings(subject: Subject, seed: int) -> Iterator[Finding]:
    """Rows of one sequence that depend on another of the batch; none if fn takes only one."""
    if subject.form.layout not in BATCHED:
        return
    rng = np.random.default_rng(seed)
    x, y, z = (subject.normal(rng) for _ in range(3))
    try:
        out, dtype = _attend_pair(subject, x, y)
        first_kept, _ = _attend_pair(subject, x, z)
        second_kept, _ = _attend_pair(subject, z, y)
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return
    rounding = _rounding(out, dtype)
    for sequence, changed, other in (
        ("first", "second", first_kept),
        ("second", "first", second_kept),
    ):
        index = 0 if sequence == "first" else 1
        wrong = _differs(out[index], other[index], rounding)
        text = f"{{}} of the {sequence} sequence of a batch that change with the {changed}"
        yield from findings_in("batch", wrong, text, "row")


def _attend_pair(subject: Subject, first: Any, second: Any) -> tuple[Any, str]:
    """(out, dtype) of a batch of two (q, k, v)."""
    q, k, v = map(np.stack, zip(first, second))
    out, dtype, _ = subject.attend_batch(q, k, v)
    return out, dtype


def _rounding(out: Any, dtype: str) -> float:
    """The difference that rounding explains."""
    largest = np.abs(out).max(initial=0, where=np.isfinite(out))
    return 16 * spacing(dtype) * largest


def _differs(actual: Any, expected: Any, allowed: float) -> BoolArray:
    """Rows that differ by more than is allowed, bool (H, n_q)."""
    with np.errstate(invalid="ignore"):
        return (np.abs(actual - expected) > allowed).any(axis=-1)
