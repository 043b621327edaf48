"""The course as the site shows it: copies of the notebooks, and an index made of their first cells.

A lesson added to notebooks/ appears in the index, in the sidebar and in the search by itself.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
COPIES = HERE / "notebooks"
TOPICS = HERE / "course_topics.toml"
TEXT, FIGURE, CHECK = "what it prints", "the figure", "the check"  # what a button shows and hides
ANSWER, IN_WORDS = "<summary>Answer</summary>", "<summary>The answer in words</summary>"
SHORT = 32  # letters of a question that needs the sentence before it
PATTERNS = {"lessons": "[0-9]*.ipynb", "puzzles": "puzzles*.ipynb"}


class Lesson(NamedTuple):
    """A notebook in the index: its file's stem, its title, its question."""

    name: str
    title: str
    question: str


def lessons(folder: Path = NOTEBOOKS, kind: str = "lessons") -> list[Lesson]:
    """The notebooks of a kind in the order of their numbers."""
    paths = folder.glob(PATTERNS[kind])
    items = [lesson(path.stem, read(path)) for path in paths]
    return sorted(items, key=first_number)


def read(path: Path) -> dict[str, Any]:
    """The notebook in a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def first_number(item: Lesson) -> int:
    """The first number of a title: of the lesson, or of the first puzzle."""
    return int(re.findall(r"\d+", item.title)[0])


def lesson(name: str, notebook: dict[str, Any]) -> Lesson:
    """The title and the question of a notebook's first cell."""
    title, _, text = "".join(notebook["cells"][0]["source"]).partition("\n")
    return Lesson(name, title.removeprefix("# ").strip(), question(text))


def question(text: str) -> str:
    """The first sentence that asks, or else the first; a short one with the sentence before it."""
    prose = " ".join(text.partition("$$")[0].replace("**", "").split())
    sentences = re.split(r"(?<=[.?!])\s+", prose.replace("The question: ", ""))
    ends = [sentence[-1:] for sentence in sentences]
    place = ends.index("?") if "?" in ends else 0
    is_short = len(sentences[place]) < SHORT
    first = max(place - is_short, 0)
    chosen = " ".join(sentences[first : place + 1])
    return chosen[0].upper() + chosen[1:]


def index(items: list[Lesson], kind: str) -> str:
    """The index in Markdown: a card for each notebook, and a toctree of them for the sidebar."""
    cards = "\n\n".join(map(card, items)) or f"No {kind} yet."
    documents = [f"notebooks/{item.name}" for item in items]
    pages = [path.stem for path in sorted(HERE.glob(f"{kind}*.md"))]
    entries = "\n".join(pages + documents)
    return f"{cards}\n\n```{{toctree}}\n:hidden:\n:caption: {kind.title()}\n\n{entries}\n```\n"


def card(item: Lesson) -> str:
    """A notebook's title, which is a link, and its question."""
    path = f"notebooks/{item.name}.ipynb"
    return f":::{{container}} lesson\n[{item.title}]({path})\n\n{item.question}\n:::"


def topics() -> str:
    """Every topic as a link to its lesson, or to a section of it, in Markdown."""
    paths = NOTEBOOKS.glob(PATTERNS["lessons"])
    names = {int(path.stem[:2]): path.stem for path in paths}
    places = tomllib.loads(TOPICS.read_text(encoding="utf-8"))["topics"]
    links = []
    for words, place in places.items():
        number, mark, section = place.partition("#")
        path = f"notebooks/{names[int(number)]}.ipynb"
        links.append(f"[{words}]({path}{mark}{section})")
    return " ·\n".join(links)


def hidden_part(cell: dict[str, Any]) -> str:
    """What the site hides of a cell until a click, in words; nothing of most cells."""
    tags = cell["metadata"].get("tags", [])
    if "hide-input" in tags:
        return CHECK
    if "hide-output" not in tags:
        return ""
    forms = [output.get("data", {}) for output in cell.get("outputs", [])]
    return FIGURE if any("image/png" in form for form in forms) else TEXT


def site_notebook(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook as the site shows it: buttons say what they hide, links are a folder shorter.

    An answer next to a hidden output is called the answer in words.
    """
    before = ""
    for cell in notebook["cells"]:
        source = "".join(cell["source"]).replace("../docs/", "../")
        cell["source"] = source.replace(ANSWER, IN_WORDS) if before else source
        before = hidden_part(cell)
        if before:
            options = cell["metadata"].setdefault("mystnb", {})
            options["code_prompt_show"] = f"Show {before}"
            options["code_prompt_hide"] = f"Hide {before}"
    return notebook


def copy_notebooks(source: Path = NOTEBOOKS, target: Path = COPIES) -> None:
    """Copy the notebooks for the build; a copy that is the same already keeps its time."""
    target.mkdir(exist_ok=True)
    paths = sorted(source.glob("*.ipynb"))
    for copy in target.glob("*.ipynb"):
        if not (source / copy.name).exists():
            copy.unlink()
    for path in paths:
        notebook = site_notebook(read(path))
        text = json.dumps(notebook, ensure_ascii=False, indent=1)
        copy = target / path.name
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")
