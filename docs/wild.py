"""Writes docs/wild.md and docs/wild/: what `sr.verify` finds out about released packages.

The first page has the stories and a table, wild/ a page for each package with its reports.

python docs/wild.py              with the Python of `make test-originals`
"""

import re
import sys
from itertools import chain, groupby
from pathlib import Path

import sparse_ref as sr

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from wild import stories  # noqa: E402
from wild.cases import CASES  # noqa: E402

REPRODUCED = "PYTHONPATH=tests .venv/originals/bin/python -m wild "
MAX_ROWS, MAX_COLUMNS = 40, 80  # of a picture in a page
LEGEND = "█ both, · neither, + only in the package, - only in the expected set"
INTRODUCTION = """\
{packages} released packages, judged by `sr.verify.check` against the pattern that they, or the
papers they cite, claim: {wrong} uses [differ from it](#what-differs), {right} [do
not](wild/as_claimed.md). Three of them as stories:"""

METHOD = """\
## How the packages are judged

Verify gets the function, the pattern and what the package says of its numbers (a soft cap, sinks),
nothing else. The words, names of sets and pictures of the reports are its own; only measured errors
are left out, and numbers of rounding are printed as 0. `docs/wild.py` writes these pages from
`tests/wild`, and `make test-originals` fails if a package, or a page, changes.

Layers whose keys are chosen by data have no pattern to be compared with. `sr.verify.check_model`
and `sr.verify.check_invariance` try what must not change their output: later tokens, the rest of
the batch, padding on the left, packed documents, a cache by schedules, a cropped cache, another
implementation. `sr.verify.selection` judges what an indexer chose by its scores.

For layers with built-in projections, the test replaces the projections by lookups, so that `q`, `k`
and `v` are known (`tests/wild/handed.py`). Biases and normalizations are switched off, and layouts
of blocks have blocks of one token. A package that differs from a claim may still do what its
authors mean: [where sources differ](differs.md) lists what else is in use.
"""


REPORTS = """\
## Reports

[Reports that can be filed](upstream/index.md): for each defect that was found here first, ten lines
that reproduce it without this library, what is expected, what comes out, and where in the source.
Each is run by a test.

## Left out

Packages that were judged once and have no case here:

- sglang: its PyTorch backend imports the server, which asks for kernels that need a GPU.
- performer-pytorch, linear-attention-transformer, reformer-pytorch: approximations, which claim no
  sets of keys."""

OF_PACKAGE = """\
[Bugs in the wild](../wild.md) says how packages are judged, and [Findings](../findings.md) what
each word of a report means. In the pictures, rows are queries and columns are keys: {legend}.

The command below each report prints all of it; run it in the folder of the Makefile, after
`make test-originals`."""

AS_CLAIMED = """\
# What is as claimed

{right} uses of released packages attend to the sets that the packages, or the papers they cite,
claim. [Bugs in the wild](../wild.md) says how they are judged, and lists the uses that differ."""


def pages(reports) -> dict[str, str]:
    """The text of each page by its path in docs/, from the report on each case by its name."""
    wrong = {name: case for name, case in CASES.items() if case.finds}
    right = {name: case for name, case in CASES.items() if not case.finds}
    texts = {"wild.md": index(reports, wrong, right), "wild/as_claimed.md": claimed_page(right)}
    names = sorted(wrong, key=lambda name: wrong[name].package)  # stable: as in the table
    for package, of_package in groupby(names, lambda name: wrong[name].package):
        cases = {name: wrong[name] for name in of_package}
        texts[f"wild/{package}.md"] = package_page(cases, reports)
    return texts


def index(reports, wrong, right) -> str:
    """The first page: stories, how packages are judged, and a table of what differs."""
    packages = len({case.package for case in CASES.values()})
    pages = sorted({case.package for case in wrong.values()}, key=str.lower)
    sections = [story_section(story, reports[story.case]) for story in stories.STORIES]
    rows = [row(name, case, reports[name]) for name, case in wrong.items()]
    lines = [
        "# Bugs in the wild",
        "",
        INTRODUCTION.format(packages=packages, wrong=len(wrong), right=len(right)),
        "",
        *chain(*sections),
        *METHOD.split("\n"),
        *REPORTS.split("\n"),
        "",
        "## What differs",
        "",
        "| case | package | claims | verify finds |",
        "|---|---|---|---|",
        *rows,
        "",
        f"The other {len(right)} uses are listed in [What is as claimed](wild/as_claimed.md).",
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(f"{package} <wild/{package}>" for package in pages),
        "wild/as_claimed",
        "```",
        "",
    ]
    return "\n".join(lines)


def row(name, case, report) -> str:
    """A line of the table; its place has the name that the case had when all were on this page."""
    anchor = slug(name)
    link = f'<span id="{anchor}"></span>[{name}]({page_of(name)}#{anchor})'
    package = f"{case.package} {case.version}"
    return f"| {link} | {package} | {plain(case.claims)} | {verdict(report)} |"


def claimed_page(right) -> str:
    """The page of the uses that are right."""
    lines = [
        AS_CLAIMED.format(right=len(right)),
        "",
        "| case | package | used | claims, and does |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {case.package} {case.version} | {cell(case.call)} "
        f"| {plain(case.claims)}{f': {cell(case.pattern)}' * bool(case.pattern)} |"
        for name, case in right.items()
    ]
    return "\n".join([*lines, ""])


def package_page(cases, reports) -> str:
    """The reports on a package, one by one."""
    first, *_ = cases.values()
    title = f"# What differs in {first.package} {first.version}"
    lines = [title, "", OF_PACKAGE.format(legend=LEGEND), ""]
    for name, case in cases.items():
        lines += part(name, case, reports[name])
    return "\n".join(lines)


def slug(name: str) -> str:
    """The anchor of a case."""
    return name.replace("_", "-")


def page_of(name: str) -> str:
    """The page with the report on a case, seen from docs/."""
    return f"wild/{CASES[name].package}.md"


def story_section(story, report) -> list[str]:
    """A story, its picture and where to read on."""
    case = f"{page_of(story.case)}#{slug(story.case)}"
    return [
        f"## {story.title}",
        "",
        *story.text.split("\n"),
        "",
        "```text",
        *stories.picture(story, report),
        "```",
        "",
        f"[What verify says of it]({case}), and [a report to file](upstream/{story.report}.md).",
        "",
    ]


def part(name, case, report) -> list[str]:
    """One case: the package, what it claims, what verify says, and the difference."""
    n = case.n if isinstance(case.n, int) else "(n_q, n_k) = " + str(case.n)
    asked = f"asked for was `{case.pattern}`, " if case.pattern else ""
    return [
        f"## {name.replace('_', ' ')}",
        "",
        f"{case.package} {case.version}: `{case.call}`",
        "",
        f"Claims {plain(case.claims)} ({plain(case.source)}); {asked}n = {n}.",
        "",
        "```text",
        *words(report),
        *picture(report),
        "```",
        "",
        "```",
        f"{REPRODUCED}{name}",
        "```",
        "",
    ]


def words(report) -> list[str]:
    """What verify says of the sets: its findings, and what the sets that it found are called."""
    said = [
        line
        for line in str(report).split("\n")[1:]
        if re.match(r"- |(also fits: )?(all \d+ heads|heads? [\d, ]+): ", line)
    ]
    measured = r": error up to \S+, allowed [^\s;]+"
    rounding = r"-?[\d.]+e-(0[6-9]|[1-9]\d)"  # what is left of 0
    return [re.sub(rounding, "0", re.sub(measured, "", line)) for line in said]


def picture(report) -> list[str]:
    """The difference of the first head that has one."""
    if hasattr(report, "wrong_rows"):  # of a selection
        return ["", *report.picture()]
    if getattr(report, "actual_mask", None) is None:
        return []
    heads = (report.actual_mask != report.expected_mask).any(axis=(1, 2))
    if not heads.any():
        return []
    expected, actual = (mask[heads][0] for mask in (report.expected_mask, report.actual_mask))
    drawn = sr.difference(expected, actual)
    return ["", *crop(str(drawn).split("\n"))]


def crop(rows: list[str]) -> list[str]:
    """The upper left of a picture that is too large for a page."""
    lines = [row if len(row) <= MAX_COLUMNS else row[:MAX_COLUMNS] + " ..." for row in rows]
    rest = len(rows) - MAX_ROWS
    ending = [f"... and {rest} rows more"] if rest > 0 else []
    return lines[:MAX_ROWS] + ending


def verdict(report) -> str:
    """The kinds of findings, and the name of what was found."""
    kinds = ", ".join(dict.fromkeys(finding.kind for finding in report.findings))
    names = getattr(report, "names", {})
    return kinds + "".join(f": it is {cell(name)}" for name in dict.fromkeys(names.values()))


def plain(said: str) -> str:
    """Text in which Markdown finds nothing of its own."""
    return re.sub(r"([*_|<>])", r"\\\1", said)


def cell(said: str) -> str:
    """Code as it can stand in a table."""
    return "`" + said.replace("|", r"\|") + "`"


if __name__ == "__main__":
    (HERE / "wild").mkdir(exist_ok=True)
    reports = {name: case.report() for name, case in CASES.items()}
    for path, text in pages(reports).items():
        (HERE / path).write_text(text)
        print(HERE / path)
