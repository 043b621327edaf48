"""What a large implementation is called: patterns that the rows read suggest, held against the random sums of all rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from re import sub

import numpy as np

from ..derived import Shifted
from ..patterns import Band, Causal, Full, Lookback, Strided, Window
from ..sets import Pattern
from .diagnosis import PARTIAL, Diagnosis, diagnosed
from .sums import Sums
from .words import of_heads


def named(patterns, seen: Sums, off, found, known, rows) -> Iterator[Diagnosis]:
    """What every row of a head has, as its sums show: another pattern, or the set of another head."""
    n = off.shape[1], len(seen.signs)
    for h, p in enumerate(patterns):
        if off[h].any() and (of_all := holding(suggested(p, found[h], known[h], rows, n), seen, h)):
            q = of_all[0]
            own = np.stack([member(p, int(i), n[1]) for i in rows])
            sides = "; ".join(x.text for x in diagnosed((p,), own[None], found[[h]], queries=rows) if x.kind in PARTIAL)
            said = sub(r"[\d,]+ of [\d,]+ rows", f"{int(off[h].sum()):,} of {n[0]:,} rows", sides)
            yield Diagnosis("named", f"is {q!r}, asked {p!r}{': ' * bool(said)}{said}", (h,))
    distinct = list(dict.fromkeys(patterns))
    if off.any() and len(distinct) > 1:
        has = {p: [not seen.unlike(h, p)[0].any() for h in range(len(patterns))] for p in distinct}
        same = np.array([[has[p][h] for p in patterns] for h in range(len(patterns))])
        for kind, text, heads in of_heads(same, [distinct.index(p) for p in patterns]):
            yield Diagnosis(kind, text, tuple(heads))


def holding(candidates, seen: Sums, h: int) -> list[Pattern]:
    """The first of some patterns whose random sums head h has in every row, if any has them."""
    for q in dict.fromkeys(candidates):
        with suppress(IndexError, ValueError):  # a pattern that has no such rows
            if not seen.unlike(h, q)[0].any():
                return [q]
    return []


def member(p: Pattern, i: int, n: int) -> np.ndarray:
    """The set of one query, bool (n,)."""
    held = np.zeros(n, bool)
    held[np.asarray(p.row(i, n), int)] = True
    return held


def attending(patterns, keys, n_q: int) -> np.ndarray:
    """Which rows have any of these keys, bool (H, n_q)."""
    of = {p: np.broadcast_to(p.contains(np.arange(n_q)[:, None], keys), (n_q, len(keys))).any(axis=1) for p in set(patterns)}
    return np.stack([of[p] for p in patterns])


def suggested(p: Pattern | None, found, known, rows, n) -> Iterator[Pattern]:
    """Patterns that these rows may come from, as far as they are known."""
    some = found.any(axis=-1)
    if not some.any():
        return
    left = int((rows - found.argmax(axis=-1))[some].max())
    right = int((found.shape[1] - 1 - found[:, ::-1].argmax(axis=-1) - rows)[some].max())
    offset = n[1] - n[0]
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
    if p is not None:
        yield from (Shifted(p, s) for s in (offset, -offset, 1, -1) if s)
