"""The theorem book: each verdict is the expected one, and the page reports the verdicts."""

import doctest
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from sparse_ref.paths.book.index import book, theorem

DOCS = Path(__file__).parents[2] / "docs"


@cache
def settled(name):
    """The verdict, once."""
    return theorem(name).settle()


@pytest.mark.parametrize("each", book(), ids=lambda each: each.name)
def test_a_theorem_ends_as_expected(each):
    verdict = settled(each.name)
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
    print(f"the whole book: {sum(settled(each.name).seconds for each in book()):.0f} s")


def test_an_unknown_theorem_is_told_with_what_is_near():
    with pytest.raises(
        LookupError, match=r"no theorem is called 'stridden'; did you mean strided, "
    ):
        theorem("stridden")


def test_the_page_on_paths_runs():
    found = doctest.testfile(str(DOCS / "paths.md"), module_relative=False)
    assert found.failed == 0
    assert found.attempted > 10


def test_the_page_says_what_is_found(monkeypatch):
    spec = importlib.util.spec_from_file_location("docs_theorems", DOCS / "theorems.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    monkeypatch.setattr(pages, "settled", lambda each: settled(each.name))
    timeless = [
        re.sub(r"\| [\d.]+ \|$", "", text, flags=re.M)
        for text in ((DOCS / "theorems.md").read_text(), pages.page())
    ]
    assert timeless[0] == timeless[1], "docs/theorems.md is not what python docs/theorems.py writes"
