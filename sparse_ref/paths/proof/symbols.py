"""What terms are made in: the names of z3's constants, what is assumed of them, and what divisions mean.

Symbols:  x // b = q and x % b = r are written  x = b q + r,  0 <= r < b,  where b is a term: z3 reasons better on products.
"""

from __future__ import annotations

import re
from typing import Any

from .solver import z3

EFFORT = 2_000_000  # of z3, a fraction of a second


class Undecided(ValueError):
    """Nothing can be said, and why: a set without a formula, a division that may be by 0, or time that ran out."""


class Symbols:
    """What terms are made in: `given`, what is assumed of parameters, and `facts`, what divisions mean.

    Constants of z3 are numbered, and named here alone: z3 orders them by what they are called, and by where that lies in memory.
    """

    def __init__(self):
        self.context = z3().Context()
        self.names: list[str] = []
        self.begin(None)

    def begin(self, decided: tuple[bool, ...] | None) -> None:
        """Forget what is assumed. Conditions that are asked for from now on are decided so, then false; None refuses to decide."""
        self.given: list[Any] = []
        self.facts: list[Any] = []
        self.taken: list[bool] = []
        self.decided = decided
        self._divided: dict[tuple[int, int], tuple[Any, Any]] = {}

    def constant(self, name: str):
        """A new integer of z3."""
        self.names.append(name)
        return z3().Int(len(self.names) - 1, self.context)

    def said(self, expression) -> str:
        """An expression of z3, with names."""
        text = re.sub(r"k!(\d+)", lambda found: self.names[int(found[1])], str(expression))
        return re.sub(r"\s+", " ", re.sub(r"(?<!/)/(?!/)", " // ", text))

    def follows(self, condition, *premises) -> bool:
        """Whether z3 finds that a condition follows from these premises, within an effort that is the same on every machine."""
        solver = z3().Solver(ctx=self.context)
        solver.set("rlimit", EFFORT)
        solver.add(*premises, z3().Not(condition))
        return solver.check() == z3().unsat

    def assume(self, condition) -> None:
        """Take a condition for given."""
        condition = z3().simplify(condition)
        if not z3().is_true(condition) and not any(condition.eq(each) for each in self.given):
            self.given.append(condition)

    def decide(self, condition) -> bool:
        """What a constructor goes by, which is assumed."""
        if self.decided is None:
            raise Undecided(f"a formula asks whether {self.said(condition)}, and goes two ways")
        found = len(self.taken) < len(self.decided) and self.decided[len(self.taken)]
        self.taken.append(found)
        self.assume(condition if found else z3().Not(condition))
        return found

    def divided(self, x, b) -> tuple[Any, Any]:
        """(q, r) of terms of z3."""
        if z3().is_int_value(b) and b.as_long() >= 1:
            return x / b, x % b
        key = x.get_id(), b.get_id()
        if key not in self._divided:
            if not self.follows(b >= 1, *self.given, *self.facts):
                raise Undecided(
                    f"{self.said(b)} may be below 1, and // and % are read for divisors from 1 on alone"
                )
            q, r = (
                self.constant(f"({self._inside(x)} {sign} {self._inside(b)})")
                for sign in ("//", "%")
            )
            self.facts += [x == b * q + r, r >= 0, r < b]
            self._divided[key] = q, r
        return self._divided[key]

    def _inside(self, x) -> str:
        """An operand, in parentheses where it has any sign."""
        return self.said(x) if x.num_args() == 0 else f"({self.said(x)})"
