"""One word out of a few: what is wrong with a piece of code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import getsource
from textwrap import dedent
from typing import Any

from ..answer_calls import Fault, call
from .kind import Answer, OneCaseKind


@dataclass(frozen=True, eq=False)
class Choice(OneCaseKind):
    """The answer is a function of nothing that returns one of the options.

    Attributes
    ----------
    options : mapping of str to str
        The words to choose from, with what each means; shown with the question.
    code : callable or None
        The code that the question is about, whose source is shown.
    """

    noun = "choice"
    is_secret = True
    options: Mapping[str, str] = field(default_factory=dict)
    code: Callable[..., Any] | None = None

    def value(self, answer: Answer, case: tuple[()]) -> str:
        """The word."""
        word = call(answer)
        if not isinstance(word, str) or word not in self.options:
            words = ", ".join(map(repr, self.options))
            raise Fault(f"the answer must be one of {words}, got {word!r:.60}")
        return word

    def agrees(self, actual: str, wanted: str, case: tuple[()]) -> bool:
        """Whether the words are equal."""
        return actual == wanted

    def words(self, actual: str, wanted: str, case: tuple[()]) -> str:
        """What the word would mean."""
        return f"it is not {actual!r}: {self.options[actual]}"

    def picture(self, reference: Answer) -> str:
        """The code, and the options."""
        options = [f"{word!r}: {meaning}" for word, meaning in self.options.items()]
        if self.code is None:
            return "\n".join(options)
        return "\n".join([dedent(getsource(self.code)), *options])
