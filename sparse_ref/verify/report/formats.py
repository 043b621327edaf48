"""A report for machines that run tests: JUnit XML, and Markdown for the summary of a job."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from ..checks.finding import KINDS

SUBJECTS = {
    "calls": KINDS[:8],
    "sets": KINDS[8:18],
    "outside": ("poison",),
    "heads": ("kv map",),
    "numbers": ("numerics", "scale", "curve", "lse"),
    "gradients": ("gradient",),
    "future": ("future",),
}


def junit(report) -> str:
    """One test suite; a test case for each subject, failed by the findings that belong to it."""
    failed = {
        subject: [x for x in report.findings if x.kind in kinds]
        for subject, kinds in SUBJECTS.items()
    }
    suite = Element(
        "testsuite",
        name=f"sparse_ref verify {report.fn}",
        tests=str(len(SUBJECTS)),
        failures=str(sum(map(bool, failed.values()))),
        errors="0",
        skipped="0",
    )
    for subject, findings in failed.items():
        case = SubElement(suite, "testcase", classname=report.fn, name=subject)
        if findings:
            failure = SubElement(
                case, "failure", message=printable(str(findings[0])), type=findings[0].kind
            )
            failure.text = printable(
                "\n".join([*map(str, findings), *report.notes(), f"again: {report.command}"])
            )
    return tostring(suite, encoding="unicode", xml_declaration=True)


def printable(text: str) -> str:
    """The text without what XML cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\n\t" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )


def markdown(report) -> str:
    """A heading, a table of findings, what explains them, and the picture."""
    lines = [f"### {'✅' if report.passed else '❌'} {report.verdict}", ""]
    if report.findings:
        lines += ["| finding | what | first |", "|---|---|---|"]
        lines += [
            f"| {x.kind} | {_cell(x.message)} | {', '.join(map(str, x.at or ()))} |"
            for x in report.findings
        ]
        lines += [""]
    lines += [f"- {_cell(note)}" for note in report.notes()]
    if picture := report.picture():
        lines += ["", picture[0], "", "```text", *picture[1:], "```"]
    return "\n".join(lines + ([] if report.passed else ["", f"`{report.command}`"])) + "\n"


def _cell(text: str) -> str:
    """The text within a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
