"""What reading sets assumes: fn is deterministic and linear in V, alone or in a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.arrays import BATCHED, ProbeError
from ..calling.subject import Subject
from .differences import differing_rows, rounding_of
from .finding import Finding, Outcome, findings_in
from .linearity import UNREADABLE, linearity_findings

SMALL_PAIRS = 1 << 12  # of all heads, up to which calls are cheap and dropout may spare a call
CALLS = (3, 12)  # with the same input: to see a change, and to tell what kind it is
SMALL_CALLS = (8, 40)
TRIALS = 2  # of a call in between, that a change must survive to be a state
BATCH = 3

Outputs = Sequence[FloatArray]
Inputs = list[tuple[FloatArray, FloatArray, FloatArray]]  # (q, k, v) of each sequence


def broken_assumptions(subject: Subject, seed: int) -> Iterator[Finding]:
    """Findings that make a verdict on the sets impossible; none if the sets can be read out."""
    changes = list(_changes_between_calls(subject, np.random.default_rng(seed)))
    yield from changes or linearity_findings(subject, seed)


def _changes_between_calls(subject: Subject, rng: np.random.Generator) -> Iterator[Finding]:
    """Rows that differ between calls with the same input, or after a call with another one."""
    pairs = subject.heads * subject.n[0] * subject.n[1]
    few, many = SMALL_CALLS if pairs <= SMALL_PAIRS else CALLS
    same, other = subject.normal(rng), subject.normal(rng)
    first, dtype = subject.attend(*same)
    rounding = rounding_of(first, dtype)
    outs = [first, *_repeats(subject, same, few - 1)]
    changed = _any_change(outs, rounding)
    if changed.any():
        outs += _repeats(subject, same, many - few)
        kind, cause = "random", "random, as dropout is"
        if _has_state(outs, rounding):
            kind, cause = "state", "it keeps state of earlier calls"
        text = f"{{}} that differ between calls with the same input ({cause}); {UNREADABLE}"
        yield from findings_in(kind, changed, text, "row")
        return
    changed = _change_after(subject, other, same, first, rounding)
    if not changed.any():
        return
    trials = [_change_after(subject, other, same, first, rounding) for _ in range(TRIALS)]
    if all(trial.any() for trial in trials):
        text = f"{{}} that another call in between has changed; {UNREADABLE}"
        yield from findings_in("state", changed, text, "row")
    else:
        text = f"{{}} that differ in a few of many calls (random, as dropout is); {UNREADABLE}"
        yield from findings_in("random", changed, text, "row")


def _repeats(subject: Subject, qkv: Any, calls: int) -> list[FloatArray]:
    """The outputs of so many calls with one input."""
    return [subject.attend(*qkv)[0] for _ in range(calls)]


def _change_after(
    subject: Subject, other: Any, same: Any, first: FloatArray, rounding: float
) -> BoolArray:
    """The rows of one input that are not as at first, once fn was called with another input."""
    subject.attend(*other)
    repeat, _ = subject.attend(*same)
    return differing_rows(repeat, first, rounding)


def _any_change(outs: Outputs, rounding: float) -> BoolArray:
    """Rows that are not the same in all calls."""
    changes = [differing_rows(out, outs[0], rounding) for out in outs[1:]]
    return np.any(changes, axis=0)


def _has_state(outs: Outputs, rounding: float) -> bool:
    """Whether outputs of one input settle, alternate or drift evenly, as those of no dropout do.

    Some of them differ.
    """

    def differ(pair: tuple[FloatArray, FloatArray]) -> bool:
        return bool(differing_rows(*pair, rounding).any())

    steps = list(map(differ, pairwise(outs)))
    changes = [t for t, step in enumerate(steps) if step]
    first, _, *later = outs
    returns = not all(differ((first, out)) for out in later)
    settles = changes[-1] < len(outs) // 2
    alternates = not any(map(differ, zip(outs, outs[2:])))
    if (alternates and all(steps)) or (settles and not returns):
        return True
    quarters = [(after - before) / 4 for before, after in pairwise(outs)]
    return not any(map(differ, pairwise(quarters)))  # each has the rounding of two outputs


def check_batch(subject: Subject, seed: int) -> Outcome:
    """Sequences of a batch of three that are not as they are alone; a remark if fn takes none."""
    if subject.form.layout not in BATCHED:
        return Outcome([], [])
    rng = np.random.default_rng(seed)
    sequences = [subject.normal(rng) for _ in range(BATCH)]
    try:
        outs, dtype = _attend_batch(subject, sequences)
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return Outcome([], [f"not checked: batches of {BATCH}, which fn refuses: {error}"])
    findings: list[Finding] = []
    for b, sequence in enumerate(sequences):
        alone, _ = subject.attend(*sequence)
        wrong = differing_rows(outs[b], alone, rounding_of(alone, dtype))
        if wrong.any():
            cause = _batch_cause(subject, sequences, b, outs[b])
            text = (
                f"sequence {b} of a batch of {BATCH} differs from the same sequence alone, "
                f"in {{}} ({cause})"
            )
            findings += findings_in("batch", wrong, text, "row")
    return Outcome(findings, [])


def _batch_cause(subject: Subject, sequences: Inputs, b: int, out: FloatArray) -> str:
    """Why a sequence is wrong in a batch: others move it, or it is wrong with any others."""
    for other in range(BATCH):
        if other == b:
            continue
        changed = list(sequences)
        q, k, v = sequences[other]
        changed[other] = -q, -k, -v
        outs, dtype = _attend_batch(subject, changed)
        if differing_rows(outs[b], out, rounding_of(out, dtype)).any():
            return f"it depends on sequence {other}"
    return "mask lost in batches?"


def _attend_batch(subject: Subject, sequences: Inputs) -> tuple[FloatArray, str]:
    """(out, dtype) of a batch of (q, k, v)."""
    q, k, v = map(np.stack, zip(*sequences))
    out, dtype, _ = subject.attend_batch(q, k, v)
    return out, dtype
