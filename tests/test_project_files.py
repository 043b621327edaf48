"""The files around the library: what is installed, the workflow, the issue forms, and the
numbers that the pages quote.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from release import PYTHONS

import sparse_ref as sr
from sparse_ref.catalogue.window_conventions import window_conventions
from sparse_ref.paths.book.index import book as theorem_book

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
WORKFLOW_TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(WORKFLOW_TEXT)
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
ISSUES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FORMS = [path for path in ISSUES if path.stem != "config"]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IMPORT = re.compile(r"^\s*(?:import|from) (\w+)", re.M)
PACKAGE_OF = {"z3": "z3-solver"}
FIELDS = {  # what a form of GitHub's may ask by, and the attributes of each
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "options", "multiple", "default"},
    "checkboxes": {"label", "description", "options"},
    "markdown": {"value"},
}


def names_of(requirements):
    """The packages that requirements name."""
    return {re.match(r"[\w-]+", requirement).group() for requirement in requirements}


def code_of(notebook):
    """The code of a notebook's cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return "\n".join(sources)


def test_the_extra_for_notebooks_installs_what_they_import_and_what_checks_their_exercises():
    extra = names_of(PROJECT["project"]["optional-dependencies"]["notebooks"])
    installed = extra | names_of(PROJECT["project"]["dependencies"]) | {"sparse_ref"}
    modules = {name for notebook in NOTEBOOKS for name in IMPORT.findall(code_of(notebook))}
    others = modules - set(sys.stdlib_module_names)
    assert {"numpy", "sparse_ref"} <= others
    assert {PACKAGE_OF.get(name, name) for name in others} <= installed
    assert {"jupyter", "hypothesis"} <= extra


def test_puzzles_can_be_played_after_make_demo():
    assert "After `make demo` the command is in" in README
    assert "hypothesis" in PROJECT["dependency-groups"]["demo"]


def test_pages_say_how_to_open_the_lessons():
    for page in ("README.md", "docs/learn.md", "docs/start.md"):
        assert 'pip install ".[notebooks]"' in (ROOT / page).read_text(encoding="utf-8"), page


def test_the_classifiers_name_the_pythons_that_the_release_is_tried_on():
    prefix = "Programming Language :: Python :: 3."
    classifiers = PROJECT["project"]["classifiers"]
    minors = [text.removeprefix(prefix) for text in classifiers if text.startswith(prefix)]
    assert [f"python3.{minor}" for minor in minors] == list(PYTHONS)
    assert PROJECT["project"]["requires-python"] == f">=3.{minors[0]}"


def test_the_version_is_the_same_in_all_files():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == sr.__version__
    assert re.search(r"^## (\S+)", CHANGELOG, re.M).group(1) == sr.__version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_the_workflow_runs_the_script_and_the_release_and_may_only_read():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    commands = [step["run"] for step in STEPS if "run" in step]
    assert commands == [".ci/run", "make release"]
    for job in WORKFLOW["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 120


def test_the_workflow_pins_what_others_wrote_by_commit():
    actions = re.findall(r"uses: (.+)", WORKFLOW_TEXT)
    assert len(actions) == sum("uses" in step for step in STEPS) >= 4
    for action in actions:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(WORKFLOW["jobs"])
    for step in checkouts:
        assert step["with"]["persist-credentials"] is False


def test_the_workflow_s_caches_depend_on_files_that_are_there():
    options = [step.get("with", {}) for step in STEPS]
    lists = [option["cache-dependency-path"] for option in options if "cache" in option]
    assert len(lists) == 2
    for path in " ".join(lists).split():
        assert list(ROOT.glob(path)), path


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_github_takes(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    assert set(form) <= {"name", "description", "title", "labels", "assignees", "body"}
    names = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(names) == len(set(names)) >= 1
    for field in form["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert set(field["attributes"]) <= FIELDS[field["type"]]
        assert set(field.get("validations", {})) <= {"required"}


def test_there_are_as_many_lessons_and_puzzles_as_the_pages_say():
    puzzles = [puzzle for puzzle in sr.puzzles.book() if not puzzle.is_exercise]
    exercises = [puzzle for puzzle in sr.puzzles.book() if puzzle.is_exercise]
    assert len(LESSONS) == 18
    assert len({puzzle.number.partition(".")[0] for puzzle in puzzles}) == 30
    lessons = [puzzle.number.partition(".")[0] for puzzle in exercises]
    assert {lessons.count(lesson) for lesson in lessons} == {3}
    assert len(set(lessons)) == len(LESSONS)
    assert "course of eighteen lessons" in README
    assert "course of eighteen lessons" in CHANGELOG
    assert "each lesson ends with three exercises" in CHANGELOG
    assert "Thirty puzzles" in README
    assert "thirty puzzles" in CHANGELOG


def test_the_theorem_book_has_as_many_claims_and_figures_as_the_changelog_says():
    claims = int(re.search(r"theorem book: (\d+) claims", CHANGELOG).group(1))
    assert claims == len(theorem_book())
    assert claims == len(list((ROOT / "docs" / "_static" / "theorems").glob("*.png")))


def test_as_many_sources_of_a_window_are_compared_as_the_catalogue_says():
    assert (
        "twenty sources mean by a window" in (ROOT / "docs" / "catalogue" / "index.md").read_text()
    )
    assert len(window_conventions(4)) == 20
