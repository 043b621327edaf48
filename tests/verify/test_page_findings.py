"""The page of findings: each kind has an example that has it, and the page is what is written."""

from pathlib import Path

import pytest
from page_programs import page_program

from sparse_ref.verify.checks.finding import KINDS

DOCS = Path(__file__).parents[2] / "docs"
pages = page_program("findings")


@pytest.fixture(scope="module")
def outcomes():
    """What each example's check says."""
    return {example.kind: example.outcome() for example in pages.EXAMPLES}


def test_each_kind_has_one_example():
    names = [example.kind for example in pages.EXAMPLES]
    assert sorted(names) == sorted([*KINDS, "UNTESTED"])


def test_each_example_has_its_kind(outcomes):
    assert {kind for kind, outcome in outcomes.items() if kind not in outcome.kinds} == set()


@pytest.mark.parametrize("example", pages.EXAMPLES, ids=lambda example: example.kind)
def test_a_function_has_few_lines(example):
    _, _, rest = example.code.partition("def attention")
    body, _, _ = rest.partition("\n\n\n")
    assert len(body.split("\n")) <= 6


def test_the_page_is_what_is_written(outcomes, monkeypatch):
    monkeypatch.setattr(pages.Example, "outcome", lambda example: outcomes[example.kind])
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == pages.page(), (
        "docs/findings.md is not what python docs/findings.py writes"
    )
