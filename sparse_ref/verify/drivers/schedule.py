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
MAX_SIZES = 4  # lengths of chunks that a text lists
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

    @property
    def size(self) -> int:
        """How many tokens they are."""
        return self.stop - self.start

    def __str__(self) -> str:
        return f"{self.name} ({query_range(self.start, self.stop - 1)})"


@dataclass(frozen=True)
class Schedule:
    """The lengths of the prompt or its chunks, and the number of single steps after them.

    >>> from sparse_ref.verify.drivers.schedule import Schedule
    >>> schedule = Schedule((4, 4), 2)
    >>> print(schedule)
    chunks of 4, 4, then 2 single steps
    >>> print(*schedule.portions(10)[1:3], sep=", ")
    the second chunk (queries 4 to 7), decoding step 1 (query 8)
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
        chunks = list(_sizes_up_to(n, self.prefill))
        steps = n - sum(chunks)
        portions, start = [], 0
        for index, size in enumerate([*chunks, *[1] * steps]):
            is_step = index >= len(chunks)
            name = self._name_of(index, len(chunks))
            portions.append(Portion(start, start + size, name, is_step))
            start += size
        return portions

    def rotation(self, turns: int) -> Schedule:
        """The same portions in another order, so that sequences of a batch differ in length.

        Portions of one length have no other order: the first of them become one.
        """
        sizes = [*self.prefill, *[1] * self.decode]
        turns %= len(sizes)
        first, others = sizes[:turns], sizes[turns:]
        if len(set(sizes)) == 1:
            return Schedule((sum(first) + others[0], *others[1:]), 0)
        return Schedule((*others, *first), 0)

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
        lengths = ", ".join(map(str, self.prefill[:MAX_SIZES]))
        more = ", ..." if len(self.prefill) > MAX_SIZES else ""
        kind = "a prompt" if len(self.prefill) == 1 else "chunks"
        then = f", then {steps}" if self.decode else ""
        return f"{kind} of {lengths}{more}{then}"

    def __str__(self) -> str:
        return self.name or self.sizes


def usual_schedules(n: int, patterns: Sequence[Pattern]) -> tuple[Schedule, ...]:
    """The schedules that caches are commonly wrong in, for n tokens.

    One prompt and steps; a short prompt and many steps; steps only; small chunks; large chunks,
    longer than the window if there is one.
    """
    steps = min(MAX_STEPS, n // 4)
    prompt = n - steps
    short = min(SHORT_PROMPT, n)
    half = prompt // 2
    small_chunks = tuple(_sizes_up_to(prompt, cycle(SMALL_CHUNKS)))
    large_chunks = tuple(_sizes_up_to(prompt, cycle([half + 1])))
    reach = max(_reach(p, n) for p in patterns)
    large = "chunks longer than the window" if reach < half else "large chunks"
    schedules = (
        Schedule((prompt,), steps, "long prompt"),
        Schedule((short,), n - short, "short prompt"),
        Schedule((), n, "steps only"),
        Schedule(small_chunks, steps, "small chunks"),
        Schedule(large_chunks, steps, large),
    )
    distinct = {(schedule.prefill, schedule.decode): schedule for schedule in schedules}
    return tuple(distinct.values())


def _sizes_up_to(total: int, sizes: Iterable[int]) -> Iterator[int]:
    """The first sizes, as many as fill the total; the last one is cut."""
    remaining = total
    for size in islice(sizes, total):
        if remaining <= 0:
            return
        yield min(size, remaining)
        remaining -= size


def _reach(p: Pattern, n: int) -> int:
    """How many keys without a gap the last query has, back from its last key."""
    keys = p.row(n - 1, n)
    gaps = np.flatnonzero(np.diff(keys) > 1)
    start = int(gaps[-1]) + 1 if len(gaps) else 0
    return len(keys) - start


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
        texts = [f"{len(texts)} of {len(chunks)} chunks, first {texts[0]}"]
    first_step = chunks[-1].stop if chunks else 0
    steps = [i for i in wrong if i >= first_step]
    if steps:
        texts.append(_step_range(steps, first_step))
    return "; ".join(texts)


def _step_range(queries: Sequence[int], first_step: int) -> str:
    """Which decoding steps these queries are."""
    first, last = queries[0], queries[-1]
    number, final = first - first_step + 1, last - first_step + 1
    where = query_range(first, last)
    if number == final:
        return f"{where}: decoding step {number}"
    if final - number + 1 == len(queries):
        return f"{where}: decoding steps {number} to {final}"
    return f"{where}: {len(queries)} decoding steps, first step {number}"


def query_range(first: int, last: int) -> str:
    """`query 4` or `queries 4 to 7`."""
    return f"query {first}" if first == last else f"queries {first} to {last}"
