"""The docs keep their word: rows have tests, the README's commands are the Makefile's, links lead
somewhere.
"""

import ast
import inspect
import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

TOPS = "sparse_ref", "tests", "docs", "benchmarks"
ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("**/*.md")])
PAGES = [page for page in PAGES if "_build" not in page.parts]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


@cache
def files():
    """The files of Python in this project, from its root."""
    paths = chain.from_iterable((ROOT / name).rglob("*.py") for name in TOPS)
    return [path.relative_to(ROOT).as_posix() for path in paths]


def folders():
    """The folders that a page may name a file by: those at the root, and the library's rooms."""
    nested = [file.split("/") for file in files() if file.count("/") > 1]
    return sorted({*TOPS, *(parts[1] for parts in nested)})


def test_every_row_of_differs_names_a_test_that_exists_and_every_test_has_its_row():
    rows = [
        line
        for line in (ROOT / "docs" / "differs.md").read_text().split("\n")
        if re.match(r"\| (?!source)", line)
    ]
    named = [re.findall(r"`(test_\w+)`", row.split("|")[-2]) for row in rows]
    assert all(len(tests) == 1 for tests in named)
    functions = [
        f.name
        for path in sorted((ROOT / "tests" / "differs").glob("*.py"))
        for f in ast.parse(path.read_text()).body
        if isinstance(f, ast.FunctionDef) and f.name.startswith("test_")
    ]
    assert len(functions) > 30
    assert sorted(tests[0] for tests in named) == sorted(functions)


def test_the_reference_lists_every_pattern():
    import sparse_ref as sr

    listed = set((ROOT / "docs" / "api.md").read_text().split())
    rooms = {name for name in sr.__all__ if inspect.ismodule(getattr(sr, name))}
    assert set(sr.__all__) - rooms <= listed
    for name in ("define", "interop", "paths", "plot", "published", "puzzles", "verify"):
        room = getattr(sr, name)
        assert {f"{name}.{public}" for public in room.__all__} <= listed, name
    kinds = {f"puzzles.kinds.{kind}" for kind in sr.puzzles.kinds.__all__}
    assert kinds - {"puzzles.kinds.Kind"} <= listed


def test_every_room_stands_in_the_note_on_rooms():
    from test_rooms import HOUSE

    note = (ROOT / "docs" / "design" / "0002-rooms.md").read_text()
    for room in {name for names in HOUSE for name in names} - {"__main__"}:
        assert re.search(rf"`{room}(\.py|/)`", note), room


def test_the_commands_of_the_readme_are_targets():
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"^make ([\w-]+)", (ROOT / "README.md").read_text(), re.M)
    assert commands[:2] == ["demo", "test"]
    for target in commands:
        assert re.search(rf"^{target}:", makefile, re.M), target


@each_page
def test_local_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_each_figure_is_on_a_page():
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    figures = [file.name for file in (ROOT / "docs" / "_static").glob("*.png")]
    assert len(figures) >= 5
    assert [name for name in figures if f"_static/{name}" not in texts] == []


@each_page
def test_names_from_the_library_exist(page):
    import sparse_ref as sr

    for name in re.findall(r"\bsr\.(\w+)", page.read_text()):
        assert hasattr(sr, name), name


@each_page
def test_files_that_a_page_names_are_there(page):
    """Paths with a folder that this project has; the catalogue names other projects' files too."""
    for name in re.findall(rf"`((?:{'|'.join(folders())})/[\w/.-]+\.py)`", page.read_text()):
        assert any(f"/{file}".endswith(f"/{name}") for file in files()), name
