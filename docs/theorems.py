"""Write the pages of the theorem book from the verdict on each statement: python docs/theorems.py

theorems.md has the table, theorems/ a page for each chapter, _static/theorems a figure for each
theorem. A test compares the pages with the output of this file, except for the seconds, so that
nobody edits them by hand.
"""

import re
import sys
from io import BytesIO
from itertools import groupby
from pathlib import Path
from types import ModuleType

import matplotlib
import matplotlib.pyplot as plt
from PIL import Image

import sparse_ref as sr
from sparse_ref.paths import Verdict, confirm
from sparse_ref.paths.book import CHAPTERS
from sparse_ref.paths.book.index import Theorem, book

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from theorem_walks import WALKS, Walk  # noqa: E402  (docs/ is no package)

FIGURES = HERE / "_static" / "theorems"
DPI = 100
COLOURS = 128  # of a figure: few are enough, and files are a third as long
Result = tuple[Theorem, Verdict]
INTRODUCTION = """\
What papers claim about information flow through their patterns, and whether it is true. {count}
statements: {proved} are proved, {refuted} are refuted. {contradictions} contradict the claim of a
paper or a common belief.

Each statement is about the same `formula`s that draw the masks and feed the kernels. *Proved*
means that z3 finds no case of the negation, for every n, i, j and parameter at once; or that
every pair was checked, if the statement is about one length. *Refuted* comes with the smallest
counterexample by n, then i, then j, among parameters up to 4.

A second solver, cvc5, settles each proof again, from scripts in SMT-LIB 2 that
`sparse-ref prove --smt2 DIR` writes and that anybody can check without this library: {both} proofs
are by z3 and cvc5, {alone} by z3 alone. The other {checked} verdicts rest on paths that were
checked one by one, without a solver.

How to read an entry:

- The first lines are the claim in words, its source, the verdict on our statement, and how it
  compares with the claim: it agrees, it is stronger or more exact, or it contradicts it.
- *Statement* is the formal sentence that was settled. In `j in P_a and a in Q_i`, `a` is the
  position between the layers: layer 1 carries j to a, layer 2 carries a to i.
- *Negative control* is a check of the proof itself: the same proof is repeated with a broken
  pattern, for which the statement is false. It must then fail; the line shows where.
- The figure shows one pair in a small example: a shortest path through the layers, or the closed
  set of positions that no layer leaves. A figure proves nothing about all lengths; the statement
  does.

`sparse-ref prove` settles the whole book, `sparse-ref prove strided` one theorem, and
`sparse-ref prove "strided(8)"` a statement about your own steps; from Python it is
[`sr.paths.prove`](paths.md). These pages are written by `docs/theorems.py`; the seconds were
measured on two cores."""

COMPARISON = {  # what the verdict does to the claim: in the table, and in a sentence
    ("proved", "confirms"): (
        "agrees",
        "The statement below is **proved**; it agrees with the claim.",
    ),
    ("proved", "sharpens"): (
        "stronger or more exact",
        "The statement below is **proved**; it is stronger or more exact than the claim.",
    ),
    ("proved", "contradicts"): (
        "contradicts",
        "The statement below is **proved**; it contradicts the claim.",
    ),
    ("refuted", "sharpens"): (
        "stronger or more exact",
        "The statement below is **false** as stated; the exact result is stronger than the claim.",
    ),
    ("refuted", "contradicts"): (
        "contradicts",
        "The statement below is **false**; this contradicts the claim.",
    ),
}


def expected_verdict(theorem: Theorem) -> Verdict:
    """The verdict on a theorem. Raises RuntimeError if it is not the expected one."""
    verdict = confirm(theorem.settle())
    if verdict.status != theorem.expected:
        raise RuntimeError(f"expected {theorem.name} to be {theorem.expected}, got: {verdict}")
    return verdict


def introduction(theorems: list[Theorem], statuses: list[str], solvers) -> str:
    """The text before the table."""
    names = [text.partition(":")[0] for text in solvers]
    return INTRODUCTION.format(
        count=len(theorems),
        proved=statuses.count("proved"),
        refuted=statuses.count("refuted"),
        both=names.count("z3 and cvc5"),
        alone=names.count("z3 alone"),
        checked=names.count(""),
        contradictions=sum(theorem.bears == "contradicts" for theorem in theorems),
    )


def chapter_of(theorem: Theorem) -> ModuleType:
    """The module of the book with this theorem."""
    return next(chapter for chapter in CHAPTERS if theorem in chapter.THEOREMS)


def slug(chapter: ModuleType) -> str:
    """The name of a chapter's page."""
    return chapter.__name__.rpartition(".")[2]


def title(chapter: ModuleType) -> str:
    """What a chapter is about, as the sidebar says it."""
    return first_line(chapter)[0]


def first_line(chapter: ModuleType) -> tuple[str, str]:
    """The first line of a chapter: its title, and what it settles."""
    line = (chapter.__doc__ or "").split("\n")[0]
    name, _, rest = line.partition(": ")
    return name, rest


def opening(chapter: ModuleType) -> list[str]:
    """The heading of a chapter's page, and its first paragraph."""
    name, rest = first_line(chapter)
    how_to_read = "[The theorem book](../theorems.md) says how to read an entry."
    heading = f"# Theorems on {name[0].lower()}{name[1:]}"
    return [heading, "", f"{rest[0].upper()}{rest[1:]} {how_to_read}", ""]


def contents() -> list[str]:
    """The chapters as links, with what each settles."""
    link = "- [{0}](theorems/{2}.md): {1}"
    return [link.format(*first_line(chapter), slug(chapter)) for chapter in CHAPTERS]


def navigation() -> list[str]:
    """The pages of the book, for the sidebar."""
    chapters = [f"{title(chapter)} <theorems/{slug(chapter)}>" for chapter in CHAPTERS]
    return ["```{toctree}", ":hidden:", "", "paths", *chapters, "```", ""]


def pages(results: list[Result]) -> dict[str, str]:
    """The text of each page, by its path below docs/."""
    texts = {"theorems.md": index(results)}
    for chapter in CHAPTERS:
        of_chapter = [result for result in results if chapter_of(result[0]) is chapter]
        texts[f"theorems/{slug(chapter)}.md"] = chapter_page(chapter, of_chapter)
    return texts


def index(results: list[Result]) -> str:
    """The page with the introduction and the table."""
    theorems, verdicts = zip(*results)
    statuses = [verdict.status for verdict in verdicts]
    solvers = [verdict.solvers for verdict in verdicts]
    return "\n".join(
        [
            "# The theorem book",
            "",
            *introduction(theorems, statuses, solvers).split("\n"),
            "",
            *contents(),
            "",
            "| claim | pattern | statement | compared with the claim | theorem | seconds |",
            "|---|---|---|---|---|---|",
            *(row(*result) for result in results),
            "",
            *navigation(),
        ]
    )


def chapter_page(chapter: ModuleType, results: list[Result]) -> str:
    """The page with the theorems of a chapter, by family."""
    lines = opening(chapter)
    for family, of_family in groupby(results, lambda result: result[0].family):
        lines += [f"## {family[:1].upper()}{family[1:]}", ""]
        for theorem, verdict in of_family:
            lines += [*entry(theorem, verdict), ""]
    return "\n".join(lines)


def row(theorem: Theorem, verdict: Verdict) -> str:
    """A line of the table."""
    comparison, _ = COMPARISON[verdict.status, theorem.bears]
    cells = (
        plain(theorem.claim),
        theorem.family,
        verdict.status,
        comparison,
        f"[{theorem.name}](theorems/{slug(chapter_of(theorem))}.md#{theorem.name})",
        f"{verdict.seconds:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def entry(theorem: Theorem, verdict: Verdict) -> list[str]:
    """The claim, the verdict on it, the statement and its evidence."""
    _, sentence = COMPARISON[verdict.status, theorem.bears]
    facts = {
        "Smallest counterexample": str(verdict.counterexample or ""),
        "Evidence": verdict.evidence,
        "Negative control": verdict.negative_control,
        "Solvers": verdict.solvers,
    }
    return [
        f"### {theorem.name}",
        "",
        f"{plain(theorem.claim)}. *{plain(theorem.source)}*",
        "",
        f"{sentence} {plain(theorem.remark)}",
        "",
        f"![{alt_text(WALKS[theorem.name])}](../_static/theorems/{theorem.name}.png)",
        "",
        "$$",
        verdict.tex,
        "$$",
        "",
        f"Statement, {verdict.status}: {plain(verdict.statement)}.",
        "",
        *(f"- {name}: {plain(text)}." for name, text in facts.items() if text),
    ]


def alt_text(walk: Walk) -> str:
    """What the figure of a walk shows."""
    if walk.layers is None:
        return f"No number of layers leads from position {walk.j} to {walk.i}"
    steps, j, i, _, n, residual = walk
    positions = sr.paths.shortest(steps, j, i, n, residual=residual)
    stops = ", ".join(map(str, positions[1:]))
    return f"A path through the layers from position {walk.j} to {stops}"


def outcome(walk: Walk) -> str:
    """How many layers a walk takes, in words."""
    if walk.layers is None:
        return f"no number of layers leads from {walk.j} to {walk.i}"
    layers = "one layer" if walk.layers == 1 else f"{walk.layers} layers"
    return f"{walk.j} reaches {walk.i} through {layers}"


def draw(name: str) -> None:
    """Write the figure of a theorem."""
    steps, j, i, _, n, residual = walk = WALKS[name]
    figure, ax = plt.subplots(figsize=(6.4, 2.2), layout="constrained")
    options = {"residual": residual, "title": outcome(walk), "ax": ax}
    sr.plot.path(steps, j, i, n, **options)
    data = BytesIO()
    figure.savefig(data, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    image = Image.open(data).convert("RGB").quantize(COLOURS)
    image.save(FIGURES / f"{name}.png", optimize=True)


def plain(text: str) -> str:
    """Text in which Markdown finds no markup."""
    return re.sub(r"([*_|<>^\[\]$])", r"\\\1", text)


if __name__ == "__main__":
    matplotlib.use("Agg")
    FIGURES.mkdir(exist_ok=True)
    (HERE / "theorems").mkdir(exist_ok=True)
    for theorem in book():
        draw(theorem.name)
    results = [(theorem, expected_verdict(theorem)) for theorem in book()]
    for path, text in pages(results).items():
        (HERE / path).write_text(text)
        print(HERE / path)
