"""What a faulty pattern may have become: another pattern, with the fault that explains it.

A hypothesis is tested by equality: with a mask at small n, with the random sums of all rows at
large n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from ...patterns import Causal, Random
from ...patterns.globals import Global, GlobalAt, Prefix, Sinks
from ...sets.parts import Blockwise
from ...sets.pattern import Difference, Intersection, Pattern, Union
from ...sets.shifted import Shifted
from ...sets.types import BoolArray
from .faulty_patterns import FilledRows

GLOBAL_RULES = (Global, GlobalAt, Prefix, Sinks)
MAX_SHIFT = 8  # queries


class Hypothesis(NamedTuple):
    """If the set equals `pattern`, the fault is `cause`, of `kind`; `text` says it in one line."""

    pattern: Pattern
    kind: str
    cause: str
    text: str


def confirm(
    hypotheses: Iterable[Hypothesis], matches: Callable[[Pattern], bool]
) -> Iterator[Hypothesis]:
    """The hypotheses whose pattern passes `matches`."""
    return (hypothesis for hypothesis in hypotheses if matches(hypothesis.pattern))


def complements(p: Pattern) -> Iterator[Hypothesis]:
    """The keys outside the set: all of them, or those up to the query.

    With a finite mask, the rows that are left without keys average over all of them.
    """
    swapped = "(True and False swapped?)"
    text = f"inverted mask: attends exactly where {p!r} forbids it"
    filled = "; rows without any such key average over all keys, as with a finite mask"
    inverses = ((~p, ""), (Causal() - p, ", up to key i"))
    for inverse, suffix in inverses:
        words = f"{text}{suffix} {swapped}"
        yield Hypothesis(inverse, "inverted", "inverted mask", words)
        yield Hypothesis(FilledRows(inverse), "inverted", "inverted mask", words + filled)


def shifts(
    p: Pattern,
    n: tuple[int, int],
    steps: Iterable[int],
) -> Iterator[Hypothesis]:
    """The sets of other queries: query i has those of query i + step.

    A step between upper-left and bottom-right, if n_q and n_k differ, is the other alignment.
    """
    base, offset = p, 0
    if isinstance(p, Shifted):
        base, offset = p.pattern, p.offset
    bottom_right = n[1] - n[0]
    for step in steps:
        other = offset + step
        q = Shifted(base, other) if other else base
        if abs(step) == abs(bottom_right) and other in (0, bottom_right):
            kind = "alignment"
            cause = f"{'bottom-right' if other == bottom_right else 'upper-left'} alignment"
        else:
            kind = "shifted"
            cause = f"query i has the keys of query i {'+' if step > 0 else '-'} {abs(step)}"
        yield Hypothesis(q, kind, cause, f"is {q!r}, asked {p!r}: {cause}")


def shift_steps(n: tuple[int, int]) -> list[int]:
    """The steps to try: between both alignments, then by a few queries either way."""
    bottom_right = n[1] - n[0]
    steps = [bottom_right, -bottom_right]
    for size in range(1, MAX_SHIFT + 1):
        steps += [size, -size]
    return [step for step in dict.fromkeys(steps) if step]


def plausible_steps(E: BoolArray, A: BoolArray) -> list[int]:
    """The steps to try at which A may be E shifted: the rows that both have agree."""
    steps = shift_steps((A.shape[0], A.shape[1]))
    return [step for step in steps if _rows_agree(E, A, step)]


def _rows_agree(E: BoolArray, A: BoolArray, step: int) -> bool:
    """Whether row i of A is row i + step of E, as far as E has it."""
    if step > 0:
        return np.array_equal(A[:-step], E[step:])
    return np.array_equal(A[-step:], E[:step])


def missing_parts(p: Pattern) -> Iterator[Hypothesis]:
    """A union, an intersection or a difference without one of its operands."""
    branches = union_operands(p)
    for part, rest in operands(p):
        kind = "part missing"
        if isinstance(part, Random):
            kind = "random missing"
        elif isinstance(part, GLOBAL_RULES):
            kind = "globals missing"
        cause = f"{part!r} is missing"
        if kind == "part missing" and part in branches:
            cause += ": this branch is never attended to"
        yield Hypothesis(rest, kind, cause, f"is {rest!r}, asked {p!r}: {cause}")


def union_operands(p: Pattern) -> list[Pattern]:
    """The patterns that p is the union of, as far as unions go; [] if p is no union."""
    if isinstance(p, Blockwise):
        return union_operands(p.pattern)
    if not isinstance(p, Union):
        return []
    sides = [(side, union_operands(side)) for side in (p.left, p.right)]
    return [part for side, parts in sides for part in (side, *parts)]


def operands(p: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """(operand, p without it) for each operand of a union, intersection or difference in p."""
    if isinstance(p, Blockwise):
        for part, rest in operands(p.pattern):
            yield part, Blockwise(rest, p.block)
    elif isinstance(p, (Union, Intersection, Difference)):
        if not isinstance(p, Difference):  # without its left operand a difference is no pattern
            yield p.left, p.right
        yield p.right, p.left
        for part, rest in operands(p.left):
            yield part, type(p)(rest, p.right)
        for part, rest in operands(p.right):
            yield part, type(p)(p.left, rest)
