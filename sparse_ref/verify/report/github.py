"""Annotations of GitHub Actions: workflow commands with the file and the line of the function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._text import visible
from ..checks.finding import Finding
from ..naming.diagnosis import Diagnosis
from .explanations import finding_cause, first_explanations, heads_in_words
from .function_name import source_place

if TYPE_CHECKING:
    from .report import Report

SET_KINDS = ("extra", "missing", "empty row", "multiplicity")  # findings that a diagnosis explains
LEVELS = {"PASS": "notice", "UNTESTED": "warning"}


def workflow_commands(report: Report) -> str:
    """One line for each cause; one notice or warning if nothing is wrong.

    The title is the cause, and the message says more. What a workflow command would read as its
    own syntax is escaped.
    """
    if report.status in LEVELS:
        title = f"sparse-ref verify: {report.status}"
        return _command(report, LEVELS[report.status], title, report.verdict)
    return "\n".join(_errors(report))


def _errors(report: Report) -> Iterator[str]:
    """A command for each explanation, then for each finding that none explains."""
    focus = report.focus
    explanations, _ = first_explanations(focus.diagnosis)
    for diagnosis in explanations:
        text = f"{heads_in_words(diagnosis.heads, report.heads)}: {diagnosis.text}"
        yield _command(report, "error", _title(focus, diagnosis), _at_length(report, text))
    kinds = SET_KINDS if explanations else ()
    for finding in focus.own_findings:
        if finding.kind not in kinds:
            title = finding_cause([finding])
            yield _command(report, "error", title, _at_length(report, _message(finding)))


def _title(report: Report, diagnosis: Diagnosis) -> str:
    """`Lookback(257), not Lookback(256)`, or the cause."""
    patterns = {report.patterns[head] for head in diagnosis.heads}
    if diagnosis.kind == "named" and len(patterns) == 1:
        return f"{diagnosis.name}, not {patterns.pop()!r}"
    return diagnosis.cause or diagnosis.text


def _at_length(report: Report, text: str) -> str:
    """The text, after the length if that is not the first, with the name of the function."""
    at = "" if report.focus is report else f" at n = {report.focus.size}"
    return f"{report.name}{at}: {text}"


def _message(finding: Finding) -> str:
    """The finding with its place, without its kind."""
    return str(finding).removeprefix(f"{finding.kind}: ")


def _command(report: Report, level: str, title: str, message: str) -> str:
    """The workflow command."""
    place = source_place(report.function)
    properties = {"title": title}
    if place is not None:
        properties = {"file": place.file, "line": str(place.line), "title": title}
    text = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    return f"::{level} {text}::{escape_data(message)}"


def escape_data(text: str) -> str:
    """The message of a workflow command."""
    return visible(text).replace("%", "%25").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """The value of a property of a workflow command."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
