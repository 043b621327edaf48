"""What a large implementation is called: patterns that the rows read suggest, held against the random sums of all rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from re import sub

import numpy as np

from ...patterns import Band, Causal, Full, Lookback, Strided, Window
from ...sets.pattern import Pattern
from ..reading.checksums import Checksums
from .diagnosis import PARTIAL, Diagnosis, diagnosed
from .missing_parts import without
from .phrases import of_heads
from .shifts import left_out, moved


def named(patterns, seen: Checksums, off, found, known, rows) -> Iterator[Diagnosis]:
    """What every row of a head has, as its sums show: another pattern, or the set of another head."""
    n = off.shape[1], len(seen.signs)
    for h, p in enumerate(patterns):
        if not off[h].any():
            continue
        has = cache(partial(holds, seen=seen, h=h, found=found[h], known=known[h], rows=rows))
        if q := next(
            (repr(q) for q in dict.fromkeys(suggested(found[h], known[h], rows)) if has(q)), ""
        ):
            own = np.stack([member(p, int(i), n[1]) for i in rows])
            sides = "; ".join(
                x.text
                for x in diagnosed((p,), own[None], found[[h]], queries=rows)
                if x.kind in PARTIAL
            )
            said = sub(r"[\d,]+ of [\d,]+ rows", f"{int(off[h].sum()):,} of {n[0]:,} rows", sides)
            yield Diagnosis("named", f"is {q}, asked {p!r}{': ' * bool(said)}{said}", (h,))
        yield from (
            Diagnosis(*each, (h,))
            for each in (*moved(p, n, has), *without(p, has), *left_out(p, has))
        )
    distinct = list(dict.fromkeys(patterns))
    if off.any() and len(distinct) > 1:
        all_rows = {
            p: [not seen.mismatch(h, p).wrong.any() for h in range(len(patterns))] for p in distinct
        }
        same = np.array([[all_rows[p][h] for p in patterns] for h in range(len(patterns))])
        for kind, text, heads in of_heads(same, [distinct.index(p) for p in patterns]):
            yield Diagnosis(kind, text, tuple(heads))


def holds(q: Pattern, seen: Checksums, h: int, found, known, rows) -> bool:
    """Whether head h has the sets of q: in the rows that were read, and by their random sums in all others."""
    try:
        own = np.stack([member(q, int(i), known.shape[1]) for i in rows])
        return bool(((own == found) | ~known).all()) and not seen.mismatch(h, q).wrong.any()
    except (IndexError, ValueError):  # a pattern that has no such rows
        return False


def member(p: Pattern, i: int, n: int) -> np.ndarray:
    """The set of one query, bool (n,)."""
    held = np.zeros(n, bool)
    held[np.asarray(p.row(i, n), int)] = True
    return held


def attending(patterns, keys, n_q: int) -> np.ndarray:
    """Which rows have any of these keys, bool (H, n_q)."""
    of = {
        p: np.broadcast_to(p.contains(np.arange(n_q)[:, None], keys), (n_q, len(keys))).any(axis=1)
        for p in set(patterns)
    }
    return np.stack([of[p] for p in patterns])


def suggested(found, known, rows) -> Iterator[Pattern]:
    """Patterns that these rows may come from, as far as they are known."""
    some = found.any(axis=-1)
    if not some.any():
        return
    left = int((rows - found.argmax(axis=-1))[some].max())
    right = int((found.shape[1] - 1 - found[:, ::-1].argmax(axis=-1) - rows)[some].max())
    yield from (Causal(), Full())
    if left >= 0:
        yield from (Lookback(left + 1), Window(max(left, right, 0)))
    if left + right >= 0:
        yield Band(left, right)
    row = int(found.sum(axis=-1).argmax())
    keys, unread = np.flatnonzero(found[row]), np.cumsum(~known[row])
    steps = np.diff(keys)[np.diff(unread[keys]) == 0]
    if len(steps) and np.median(steps) > 1:
        yield Strided(int(np.median(steps)))
