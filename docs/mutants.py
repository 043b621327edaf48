"""The page of the stored mutants, written from what a check says of each: python docs/mutants.py

A test holds the page equal to what this file writes, so that it is never edited by hand.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from verify.mutants import MUTANTS, RIGHT, SUBJECTS, Case, Mutant  # noqa: E402

INTRODUCTION = """\
A judge is judged by what it lets pass. `tests/verify/mutants` stores {wrong} implementations, each
wrong in one known way, and {right} right ones, each in another style. Every wrong one must be
caught with the finding that names its fault, in each of float32, bfloat16 and float16 that shows
the fault; no right one may be flagged in any of them. `docs/mutants.py` writes this page from their
reports: the bug, where it was met outside this library if it was, what was asked, and what the
report says first. Most of those in the first three tables are asked with the arguments that a
newcomer gives: no length, no layout."""


def page() -> str:
    """The text of the page."""
    lines = [
        "# Mutants",
        "",
        *INTRODUCTION.format(wrong=len(MUTANTS), right=len(RIGHT)).split("\n"),
        "",
    ]
    for subject in SUBJECTS:
        first, _, rest = subject.__doc__.split("\n")[0].partition(": ")
        lines += [
            f"## {first}",
            "",
            plain(rest[:1].upper() + rest[1:]),
            "",
            "| bug | asked | verify says |",
            "|---|---|---|",
            *map(row, subject.MUTANTS),
            "",
        ]
    lines += [
        "## Right ones",
        "",
        "Each passes.",
        "",
        "| style | asked |",
        "|---|---|",
        *(f"| {plain(right.name)} | {setting(right)} |" for right in RIGHT),
        "",
    ]
    return "\n".join(lines)


def row(mutant: Mutant) -> str:
    """A bug and its source, what was asked, the cause on the first line of the report, and the
    finding that names it, at the first dtype at which it shows.
    """
    met = f"<br>{link_issues(plain(mutant.source))}" if mutant.source else ""
    report = mutant.check(mutant.dtypes[0])
    findings = sorted(report.findings, key=lambda finding: finding.kind != mutant.finding)
    texts = [steady(str(finding)) for finding in findings[:1]]
    if report.status == "UNTESTED":
        texts = [report.verdict.partition(" - ")[2]]
    cause = steady(report.cause)
    lines = [cause, *(text for text in texts if cause not in text)] if cause else texts
    says = "<br>".join(map(plain, lines)) or "nothing, yet"
    return f"| {plain(mutant.name)}{met} | {setting(mutant)} | {report.status}: {says} |"


def setting(case: Case) -> str:
    """The pattern, the sizes, and the options."""
    patterns = case.pattern if isinstance(case.pattern, (list, tuple)) else [case.pattern]
    names = ", ".join(f"`{p!r}`" for p in dict.fromkeys(patterns)).replace("|", "\\|")
    heads = case.heads or len(patterns)
    parts = [names] + [f"n = {case.n}"] * (case.n is not None)
    parts += [f"{heads} heads"] * (heads > 1)
    parts += [f"{name} = {value(x)}" for name, x in case.options.items()]
    return ", ".join(parts)


def value(x: object) -> str:
    """An option in few words."""
    if callable(x):
        return "a function"
    if hasattr(x, "ndim") and x.ndim > 1:
        return f"an array {x.shape}"
    numbers = x.tolist() if hasattr(x, "tolist") else x
    if isinstance(numbers, list) and len(numbers) > 4:
        return f"{len(numbers)} numbers"
    return str(numbers)


def steady(text: str) -> str:
    """A finding without its measured errors, which are not the same on every machine."""
    text = re.sub(r"[\d.]+e-\d+ of them", "0 of them", text)
    text = re.sub(r"\d+ (rows that differ between calls)", r"\1", text)
    return re.sub(r": error up to \S+, allowed [^\s;]+", "", text)


def link_issues(text: str) -> str:
    """owner/name#1 as a link."""
    return re.sub(r"([\w.-]+/[\w.-]+)#(\d+)", r"[\1#\2](https://github.com/\1/issues/\2)", text)


def plain(text: str) -> str:
    """Text in which Markdown finds nothing of its own but code."""
    return "".join(
        span.replace("|", r"\|")
        if span.startswith("`")
        else re.sub(r"([*_|<>^\[\]])", r"\\\1", span)
        for span in re.split(r"(`[^`]*`)", text)
    )


if __name__ == "__main__":
    (HERE / "mutants.md").write_text(page())
    print(HERE / "mutants.md")
