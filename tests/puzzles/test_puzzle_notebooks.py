"""The notebooks of puzzles: each of the thirty is asked, and with the solutions all are solved."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from sparse_ref.puzzles import book, find
from sparse_ref.puzzles.answer_source import answer_of
from sparse_ref.puzzles.kinds.kind import parameter_names

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PAGES = [path for path in NOTEBOOKS if path.stem.startswith("puzzles_")]
STUB = re.compile(r"^def (\w+)\((.*)\):\n(?:    .*\n)*?    return \.\.\.$", re.M)


def stubs_of(path):
    """(cell, name, parameters) of each stub of a notebook."""
    page = nbformat.read(path, as_version=4)
    cells = [cell for cell in page.cells if cell.cell_type == "code"]
    matches = [(cell, STUB.search(cell.source)) for cell in cells]
    return [(cell, match[1], match[2]) for cell, match in matches if match]


def solution_of(name, parameters):
    """The source of the part of a puzzle that has these parameters."""
    for code in find(name).solutions:
        if ", ".join(parameter_names(answer_of(code, name))) == parameters:
            return code
    raise AssertionError(f"{name} has no part ({parameters})")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stub_is_that_of_its_puzzle_and_is_checked(path):
    for cell, name, parameters in stubs_of(path):
        assert solution_of(name, parameters)
        assert f"sr.puzzles.check({name})" in cell.source
        assert "not answered yet" in str(cell.outputs)


def test_the_pages_ask_each_of_the_thirty_once():
    names = [name for path in PAGES for _, name, _ in stubs_of(path)]
    assert set(names) == {puzzle.name for puzzle in book() if not puzzle.is_exercise}


@pytest.mark.filterwarnings("ignore")  # of the kernel's machinery
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_with_the_solutions_is_solved(path):
    page = nbformat.read(path, as_version=4)
    answers = []
    for cell in page.cells:
        stub = STUB.search(cell.source) if cell.cell_type == "code" else None
        if stub:
            name, parameters = stub.groups()
            cell.source = cell.source.replace(stub[0], solution_of(name, parameters))
            answers.append((name, cell))
    here = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(page, timeout=120, kernel_name="python3", resources=here).execute()
    assert len(answers) >= 12
    for name, cell in answers:
        verdict = cell.outputs[0].data["text/plain"]
        assert verdict.startswith(f"{name}: solved"), verdict
    shown = str([cell.get("outputs") for cell in page.cells])
    solved, total = re.search(r"(\d+) of (\d+) solved", shown).groups()
    numbers = {find(name).number.split(".")[0] for name, _ in answers}
    assert int(solved) == len(numbers) <= int(total)
