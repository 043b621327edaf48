"""The sentences of a report: the verdict, what was asked, the findings, and the notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...sets.checks import lengths as pair_of
from ...sets.types import Length
from ..checks.numbers import Numbers
from ..naming.diagnosis import Diagnosis
from .explanations import finding_cause, finding_text, first_explanations, heads_in_words
from .python_text import option_text

if TYPE_CHECKING:
    from .report import Report

DECLARATIONS = ("align", "scale", "softcap", "sinks", "bias", "alibi", "fill", "transform", "lse")
JUDGEMENTS = ("precision", "q", "k")  # what is judged, rather than what is meant
USUAL_CHOICE = "layout hnd, framework numpy: found by trying"
ORDINARY_SPREAD = 10  # of logits


def verdict(report: Report) -> str:
    """One line: the status, the function, and the cause, or what it was found to be."""
    start = f"{report.status} {report.name} -"
    if report.status == "FAIL":
        return f"{start} {cause(report)}"
    if report.status == "UNTESTED":
        return f"{start} {'; '.join(map(str, report.untested))} (nothing wrong was found)"
    return f"{start} {request(report)} ({extent(report)})"


def request(report: Report) -> str:
    """The expected patterns, n, heads and seed, and the declared form."""
    names = list(map(repr, report.question.patterns))
    pattern = names[0] if len(set(names)) == 1 else f"({', '.join(names)}), head by head"
    heads = f"{report.heads} head{'s' * (report.heads != 1)}"
    declared = report.question.declarations()
    options = [
        f", {name}={option_text(name, declared[name]).text}"
        for name in (*DECLARATIONS, *JUDGEMENTS)
        if name in declared
    ]
    return f"{pattern} at n = {report.size}, {heads}, seed {report.seed}{''.join(options)}"


def extent(report: Report) -> str:
    """The lengths that were checked, and what was left out."""
    lengths = [_length(other.size) for other in report.others]
    parts = [f"also n = {', '.join(lengths)}" if lengths else f"only n = {report.size}"]
    omitted = []
    if not lengths or report.options.get("ragged") is False:
        omitted.append("ragged lengths")
    if report.options.get("gradients") is None:
        omitted.append("gradients")
    return "; ".join([*parts, f"not checked: {', '.join(omitted)}"] if omitted else parts)


def cause(report: Report) -> str:
    """The first explanation of the first wrong head, or the first finding in few words."""
    focus = report.focus
    at = "" if focus is report else f" at n = {focus.size}"
    explanations, _ = first_explanations(focus.diagnosis)
    is_misaligned = any(finding.kind == "alignment" for finding in focus.own_findings)
    if not explanations or is_misaligned:
        return f"{finding_cause(focus.own_findings or report.findings)}{at}"
    first = explanations[0]
    place = f"{_in_heads(report, first)}{at}"
    patterns = {focus.patterns[head] for head in first.heads} or set(focus.patterns)
    expected = f"asked {next(iter(patterns))!r}" if len(patterns) == 1 else ""
    if first.name and first.kind != "nothing":
        expected = f"{first.name}, {expected}" if expected else first.name
    if not first.cause:
        return f"{expected or first.text}{place}"
    return f"{first.cause}{place} ({expected})" if expected else f"{first.cause}{place}"


def _in_heads(report: Report, diagnosis: Diagnosis) -> str:
    """` in head 1`, or nothing if these are all heads."""
    heads = diagnosis.heads
    is_whole = len(heads) in (0, report.heads) or diagnosis.kind.startswith("heads ")
    return "" if is_whole else f" in {heads_in_words(heads, report.heads)}"


def finding_lines(report: Report) -> list[str]:
    """An entry for each finding at n, or else at the first length that fails, and the others."""
    if not report.findings:
        return []
    focus, first_cause = report.focus, cause(report)
    at = "" if focus is report else f"at n = {focus.size}: "
    lines = [f"{at}{finding_text(finding, first_cause)}" for finding in focus.own_findings]
    lengths: dict[str, list[str]] = {}
    for other in report.others:
        if other.findings and other is not focus:
            kinds = dict.fromkeys(finding.kind for finding in other.findings)
            lengths.setdefault(", ".join(kinds), []).append(_length(other.size))
    return lines + [f"also at n = {', '.join(at)}: {kinds}" for kinds, at in lengths.items()]


def _length(n: Length) -> str:
    """n, or n_q x n_k."""
    return str(n) if isinstance(n, int) else f"{n[0]}x{n[1]}"


def notes(report: Report) -> Iterator[str]:
    """What fn computes, whether the numbers are right, and what is worth knowing."""
    if report.status == "FAIL":
        yield from (f"untested: {item}" for item in report.untested)
    explanations, others = first_explanations(report.focus.diagnosis)
    for prefix, diagnoses in (("", explanations), ("also fits: ", others)):
        for diagnosis in diagnoses:
            heads = heads_in_words(diagnosis.heads, report.heads)
            yield f"{prefix}{heads}: {diagnosis.text}"
    if form := found_form(report):
        yield f"called with {form}"
    if report.actual_mask is not None and not report.numbers:
        yield "numbers: not checked"
    for numbers in report.numbers:
        if not numbers.wrong and not numbers.broken:
            yield _numbers_in_words(report, numbers)
    yield from report.remarks


def found_form(report: Report) -> str:
    """The layout and framework that were found by trying; "" if they are those of plain NumPy."""
    choice = report.options.get("choice") or ""
    return "" if choice == USUAL_CHOICE else choice


def _numbers_in_words(report: Report, numbers: Numbers) -> str:
    """The rows in which the numbers are right, and by how much."""
    sample = report.sample
    rows = report.n[0] if sample is None else len(sample.rows)
    total = report.heads * rows
    which = "rows with the right keys" if sample is None else "sampled rows with the right keys"
    skipped = total - numbers.rows
    rest = f" ({skipped:,} with wrong keys skipped)" if skipped else ""
    is_ordinary = numbers.spread < ORDINARY_SPREAD
    logits = "ordinary logits" if is_ordinary else f"logits of spread {numbers.spread:g}"
    return (
        f"numbers: right in {numbers.rows:,} of {numbers.rows:,} {which}{rest}; {logits}; "
        f"max error {numbers.error:.2g}, allowed {numbers.budget:.2g}"
    )


def last_line(report: Report) -> str:
    """The command that gives the report again, or that tests what n cannot show."""
    if report.status == "UNTESTED":
        least = [pair_of(getattr(item, "least_n", report.n)) for item in report.untested]
        n_q, n_k = (max(axis) for axis in zip(*least))
        return f"to test it: {report.command_at((n_q, n_k))}"
    return f"again: {report.command}"
