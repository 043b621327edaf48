"""The form of a lesson, rule by rule: each rule gives its complaints about the cells of a notebook.

A reader guesses before an answer shows, may skip what only proves a claim, and reads on a page
700 pixels wide.
"""

import ast
import re
from collections.abc import Callable

from nbformat import NotebookNode

COURSE = (
    "01_why_sparse",
    "02_strided_and_fixed",
    "03_what_is_in_a_window",
    "04_three_ways_to_build",
    "05_paths_and_proofs",
    "06_global_and_random",
    "07_far_with_few",
    "08_images_and_video",
    "09_a_fast_kernel",
    "10_backward",
    "11_on_a_gpu",
    "12_hash_cluster_sort",
    "13_what_is_in_a_top_k",
    "14_coarse_to_fine",
    "15_learned_sets",
    "16_batches_and_caches",
    "17_judge_a_kernel",
    "18_the_papers_tables",
)
MAX_COLUMNS = 80
MAX_FIGURE_INCHES = 8
MAX_FIGURE_PIXELS = 840  # at normal resolution; a page shows 700
MIN_ALT_WORDS = 4
MIN_CLAIM_CELLS = 8
EXERCISES = 3
BULLETS = 3
RETINA = '%config InlineBackend.figure_format = "retina"'
HOME_MADE = "imshow", "matshow", "pcolormesh", "pcolor", "spy"  # sr.plot draws masks

Cells = list[NotebookNode]
Rule = Callable[[Cells], list[str]]


def is_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code"


def has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def code_of(cells: Cells) -> Cells:
    return [cell for cell in cells if is_code(cell)]


def python_of(cell: NotebookNode) -> ast.Module:
    """The cell's statements, without IPython's magics."""
    lines = cell.source.split("\n")
    return ast.parse("\n".join(line for line in lines if not line.startswith(("%", "!"))))


def has_assert(cell: NotebookNode) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(python_of(cell)))


def figures_of(cell: NotebookNode) -> list[NotebookNode]:
    outputs = cell.outputs if is_code(cell) else []
    return [output for output in outputs if "image/png" in output.get("data", {})]


def is_guess(cell: NotebookNode) -> bool:
    """Whether a paragraph of the cell begins with **Guess."""
    return cell.cell_type == "markdown" and bool(re.search(r"^\*\*Guess", cell.source, re.M))


def is_answer(cell: NotebookNode) -> bool:
    """Whether the cell gives the answer in words that a click shows."""
    return cell.cell_type == "markdown" and "<summary>Answer</summary>" in cell.source


def is_text(cell: NotebookNode) -> bool:
    """Whether the cell begins with a sentence, not with a heading or the next question."""
    return cell.cell_type == "markdown" and not cell.source.startswith(("#", "**Guess"))


def wide_lines(cells: Cells) -> list[str]:
    """Code has at most 80 columns: a page cuts what is wider."""
    lines = [(cell.id, line) for cell in code_of(cells) for line in cell.source.split("\n")]
    return [f"{where}: {len(line)} columns" for where, line in lines if len(line) > MAX_COLUMNS]


def open_asserts(cells: Cells) -> list[str]:
    """Asserts are in cells that a reader may skip, tagged hide-input."""
    claims = [cell for cell in code_of(cells) if has_assert(cell)]
    return [f"{cell.id}: tag it hide-input" for cell in claims if not has_tag(cell, "hide-input")]


def few_claims(cells: Cells) -> list[str]:
    """A lesson asserts what it says, in at least 8 cells."""
    count = sum(has_assert(cell) for cell in code_of(cells))
    return [] if count >= MIN_CLAIM_CELLS else [f"{count} cells assert something"]


def open_answers(cells: Cells) -> list[str]:
    """What shows first after a guess is a hidden output, or the answer in words, folded."""
    complaints = []
    for place, cell in enumerate(cells):
        later = cells[place:]
        is_shown = [is_answer(c) or (is_code(c) and bool(c.outputs)) for c in later]
        first = later[is_shown.index(True)] if True in is_shown else cell
        if is_guess(cell) and not (is_answer(first) or has_tag(first, "hide-output")):
            complaints.append(f"{cell.id}: the answer in {first.id} is not hidden")
    return complaints


def buried_guesses(cells: Cells) -> list[str]:
    """A guess is a paragraph of its own, so that a reader stops there and the rules see it."""
    inside = re.compile(r"[^\n]\*\*Guess([.:]\*\*|\*\*[.:])")
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    return [f"{c.id}: a guess begins no paragraph" for c in texts if inside.search(c.source)]


def wordless_answers(cells: Cells) -> list[str]:
    """A guess is answered in words: folded, or by the text below the hidden output."""
    complaints = []
    for place, cell in enumerate(cells):
        if not is_guess(cell):
            continue
        later = [c for c in cells[place + 1 :] if not has_tag(c, "hide-input")]
        guesses = [is_guess(c) and not is_answer(c) for c in later]
        section = later[: guesses.index(True) + 1] if True in guesses else later
        outputs = [n for n, c in enumerate(section) if has_tag(c, "hide-output")]
        below = section[outputs[0] + 1 :][:1] if outputs else []
        if not any(map(is_text, below)) and not any(map(is_answer, [cell, *section])):
            complaints.append(f"{cell.id}: no answer in words follows")
    return complaints


def formulas_in_headings(cells: Cells) -> list[str]:
    """A heading is read in a list of contents, where no formula is set."""
    texts = [(cell.id, cell.source) for cell in cells if cell.cell_type == "markdown"]
    headings = [(where, line) for where, text in texts for line in text.split("\n")]
    return [f"{where}: {line}" for where, line in headings if re.match(r"#+ .*\$", line)]


def silent_figures(cells: Cells) -> list[str]:
    """A cell has at most one figure, with a text for those who do not see it."""
    complaints = []
    for cell in cells:
        count = len(figures_of(cell))
        image = cell.metadata.get("mystnb", {}).get("image", {})
        if count > 1:
            complaints.append(f"{cell.id}: {count} figures, and one alt text")
        if count and len(image.get("alt", "").split()) < MIN_ALT_WORDS:
            complaints.append(f"{cell.id}: its figure has no alt text")
    return complaints


def large_figures(cells: Cells) -> list[str]:
    """A figure is sharp, and legible on a page 700 pixels wide."""
    complaints = []
    for cell in cells:
        for figure in figures_of(cell):
            width = figure.metadata.get("image/png", {}).get("width")
            if width is None:
                complaints.append(f"{cell.id}: no retina figure")
            elif width > MAX_FIGURE_PIXELS:
                complaints.append(f"{cell.id}: a figure {width} pixels wide")
    return complaints


def large_sizes(cells: Cells) -> list[str]:
    """figsize is at most 8 inches wide."""
    complaints = []
    for cell in code_of(cells):
        calls = [node for node in ast.walk(python_of(cell)) if isinstance(node, ast.keyword)]
        sizes = [ast.unparse(node.value) for node in calls if node.arg == "figsize"]
        widths = [float(re.match(r"\(([\d.]+)", size)[1]) for size in sizes]
        wide = [width for width in widths if width > MAX_FIGURE_INCHES]
        complaints += [f"{cell.id}: a figure {width} inches wide" for width in wide]
    return complaints


def home_made_figures(cells: Cells) -> list[str]:
    """Sets are drawn by sr.plot."""
    drawn = [(cell.id, word) for cell in code_of(cells) for word in HOME_MADE]
    source = {cell.id: cell.source for cell in cells}
    return [f"{where}: {word}" for where, word in drawn if f".{word}(" in source[where]]


def blurred(cells: Cells) -> list[str]:
    """The first code cell asks for sharp figures."""
    return [] if RETINA in code_of(cells)[0].source else [f"the first code cell needs {RETINA}"]


def missing_parts(cells: Cells) -> list[str]:
    """A title with the number, and near the end what is known now, exercises and a link."""
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    complaints = [] if re.match(r"# \d+\. \w", texts[0]) else ["no `# N. Title` at the top"]
    known = [text for text in texts if text.startswith("## What you know now")]
    bullets = re.findall(r"^[-*] ", "\n".join(known), re.M)
    if len(bullets) != BULLETS:
        complaints.append(f"`## What you know now` has {len(bullets)} bullets, not {BULLETS}")
    if not re.search(r"\]\(\w+\.ipynb\)", texts[-1]):
        complaints.append("the last text has no link to the next lesson")
    return complaints


def missing_exercises(cells: Cells) -> list[str]:
    """Three exercises, each with a stub that `sr.puzzles.check` finds not yet right."""
    titles = [place for place, c in enumerate(cells) if c.source.startswith("## Exercises")]
    if not titles:
        return ["no `## Exercises`"]
    stubs = [cell for cell in code_of(cells[titles[0] :]) if "sr.puzzles.check(" in cell.source]
    return [] if len(stubs) == EXERCISES else [f"{len(stubs)} stubs, not {EXERCISES}"]


PAGE_RULES: tuple[Rule, ...] = (
    wide_lines,
    formulas_in_headings,
    silent_figures,
    large_figures,
    large_sizes,
    home_made_figures,
)
LESSON_RULES: tuple[Rule, ...] = (
    *PAGE_RULES,
    open_asserts,
    few_claims,
    open_answers,
    buried_guesses,
    wordless_answers,
    blurred,
    missing_parts,
    missing_exercises,
)
