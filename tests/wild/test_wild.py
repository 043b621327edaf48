"""Originals: what `verify` finds out by itself about released packages, and the page that says
so.
"""

import random
from pathlib import Path

import numpy as np
import pytest
from page_programs import page_program

from wild.cases import CASES

pytestmark = pytest.mark.originals

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(autouse=True, scope="module")
def own_global_generators():
    """BigBird seeds NumPy's global generator, DeepSpeed draws from Python's: both are put back
    afterwards.
    """
    before = np.random.get_state(), random.getstate()  # noqa: NPY002
    yield
    np.random.set_state(before[0])  # noqa: NPY002
    random.setstate(before[1])


@pytest.fixture(scope="module")
def reports():
    """The report of each case, made once."""
    made = {}

    def report(name):
        if name not in made:
            made[name] = CASES[name].report()
        return made[name]

    return report


@pytest.mark.parametrize("name", CASES)
def test_verify_finds_what_is_wrong_and_nothing_where_all_is_right(name, reports):
    case, report = CASES[name], reports(name)
    kinds = tuple(dict.fromkeys(finding.kind for finding in report.findings))
    assert kinds == case.finds, report
    assert (report.findings[0].at if report.findings else None) == case.at, report
    assert getattr(report, "names", {}).get(0, "") == case.called, report


def test_there_are_enough_of_both():
    wrong = [case for case in CASES.values() if case.finds]
    assert len(wrong) >= 20
    assert len(CASES) - len(wrong) >= 8
    assert len({case.package for case in CASES.values()}) >= 12


def test_the_pages_say_what_was_found(reports):
    texts = page_program("wild").pages({name: reports(name) for name in CASES})
    stored = {"wild.md", *(f"wild/{path.name}" for path in DOCS.glob("wild/*.md"))}
    assert stored == set(texts)
    differing = [path for path, text in texts.items() if (DOCS / path).read_text() != text]
    assert not differing, (
        "python docs/wild.py, with the Python of make test-originals, writes them anew"
    )


def test_the_first_page_leads_to_each_report_and_keeps_the_places_of_old_links():
    first = (DOCS / "wild.md").read_text()
    assert len(first.split("\n")) < 250
    wrong = {name: case.package for name, case in CASES.items() if case.finds}
    for name, package in wrong.items():
        place = name.replace("_", "-")
        assert f'<span id="{place}"></span>[{name}](wild/{package}.md#{place})' in first
        assert f"\n## {name.replace('_', ' ')}\n" in (DOCS / f"wild/{package}.md").read_text()


def test_a_large_picture_is_cropped():
    page = page_program("wild")
    assert page.crop(["+" * 80] * 40) == ["+" * 80] * 40
    *lines, last = page.crop(["+" * 81] * 43)
    assert lines == ["+" * 80 + " ..."] * 40
    assert last == "... and 3 rows more"
