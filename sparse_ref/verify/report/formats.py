"""A report for machines and pages: JUnit XML, Markdown for a job's summary, HTML for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, tostring

from ..._text import html_text, json_text, visible
from .function_name import source_place
from .markdown import code_span, markdown_text
from .picture import in_colours
from .wording import finding_lines, last_line

if TYPE_CHECKING:
    from .report import Report

SUBJECTS = {
    "calls": ("error", "timeout", "layout", "shared", "shape", "dtype", "random", "state",
              "not linear", "batch", "clip"),
    "sets": ("nan", "alignment", "extra", "missing", "empty row", "multiplicity", "bias",
             "row sum", "ghost", "leak", "overflow"),
    "outside": ("poison",),
    "heads": ("kv map",),
    "numbers": ("numerics", "precision", "factor", "scale", "curve", "lse"),
    "gradients": ("gradient",),
    "future": ("future",),
    "tested": ("untested",),
}  # fmt: skip
Failures = dict[str, list[tuple[str, str]]]  # (kind, text) by subject
OTHERS = "other"  # the subject of any other kind
PICTURE_STYLE = "font-family:monospace;line-height:1.0;letter-spacing:0"
MARKS = {"PASS": "✅", "UNTESTED": "⚠️", "FAIL": "❌"}


def report_json(report: Report) -> str:
    """The report as JSON, without the masks."""
    untested = [
        {"message": str(item), "least_n": getattr(item, "least_n", None)}
        for item in report.untested
    ]
    others = [
        {"n": other.n, "diagnosis": list(map(asdict, other.diagnosis))}
        for other in report.others
        if other.findings
    ]
    content = {
        "function": report.fn,
        "status": report.status,
        "passed": report.passed,
        "verdict": report.verdict,
        "patterns": list(map(repr, report.patterns)),
        "n": report.n,
        "heads": report.heads,
        "seed": report.seed,
        "settings": report.settings,
        "untested": untested,
        "findings": list(map(asdict, report.findings)),
        "diagnosis": list(map(asdict, report.diagnosis)),
        "others": others,
        "names": report.names,
        "numbers": list(map(asdict, report.numbers)),
        "remarks": report.remarks,
        "command": report.command,
    }
    return json_text(content)


def subject_of(kind: str) -> str:
    """The subject that a kind of finding belongs to."""
    subjects = (subject for subject, kinds in SUBJECTS.items() if kind in kinds)
    return next(subjects, OTHERS)


def junit(report: Report) -> str:
    """One test suite; a test case for each subject, failed by the findings that belong to it.

    What n cannot show fails the case "tested".
    """
    failures: Failures = {subject: [] for subject in SUBJECTS}
    for finding in report.findings:
        fault = finding.kind, str(finding)
        failures.setdefault(subject_of(finding.kind), []).append(fault)
    failures["tested"] += [("untested", str(item)) for item in report.untested]
    wrong = [subject for subject, found in failures.items() if found]
    counts = {"tests": len(failures), "failures": len(wrong), "errors": 0, "skipped": 0}
    suite = _element("testsuite", {"name": f"sparse_ref verify {report.name}", **counts})
    place = source_place(report.function)
    attributes = {} if place is None else place._asdict()
    for subject, found in failures.items():
        case = _element("testcase", attributes | {"classname": report.name, "name": subject})
        suite.append(case)
        if found:
            kind, message = found[0]
            is_first = report.findings and found[0][1] == str(report.findings[0])
            message = report.verdict if is_first else message
            texts = [text for _, text in found]
            lines = [*texts, *report.notes(), last_line(report)]
            failure = _element("failure", {"message": message, "type": kind}, "\n".join(lines))
            case.append(failure)
    return tostring(suite, encoding="us-ascii", xml_declaration=True).decode()


def _element(tag: str, attributes: Mapping[str, Any], text: str = "") -> Element:
    """An element with this text, in which every character is one of XML."""
    values = {name: visible(str(value)) for name, value in attributes.items()}
    element = Element(tag, values)
    element.text = visible(text) or None
    return element


def markdown(report: Report) -> str:
    """A heading, a table of findings, what explains them, and the picture."""
    lines = [f"### {MARKS[report.status]} {markdown_text(report.verdict)}", ""]
    if report.findings:
        request = markdown_text(report.request)
        lines += [f"asked: {request}", "", "| finding | what | first |", "|---|---|---|"]
        for finding in report.findings:
            first = ", ".join(map(str, finding.at or ()))
            cells = map(markdown_text, (finding.kind, finding.message, first))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += [f"- {markdown_text(note)}" for note in report.notes()]
    if picture := report.picture():
        lines += ["", markdown_text(picture[0]), "", "```text", *picture[1:], "```"]
    if not report.passed:
        label, _, command = last_line(report).partition(": ")
        lines += ["", f"{label}: {code_span(command)}"]
    return "\n".join(lines) + "\n"


def html(report: Report) -> str:
    """A division with the same content as the text; the picture is in a monospace font."""
    parts = [f"<b>{html_text(report.verdict)}</b>"]
    if not report.passed:
        lines = finding_lines(report)
        findings = "".join(f"<li>{html_text(line)}</li>" for line in lines)
        parts.append(f"<div>asked: {html_text(report.request)}</div>")
        parts.append(f"<ul>{findings}</ul>" * bool(lines))
    parts += [f"<div>{html_text(note)}</div>" for note in report.notes()]
    if not report.passed:
        label, _, command = last_line(report).partition(": ")
        parts.append(f"<div>{label}: <code>{html_text(command)}</code></div>")
    if picture := report.picture():
        caption, *lines = picture
        image = "\n".join(map(in_colours, lines))
        parts.append(f'<div>{html_text(caption)}</div><pre style="{PICTURE_STYLE}">{image}</pre>')
    return f"<div>{''.join(parts)}</div>"
