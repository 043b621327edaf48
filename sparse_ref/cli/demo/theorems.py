"""Claims about paths through strided and fixed attention, proved or refuted; paths far out."""

from __future__ import annotations

import random
from itertools import pairwise

from ...paths import witness
from ...paths.book.index import book
from ...paths.book.theorem import Theorem
from ...patterns import fixed, strided
from ...sets.factorized import Factorized
from .html import figure, table, verdict

FAMILIES = "strided", "fixed"
PATHS = 1000  # checked per factorization
MAX_POSITION = 10**18


def section() -> str:
    """A table of theorems with their verdicts. Raises RuntimeError if one is not as expected."""
    walks = [_walk(factorized) for factorized in (strided(1000), fixed(1000, 8))]
    return (
        "<h2>Path theorems, proved</h2>"
        "<p>Factorized attention promises a path from every position to every later one. Each "
        "statement is about the formulas that drew the masks above. It is proved for every length "
        "and every parameter, or refuted with the smallest pair.</p>"
        f"{_theorem_table()}"
        "<p>What each layer of strided attention adds, on 36 positions: after the second, every "
        "position receives from every earlier one:</p>"
        f"{_layers()}"
        "<p>A path in closed form, each hop checked against the sets, for random positions up to "
        "10<sup>18</sup>:</p>" + table(("factorization", "paths checked", "the last one"), walks)
    )


def _layers() -> str:
    """Receptive fields after one and after two layers."""
    from ... import plot

    first, _ = plot.reach(strided(6), 36, 2)
    return figure(first.figure, "pairs reached after one layer and after two, new ones marked")


def _theorem_table() -> str:
    """The table; without z3, how to install it."""
    theorems = [theorem for theorem in book() if theorem.family in FAMILIES]
    try:
        rows = [_row(theorem) for theorem in theorems]
    except ImportError as error:
        return f"<p>{error}.</p>"
    return table(("theorem", "claim", "statement", "verdict", "in short"), rows)


def _row(theorem: Theorem) -> tuple[str, ...]:
    """The cells of a theorem."""
    result = theorem.settle()
    if result.status != theorem.expected:
        raise RuntimeError(f"expected {theorem.name} to be {theorem.expected}, got: {result}")
    text = "proved" if result else f"refuted: {result.counterexample}"
    cell = verdict(bool(result), text)
    return theorem.name, theorem.claim, result.statement, cell, theorem.remark


def _walk(factorized: Factorized) -> tuple[str, int, str]:
    """Witnesses between random pairs, each hop of which is a member or the residual edge."""
    draw = random.Random(0)
    path: tuple[int, ...] = ()
    for _ in range(PATHS):
        i = draw.randrange(MAX_POSITION)
        j = draw.randrange(i + 1)
        path = witness(factorized, j, i)
        ends = path[0], path[-1]
        if ends != (j, i) or not _is_walk(factorized, path):
            raise RuntimeError(f"{path} is no path through {factorized!r}")
    text = " → ".join(f"{position:,}" for position in path)
    return repr(factorized), PATHS, text


def _is_walk(factorized: Factorized, path: tuple[int, ...]) -> bool:
    """Whether each hop of a path is a member of its step, or the residual edge."""
    for step, (a, b) in zip(factorized.steps, pairwise(path)):
        if a != b and not step.contains(b, a):
            return False
    return True
