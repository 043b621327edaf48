"""Puzzles whose checker names the mistake: state a set, solve for j, compute, select, refute.

    def last_three(i, j):            # the name says which puzzle it answers
        return (i - 4 < j) & (j <= i)

    sr.puzzles.check(last_three)     # not yet: you wrote Lookback(4): one key too many ...
    sr.puzzles.show("last_three")    # the question and its picture
    sr.puzzles.hint("last_three")    # the next hint
    sr.puzzles.solution("last_three")
    sr.puzzles.progress()            # what is solved in this session

A puzzle is data: a `Puzzle` with its `kind`, a reference answer, and stored wrong answers with the
names of their mistakes. `book` lists all of them.
"""

from .book import book, find
from .puzzle import Mistake, Puzzle
from .puzzle_session import check, hint, progress, show, solution
from .puzzle_verdict import Verdict

__all__ = [
    "Mistake",
    "Puzzle",
    "Verdict",
    "book",
    "check",
    "find",
    "hint",
    "progress",
    "show",
    "solution",
]
