"""A report for machines and pages: JUnit XML, Markdown for a job's summary, HTML for a notebook."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from ..checks.finding import KINDS

if TYPE_CHECKING:
    from .report import Report

SUBJECTS = {
    "calls": KINDS[:8],
    "sets": KINDS[8:18],
    "outside": ("poison",),
    "heads": ("kv map",),
    "numbers": ("numerics", "scale", "curve", "lse"),
    "gradients": ("gradient",),
    "future": ("future",),
}
PICTURE_STYLE = "font-family:monospace;line-height:1.0;letter-spacing:0"


def json_text(report: Report) -> str:
    """The report as JSON, without the masks."""
    content = {
        "passed": report.passed,
        "patterns": list(map(repr, report.patterns)),
        "n": report.n,
        "heads": report.heads,
        "seed": report.seed,
        "findings": list(map(asdict, report.findings)),
        "diagnosis": list(map(asdict, report.diagnosis)),
        "names": report.names,
        "numbers": list(map(asdict, report.numbers)),
        "remarks": report.remarks,
        "command": report.command,
    }
    return json.dumps(content, allow_nan=False)


def junit(report: Report) -> str:
    """One test suite; a test case for each subject, failed by the findings that belong to it."""
    failures = {
        subject: [finding for finding in report.findings if finding.kind in kinds]
        for subject, kinds in SUBJECTS.items()
    }
    suite = Element(
        "testsuite",
        name=f"sparse_ref verify {report.fn}",
        tests=str(len(SUBJECTS)),
        failures=str(sum(map(bool, failures.values()))),
        errors="0",
        skipped="0",
    )
    for subject, findings in failures.items():
        case = SubElement(suite, "testcase", classname=report.fn, name=subject)
        if findings:
            message, kind = printable(str(findings[0])), findings[0].kind
            lines = [*map(str, findings), *report.notes(), f"again: {report.command}"]
            failure = SubElement(case, "failure", message=message, type=kind)
            failure.text = printable("\n".join(lines))
    return tostring(suite, encoding="unicode", xml_declaration=True)


def printable(text: str) -> str:
    """The text without the characters that XML forbids."""
    return "".join(c for c in text if c in "\n\t" or _is_xml(c))


def _is_xml(c: str) -> bool:
    """Whether XML allows a character that is no control character."""
    return " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"


def markdown(report: Report) -> str:
    """A heading, a table of findings, what explains them, and the picture."""
    mark = "✅" if report.passed else "❌"
    lines = [f"### {mark} {report.verdict}", ""]
    if report.findings:
        lines += [f"asked: {report.setting}", "", "| finding | what | first |", "|---|---|---|"]
        for finding in report.findings:
            first = ", ".join(map(str, finding.at or ()))
            lines.append(f"| {finding.kind} | {_cell(finding.message)} | {first} |")
        lines.append("")
    lines += [f"- {_cell(note)}" for note in report.notes()]
    if picture := report.picture():
        lines += ["", picture[0], "", "```text", *picture[1:], "```"]
    if not report.passed:
        lines += ["", f"`{report.command}`"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """The text within a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def html(report: Report) -> str:
    """A division with the same content as the text; the picture is in a monospace font."""
    parts = [f"<b>{escape(report.verdict)}</b>"]
    if not report.passed:
        findings = "".join(f"<li>{escape(str(finding))}</li>" for finding in report.findings)
        parts.append(f"<div>asked: {escape(report.setting)}</div><ul>{findings}</ul>")
    parts += [f"<div>{escape(note)}</div>" for note in report.notes()]
    if not report.passed:
        parts.append(f"<div>again: <code>{escape(report.command)}</code></div>")
    if picture := report.picture():
        caption, *lines = map(escape, picture)
        image = "\n".join(lines)
        parts.append(f'<div>{caption}</div><pre style="{PICTURE_STYLE}">{image}</pre>')
    return f"<div>{''.join(parts)}</div>"
