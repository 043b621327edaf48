"""All puzzles: those of the modules in `thirty/` and, lesson by lesson, in `lessons/`.

A module lists its puzzles as PUZZLES. Modules are imported when a puzzle is first asked for.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from . import lessons, thirty
from .puzzle import Puzzle


@cache
def book() -> tuple[Puzzle, ...]:
    """Every puzzle, by number: the thirty, then the exercises of the lessons.

    >>> import sparse_ref as sr
    >>> sr.puzzles.book()[0].name
    'causal'
    """
    puzzles = []
    for folder in (thirty, lessons):
        for module in iter_modules(folder.__path__, f"{folder.__name__}."):
            puzzles += import_module(module.name).PUZZLES
    return tuple(sorted(puzzles, key=_order))


def _order(puzzle: Puzzle) -> tuple[bool, tuple[int, ...]]:
    """The thirty first, then by lesson and exercise."""
    numbers = tuple(map(int, puzzle.number.split(".")))
    return puzzle.is_exercise, numbers


def find(name: str) -> Puzzle:
    """The puzzle of a name, or of a number such as "7" or "04.2".

    Raises LookupError, with the nearest name, if there is none, and TypeError for what is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"a puzzle is named by a text, 'causal' or '7', got {name!r:.60}")
    puzzles = book()
    for puzzle in puzzles:
        if name in (puzzle.name, puzzle.number):
            return puzzle
    near = get_close_matches(name, [puzzle.name for puzzle in puzzles], 1)
    names = "sr.puzzles.progress() and `sparse-ref puzzles` list them"
    mend = f"did you mean {near[0]!r}?" if near else names
    raise LookupError(f"no puzzle is named {name!r:.60}: {mend}")
