"""The theorem book: each verdict is the expected one, and the page reports the verdicts."""

import doctest
import re
from pathlib import Path

import pytest
from page_programs import page_program

import sparse_ref as sr
from sparse_ref.paths import confirm
from sparse_ref.paths.book.index import book, theorem
from sparse_ref.paths.proof.second_solver import SecondSolver

DOCS = Path(__file__).parents[2] / "docs"


TABLE = (DOCS / "theorems.md").read_text()
SCRIPT_SECONDS = 20


def page_module():
    """The file that writes the pages."""
    return page_program("theorems")


def chapter_pages():
    """The pages of the chapters, in the order of the book."""
    pages = page_module()
    files = (DOCS / "theorems" / f"{pages.slug(chapter)}.md" for chapter in pages.CHAPTERS)
    return [file.read_text() for file in files]


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
    """The entry is on its chapter's page, and the line of the table, except for the seconds."""
    pages = page_module()
    entry = "\n".join(pages.entry(each, verdict))
    file = DOCS / "theorems" / f"{pages.slug(pages.chapter_of(each))}.md"
    assert entry in file.read_text(), "run python docs/theorems.py"
    assert pages.row(each, verdict).rpartition(" | ")[0] in TABLE


def test_the_pages_have_every_theorem_and_count_them():
    pages = page_module()
    theorems = list(book())
    entries = {}
    for text in chapter_pages():
        names, texts = (
            re.findall("^### (.*)$", text, flags=re.M),
            re.split("^### .*$", text, flags=re.M),
        )
        entries |= dict(zip(names, texts[1:]))
    assert set(entries) == {each.name for each in theorems}
    solvers = {
        name: re.search(r"^- Solvers: (.*)\.$", entry, flags=re.M)
        for name, entry in entries.items()
    }
    found = [solvers[each.name] for each in theorems]
    names = [match[1] if match else "" for match in found]
    introduction = pages.introduction(theorems, [each.expected for each in theorems], names)
    assert introduction in TABLE


def test_a_chapter_has_a_short_title_and_says_what_it_settles():
    pages = page_module()
    for chapter, text in zip(pages.CHAPTERS, chapter_pages()):
        assert len(pages.title(chapter)) <= 32
        assert text.startswith("\n".join(pages.opening(chapter)))
    assert "\n".join(pages.contents()) in TABLE
    assert TABLE.endswith("\n".join(pages.navigation()))


@pytest.mark.parametrize("name", page_module().WALKS)
def test_a_walk_takes_as_many_layers_as_its_figure_shows(name):
    pages = page_module()
    walk = pages.WALKS[name]
    arguments = walk.steps, walk.j, walk.i, walk.n
    if walk.layers is None:
        with pytest.raises(LookupError):
            sr.paths.shortest(*arguments, residual=walk.residual)
    else:
        assert len(sr.paths.shortest(*arguments, residual=walk.residual)) == walk.layers + 1
    assert (pages.FIGURES / f"{name}.png").stat().st_size > 1000


def test_each_theorem_has_a_walk():
    assert set(page_module().WALKS) == {each.name for each in book()}


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
