"""Answers, hints and progress in one session of Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from .answer_calls import is_stored
from .book import book, find
from .judge_answer import judge, require_hypothesis
from .puzzle import Puzzle, name_of
from .puzzle_pages import Progress, Question, table_of
from .puzzle_verdict import SOLVED, UNANSWERED, Verdict


class Text(str):
    """A text whose repr is the text itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass
class Session:
    """What is solved, and how many hints were given, by the names of puzzles."""

    states: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)

    def record(self, verdict: Verdict) -> None:
        """Keep the best state of a puzzle."""
        name = verdict.puzzle.name
        if self.states.get(name) != SOLVED and verdict.state != UNANSWERED:
            self.states[name] = verdict.state

    def next_hint(self, puzzle: Puzzle) -> str:
        """The hint that was not given yet; the last one if all were."""
        number = self.hints.get(puzzle.name, 0)
        return puzzle.hints[min(number, len(puzzle.hints) - 1)]


SESSION = Session()


def check(answer: Any, name: str | None = None) -> Verdict:
    """The verdict on an answer: true if it is right, else the name of the mistake and a picture.

    The answer is compared with the puzzle's reference on all small cases, then on cases that
    Hypothesis draws, the same in every run. The smallest case that fails is shown.

    Parameters
    ----------
    answer : callable, class or Pattern
        A function named for the puzzle, or, for a set, a `Rule` named for it in CamelCase.
    name : str or None
        The puzzle, for answers that have no name, such as a pattern.

    Returns
    -------
    verdict : Verdict
        No wrong answer raises; `...` is "not answered yet".

    Raises
    ------
    LookupError
        No puzzle has this name; the message has the nearest one. Or the answer has no name.
    ImportError
        The package hypothesis is missing.

    >>> import sparse_ref as sr
    >>> def last_three(i, j): return (i - 4 < j) & (j <= i)
    >>> verdict = sr.puzzles.check(last_three)
    >>> bool(verdict), verdict.words
    (False, 'you wrote Lookback(4): one key too many at the left edge')
    """
    require_hypothesis()
    name = name_of(answer) if name is None else name
    if not name or name == "<lambda>":
        raise LookupError(
            "the answer does not say which puzzle it answers: write a function of the puzzle's "
            "name, or name it, as in sr.puzzles.check(answer, 'last_three')"
        )
    puzzle = find(name)
    if is_stored(answer):
        raise LookupError("the answer is the stored one: write your own")
    verdict = judge(puzzle, answer)
    SESSION.record(verdict)
    return replace(verdict, hint=SESSION.next_hint(puzzle))


def hint(name: str) -> Text:
    """The next hint of a puzzle, as text; the last one again when there are no more.

    >>> import sparse_ref as sr
    >>> sr.puzzles.hint("last_three")
    1 of 2: The first key of query i is i - 2, the last one is i itself.
    """
    puzzle = find(name)
    text = SESSION.next_hint(puzzle)
    number = puzzle.hints.index(text) + 1
    SESSION.hints[puzzle.name] = number
    return Text(f"{number} of {len(puzzle.hints)}: {text}")


def solution(name: str) -> Text:
    """The source of a puzzle's reference, as text; of a set that is asked for as runs too, both.

    >>> import sparse_ref as sr
    >>> sr.puzzles.solution("last_three").split("return ")[1].split(chr(10))[0]
    '(i - 3 < j) & (j <= i)'
    """
    return Text("\n\n".join(find(name).solutions))


def show(name: str) -> Question:
    """The question of a puzzle with its picture and its stub, in text and in HTML.

    Raises LookupError if no puzzle has this name.

    >>> import sparse_ref as sr
    >>> print(repr(sr.puzzles.show("last_three"))[:23])
    2 · The last three keys
    """
    return Question(find(name))


def progress(names: Iterable[str] | None = None) -> Progress:
    """A table of puzzles, with what is solved in this session.

    Parameters
    ----------
    names : iterable of str or None
        These puzzles; None for the thirty.
    """
    chosen = [puzzle for puzzle in book() if not puzzle.is_exercise]
    if names is not None:
        chosen = [find(name) for name in names]
    return table_of(chosen, SESSION.states)
