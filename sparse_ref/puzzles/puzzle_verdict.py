"""The verdict on an answer: what is wrong, by name, and both values next to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._text import visible
from ..sets.glyphs import ATTENDS, NOT, draw_difference, draw_mask, side_by_side
from .kinds.kind import value_text
from .puzzle_html import html_verdict

if TYPE_CHECKING:
    from .puzzle import Puzzle

SOLVED, WRONG, UNANSWERED = "solved", "not yet", "not answered yet"
GAP = 4


class Comparison(NamedTuple):
    """The case that is shown, in words, both values there, and what says how they differ.

    Values are not shown if the wanted one would give the answer away.
    """

    case: str
    actual: Any
    wanted: Any
    describe: Callable[[], str]
    is_secret: bool

    @property
    def is_set(self) -> bool:
        """Whether the values are masks of one shape."""
        are_masks = _is_mask(self.actual) and _is_mask(self.wanted)
        return are_masks and self.actual.shape == self.wanted.shape


@dataclass(frozen=True, eq=False)
class Verdict:
    """What `check` says of an answer; true if the answer is right.

    Attributes
    ----------
    puzzle : Puzzle
        What was answered.
    state : str
        "solved", "not yet" or "not answered yet".
    mistake : str
        The name of the mistake; "" if there is none.
    case : str
        The smallest case that fails, such as `n = 4, keys = 2`.
    place : str
        The first query and key that differ at this case.
    comparison : Comparison or None
        The answer's value and the wanted one.
    parts : tuple of str
        What was answered: "formula", "runs" or both.
    hint : str
        The next hint, which a notebook folds in.
    """

    puzzle: Puzzle
    state: str
    mistake: str = ""
    case: str = ""
    place: str = ""
    comparison: Comparison | None = None
    parts: tuple[str, ...] = ()
    hint: str = ""

    def __bool__(self) -> bool:
        return self.state == SOLVED

    @property
    def pictures(self) -> Comparison | None:
        """The comparison, if its values may be shown."""
        is_open = self.comparison is not None and not self.comparison.is_secret
        return self.comparison if is_open else None

    @cached_property
    def words(self) -> str:
        """What `sr.verify` says of the set; for other values, where they differ."""
        return "" if self.comparison is None else self.comparison.describe()

    def lines(self) -> list[str]:
        """The verdict without its picture: state, mistake, verify's words, the case that fails."""
        lines = [f"{self.puzzle.name}: {self.state}"]
        if self.mistake:
            lines.append(self.mistake)
        if self.words not in ("", self.mistake):
            lines.append(f"({self.words})")
        if self.case:
            place = f", {self.place}" if self.place else ""
            gap = "\n" if "\n" in self.case else " "
            lines.append(f"{self.puzzle.kind.case_noun}:{gap}{self.case}{place}")
        if self.rest:
            lines.append(f"next, if you like, the same solved for j:\n{self.rest}")
        return lines

    @property
    def rest(self) -> str:
        """The stub of the runs, if the formula was right; "" if nothing is left."""
        parts = self.puzzle.kind.parts(self.puzzle.reference)
        if not self or self.parts != ("formula",) or len(parts) < 2:
            return ""
        from .puzzle import stub_of

        return stub_of(parts[1][1], self.puzzle.name)

    def __repr__(self) -> str:
        lines = self.lines()
        if self.pictures is not None:
            lines += ["", _compare(self.pictures)]
        if self.state == WRONG and self.hint:
            lines.append(f'sr.puzzles.hint("{self.puzzle.name}") gives a hint')
        return visible("\n".join(lines))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return html_verdict(self)


def _is_mask(value: Any) -> bool:
    """Whether a value is a bool matrix."""
    is_bool = isinstance(value, np.ndarray) and value.dtype == np.bool_
    return is_bool and value.ndim == 2


def _compare(comparison: Comparison) -> str:
    """Both values: masks next to each other, others one below the other."""
    case, actual, wanted, *_ = comparison
    if not comparison.is_set:
        return f"yours:\n{value_text(actual)}\nwanted:\n{value_text(wanted)}"
    width = max(len("yours"), wanted.shape[1]) + GAP
    heads = f"{'yours':{width}}wanted, {case}"
    left = draw_difference(wanted, actual).split("\n")
    padded = "\n".join(line.ljust(width - 2) for line in left)
    pictures = side_by_side([padded, draw_mask(wanted)])
    return f"{heads}\n{pictures}\n{ATTENDS} attends  {NOT} does not  + extra  - missing"
