"""What became of a set as a whole: read from another end or by another query, or across the borders of documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...patterns import Causal
from ...sets.parts import Documents
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from .missing_parts import parts
from .phrases import keys, rows

FURTHEST = 8  # a set counts as shifted by up to so many


def moved(
    p: Pattern, n: tuple[int, int], has: Callable[[Pattern], bool]
) -> Iterator[tuple[str, str]]:
    """The same set read from another end, or by a query nearby; has(q) says whether what was found is q."""
    inner, own = (p.pattern, p.offset) if isinstance(p, Shifted) else (p, 0)
    offset = n[1] - n[0]
    for s in dict.fromkeys(
        [
            own + offset,
            own - offset,
            *(own + sign * s for s in range(1, FURTHEST + 1) for sign in (1, -1)),
        ]
    ):
        if s != own and has(Shifted(inner, s)):
            name = repr(inner if s == 0 else Shifted(inner, s))
            if offset and s in (0, offset) and s in (own + offset, own - offset):
                yield (
                    "alignment",
                    f"is {name}, asked {p!r}: aligned at the {'bottom right' if s == offset else 'top left'}",
                )
            else:
                yield (
                    "shifted",
                    f"is {name}, asked {p!r}: query i has the keys of query i {'+' if s > own else '-'} {abs(s - own)}",
                )


def left_out(p: Pattern, has: Callable[[Pattern], bool]) -> Iterator[tuple[str, str]]:
    """The keys outside a set, all or those up to i."""
    for q, said in ((~p, ""), (Causal() - p, "up to i ")):
        if has(q):
            yield "inverted", f"is the keys {said}that {p!r} leaves out"
            return


def crossed(p: Pattern, extra, queries) -> Iterator[tuple[str, str]]:
    """Keys too many, bool (queries, n_k), that are of another packed document than their query."""
    for part in dict.fromkeys([p, *(part for part, _ in parts(p))]):
        if isinstance(part, Documents):
            other = extra & ~Documents(part.lengths).contains(
                queries[:, None], np.arange(extra.shape[1])
            )
            if other.any():
                yield (
                    "documents",
                    f"documents leak: {keys(other)} of other documents in {rows(other.any(axis=1))}",
                )
            return
