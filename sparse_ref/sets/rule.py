"""Rules: patterns in closed form, which everything else is made of.

A `Rule` states its set twice, side by side: `formula` is the paper's set-builder line, `solution`
is the same set solved for j. Tests check that the two are equal for every rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from .checks import int_tuple, integer, query_and_length
from .definitions import Definition, code_of, set_and_source
from .pattern import Pattern
from .run import Run, as_int64, check_runs, keys_of_run
from .types import IntArray, Positions


class Rule(Pattern):
    """A pattern in closed form. A subclass is a frozen dataclass with int fields and two static
    methods.

    `formula(i, j, *fields)` is [j in A_i]; `solution(i, n, *fields)` is A_i as a Run, or a tuple of
    them, whose keys may reach outside 0 <= j < n: readers clip. `pairs(n, *fields)`, if a subclass
    has it, is sum_i |A_i| in closed form; `pairs(*fields)` for a Sized rule, whose first field is
    n.

    Fields are ints of at least `least` (1 unless the subclass sets another, one for all or one
    for each) and at most 10**18, or sets of positions, which are tuples of such ints, sorted
    without repeats. They are checked when the value is made.

    Raises
    ------
    TypeError
        A field that is no integer (True and 2.0 are none).
    ValueError
        A field beyond its bounds.
    """

    least: ClassVar[int | tuple[int | None, ...] | None] = 1

    formula: ClassVar[Callable[..., Any]]
    solution: ClassVar[Callable[..., Any]]
    pairs: ClassVar[Callable[..., Any]] = None  # type: ignore[assignment]  # if a rule has none

    def __post_init__(self) -> None:
        for name, (kind, least) in self.bounds().items():
            checked = int_set if kind is tuple else integer
            value = checked(f"{type(self).__name__}: {name}", getattr(self, name), least)
            object.__setattr__(self, name, value)

    @classmethod
    def bounds(cls) -> dict[str, tuple[type, int | None]]:
        """(int, or tuple of ints; the least of them) by field."""
        parameters = fields(cls)  # type: ignore[arg-type]
        least: Any = cls.least
        if not isinstance(least, tuple):
            least = (least,) * len(parameters)  # one for all fields
        kinds = (tuple if str(field.type).startswith("tuple") else int for field in parameters)
        names = (field.name for field in parameters)
        return dict(zip(names, zip(kinds, least)))

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The numbers of the rule, in the order of its notation."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def contains(self, i: Any, j: Any) -> Any:
        return self.formula(as_int64(i), as_int64(j), *self.parameters)

    def runs(self, i: Any, n: int) -> tuple[Run, ...]:
        """A_i as runs, for an int i or an int64 array; keys may reach outside 0 <= j < n.

        Raises TypeError or ValueError for runs that no loop can take, see `Run`.
        """
        return check_runs(repr(self), self.solution(i, n, *self.parameters), i)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        keys = [keys_of_run(run, n) for run in self.runs(i, n)]
        nothing = np.zeros(0, np.int64)
        return np.unique(np.concatenate([nothing, *keys]))

    def pair_count(self, n: int) -> int | None:
        """sum_i |A_i| of n queries and n keys by `pairs`, or None.

        None unless the class itself states its formula, its solution and its pairs.
        """
        is_stated = {"formula", "solution", "pairs"} <= vars(type(self)).keys()
        return int(self.pairs(*self.pair_arguments(n))) if is_stated else None

    def pair_arguments(self, n: int) -> tuple[Any, ...]:
        """What `pairs` takes."""
        return n, *self.parameters

    def definition(self) -> Definition:
        set_, source = set_and_source(type(self))
        return Definition(set_, source, code_of(type(self).formula))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parameters))})"


def int_set(name: str, values: Any, least: int | None) -> Positions:
    """The values as a sorted tuple of ints without repeats, each of at least `least`."""
    positions = sorted(int_tuple(name, values, least))
    # A set would look positions up by their hash, which a Term of proofs does not have.
    later = [x for previous, x in pairwise(positions) if x != previous]
    return (*positions[:1], *later)


@dataclass(frozen=True)
class Sized(Rule):
    """A rule whose sets depend on the length: its first field is n, and its rows for another length
    are an error.
    """

    n: int

    @property
    def own_length(self) -> int | None:
        return self.n

    def pair_arguments(self, n: int) -> tuple[Any, ...]:
        return self.parameters

    def runs(self, i: Any, n: int) -> tuple[Run, ...]:
        self.check_length(i, n)
        return super().runs(i, n)
