"""The theorem book: each verdict is the expected one, and the page reports the verdicts."""

import doctest
import re
from pathlib import Path

import pytest
from page_programs import page_program

from sparse_ref.paths import confirm
from sparse_ref.paths.book.index import book, theorem
from sparse_ref.paths.proof.second_solver import SecondSolver

DOCS = Path(__file__).parents[2] / "docs"


PAGE = (DOCS / "theorems.md").read_text()
SCRIPT_SECONDS = 20


def page_module():
    """The file that writes the page."""
    return page_program("theorems")


@pytest.mark.parametrize("each", book(), ids=lambda each: each.name)
def test_a_theorem_ends_as_expected(each):
    verdict = confirm(each.settle(), seconds=SCRIPT_SECONDS)
    assert verdict.status == each.expected, verdict
    assert (each.expected == "proved") == bool(verdict.negative_control)
    shown = verdict.counterexample is not None or re.search(
        r"checked at this length: .*(fails|contains no star)", verdict.evidence
    )
    assert (each.expected == "refuted") == bool(shown)
    if each.expected == "proved":
        assert re.search(
            r"z3 finds no case|each step confirmed by z3|every pair at n = \d+ was checked|checked",
            verdict.evidence,
        )
    assert bool(verdict.obligations) == ("z3" in verdict.evidence) == bool(verdict.solvers)
    assert_premises_have_a_case(verdict)
    assert_the_page_has(each, verdict)


def assert_premises_have_a_case(verdict):
    """Without its last condition no script is unsat: the others do not contradict one another."""
    with SecondSolver() as cvc5:
        for obligation in verdict.obligations:
            if obligation.label == "control":  # which has a case, with all of its conditions
                assert obligation.status == "sat"
                continue
            assert obligation.status == "unsat"
            premises, _, _ = obligation.script.rpartition("(assert ")
            answer = cvc5.answer(f"{premises}(check-sat)", SCRIPT_SECONDS)
            assert answer == "sat", (obligation.label, answer)


def assert_the_page_has(each, verdict):
    """The entry and, except for the seconds, the line of the table are on the page."""
    pages = page_module()
    assert "\n".join(pages.entry(each, verdict)) in PAGE, "run python docs/theorems.py"
    assert pages.row(each, verdict).rpartition(" | ")[0] in PAGE


def test_the_page_has_every_theorem_and_counts_them():
    pages = page_module()
    theorems = list(book())
    assert re.findall("^### (.*)$", PAGE, flags=re.M) == [each.name for each in theorems]
    entries = re.split("^### .*$", PAGE, flags=re.M)[1:]
    solvers = [re.search(r"^- Solvers: (.*)\.$", entry, flags=re.M) for entry in entries]
    names = [match[1] if match else "" for match in solvers]
    introduction = pages.introduction(theorems, [each.expected for each in theorems], names)
    assert introduction in PAGE


def test_the_book_is_long_enough_and_says_what_each_theorem_bears_on():
    assert len(book()) >= 30
    assert len({each.family for each in book()}) >= 15
    assert len({each.name for each in book()}) == len(book())
    assert {each.bears for each in book()} == {"confirms", "contradicts", "sharpens"}
    for each in book():
        assert each.claim, each.name
        assert each.source, each.name
        assert re.fullmatch(r"[a-z0-9-]+", each.name)
        assert each.remark.endswith("."), each.name


def test_an_unknown_theorem_is_told_with_what_is_near():
    with pytest.raises(
        LookupError, match=r"no theorem is called 'stridden'; did you mean strided, "
    ):
        theorem("stridden")


def test_the_page_on_paths_runs():
    found = doctest.testfile(str(DOCS / "paths.md"), module_relative=False)
    assert found.failed == 0
    assert found.attempted > 10
