"""Originals: the code of each report of docs/upstream prints what the report says, and the lines
that it names are in the source.
"""

import ast
import re
import warnings
from contextlib import redirect_stdout
from importlib.metadata import version
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest

pytest.importorskip(
    "torch", reason="the packages of the reports are installed by make test-originals"
)
pytestmark = pytest.mark.originals

FOLDER = Path(__file__).parent.parent.parent / "docs" / "upstream"
PAGES = {page.stem: page.read_text() for page in sorted(FOLDER.glob("*.md"))}
INDEX = PAGES.pop("index")
SECTIONS = ["Expected", "Got", "Where", "Mend"]
PLACE = re.compile(r"- `([^`]+\.py)`, line (\d+), `([\w.]+)`: `([^`]+)`")


def blocks(page, language):
    """The code of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.S)


def enclosing(tree, number):
    """The names of the functions and classes around a line, outermost first."""
    named = (ast.FunctionDef, ast.ClassDef)
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, named) and node.lineno <= number <= node.end_lineno
    ]


@pytest.mark.parametrize("name", PAGES)
def test_the_code_prints_what_the_report_says(name):
    (code,) = blocks(PAGES[name], "python")
    expected, got = blocks(PAGES[name], "text")
    assert "sparse_ref" not in code
    assert expected != got
    with warnings.catch_warnings(), redirect_stdout(StringIO()) as printed:
        warnings.simplefilter("ignore")
        exec(compile(code, name, "exec"), {"__name__": name})
    assert printed.getvalue() == got


@pytest.mark.parametrize("name", PAGES)
def test_the_versions_are_those_installed(name):
    versions = re.findall(r"([\w-]+) (\d[\w.]*)[,;]", PAGES[name].split("\n")[2])
    assert versions
    for package, number in versions:
        assert version(package).partition("+")[0] == number


@pytest.mark.parametrize("name", PAGES)
def test_the_lines_are_in_the_source(name):
    where = PAGES[name].partition("## Where")[2]
    places = PLACE.findall(where)
    assert len(places) == len(re.findall(r"^- `[^`]+\.py`", where, re.M))
    assert places or "the wheel contains no source" in where
    for path, number, function, text in places:
        top = path.partition("/")[0]
        site = Path(next(iter(find_spec(top).submodule_search_locations))).parent
        source = (site / path).read_text()
        assert source.split("\n")[int(number) - 1].strip() == text
        assert enclosing(ast.parse(source), int(number))[: function.count(".") + 1] == (
            function.split(".")
        )


@pytest.mark.parametrize("name", PAGES)
def test_a_report_has_every_part_and_is_in_the_index(name):
    assert re.findall(r"^## (.+)", PAGES[name], re.M) == SECTIONS
    title = PAGES[name].split("\n")[0].removeprefix("# ")
    assert f"[{title}]({name}.md)" in INDEX
