"""Write the page of the theorem book from the verdict on each statement: python docs/theorems.py

A test compares the page with the output of this file, except for the seconds, so that nobody edits
the page by hand.
"""

import re
from itertools import groupby
from pathlib import Path

from sparse_ref.paths import Verdict, confirm
from sparse_ref.paths.book.index import Theorem, book

HERE = Path(__file__).parent
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

`sparse-ref prove` settles the whole book, `sparse-ref prove strided` one theorem, and
`sparse-ref prove "strided(8)"` a statement about your own steps; from Python it is
[`sr.paths.prove`](paths.md). This page is written by `docs/theorems.py`; the seconds were
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


def settled(theorem: Theorem) -> Verdict:
    """The verdict on a theorem. Raises RuntimeError if it is not the expected one."""
    verdict = confirm(theorem.settle())
    if verdict.status != theorem.expected:
        raise RuntimeError(f"expected {theorem.name} to be {theorem.expected}, got: {verdict}")
    return verdict


def introduction(theorems: list[Theorem], statuses: list[str], solvers: list[str]) -> str:
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


def page() -> str:
    """The text of the page."""
    theorems = list(book())
    verdicts = [settled(theorem) for theorem in theorems]
    results = list(zip(theorems, verdicts))
    statuses = [verdict.status for verdict in verdicts]
    solvers = [verdict.solvers for verdict in verdicts]
    lines = [
        "# The theorem book",
        "",
        *introduction(theorems, statuses, solvers).split("\n"),
        "",
        "| claim | pattern | statement | compared with the claim | theorem | seconds |",
        "|---|---|---|---|---|---|",
    ]
    lines += [*(row(*result) for result in results), ""]
    for family, of_family in groupby(results, lambda result: result[0].family):
        lines += [f"## {family[:1].upper()}{family[1:]}", ""]
        for theorem, verdict in of_family:
            lines += [*entry(theorem, verdict), ""]
    lines += ["```{toctree}", ":hidden:", "", "paths", "```", ""]
    return "\n".join(lines)


def row(theorem: Theorem, verdict: Verdict) -> str:
    """A line of the table."""
    comparison, _ = COMPARISON[verdict.status, theorem.bears]
    cells = (
        plain(theorem.claim),
        theorem.family,
        verdict.status,
        comparison,
        f"[{theorem.name}](#{theorem.name})",
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
        "$$",
        verdict.tex,
        "$$",
        "",
        f"Statement, {verdict.status}: {plain(verdict.statement)}.",
        "",
        *(f"- {name}: {plain(text)}." for name, text in facts.items() if text),
    ]


def plain(text: str) -> str:
    """Text in which Markdown finds no markup."""
    return re.sub(r"([*_|<>^\[\]$])", r"\\\1", text)


if __name__ == "__main__":
    (HERE / "theorems.md").write_text(page())
    print(HERE / "theorems.md")
