"""What is claimed of paths through strided and fixed attention, settled for every length, and witnesses at huge positions."""

from __future__ import annotations

import random

from ...paths import witness
from ...paths.book.index import book
from ...patterns import fixed, strided
from ...sets.factorized import Factorized
from .html import table, verdict

FAMILIES = "strided", "fixed"


def section() -> str:
    """A table of the theorems, each with its verdict; raises RuntimeError where one ends otherwise than expected."""
    walks = [_walk(f) for f in (strided(1000), fixed(1000, 8))]
    return (
        "<h2>Path theorems, proved</h2><p>Factorized attention promises a path from every position to every later one. Each "
        "statement is about the formulas that drew the masks above, and holds for every length and every parameter, or is "
        f"refuted with the smallest pair.</p>{_settled()}<p>A path in closed form, each hop checked against the sets, for "
        "positions drawn up to 10<sup>18</sup>:</p>"
        + table(("factorization", "paths checked", "the last one"), walks)
    )


def _settled() -> str:
    """The table; or what to install."""
    rows = []
    for each in (each for each in book() if each.family in FAMILIES):
        try:
            found = each.settle()
        except ImportError as error:
            return f"<p>{error}.</p>"
        if found.status != each.expected:
            raise RuntimeError(f"expected {each.name} to be {each.expected}, found: {found}")
        shown = (
            verdict(True, "proved") if found else verdict(False, f"refuted: {found.counterexample}")
        )
        rows.append((f"{each.family}: {each.claim}", found.statement, shown, each.remark))
    return table(("claim", "statement", "found", "so"), rows)


def _walk(f: Factorized) -> tuple:
    """Witnesses between 1000 drawn pairs, each of whose hops is a member or the residual edge."""
    draw = random.Random(0)
    path: tuple[int, ...] = ()
    for _ in range(1000):
        i = draw.randrange(10**18)
        j = draw.randrange(i + 1)
        path = witness(f, j, i)
        if (
            path[0] != j
            or path[-1] != i
            or not all(a == b or p.contains(b, a) for p, a, b in zip(f.steps, path, path[1:]))
        ):
            raise RuntimeError(f"{path} is no path through {f!r}")
    return repr(f), 1000, " → ".join(f"{position:,}" for position in path)
