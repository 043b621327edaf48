"""The page of the theorem book, written from what becomes of each statement: python docs/theorems.py

A test holds the page equal to what this file writes, but for the seconds, so that it is never edited by hand.
"""

import re
from itertools import groupby
from pathlib import Path

from sparse_ref.paths import Verdict
from sparse_ref.paths.book.index import Theorem, book

HERE = Path(__file__).parent
INTRODUCTION = """\
What is claimed of paths through published patterns, in our words, and what becomes of it. Each statement is one about the
`formula`s that draw the masks and feed the kernels. {proved} are proved and {refuted} refuted; {against} contradict what is
claimed, or what one would think. *Proved* rests on z3, which finds no case in which the negation holds, for every n, i, j and
parameter at once; or, where a statement is about one length, on every pair of it. What is proved is asked once more of sets that
were changed, where it is false: the last line of each proof says how. *Refuted* comes with the smallest pair, by n, then i, then j,
among parameters up to 4.

`sparse-ref prove` settles the whole book, `sparse-ref prove strided` one theorem, and `sparse-ref prove "strided(8)"` whatever is
written down; from Python it is [`sr.paths.prove`](paths.md). This page is written by `docs/theorems.py`; the seconds are those of
two cores."""


def settled(each: Theorem) -> Verdict:
    """What becomes of a theorem."""
    return each.settle()


def page() -> str:
    """The text of the page."""
    found = [(each, settled(each)) for each in book()]
    count = {
        status: sum(verdict.status == status for _, verdict in found)
        for status in ("proved", "refuted")
    }
    against = sum(each.bears == "contradicts" for each, _ in found)
    lines = [
        "# The theorem book",
        "",
        *INTRODUCTION.format(**count, against=against).split("\n"),
        "",
        "| theorem | family | verdict | on the claim | seconds |",
        "|---|---|---|---|---|",
    ]
    lines += [*(row(*each) for each in found), ""]
    for family, theorems in groupby(found, lambda each: each[0].family):
        lines += [f"## {family[:1].upper()}{family[1:]}", ""]
        for each, verdict in theorems:
            lines += [*entry(each, verdict), ""]
    return "\n".join(lines)


def row(each: Theorem, verdict: Verdict) -> str:
    """A line of the table."""
    return f"| [{each.name}](#{each.name}) | {each.family} | {verdict.status} | {each.bears} | {verdict.seconds:.1f} |"


def entry(each: Theorem, verdict: Verdict) -> list[str]:
    """The claim, what it comes to, and what that rests on."""
    told = {
        "Smallest counterexample": str(verdict.counterexample or ""),
        "Evidence": verdict.evidence,
        "Negative control": verdict.negative_control,
    }
    return [
        f"### {each.name}",
        "",
        f"{plain(each.claim)}. *{plain(each.source)}*",
        "",
        f"**{verdict.status}**, which {each.bears} it. {plain(each.remark)}",
        "",
        "$$",
        verdict.tex,
        "$$",
        "",
        f"In words: {plain(verdict.statement)}.",
        "",
        *(f"- {name}: {plain(text)}." for name, text in told.items() if text),
    ]


def plain(text: str) -> str:
    """Text in which Markdown finds nothing of its own."""
    return re.sub(r"([*_|<>^\[\]$])", r"\\\1", text)


if __name__ == "__main__":
    (HERE / "theorems.md").write_text(page())
    print(HERE / "theorems.md")
