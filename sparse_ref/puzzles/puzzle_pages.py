"""What a reader sees of puzzles: a question with its picture, and the table of what is solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import NamedTuple

import numpy as np

from ..sets.glyphs import draw_mask
from .puzzle import Puzzle, is_exercise_number
from .puzzle_html import html_puzzle, html_table
from .puzzle_verdict import SOLVED

COLUMNS = 79  # of a question as text


@dataclass(frozen=True, eq=False)
class Question:
    """A puzzle as a reader sees it: the question, the picture and the stub."""

    puzzle: Puzzle

    def __repr__(self) -> str:
        puzzle = self.puzzle
        paragraphs = [fill(text, COLUMNS) for text in puzzle.question.split("\n\n")]
        parts = [f"{puzzle.number} · {puzzle.title}", *paragraphs]
        picture = puzzle.kind.picture(puzzle.reference)
        if picture is not None:
            is_mask = isinstance(picture, np.ndarray)
            parts.append(str(draw_mask(picture)) if is_mask else str(picture))
        return "\n\n".join([*parts, puzzle.code])

    def _repr_html_(self) -> str:
        return html_puzzle(self.puzzle, self.puzzle.kind.picture(self.puzzle.reference))


class Row(NamedTuple):
    """One puzzle in the table of progress."""

    number: str
    name: str
    title: str
    state: str

    @property
    def puzzle_number(self) -> str:
        """The number; for a part of one of the thirty, that of the whole."""
        if is_exercise_number(self.number):
            return self.number
        return self.number.partition(".")[0]

    def line(self, width: int) -> str:
        """The row as text, its name in a column."""
        return f"{self.number:5} {self.state:8} {self.name:{width}}  {self.title}"


@dataclass(frozen=True)
class Progress:
    """What is solved: a row for each puzzle."""

    rows: tuple[Row, ...]

    @property
    def count(self) -> int:
        """How many puzzles are solved; one in parts if all of its parts are."""
        return sum(all(states) for states in self._parts().values())

    def _parts(self) -> dict[str, list[bool]]:
        """Whether each part of each puzzle is solved, by number; most have one part."""
        parts: dict[str, list[bool]] = {}
        for row in self.rows:
            parts.setdefault(row.puzzle_number, []).append(row.state == SOLVED)
        return parts

    def __repr__(self) -> str:
        width = max((len(row.name) for row in self.rows), default=0)
        lines = [row.line(width) for row in self.rows]
        return "\n".join([*lines, self._count_line()])

    def _count_line(self) -> str:
        """How many are solved, the last line."""
        return f"{self.count} of {len(self._parts())} solved"

    def _repr_html_(self) -> str:
        return html_table(self._count_line(), self.rows)


def table_of(puzzles: Iterable[Puzzle], states: Mapping[str, str]) -> Progress:
    """The table of some puzzles, with their states by name."""
    rows = []
    for puzzle in puzzles:
        state = states.get(puzzle.name, "")
        rows.append(Row(puzzle.number, puzzle.name, puzzle.title, state))
    return Progress(tuple(rows))
