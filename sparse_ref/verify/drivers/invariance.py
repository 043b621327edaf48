"""What must not change the output of a causal layer: later tokens, padding, other documents, caches.

No set of keys is compared with anything, so that a layer may choose its keys by its data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._text import error_text
from ...patterns.elementary import Causal
from ...sets.checks import integer
from ...sets.types import BoolArray, FloatArray
from ..calling.frameworks import dtype_name, to_float64
from ..calling.rounded_attention import spacing
from ..checks.finding import Finding, count_noun
from ..reading.sample import spread_over
from .arrays import concatenate, cut
from .invariance_report import InvarianceReport
from .schedule import Schedule, usual_schedules

PADDINGS = (1, 3, 4, 8)
MAX_CUTS = 8  # tokens from which on the future is another
ROOM = 1 << 10  # spacings of the dtype, times the largest output, that rounding may take
MAX_NAMED = 8  # queries that a finding lists one by one
CROPS = (1, 3)

Function = Callable[..., Any]


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


def check_invariance(
    layer: Function,
    x: Any,
    *,
    cache: Function | None = None,
    padded: Function | None = None,
    packed: Function | None = None,
    paddings: Sequence[int] = PADDINGS,
) -> InvarianceReport:
    """Whether the output of a causal layer depends on the past of its own sequence, and only on it.

    Changed are the tokens after a query, the other sequences of the batch, the padding on the left,
    the documents packed before and after, and how the tokens come: in one call, or through a cache
    in portions. No row may change by more than rounding. So a layer whose keys depend on its data
    is judged without knowing which they are.

    Parameters
    ----------
    layer : callable
        layer(x) -> (B, n, e), an array or tensor.
    x : array or tensor
        (B, n) tokens or (B, n, d) vectors, no two of them equal if possible. n should be several
        blocks, if keys are chosen in blocks.
    cache : callable or None
        cache() returns step(x) -> out of an empty cache, for the next tokens. If step has a method
        crop(count), which takes the last tokens back, it is judged, too; to raise is no fault.
    padded : callable or None
        padded(x, padding) -> out of x after so many masked tokens on the left.
    packed : callable or None
        packed(x, lengths) -> out of documents of these lengths, one after the other in x.
    paddings : sequence of int
        How many tokens on the left are tried.

    Returns
    -------
    InvarianceReport
        True if nothing was found.

    Raises
    ------
    ValueError
        x with fewer than 4 tokens or less than two axes, or a padding below 1.

    Examples
    --------
    >>> import numpy as np, sparse_ref as sr
    >>> x = np.random.default_rng(0).standard_normal((1, 8, 4))
    >>> def layer(x): return sr.attend(x, x, x, sr.Causal(), device="reference")
    >>> sr.verify.check_invariance(layer, x)
    PASS layer - future, batch (n = 8)
    >>> def layer(x): return sr.attend(x, x, x, sr.Band(7, 1), device="reference")
    >>> print(sr.verify.check_invariance(layer, x).findings[0])
    future: 7 rows change with later tokens: queries 0 to 6
    """
    if getattr(x, "ndim", 0) < 2 or x.shape[1] < 4:
        raise ValueError(f"x must have shape (B, n) or (B, n, d), n at least 4, got {x!r}")
    sizes = tuple(integer("paddings", padding, 1) for padding in paddings)
    findings, names = findings_of(Layer(layer, cache, padded, packed), x, sizes)
    name = getattr(layer, "__name__", type(layer).__name__)
    return InvarianceReport(name, int(x.shape[1]), findings, names)


def findings_of(
    layer: Layer, x: Any, paddings: Sequence[int]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What is wrong, and the names of what was tried."""
    try:
        expected = Expected.of(layer.whole(x))
        repeat = layer.whole(x)
    except Exception as error:
        return (Finding("error", f"the layer raised {error_text(error)}"),), ("error",)
    if expected.differs(repeat).any():
        return (Finding("random", "two calls with the same tokens differ"),), ("random",)
    findings: list[Finding] = []
    names: list[str] = []
    for name, judge in JUDGES.items():
        if getattr(layer, NEEDS[name]) is not None:
            names.append(name)
            findings += _errors_caught(name, judge(layer, x, expected, paddings))
    return tuple(findings), tuple(names)


def _errors_caught(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings, and one if the layer raises."""
    try:
        yield from findings
    except Exception as error:
        yield Finding("error", f"{name}: the layer raised {error_text(error)}")


@dataclass(frozen=True, eq=False)
class Expected:
    """Outputs (B, n, e), and by how much others may differ from them."""

    out: FloatArray
    allowed: float

    @classmethod
    def of(cls, out: Any) -> Expected:
        """What a layer returned."""
        values = to_float64(out)
        largest = np.abs(values).max(initial=0, where=np.isfinite(values))
        return cls(values, ROOM * spacing(dtype_name(out)) * float(largest))

    def differs(self, out: Any, start: int = 0) -> BoolArray:
        """Which rows of another output differ from those from `start` on; NaN equals NaN."""
        values = to_float64(out)
        own = self.out[: len(values), start : start + values.shape[1]]
        with np.errstate(invalid="ignore"):
            same = (np.abs(values - own) <= self.allowed) | (values == own)
        same |= np.isnan(values) & np.isnan(own)
        axes = (0, *range(2, same.ndim))
        return ~same.all(axis=axes)


def other_tokens(x: Any) -> Any:
    """Other tokens for each position: those of the position before."""
    n = x.shape[1]
    return concatenate([cut(x, 1, n - 1, n), cut(x, 1, 0, n - 1)], 1)


def _future(layer: Layer, x: Any, expected: Expected, paddings: Any) -> Iterator[Finding]:
    """Rows that change with later tokens."""
    rows = leaky_rows(layer.whole, x, expected)
    yield from rows_finding("future", rows, "{} with later tokens: {}", "change")


def leaky_rows(call: Function, x: Any, expected: Expected, first: int = 0) -> BoolArray:
    """The rows whose output changes if all tokens from some t > row on are others."""
    n = x.shape[1]
    other = other_tokens(x)
    changes = np.zeros(n, bool)
    for t in 1 + spread_over(n - 1, MAX_CUTS):
        if t > first:
            mixed = concatenate([cut(x, 1, 0, int(t)), cut(other, 1, int(t), n)], 1)
            changes[:t] |= expected.differs(call(mixed))[:t]
    return changes


def _batch(layer: Layer, x: Any, expected: Expected, paddings: Any) -> Iterator[Finding]:
    """Rows that change with another sequence of the batch."""
    pair = concatenate([cut(x, 0, 0, 1), other_tokens(cut(x, 0, 0, 1))], 0)
    rows = expected.differs(cut(layer.whole(pair), 0, 0, 1))
    yield from rows_finding("batch", rows, "{} with another sequence of the batch: {}", "change")


def _padding(layer: Layer, x: Any, expected: Expected, paddings: Any) -> Iterator[Finding]:
    """Rows that change with padding on the left, or with later tokens behind it."""
    assert layer.padded is not None
    changes, leaks = {}, {}
    for padding in paddings:

        def call(tokens: Any, padding: int = padding) -> Any:
            assert layer.padded is not None
            return layer.padded(tokens, padding)

        out = call(x)
        changes[padding] = expected.differs(out)
        leaks[padding] = leaky_rows(call, x, Expected.of(out))
    text = "{{}} with {padding} of padding on the left: {{}}"
    yield from _finding_by_size("padding", changes, text)
    text = "{{}} with later tokens, behind {padding} of padding on the left: {{}}"
    yield from _finding_by_size("future", leaks, text)


def _finding_by_size(kind: str, rows: dict[int, BoolArray], text: str) -> Iterator[Finding]:
    """One finding of the first padding that shows it; the others are named."""
    wrong = {size: x for size, x in rows.items() if x.any()}
    if not wrong:
        return
    size = min(wrong)
    also = ", ".join(str(other) for other in wrong if other != size)
    end = f"; also by {also}" if also else ""
    words = text.format(padding=count_noun(size, "token"))
    yield from rows_finding(kind, wrong[size], words + end, "change")


def _packing(layer: Layer, x: Any, expected: Expected, paddings: Any) -> Iterator[Finding]:
    """Rows of packed documents that are not those of each document, or that hear of others."""
    assert layer.packed is not None
    n = x.shape[1]
    half = n // 2
    lengths = (half, n - half)

    def call(tokens: Any) -> Any:
        assert layer.packed is not None
        return layer.packed(tokens, lengths)

    out = call(x)
    packed = Expected.of(out)
    alone = [layer.whole(cut(x, 1, 0, half)), layer.whole(cut(x, 1, half, n))]
    rows = Expected.of(concatenate(alone, 1)).differs(out)
    text = "{} from those of each document, if two documents are packed: {}"
    yield from rows_finding("packing", rows, text, "differ")
    mixed = concatenate([cut(other_tokens(x), 1, 0, half), cut(x, 1, half, n)], 1)
    rows = packed.differs(call(mixed))
    rows[:half] = False
    text = "{} of a packed document with the document before it: {}"
    yield from rows_finding("document", rows, text, "change")
    rows = leaky_rows(call, x, packed)
    yield from rows_finding("future", rows, "{} with later tokens, if packed: {}", "change")


def _cache(layer: Layer, x: Any, expected: Expected, paddings: Any) -> Iterator[Finding]:
    """Rows that differ through a cache."""
    wrong: dict[str, BoolArray] = {}
    schedules = layer.schedules or usual_schedules(int(x.shape[1]), (Causal(),))
    for schedule in schedules:
        rows = expected.differs(_by_schedule(layer, x, schedule))
        if rows.any():
            wrong[str(schedule)] = rows
    if wrong:
        names = ", ".join(wrong) if len(wrong) < len(schedules) else "every schedule"
        rows = next(iter(wrong.values()))
        text = f"{{}} through a cache by {names}: {{}}"
        yield from rows_finding("cache", rows, text, "change")


def _by_schedule(layer: Layer, x: Any, schedule: Schedule) -> Any:
    """The outputs of all tokens through a new cache."""
    assert layer.cache is not None
    step = layer.cache()
    portions = schedule.portions(int(x.shape[1]))
    return concatenate([step(cut(x, 1, part.start, part.stop)) for part in portions], 1)


def _crop(layer: Layer, x: Any, expected: Expected, paddings: Any) -> Iterator[Finding]:
    """Rows that differ after tokens were taken back."""
    assert layer.cache is not None
    n = int(x.shape[1])
    wrong: dict[int, BoolArray] = {}
    for count in CROPS:
        rows = np.zeros(n, bool)
        for start in _starts(n):
            step = layer.cache()
            step(cut(x, 1, 0, start))
            step(cut(other_tokens(x), 1, start, start + count))
            if _can_crop(step, count):
                out = step(cut(x, 1, start, n))
                rows[start:] |= expected.differs(out, start)
        if rows.any():
            wrong[count] = rows
    for count, rows in list(wrong.items())[:1]:
        text = f"{{}} after a cache was cropped by {count_noun(count, 'token')}: {{}}"
        yield from rows_finding("crop", rows, text, "change")


def _starts(n: int) -> list[int]:
    """Where tokens are taken back: early, before windows are full, and in the midst."""
    starts = {*range(2, 6), *range(n // 2, n // 2 + 4)}
    return sorted(start for start in starts if start + max(CROPS) < n)


def _can_crop(step: Any, count: int) -> bool:
    """Whether a cache takes tokens back; one that raises says that it cannot."""
    try:
        step.crop(count)
    except Exception:
        return False
    return True


def rows_finding(kind: str, rows: BoolArray, text: str, verb: str) -> Iterator[Finding]:
    """The finding of some rows, if any; the text has places for how many and for which."""
    count = int(rows.sum())
    if count:
        singular = "differs" if verb == "differ" else f"{verb}s"
        subject = f"{count_noun(count, 'row')} {singular if count == 1 else verb}"
        first = int(rows.argmax())
        yield Finding(kind, text.format(subject, queries_in_words(rows)), count, (0, first))


def queries_in_words(rows: BoolArray) -> str:
    """`query 3`, `queries 0 to 6`, `queries 3, 7, 11`."""
    numbers = list(map(int, np.flatnonzero(rows)))
    first, last = numbers[0], numbers[-1]
    if len(numbers) == 1:
        return f"query {first}"
    if last - first == len(numbers) - 1:
        return f"queries {first} to {last}"
    names = ", ".join(map(str, numbers[:MAX_NAMED]))
    return f"queries {names}{', ...' if len(numbers) > MAX_NAMED else ''}"


Judge = Callable[[Layer, Any, Expected, Any], Iterator[Finding]]
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
