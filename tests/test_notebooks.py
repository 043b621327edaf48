"""Notebooks: each runs from top to bottom within a minute, is kept with the outputs of a run, and
has the form that a reader relies on.
"""

import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from lesson_forms import (
    COURSE,
    LESSON_RULES,
    PAGE_RULES,
    code_of,
    open_answers,
    prose_of,
    wordless_answers,
)
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


@pytest.mark.filterwarnings("ignore")  # of the kernel's machinery; cells warn in their own process
@pytest.mark.parametrize("path", NOTEBOOKS, **by_name)
def test_notebook_runs_and_is_kept_with_its_outputs(path, request):
    notebook, seconds = fresh_run(path)
    if request.config.getoption("--rewrite-notebooks"):
        nbformat.write(notebook, path)
        return
    for stored, fresh in zip(code_of(cells_of(path)), code_of(notebook.cells)):
        text = text_of(fresh)
        assert kinds(stored) == kinds(fresh), f"run `make notebooks` to keep outputs: {text}"
        assert text_of(stored) == text, "run `make notebooks` to keep outputs"
    # CPU time, which other work on the machine does not change: a minute of two cores
    assert seconds < CORES * MAX_SECONDS, f"{seconds:.0f} s of CPU time"


def fresh_run(path):
    """(the notebook with the outputs of a run, seconds of CPU time)."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell(CPU_TIME))
    NotebookClient(
        notebook,
        timeout=CORES * MAX_SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = float(notebook.cells.pop().outputs[0].text)
    for cell in code_of(notebook.cells):
        cell.outputs = [output for output in cell.outputs if not is_notice(output)]
    return notebook, seconds


def is_notice(output):
    """Whether an output is the line on stderr that kernels are compiled, which is printed once."""
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


def printing(text, name="stdout"):
    return new_code_cell("", outputs=[new_output("stream", text=text, name=name)])


def test_outputs_are_compared_except_for_rounding_and_times():
    assert text_of(printing("n = 3\nnumbers: 1e-16")) == ["n = 3"]
    assert text_of(printing("n = 3\nmeasured: 2 s")) == ["n = 3"]
    value = {"text/plain": "a mask", "text/html": "<pre>mask</pre>"}
    shown = new_output("execute_result", value)
    figure = new_output("display_data", {"image/png": ""})
    cell = new_code_cell("", outputs=[shown, figure])
    assert text_of(cell) == ["<pre>mask</pre>", ""]
    assert kinds(cell) == ["execute_result", "display_data"]


def test_only_the_notice_of_compiling_is_left_out():
    notice = "sparse_ref: compiling the kernels once, about a quarter of a minute"
    cells = printing(notice, "stderr"), printing(notice), printing("a warning", "stderr")
    assert [is_notice(cell.outputs[0]) for cell in cells] == [True, False, False]


@pytest.mark.parametrize("path", NOTEBOOKS, **by_name)
def test_no_cell_is_kept_with_an_error(path):
    for cell in code_of(cells_of(path)):
        assert "error" not in kinds(cell)


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
    texts = [cell.source for cell in prose_of(cells_of(path))]
    number = int(path.stem[:2])
    assert texts[0].startswith(f"# {number}. ")
    if number < len(COURSE):
        assert f"]({COURSE[number]}.ipynb)" in texts[-1]


@pytest.mark.parametrize("path", NOTEBOOKS, **by_name)
def test_links_of_a_notebook_lead_somewhere(path):
    texts = [cell.source for cell in prose_of(cells_of(path))]
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


COMPLAINTS = {
    "wide_lines": ["90 columns"],
    "formulas_in_headings": ["## Exercises on $l$"],
    "silent_figures": ["its figure has no alt text"],
    "large_figures": ["a figure 1300 pixels wide"],
    "large_sizes": ["a figure 13 inches wide"],
    "home_made_figures": ["imshow"],
    "open_asserts": ["tag it hide-input"],
    "few_claims": ["only 1 cells assert something"],
    "open_answers": ["is not hidden"],
    "buried_guesses": ["a guess begins no paragraph"],
    "wordless_answers": ["no answer in words follows"],
    "blurred_figures": ['the first code cell needs %config InlineBackend.figure_format = "retina"'],
    "missing_parts": [
        "no `# N. Title` at the top",
        "`## What you know now` has 1 bullets, not 3",
        "the last text has no link to the next lesson",
    ],
    "missing_exercises": ["1 stubs, not 3"],
}
TWO_FIGURES = new_code_cell("plot()", outputs=[new_output("display_data", PNG)] * 2)
MORE_COMPLAINTS = {
    "silent_figures": ["2 figures, and one alt text", "its figure has no alt text"],
    "large_figures": ["no retina figure", "no retina figure"],
    "missing_exercises": ["no `## Exercises`"],
}


@pytest.mark.parametrize("rule", LESSON_RULES, **by_name)
def test_each_rule_names_its_mistakes(rule):
    assert_complaints(rule(BAD), COMPLAINTS[rule.__name__])
    if rule.__name__ in MORE_COMPLAINTS:
        assert_complaints(rule([TWO_FIGURES]), MORE_COMPLAINTS[rule.__name__])


def assert_complaints(complaints, ends):
    assert len(complaints) == len(ends)
    for complaint, end in zip(complaints, ends):
        assert complaint.endswith(end)


def guess_then(*cells):
    return [new_markdown_cell("Some text.\n\n**Guess**: how many?"), *cells]


OUTPUT = {"outputs": [new_output("stream", text="3")]}
HIDDEN = new_code_cell("print(3)", metadata={"tags": ["hide-output"]}, **OUTPUT)
SHOWN = new_code_cell("print(3)", **OUTPUT)
HEADING = new_markdown_cell("## Next")
NEXT_GUESS = new_markdown_cell("**Guess**: and now?")
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
    assert open_answers(cells) == []
    assert wordless_answers(cells) == []


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        (guess_then(SHOWN, FOLDED), "open_answers"),
        (guess_then(HIDDEN, HEADING), "wordless_answers"),
        (guess_then(HIDDEN, *guess_then(FOLDED)), ""),
        (guess_then(HIDDEN, SHOWN), "wordless_answers"),
        (guess_then(HIDDEN, NEXT_GUESS, FOLDED), "wordless_answers"),
        (guess_then(HIDDEN, HEADING, new_markdown_cell("More text.")), "wordless_answers"),
    ],
    ids=["shown", "heading", "next guess", "no words", "words of the next", "words of a section"],
)
def test_a_guess_needs_a_hidden_answer_in_words(cells, complaint):
    rules = open_answers, wordless_answers
    names = [rule.__name__ for rule in rules if rule(cells)]
    assert names == ([complaint] if complaint else [])
