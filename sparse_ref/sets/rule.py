"""Rules: patterns in closed form, which everything else is made of.

A `Rule` states its set twice, side by side: `formula` is the paper's set-builder line, `solution` is the same set solved
for j. Tests hold the two equal for every rule.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from .checks import int_tuple, integer, query_and_length
from .pattern import Pattern
from .run import Run, as_int64, keys_of_run


class Rule(Pattern):
    """A pattern in closed form. A subclass gives int fields, `formula(i, j, *fields)` and `solution(i, n, *fields)`.

    Fields are ints of at least `least` (1 unless the subclass says otherwise, one for all or one for each) and at most
    10**18, or sets of positions, tuples of them sorted without repeats, checked when the value is made. `solution`
    answers with a Run, or a tuple of them, whose keys may reach outside 0 <= j < n: readers clip. `pairs(n, *fields)`, where a
    subclass has it, is sum_i |A_i| in closed form; `pairs(*fields)` for a Sized rule, whose first field is n.

    Raises
    ------
    TypeError
        A field that is no integer (True and 2.0 are none).
    ValueError
        A field beyond its bounds.
    """

    least: ClassVar[int | tuple[int | None, ...] | None] = 1

    formula: ClassVar[Any]
    pairs: ClassVar[Any] = None
    solution: ClassVar[Any]

    def __post_init__(self):
        for name, (kind, least) in self.bounds().items():
            said, given = f"{type(self).__name__}: {name}", getattr(self, name)
            value = (
                tuple(sorted(set(int_tuple(said, given, least))))
                if kind is tuple
                else integer(said, given, least)
            )
            object.__setattr__(self, name, value)

    @classmethod
    def bounds(cls) -> dict[str, tuple[type, int | None]]:
        """(int, or tuple of ints; the least of them) by field."""
        own = fields(cls)  # type: ignore[arg-type]
        least = cls.least if isinstance(cls.least, tuple) else (cls.least,) * len(own)
        return {
            field.name: (tuple if str(field.type).startswith("tuple") else int, bound)
            for field, bound in zip(own, least)
        }

    @property
    def parameters(self) -> tuple:
        """The numbers of the rule, in the order of its notation."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def contains(self, i, j):
        return self.formula(as_int64(i), as_int64(j), *self.parameters)

    def runs(self, i, n) -> tuple[Run, ...]:
        """A_i as runs; i an int, or an int64 array of queries. Keys may reach outside 0 <= j < n."""
        found = self.solution(i, n, *self.parameters)
        return (found,) if isinstance(found, Run) else tuple(found)

    def row(self, i: int, n: int) -> np.ndarray:
        i, n = query_and_length(i, n)
        return np.unique(
            np.concatenate(
                [np.zeros(0, np.int64), *(keys_of_run(run, n) for run in self.runs(i, n))]
            )
        )

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self.parameters))})"


@dataclass(frozen=True, repr=False)
class Sized(Rule):
    """A rule whose sets depend on the length: its first field is n, and its rows for another length are an error."""

    n: int

    @property
    def own_length(self):
        return self.n

    def runs(self, i, n):
        self._stated_for(i, n)
        return super().runs(i, n)
