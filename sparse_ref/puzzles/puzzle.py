"""A puzzle as a value: the question, what is checked, the reference, and known wrong answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import getsource, signature
from textwrap import dedent
from typing import Any

from .kinds.kind import Kind

LESSONS = 18  # puzzles with parts have higher numbers

Answer = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer, and the name of what is wrong with it.

    Attributes
    ----------
    name : str
        What the verdict says of every answer that agrees with this one, such as
        `one key too many at the left edge`.
    answer : callable
        The wrong answer, which takes what the reference takes.
    """

    name: str
    answer: Answer


@dataclass(frozen=True, eq=False)
class Puzzle:
    """A question, and everything that is needed to judge answers to it.

    Attributes
    ----------
    number : str
        "7" is one of the thirty, "30.1" a part of the last one; "04.2" is the second exercise of
        lesson 4.
    title : str
        A few words.
    question : str
        What is asked, in plain text; paragraphs are separated by empty lines.
    kind : Kind
        How answers are run, on which cases, and how they are compared.
    reference : callable
        The answer whose source is shown as the solution. Its name is the puzzle's.
    hints : tuple of str
        At least one, the vaguest first.
    mistakes : tuple of Mistake
        Wrong answers with their names, at least three.
    stub : str
        The code that a reader starts from; "" for one line that returns `...`.
    """

    number: str
    title: str
    question: str
    kind: Kind
    reference: Answer
    hints: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    stub: str = ""

    @property
    def is_exercise(self) -> bool:
        """Whether it belongs to a lesson, and not to the thirty."""
        return is_exercise_number(self.number)

    @property
    def name(self) -> str:
        """The name of the function that answers the puzzle."""
        return self.reference.__name__

    @property
    def code(self) -> str:
        """The stub: a function of the right name that returns `...`."""
        return self.stub or stub_of(self.reference)

    @property
    def solutions(self) -> tuple[str, ...]:
        """The source of the reference of each part."""
        parts = self.kind.parts(self.reference)
        return tuple(source_of(reference, self.name) for kind, reference in parts)


def is_exercise_number(number: str) -> bool:
    """Whether a number is that of a lesson's exercise, and not of one of the thirty or its part.

    >>> [is_exercise_number(number) for number in ("7", "04.2", "18.1", "20.2", "30.10")]
    [False, True, True, False, False]
    """
    whole, _, part = number.partition(".")
    return bool(part) and int(whole) <= LESSONS


def stub_of(answer: Answer, name: str = "") -> str:
    """The code of a function with these parameters that returns `...`.

    >>> def last_three(i, j): return (i - 3 < j) & (j <= i)
    >>> print(stub_of(last_three))
    def last_three(i, j):
        return ...
    """
    parameters = ", ".join(signature(answer).parameters)
    return f"def {name or answer.__name__}({parameters}):\n    return ..."


def source_of(answer: Answer, name: str = "") -> str:
    """The source of a function, under another name if one is given."""
    source = dedent(getsource(answer)).rstrip()
    return re.sub(rf"\bdef {answer.__name__}\b", f"def {name or answer.__name__}", source, count=1)


def name_of(answer: Any) -> str:
    """The name of the puzzle that a function or a class answers.

    >>> class LastThree: ...
    >>> name_of(LastThree)
    'last_three'
    """
    name = getattr(answer, "__name__", "")
    if isinstance(answer, type):
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return name
