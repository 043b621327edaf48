"""Notebooks: each runs from top to bottom within a minute, is kept with the outputs of a run, and
has the form that a reader relies on.
"""

import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from lesson_forms import COURSE, LESSON_RULES, PAGE_RULES
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]
OTHERS = [path for path in NOTEBOOKS if path not in LESSONS]
MAX_SECONDS = 60
CORES = 2
UNSTABLE = "numbers:", "measured:"  # in a line: rounding errors, and times
CPU_TIME = "import time; print(time.process_time())"

by_name = {"ids": lambda value: getattr(value, "stem", getattr(value, "__name__", None))}


@cache
def cells_of(path):
    return nbformat.read(path, as_version=4).cells


@pytest.mark.filterwarnings(
    "ignore"
)  # what warns here is the kernel's machinery; cells warn inside their own process
@pytest.mark.parametrize("path", NOTEBOOKS, **by_name)
def test_notebook_runs_and_is_kept_with_its_outputs(path, request):
    kept = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    run.cells.append(new_code_cell(CPU_TIME))
    here = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        run,
        timeout=CORES * MAX_SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources=here,
    ).execute()
    seconds = float(run.cells.pop().outputs[0].text)
    for cell in run.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if not is_notice(o)]
    if request.config.getoption("--rewrite-notebooks"):
        nbformat.write(run, path)
        return
    for old, new in zip(kept.cells, run.cells):
        if new.cell_type == "code":
            assert kinds(old) == kinds(new), f"run `make notebooks` to keep outputs: {text_of(new)}"
            assert text_of(old) == text_of(new), "run `make notebooks` to keep outputs"
    # CPU time, which other work on the machine does not change: a minute of two cores
    assert seconds < CORES * MAX_SECONDS, f"{seconds:.0f} s of CPU time"


def is_notice(output):
    """Whether an output is the line on stderr that kernels are compiled, which is said once."""
    stderr = output.output_type == "stream" and output.name == "stderr"
    return stderr and output.text.startswith("sparse_ref: compiling the kernels")


def kinds(cell):
    """What sort of outputs a cell has."""
    return [o.output_type for o in cell.outputs]


def text_of(cell):
    """What a cell printed or showed, without figures, rounding errors and times."""
    lines = [line for output in cell.outputs for line in output_text(output).split("\n")]
    return [line for line in lines if not any(word in line for word in UNSTABLE)]


def output_text(output):
    """A stream's text; else the page that a value shows, or its text if it shows none."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return data.get("text/html", data.get("text/plain", ""))


@pytest.mark.parametrize("path", NOTEBOOKS, **by_name)
def test_no_cell_is_kept_with_an_error(path):
    outputs = [o for cell in cells_of(path) if cell.cell_type == "code" for o in cell.outputs]
    assert not any(o.output_type == "error" for o in outputs)


@pytest.mark.parametrize("path", LESSONS, **by_name)
@pytest.mark.parametrize("rule", LESSON_RULES, **by_name)
def test_a_lesson_has_the_form_that_a_reader_relies_on(rule, path):
    assert rule(cells_of(path)) == [], rule.__doc__


@pytest.mark.parametrize("path", OTHERS, **by_name)
@pytest.mark.parametrize("rule", PAGE_RULES, **by_name)
def test_a_page_of_puzzles_is_legible(rule, path):
    assert rule(cells_of(path)) == [], rule.__doc__


def test_the_course_has_its_eighteen_lessons():
    assert [path.stem for path in LESSONS] == list(COURSE)


@pytest.mark.parametrize("path", LESSONS, **by_name)
def test_a_lesson_has_its_number_and_leads_to_the_next(path):
    texts = [cell.source for cell in cells_of(path) if cell.cell_type == "markdown"]
    number = int(path.stem[:2])
    assert texts[0].startswith(f"# {number}. ")
    if number < len(COURSE):
        assert f"]({COURSE[number]}.ipynb)" in texts[-1]


@pytest.mark.parametrize("path", NOTEBOOKS, **by_name)
def test_links_of_a_notebook_lead_somewhere(path):
    texts = [cell.source for cell in cells_of(path) if cell.cell_type == "markdown"]
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", "\n".join(texts))
    assert [target for target in targets if not (FOLDER / target).exists()] == []


WIDE = "x = 1  # " + "too wide " * 9
PNG = {"image/png": "", "text/plain": "<Figure size 1300x360 with 4 Axes>"}
RETINA_SIZE = {"image/png": {"width": 1300, "height": 360}}
BAD = [
    new_markdown_cell("# Untitled"),
    new_code_cell(WIDE),
    new_markdown_cell("**Guess**: how many?"),
    new_markdown_cell("Four of them. **Guess**: why?"),
    new_code_cell("print(3)", outputs=[new_output("stream", text="3")]),
    new_code_cell("assert True"),
    new_code_cell(
        "plt.figure(figsize=(13, 4)); plt.imshow(x)",
        outputs=[new_output("display_data", PNG, metadata=RETINA_SIZE)],
    ),
    new_markdown_cell("## What you know now\n\n- nothing"),
    new_markdown_cell("## Exercises on $l$"),
    new_code_cell("sr.puzzles.check(answer)"),
]


@pytest.mark.parametrize("rule", LESSON_RULES, **by_name)
def test_each_rule_finds_its_mistake(rule):
    assert rule(BAD)


def guess_then(*cells):
    return [new_markdown_cell("Some text.\n\n**Guess**: how many?"), *cells]


OUTPUT = {"outputs": [new_output("stream", text="3")]}
HIDDEN = new_code_cell("print(3)", metadata={"tags": ["hide-output"]}, **OUTPUT)
SHOWN = new_code_cell("print(3)", **OUTPUT)
FOLDED = new_markdown_cell("<details><summary>Answer</summary>\n\nThree.\n\n</details>")


@pytest.mark.parametrize(
    "cells",
    [
        guess_then(HIDDEN, new_markdown_cell("It is three.")),
        guess_then(HIDDEN, FOLDED),
        guess_then(new_code_cell("n = 3"), HIDDEN, new_markdown_cell("It is three.")),
        guess_then(FOLDED, SHOWN),
        [new_markdown_cell(f"**Guess**: how many?\n\n{FOLDED.source}"), SHOWN],
    ],
    ids=["hidden", "hidden and folded", "code before", "folded", "in one cell"],
)
def test_a_guess_may_be_answered_in_these_ways(cells):
    rules = [rule for rule in LESSON_RULES if rule.__name__ in ("open_answers", "wordless_answers")]
    assert len(rules) == 2
    assert [rule(cells) for rule in rules] == [[], []]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        (guess_then(SHOWN, FOLDED), "open_answers"),
        (guess_then(HIDDEN, new_markdown_cell("## Next")), "wordless_answers"),
        (guess_then(HIDDEN, *guess_then(FOLDED)), ""),
        (guess_then(HIDDEN, SHOWN), "wordless_answers"),
    ],
    ids=["shown", "heading", "next guess", "no words"],
)
def test_a_guess_needs_a_hidden_answer_in_words(cells, complaint):
    rules = {rule.__name__: rule for rule in LESSON_RULES}
    names = [name for name in ("open_answers", "wordless_answers") if rules[name](cells)]
    assert names == ([complaint] if complaint else [])
