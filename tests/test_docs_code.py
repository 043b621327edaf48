"""The pages for beginners keep their word: sessions print what they show, and code runs."""

import doctest
import json
import re
from copy import deepcopy
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from page_programs import page_program

DOCS = Path(__file__).parents[1] / "docs"
PROGRAMS = sorted(DOCS.glob("how-to-*.md"))


def code_of(page):
    """The Python blocks of a page, in one text."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S))


def test_the_ten_lines_print_what_the_page_shows():
    session = doctest.DocTestParser().get_doctest(code_of(DOCS / "start.md"), {}, "start", None, 0)
    assert len(session.examples) > 10
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    assert runner.run(session).failed == 0


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    program = compile(code_of(page), str(page), "exec")
    exec(program, {"__name__": page.stem})
    plt.close("all")


COLUMNS = 91  # of a page at 1280 pixels, between two sidebars
WIDE_COLUMNS = 105  # without the right one
WIDE_PAGES = {"paths.md", "vectors.md", *(f"upstream/{x.name}" for x in DOCS.glob("upstream/*"))}


def long_lines(page, columns):
    """The lines of Python, and of sessions without what they print, that a page cuts."""
    blocks = re.findall(r"^```py(?:thon)?\n(.*?)^```", page, re.M | re.S)
    return [
        line
        for block in blocks
        for line in block.split("\n")
        if len(line) > columns and (">>> " not in block or line.startswith((">>> ", "... ")))
    ]


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")) + sorted(DOCS.glob("upstream/*.md")))
def test_no_line_of_code_is_cut_at_1280_pixels(path):
    name = path.relative_to(DOCS).as_posix()
    columns = WIDE_COLUMNS if name in WIDE_PAGES else COLUMNS
    assert long_lines(path.read_text(), columns) == []


def test_long_lines_are_found():
    text, session = "x = 1\n" + "y" * 92, ">>> x\n" + "1" * 92
    page = f"```python\n{text}\n```\n\n```py\n{session}\n```\n\n```text\n{'z' * 99}\n```\n"
    assert long_lines(page, 91) == ["y" * 92]
    assert long_lines(page, 92) == []


def test_there_are_pages_with_code():
    assert {"how-to-flex", "how-to-pattern", "how-to-plot"} <= {page.stem for page in PROGRAMS}


NOTEBOOK = {
    "cells": [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": [
                "# 7. Far with few\n",
                "\n",
                "Sets of $n$ keys. **How far\n",
                "do they reach in four layers?** Far.",
            ],
        },
        {
            "cell_type": "code",
            "metadata": {"tags": ["hide-output"]},
            "source": "# see ../docs/sets.md",
        },
        {"cell_type": "code", "metadata": {"tags": ["hide-input"]}, "source": ["assert 1"]},
    ]
}


def test_a_lesson_s_title_and_question_are_those_of_its_first_cell():
    course = page_program("course")
    item = course.lesson("07_far", NOTEBOOK)
    assert item == ("07_far", "7. Far with few", "How far do they reach in four layers?")
    assert "[7. Far with few](notebooks/07_far.ipynb)" in course.index([item], "lessons")
    assert course.question("It is so. And so.") == "It is so."
    assert course.question("A model says 4. Why?") == "A model says 4. Why?"
    assert course.question("**The question:** how does one set meet another?").startswith("How ")


def test_each_notebook_has_a_title_and_a_text():
    course = page_program("course")
    items = course.lessons() + course.lessons(kind="puzzles")
    assert len(items) >= 3
    for _, title, question in items:
        assert title
        assert question


def test_each_topic_of_the_course_leads_to_a_section_and_each_lesson_has_one():
    course = page_program("course")
    links = re.findall(r"\[(.+?)\]\(notebooks/(\w+)\.ipynb(?:#(.+?))?\)", course.topics())
    names = [words.lower() for words, _, _ in links]
    assert names == sorted(names)
    assert {name for _, name, _ in links} == {item.name for item in course.lessons()}
    for _, name, section in links:
        cells = json.loads((course.NOTEBOOKS / f"{name}.ipynb").read_text("utf-8"))["cells"]
        lines = "\n".join("".join(cell["source"]) for cell in cells).splitlines()
        titles = [line.lstrip("# ").lower() for line in lines if line.startswith("##")]
        slugs = [re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles]
        assert not section or section in slugs


def test_buttons_say_what_they_hide_and_links_lead_to_the_site_s_pages():
    _, printed, check = page_program("course").site_notebook(deepcopy(NOTEBOOK))["cells"]
    assert printed["metadata"]["mystnb"]["code_prompt_show"] == "Show what it prints"
    assert printed["source"] == "# see ../sets.md"
    assert check["metadata"]["mystnb"]["code_prompt_show"] == "Show the check"


def test_a_hidden_figure_and_the_answer_below_it_have_different_names():
    figure = {"output_type": "display_data", "data": {"image/png": ""}}
    plot = {"cell_type": "code", "metadata": {"tags": ["hide-output"]}, "source": "plot()"}
    answer = {"cell_type": "markdown", "metadata": {}, "source": "<summary>Answer</summary>"}
    cells = [plot | {"outputs": [figure]}, answer, dict(answer)]
    _, in_words, solution = page_program("course").site_notebook({"cells": cells})["cells"]
    assert plot["metadata"]["mystnb"]["code_prompt_show"] == "Show the figure"
    assert in_words["source"] == "<summary>The answer in words</summary>"
    assert solution["source"] == "<summary>Answer</summary>"


def test_broken_links_of_a_site_are_found(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_text('<h1 id="top">A</h1><a href="../b.html#here">b</a>')
    (tmp_path / "b.html").write_text(
        '<p id="here"><a href="https://example.org">far</a><a href="sub/a.html#top">a</a>'
        '<a href="sub/a.html#bottom">a</a><img src="no.png"><a href="#here">here</a></p>'
    )
    links = page_program("links")
    assert links.broken_links(tmp_path) == ["b.html: sub/a.html#bottom", "b.html: no.png"]


def test_the_glossary_s_words_lead_to_pages_and_names():
    index = page_program("glossary_index")
    entries = index.entries("| a window (Mistral), `SWA`; b | [`Band`](catalogue/x.md#band): c |\n")
    words = ["a window", "SWA", "b"]
    assert entries == {"catalogue/x": {"band": words}, "_api/sparse_ref.Band": {"": words}}
    lesson = index.entries("| top-k | {doc}`lesson 13 <notebooks/13_top>`; [x](x.md) |\n")
    assert lesson == {key: {"": ["top-k", "top k"]} for key in ("notebooks/13_top", "x")}
    written = index.entries(index.GLOSSARY.read_text())
    assert "sliding window" in written["catalogue/elementary"]["lookback"]
    assert len(written) > 40


CITED = re.compile(r"\b([A-Z][\w-]+) (?:et al\.,?|and ([A-Z][\w-]+)) \(?(\d{4})\b")
ARXIV = re.compile(r"arXiv[:\s]*(\d{4}\.\d{4,5})")


def citations(text):
    """The names and years, and the arXiv numbers, that a text cites."""
    names = {(match[2] or match[1], match[3]) for match in CITED.finditer(text)}
    return names | {("arXiv", number) for number in ARXIV.findall(text)}


def text_of(file):
    """A page or a module as it is; of a notebook its paragraphs, whatever their line breaks."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    return " ".join(" ".join("".join(cell["source"]).split()) for cell in cells)


def test_the_bibliography_has_every_source_that_the_library_the_pages_and_the_lessons_cite():
    files = [*(DOCS.parent / "sparse_ref").rglob("*.py"), *DOCS.glob("*.md")]
    files += [*(DOCS / "catalogue").glob("*.md"), *(DOCS / "design").glob("*.md")]
    files += [*(DOCS.parent / "notebooks").glob("*.ipynb")]
    text = (DOCS / "bibliography.md").read_text(encoding="utf-8")
    cited = {pair: file for file in files for pair in citations(text_of(file))}
    assert len(cited) > 95
    missing = {pair: str(file) for pair, file in cited.items() if pair not in citations(text)}
    assert not missing


def test_the_bibliography_s_links_are_to_the_number_that_they_name():
    text = (DOCS / "bibliography.md").read_text(encoding="utf-8")
    links = re.findall(r"\[arXiv ([\d.]+)\]\(https://arxiv.org/abs/([\d.]+)\)", text)
    assert len(links) >= 45
    assert all(name == target for name, target in links)
    assert len(set(links)) == len(links)
