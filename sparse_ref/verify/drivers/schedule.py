"""In which portions a KV cache gets its tokens: a prompt or chunks of it, then single steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from ...sets.checks import integer
from ...sets.pattern import Pattern

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
MAX_PLACES = 3  # chunks that a finding lists one by one
SMALL_CHUNKS = (3, 4, 2)
SHORT_PROMPT = 3
MAX_STEPS = 8  # single steps after a prompt or chunks


@dataclass(frozen=True)
class Portion:
    """The tokens from start to stop, which reach the cache in one call."""

    start: int
    stop: int
    name: str
    is_step: bool

    def __str__(self) -> str:
        return f"{self.name} ({query_range(self.start, self.stop - 1)})"


@dataclass(frozen=True)
class Schedule:
    """The lengths of the prompt or its chunks, and the number of single steps after them.

    >>> from sparse_ref.verify.drivers.schedule import Schedule
    >>> schedule = Schedule((4, 4), 2)
    >>> print(schedule, [str(portion) for portion in schedule.portions(10)][:2], sep="\\n")
    chunks of 4, 4, then 2 single steps
    ['the first chunk (queries 0 to 3)', 'the second chunk (queries 4 to 7)']
    """

    prefill: tuple[int, ...]
    decode: int
    name: str = ""

    @classmethod
    def new(cls, prefill: int | Iterable[int], decode: int) -> Schedule:
        """The schedule, once its numbers are checked."""
        lengths = (prefill,) if isinstance(prefill, int | np.integer) else tuple(prefill)
        sizes = tuple(integer("prefill", length, 1) for length in lengths)
        decode = integer("decode", decode, 0)
        if not sizes and not decode:
            raise ValueError("prefill and decode must have at least one token between them, got 0")
        return cls(sizes, decode)

    @property
    def n(self) -> int:
        """How many tokens there are."""
        return sum(self.prefill) + self.decode

    def portions(self, n: int) -> list[Portion]:
        """The schedule for n tokens: cut, or continued in single steps."""
        sizes: list[int] = []
        for size in self.prefill:
            sizes.append(min(size, n - sum(sizes)))
        chunks = [size for size in sizes if size > 0]
        sizes = [*chunks, *[1] * (n - sum(chunks))]
        ends = np.cumsum(sizes).tolist()
        return [
            Portion(stop - size, stop, self._name_of(index, len(chunks)), index >= len(chunks))
            for index, (size, stop) in enumerate(zip(sizes, ends))
        ]

    def turned(self, turns: int) -> Schedule:
        """The same portions in another order, so that sequences of a batch differ in length.

        Portions of one length have no other order: the first of them become one.
        """
        sizes = [*self.prefill, *[1] * self.decode]
        turns %= len(sizes)
        if len(set(sizes)) == 1:
            return Schedule((sum(sizes[: turns + 1]), *sizes[turns + 1 :]), 0)
        return Schedule((*sizes[turns:], *sizes[:turns]), 0)

    def _name_of(self, index: int, chunks: int) -> str:
        """The name of one portion, for people."""
        if index >= chunks:
            return f"decoding step {index - chunks + 1}"
        if chunks == 1:
            return "the prompt"
        if index < len(ORDINALS):
            return f"the {ORDINALS[index]} chunk"
        return f"chunk {index + 1}"

    @property
    def sizes(self) -> str:
        """The lengths of the portions, in words."""
        steps = f"{self.decode} single step{'s' * (self.decode != 1)}"
        if not self.prefill:
            return steps
        lengths = ", ".join(map(str, self.prefill[:4])) + ", ..." * (len(self.prefill) > 4)
        kind = "a prompt" if len(self.prefill) == 1 else "chunks"
        then = f", then {steps}" if self.decode else ""
        return f"{kind} of {lengths}{then}"

    def __str__(self) -> str:
        return self.name or self.sizes


def usual_schedules(n: int, patterns: Sequence[Pattern]) -> tuple[Schedule, ...]:
    """The schedules that caches are commonly wrong in, for n tokens.

    One prompt and steps; a short prompt and many steps; steps only; small chunks; large chunks,
    longer than the window if there is one.
    """
    steps = min(MAX_STEPS, n // 4)
    prompt = n - steps
    half = prompt // 2
    reach = max(_reach(p, n) for p in patterns)
    large = "chunks longer than the window" if reach < half else "large chunks"
    schedules = (
        Schedule((prompt,), steps, "long prompt"),
        Schedule((min(SHORT_PROMPT, n),), max(n - SHORT_PROMPT, 0), "short prompt"),
        Schedule((), n, "steps only"),
        Schedule(tuple(_chunks(prompt, SMALL_CHUNKS)), steps, "small chunks"),
        Schedule(tuple(_chunks(prompt, (half + 1,))), steps, large),
    )
    distinct = {(schedule.prefill, schedule.decode): schedule for schedule in schedules}
    return tuple(distinct.values())


def _chunks(total: int, sizes: Sequence[int]) -> Iterator[int]:
    """Sizes in turn, as many as fill the total; the last one is cut."""
    remaining = total
    for size in islice(cycle(sizes), total):
        if remaining <= 0:
            return
        yield min(size, remaining)
        remaining -= size


def _reach(p: Pattern, n: int) -> int:
    """How many keys without a gap the last query has, back from its last key."""
    keys = p.row(n - 1, n)
    gaps = np.flatnonzero(np.diff(keys) > 1)
    return len(keys) - 1 - int(gaps[-1]) if len(gaps) else len(keys)


def places(portions: Sequence[Portion], rows: Iterable[int]) -> str:
    """In which portions these queries are: "queries 4 to 7: the second chunk".

    Consecutive decoding steps are one place. "" if these are all queries.
    """
    wrong = sorted(set(rows))
    if len(wrong) == portions[-1].stop:
        return ""
    texts = []
    chunks = [portion for portion in portions if not portion.is_step]
    for portion in chunks:
        inside = [i for i in wrong if portion.start <= i < portion.stop]
        if inside:
            texts.append(f"{query_range(inside[0], inside[-1])}: {portion.name}")
    if len(texts) > MAX_PLACES:
        count = len(texts)
        texts = [f"{count} of {len(chunks)} chunks, first {texts[0]}"]
    first_step = chunks[-1].stop if chunks else 0
    steps = [i for i in wrong if i >= first_step]
    if steps:
        texts.append(_step_range(steps, first_step))
    return "; ".join(texts)


def _step_range(queries: Sequence[int], first_step: int) -> str:
    """Which decoding steps these queries are."""
    numbers = [i - first_step + 1 for i in queries]
    queries_text = query_range(queries[0], queries[-1])
    if len(numbers) == 1:
        return f"{queries_text}: decoding step {numbers[0]}"
    if numbers[-1] - numbers[0] + 1 == len(numbers):
        return f"{queries_text}: decoding steps {numbers[0]} to {numbers[-1]}"
    return f"{queries_text}: {len(numbers)} decoding steps, first step {numbers[0]}"


def query_range(first: int, last: int) -> str:
    """`query 4` or `queries 4 to 7`."""
    return f"query {first}" if first == last else f"queries {first} to {last}"
