"""A report of `check` as that of another call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..._text import visible_line
from ...sets.pattern import Pattern
from ...sets.types import Length
from ..report.function_name import import_path, short_name
from ..report.python_text import option_text, pattern_text
from ..report.report import Report


@dataclass(frozen=True)
class Call:
    """A call of a function of `sr.verify`: words for what has no name, and arguments by name.

    `schedules` are the names of arguments that settle n.
    """

    name: str
    words: tuple[str, ...]
    arguments: Mapping[str, Any]
    schedules: tuple[str, ...] = ("prefill", "decode")

    def text(self, n: Length | None = None) -> str:
        """The line of Python, at another n if it is given; arguments that are None are left out."""
        arguments = dict(self.arguments)
        if n is not None:
            arguments = {key: x for key, x in arguments.items() if key not in self.schedules}
            arguments["n"] = n
        words = list(self.words)
        for key, value in arguments.items():
            if value is not None:
                words.append(f"{key}={option_text(key, value).text}")
        return visible_line(f"sr.verify.{self.name}({', '.join(words)})")


@dataclass(eq=False, repr=False)
class DrivenReport(Report):
    """A `Report` whose command is `call`, a line of Python."""

    call: Call = field(default_factory=lambda: Call("check", (), {}))

    def command_at(self, n: tuple[int, int]) -> str:
        """A line of Python that gives this report again, or that at another n."""
        return self.call.text(None if n == self.n else n[0])


def report_values(report: Report) -> dict[str, Any]:
    """The fields of a report by name, to make another one of them."""
    names = [option.name for option in fields(report) if option.init]
    return {name: getattr(report, name) for name in names}


def function_word(fn: Any, name: str) -> str:
    """The name of a function in Python; `name` if it has none."""
    word = short_name(import_path(fn)).rpartition(":")[2]
    return word if word.isidentifier() else name


def pattern_word(patterns: Sequence[Pattern]) -> str:
    """One pattern for all heads in Python, or a tuple of them."""
    texts = [pattern_text(p).text for p in patterns]
    return texts[0] if len(set(texts)) == 1 else f"({', '.join(texts)})"
