"""Trials of a causal layer: later tokens, other sequences, padding, documents, caches.

No set of keys is compared with anything, so that a layer may choose its keys by its data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..._text import error_text
from ...patterns.elementary import Causal
from ...sets.types import BoolArray
from ..checks.finding import Finding, count_noun
from ..reading.sample import spread_over
from .arrays import concatenate, cut
from .outputs import Outputs, rows_finding
from .schedule import Schedule, usual_schedules

MAX_CUTS = 64  # tokens from which on the future is another
FEW_CUTS = 8  # of them, behind padding or among documents
CROPS = (1, 3)  # tokens that a cache takes back

Function = Callable[..., Any]
Findings = Iterator[Finding]
Sizes = Sequence[int]  # how many tokens of padding
Trials = tuple[tuple[Finding, ...], tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer in the ways that it can be called; None for those that it cannot.

    whole(x), padded(x, padding), packed(x, lengths) -> outputs (B, n, e) of the tokens x (B, n) or
    (B, n, d). cache() -> an empty one: step(x) -> outputs of these tokens, fed by `schedules`, or
    the usual ones.
    """

    whole: Function
    cache: Function | None = None
    padded: Function | None = None
    packed: Function | None = None
    schedules: tuple[Schedule, ...] | None = None


def findings_of(layer: Layer, x: Any, paddings: Sizes) -> Trials:
    """What is wrong, and the names of what was tried."""
    try:
        expected = Outputs.from_array(layer.whole(x))
        repeat = layer.whole(x)
    except Exception as error:
        raised = Finding("error", f"raised {error_text(error)}")
        return (raised,), ("error",)
    if expected.differs(repeat).any():
        random = Finding("random", "two calls with the same tokens differ")
        return (random,), ("random",)
    findings: list[Finding] = []
    names: list[str] = []
    for name, judge in JUDGES.items():
        if _has_way(layer, name):
            names.append(name)
            findings += _errors_caught(name, judge(layer, x, expected, paddings))
    return tuple(findings), tuple(names)


def _has_way(layer: Layer, name: str) -> bool:
    """Whether a layer can be called as a trial needs it."""
    way = getattr(layer, NEEDS[name])
    return way is not None and (name != "crop" or hasattr(way(), "crop"))


def _errors_caught(name: str, findings: Findings) -> Findings:
    """The findings, and one if the layer raises."""
    try:
        yield from findings
    except Exception as error:
        yield Finding("error", f"{name}: raised {error_text(error)}")


def other_tokens(x: Any) -> Any:
    """Other tokens for each position: those of the position before."""
    n = x.shape[1]
    last = cut(x, 1, n - 1, n)
    others = cut(x, 1, 0, n - 1)
    return concatenate([last, others], 1)


def leaky_rows(
    call: Function,
    x: Any,
    expected: Outputs,
    count: int = FEW_CUTS,
) -> BoolArray:
    """The rows whose output changes if all tokens from some t > row on are others."""
    n = x.shape[1]
    other = other_tokens(x)
    changes = np.zeros(n, bool)
    cuts = 1 + spread_over(n - 1, count)
    for t in map(int, cuts):
        past = cut(x, 1, 0, t)
        future = cut(other, 1, t, n)
        out = call(concatenate([past, future], 1))
        rows = expected.differs(out)
        changes[:t] |= rows[:t]
    return changes


def _future(layer: Layer, x: Any, expected: Outputs, sizes: Sizes) -> Findings:
    """Rows that change with later tokens."""
    rows = leaky_rows(layer.whole, x, expected, MAX_CUTS)
    yield from rows_finding("future", rows, "{} with later tokens: {}")


def _batch(layer: Layer, x: Any, expected: Outputs, sizes: Sizes) -> Findings:
    """Rows that change with another sequence of the batch."""
    first = cut(x, 0, 0, 1)
    pair = concatenate([first, other_tokens(first)], 0)
    out = layer.whole(pair)
    rows = expected.differs(cut(out, 0, 0, 1))
    yield from rows_finding("batch", rows, "{} with another sequence of the batch: {}")


def _padding(layer: Layer, x: Any, expected: Outputs, sizes: Sizes) -> Findings:
    """Rows that change with padding on the left, or with later tokens behind it."""
    changes: dict[int, BoolArray] = {}
    leaks: dict[int, BoolArray] = {}
    for padding in sizes:
        call = partial(function_of(layer.padded), padding=padding)
        out = call(x)
        changes[padding] = expected.differs(out)
        leaks[padding] = leaky_rows(call, x, Outputs.from_array(out))
    text = "{{}} with {tokens} of padding on the left: {{}}"
    yield from _finding_by_size("padding", changes, text)
    text = "{{}} with later tokens, behind {tokens} of padding on the left: {{}}"
    yield from _finding_by_size("future", leaks, text)


def _finding_by_size(kind: str, rows: dict[int, BoolArray], text: str) -> Findings:
    """One finding of the least number of tokens that shows it; the others are named."""
    wrong = {size: x for size, x in rows.items() if x.any()}
    if not wrong:
        return
    size = min(wrong)
    also = ", ".join(str(other) for other in wrong if other != size)
    end = f"; also by {also}" if also else ""
    words = text.format(tokens=count_noun(size, "token"))
    yield from rows_finding(kind, wrong[size], words + end)


def _packing(layer: Layer, x: Any, expected: Outputs, sizes: Sizes) -> Findings:
    """Rows of packed documents that are not those of each alone, or that depend on others."""
    n = x.shape[1]
    half = n // 2
    first = cut(x, 1, 0, half)
    second = cut(x, 1, half, n)
    call = partial(function_of(layer.packed), lengths=(half, n - half))
    out = call(x)
    alone = concatenate([layer.whole(first), layer.whole(second)], 1)
    rows = Outputs.from_array(alone).differs(out)
    text = "{} if two documents are packed: {}"
    yield from rows_finding("packing", rows, text)
    packed = Outputs.from_array(out)
    others = cut(other_tokens(x), 1, 0, half)  # no permutation of the first document
    mixed = concatenate([others, second], 1)
    rows = packed.differs(call(mixed))
    rows[:half] = False
    yield from rows_finding("document", rows, "{} with the tokens of the document before: {}")
    rows = leaky_rows(call, x, packed)
    yield from rows_finding("future", rows, "{} with later tokens, if documents are packed: {}")


def function_of(call: Function | None) -> Function:
    """A way to call a layer that it is known to have."""
    assert call is not None
    return call


def _cache(layer: Layer, x: Any, expected: Outputs, sizes: Sizes) -> Findings:
    """Rows that differ through a cache."""
    wrong: dict[str, BoolArray] = {}
    n = int(x.shape[1])
    schedules = layer.schedules or usual_schedules(n, (Causal(),))
    for schedule in schedules:
        rows = expected.differs(_by_schedule(layer, x, schedule))
        if rows.any():
            wrong[str(schedule)] = rows
    if wrong:
        names = ", ".join(wrong)
        if len(wrong) == len(schedules):
            names = "every schedule"
        rows = next(iter(wrong.values()))
        text = f"{{}} through a cache by {names}: {{}}"
        yield from rows_finding("cache", rows, text)


def _by_schedule(layer: Layer, x: Any, schedule: Schedule) -> Any:
    """The outputs of all tokens through a new cache."""
    step = function_of(layer.cache)()
    portions = schedule.portions(int(x.shape[1]))
    parts = [cut(x, 1, portion.start, portion.stop) for portion in portions]
    return concatenate(list(map(step, parts)), 1)


def _crop(layer: Layer, x: Any, expected: Outputs, sizes: Sizes) -> Findings:
    """Rows that differ after tokens were taken back."""
    n = int(x.shape[1])
    other = other_tokens(x)
    wrong = {count: np.zeros(n, bool) for count in CROPS}
    for count, rows in wrong.items():
        for start in _starts(n):
            step = function_of(layer.cache)()
            step(cut(x, 1, 0, start))
            step(cut(other, 1, start, start + count))
            if _can_crop(step, count):
                out = step(cut(x, 1, start, n))
                rows[start:] |= expected.differs(out, start)
    text = "{{}} after a cache was cropped by {tokens}: {{}}"
    yield from _finding_by_size("crop", wrong, text)


def _starts(n: int) -> list[int]:
    """Where tokens are taken back: early, before windows are full, and in the midst."""
    early, late = range(2, 6), range(n // 2, n // 2 + 4)
    starts = {*early, *late}
    return [start for start in sorted(starts) if start + max(CROPS) < n]


def _can_crop(step: Any, count: int) -> bool:
    """Whether a cache takes tokens back; one that raises says that it cannot."""
    try:
        step.crop(count)
    except Exception:
        return False
    return True


Judge = Callable[[Layer, Any, Outputs, Sizes], Findings]
JUDGES: dict[str, Judge] = {
    "future": _future,
    "batch": _batch,
    "padding": _padding,
    "packing": _packing,
    "cache": _cache,
    "crop": _crop,
}
NEEDS = {
    "future": "whole",
    "batch": "whole",
    "padding": "padded",
    "packing": "packed",
    "cache": "cache",
    "crop": "cache",
}  # how a layer must be callable
