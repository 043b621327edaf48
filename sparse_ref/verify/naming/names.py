"""What an implementation attends to, with nothing expected of it and n too large for every pair: names that hold in all rows.

Some rows are read, and the implementation is read whole at a smaller length; both suggest patterns. A pattern is a name only
where the random sums of every row are those of its sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from ...sets.pattern import Pattern
from ..calling.subject import ProbeError, Subject
from ..reading.checksums import read_checksums
from ..reading.probe import equal_weights
from ..reading.sampled_rows import read_rows
from .identify import identify
from .large_names import holds, suggested

ROWS = 8
SMALLER = 1024
MOST = 6  # stretches of keys that a row is told by


@dataclass(frozen=True)
class Names:
    """Of each head: the pattern that it has in all rows, if one was found; and some rows, (i, their keys in words)."""

    names: tuple[list[Pattern], ...]
    rows: tuple[list[tuple[int, str]], ...]


def names(call: Subject, seed: int = 0) -> Names:
    """The names of what fn attends to at equal logits. Raises ProbeError where fn does."""
    rng = np.random.default_rng(seed)
    sums = read_checksums(call, rng)
    rows = np.unique(np.linspace(0, call.n[0] - 1, min(ROWS, call.n[0]), dtype=int))
    nothing = np.zeros((call.heads, len(rows), call.n[1]), bool)
    weights, known = read_rows(call, nothing, ~nothing[..., 0], rows, sums.dtype, rng)
    found = weights != 0

    def first(h, candidates):
        return list(
            islice((q for q in candidates if holds(q, sums, h, found[h], known[h], rows)), 1)
        )

    named = [first(h, suggested(found[h], known[h], rows)) for h in range(call.heads)]
    if not all(named):
        for h, mask in enumerate(_smaller(call)):
            named[h] = named[h] or first(h, identify(mask))
    told = [
        [(int(i), in_words(keys, sure)) for i, keys, sure in zip(rows, *each)]
        for each in zip(found, known)
    ]
    return Names(tuple(named), tuple(told))


def _smaller(call: Subject) -> Iterator[np.ndarray]:
    """The sets of each head at a smaller length, where fn takes one."""
    less = replace(call, n=(min(call.n[0], SMALLER), min(call.n[1], SMALLER)))
    try:
        weights, _ = equal_weights(less)
    except ProbeError:
        return
    yield from np.isfinite(weights) & (weights != 0)


def in_words(keys, known) -> str:
    """Stretches of keys of a row, bool (n_k,), evenly spaced ones together: 0 to 90 by 3, 97 to 99."""
    at = np.flatnonzero(keys)
    said = []
    while len(at):
        step = int(at[1] - at[0]) if len(at) > 1 else 1
        stop = int(np.argmax(np.append(np.diff(at) != step, True)))
        alone = stop == 0
        said.append(f"{at[0]}" if alone else f"{at[0]} to {at[stop]}" + f" by {step}" * (step > 1))
        at = at[stop + 1 :]
        if len(said) == MOST and len(at):
            said.append(f"{len(at):,} more")
            break
    unread = int((~known).sum())
    return (", ".join(said) or "no keys") + (f"; {unread:,} keys unread" if unread else "")
