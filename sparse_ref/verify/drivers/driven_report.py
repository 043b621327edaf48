"""A report of `check` as that of another call."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ...sets.pattern import Pattern
from ..report.report import Report
from ..report.rerun import python_text


@dataclass(eq=False, repr=False)
class DrivenReport(Report):
    """A `Report` whose command is `call`, a line of Python."""

    call: str = ""

    @property
    def command(self) -> str:
        """A line of Python that gives this report again."""
        return self.call


def report_values(report: Report) -> dict[str, Any]:
    """The fields of a report by name, to make another one of them."""
    return {x.name: getattr(report, x.name) for x in fields(report) if x.init}


def call_text(name: str, words: list[str], arguments: dict[str, Any]) -> str:
    """A call of a function of `sr.verify` in Python, without arguments that are None."""
    named = {key: x for key, x in arguments.items() if x is not None}
    values = [f"{key}={_value_text(x)}" for key, x in named.items()]
    return f"sr.verify.{name}({', '.join([*words, *values])})"


def _value_text(value: Any) -> str:
    """A value in Python; a function by its name."""
    if isinstance(value, Pattern):
        return python_text(value)
    is_function = callable(value) and hasattr(value, "__name__")
    return value.__name__ if is_function else repr(value)
