"""What a set lacks of its pattern: a part of a union or an intersection, or keys of its globals.

E is the set that was asked for and A the one that was found, bool (n_q, n_k).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...patterns import Random
from ...patterns.globals import Global, GlobalAt, Prefix, Sinks
from ...sets.mask import brute_mask
from ...sets.parts import Blockwise
from ...sets.pattern import Difference, Intersection, Pattern, Union
from ...sets.rule import Rule

GLOBAL = (Global, GlobalAt, Prefix, Sinks)


def without(p: Pattern, has: Callable[[Pattern], bool]) -> Iterator[tuple[str, str]]:
    """A union or an intersection that lacks one of its parts; has(q) says whether what was found is q."""
    for part, rest in parts(p):
        if has(rest):
            kind = (
                "random missing"
                if isinstance(part, Random)
                else "globals missing"
                if isinstance(part, GLOBAL)
                else "part missing"
            )
            yield kind, f"is {rest!r}, asked {p!r}: {part!r} is missing"


def globals_of(p: Pattern, E, A) -> Iterator[tuple[str, str]]:
    """Keys that are missing from rows and columns which should be whole, and from nowhere else."""
    missing, after = E & ~A, np.triu(np.ones(E.shape, bool), 1)
    if (E & after).any():
        across, down = E.all(axis=1), E.all(axis=0)
    else:  # causal: the last columns of any window are seen by all that come after them
        across, down = np.zeros(len(E), bool), (E | after).all(axis=0)
        down[np.flatnonzero(~down).max(initial=-1) :] = False
    local = all(
        isinstance(part, Rule) and not isinstance(part, GLOBAL)
        for part, _ in [*parts(p)] or [(p, p)]
    )
    if local or not missing.any() or (A & ~E).any() or missing[~across][:, ~down].any():
        return
    told = []
    for name, where in (
        ("rows", across & missing.any(axis=1)),
        ("columns", down & missing.any(axis=0)),
    ):
        if where.any():
            told.append(
                f"{name} {', '.join(map(str, np.flatnonzero(where)[:8]))}{', ...' if where.sum() > 8 else ''}"
            )
    yield "globals missing", f"keys of the global {' and '.join(told)} are missing"


def parts(p: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """(part, what is left without it) for each part of a union, intersection or difference, at any depth."""
    if isinstance(p, Blockwise):
        yield from ((part, Blockwise(rest, p.block)) for part, rest in parts(p.pattern))
    if isinstance(p, (Union, Intersection, Difference)):
        again = {
            Union: lambda a, b: a | b,
            Intersection: lambda a, b: a & b,
            Difference: lambda a, b: a - b,
        }[type(p)]
        if not isinstance(p, Difference):
            yield p.left, p.right
        yield p.right, p.left
        yield from ((part, again(rest, p.right)) for part, rest in parts(p.left))
        yield from ((part, again(p.left, rest)) for part, rest in parts(p.right))


def drawn(p: Pattern, A) -> bool:
    """Whether the pattern has rows at this size, and they are A."""
    try:
        return np.array_equal(brute_mask(p, A.shape), A)
    except (
        IndexError,
        ValueError,
        TypeError,
    ):  # listed sets have no rows there; others are not stated for this length
        return False
