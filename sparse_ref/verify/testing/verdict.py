"""What tests kill of the mutants of one function, and the lines that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..._text import visible, visible_line
from .mutations import Mutation

MAX_NAME = 60


@dataclass(eq=False)
class Outcome:
    """The mutants of one function: killed, surviving, and undecided for lack of time.

    Attributes
    ----------
    function, claim : str
        Its name, and what it is declared to be.
    tests : list
        The tests that were run against mutants.
    failing, unsuitable : list of str
        Tests that fail with the function itself, and those that fail with the right attention.
    remark : str
        Which mutants could not be among them.
    """

    function: str
    claim: str
    tests: list[Any] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    unsuitable: list[str] = field(default_factory=list)
    killed: list[Mutation] = field(default_factory=list)
    survivors: list[Mutation] = field(default_factory=list)
    undecided: list[Mutation] = field(default_factory=list)
    remark: str = ""

    @property
    def total(self) -> int:
        """How many mutants there are."""
        return len(self.killed) + len(self.survivors) + len(self.undecided)

    def lines(self) -> list[str]:
        """What is printed: what was killed, the survivors, and the tests that were left out."""
        lines = [f"left out, it fails without a mutant: {name}" for name in self.failing]
        lines += [
            f"left out, it fails with the right attention: {name}" for name in self.unsuitable
        ]
        if not self.tests:
            return [*lines, "no test of yours calls it and passes"]
        count = len(self.tests)
        tests = f"{count} test{'s' * (count != 1)}"
        lines.append(f"your tests kill {len(self.killed)} of {self.total} ({tests})")
        lines += [self.remark] if self.remark else []
        if self.survivors:
            lines.append("survivors, and what would kill them:")
        lines += [
            f"  {mutation.name:{self._width}}  {mutation.hint}" for mutation in self.survivors
        ]
        lines += [f"undecided, out of time: {mutation.name}" for mutation in self.undecided]
        return lines

    @property
    def _width(self) -> int:
        """The longest name, if it is not too long."""
        return min(max(len(mutation.name) for mutation in self.survivors), MAX_NAME)


def show(reporter: Any, outcome: Outcome) -> None:
    """Print the outcome, and count it in pytest's last line."""
    title = f"attention mutants of {outcome.function}: {outcome.claim}"
    reporter.write_sep("=", visible_line(title))
    for line in outcome.lines():
        reporter.write_line(visible(line))
    for kind, mutations in (("killed", outcome.killed), ("survived", outcome.survivors)):
        if mutations:
            reporter.stats.setdefault(kind, []).extend(mutations)
