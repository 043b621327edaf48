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
A judge is judged by what it lets pass. {wrong} implementations are stored in `tests/verify/mutants`, each wrong in one known way,
and {right} right ones, each in another style. Every wrong one has to be caught with the finding that names its fault, at each of
float32, bfloat16 and float16 at which the fault shows; no right one may be flagged at any of them. This page is written from
their reports by `docs/mutants.py`: the bug, where it was met outside this library if it was, what was asked, and the finding by
which `verify` names it."""


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
        *(f"| {plain(right.name)} | {asked(right)} |" for right in RIGHT),
        "",
    ]
    return "\n".join(lines)


def row(mutant: Mutant) -> str:
    """A bug and its source, what was asked, and the finding that names it at the first dtype at which it shows, or the first."""
    met = f"<br>{linked(plain(mutant.source))}" if mutant.source else ""
    findings = mutant.check(mutant.dtypes[0]).findings
    said = sorted(findings, key=lambda finding: finding.kind != mutant.finding)
    return f"| {plain(mutant.name)}{met} | {asked(mutant)} | {plain(steady(str(said[0]))) if said else 'nothing, yet'} |"


def asked(case: Case) -> str:
    """The pattern and the sizes."""
    patterns = case.pattern if isinstance(case.pattern, (list, tuple)) else [case.pattern]
    names = ", ".join(f"`{p!r}`" for p in dict.fromkeys(patterns)).replace("|", "\\|")
    heads = case.heads or len(patterns)
    return (
        f"{names}, n = {case.n}"
        + (f", {heads} heads" if heads > 1 else "")
        + "".join(f", {name} = {value}" for name, value in case.options.items())
    )


def steady(text: str) -> str:
    """A finding without its measured errors, which are not the same on every machine."""
    return re.sub(r": error up to \S+, allowed [^\s;]+", "", text)


def linked(text: str) -> str:
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
