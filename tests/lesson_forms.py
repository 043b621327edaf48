"""The form of a lesson, rule by rule: each rule returns its complaints about a notebook's cells.

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


def is_prose(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown"


def code_of(cells: Cells) -> Cells:
    return [cell for cell in cells if is_code(cell)]


def prose_of(cells: Cells) -> Cells:
    return [cell for cell in cells if is_prose(cell)]


def python_of(cell: NotebookNode) -> ast.Module:
    """The cell's statements, without IPython's magics."""
    lines = cell.source.split("\n")
    python = [line for line in lines if not line.startswith(("%", "!"))]
    return ast.parse("\n".join(python))


def has_assert(cell: NotebookNode) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(python_of(cell)))


def has_outputs(cell: NotebookNode) -> bool:
    return is_code(cell) and bool(cell.outputs)


def figures_of(cell: NotebookNode) -> list[NotebookNode]:
    outputs = cell.outputs if is_code(cell) else []
    return [output for output in outputs if "image/png" in output.get("data", {})]


def is_guess(cell: NotebookNode) -> bool:
    """Whether a paragraph of the cell begins with **Guess."""
    return is_prose(cell) and bool(re.search(r"^\*\*Guess", cell.source, re.M))


def is_answer(cell: NotebookNode) -> bool:
    """Whether the cell gives the answer in words that a click shows."""
    return is_prose(cell) and "<summary>Answer</summary>" in cell.source


def is_text(cell: NotebookNode) -> bool:
    """Whether the cell begins with a sentence, not with a heading or the next question."""
    return is_prose(cell) and not cell.source.startswith(("#", "**Guess"))


def wide_lines(cells: Cells) -> list[str]:
    """Code has at most 80 columns: a page cuts what is wider."""
    complaints = []
    for cell in code_of(cells):
        widths = [len(line) for line in cell.source.split("\n")]
        complaints += [f"{cell.id}: {width} columns" for width in widths if width > MAX_COLUMNS]
    return complaints


def open_asserts(cells: Cells) -> list[str]:
    """Asserts are in cells that a reader may skip, tagged hide-input."""
    claims = [cell for cell in code_of(cells) if has_assert(cell)]
    open_claims = [cell for cell in claims if not has_tag(cell, "hide-input")]
    return [f"{cell.id}: tag it hide-input" for cell in open_claims]


def few_claims(cells: Cells) -> list[str]:
    """A lesson asserts what it says, in at least 8 cells."""
    count = sum(has_assert(cell) for cell in code_of(cells))
    return [] if count >= MIN_CLAIM_CELLS else [f"only {count} cells assert something"]


def open_answers(cells: Cells) -> list[str]:
    """What shows first after a guess is a hidden output, or the answer in words, folded."""
    complaints = []
    for place, cell in enumerate(cells):
        results = [later for later in cells[place:] if is_answer(later) or has_outputs(later)]
        first = results[0] if results else cell
        if is_guess(cell) and not (is_answer(first) or has_tag(first, "hide-output")):
            complaints.append(f"{cell.id}: the answer in {first.id} is not hidden")
    return complaints


def buried_guesses(cells: Cells) -> list[str]:
    """A guess is a paragraph of its own, so that a reader stops there and the rules see it."""
    inside = re.compile(r"[^\n]\*\*Guess([.:]\*\*|\*\*[.:])")
    buried = [cell for cell in prose_of(cells) if inside.search(cell.source)]
    return [f"{cell.id}: a guess begins no paragraph" for cell in buried]


def wordless_answers(cells: Cells) -> list[str]:
    """A guess is answered in words: folded, or by the text below the hidden output."""
    complaints = []
    for place, cell in enumerate(cells):
        if is_guess(cell) and not has_words(cell, cells[place + 1 :]):
            complaints.append(f"{cell.id}: no answer in words follows")
    return complaints


def has_words(guess: NotebookNode, later: Cells) -> bool:
    """Whether an answer in words comes before the next guess."""
    visible = [cell for cell in later if not has_tag(cell, "hide-input")]
    guesses = [is_guess(cell) for cell in visible]
    section = visible[: guesses.index(True) + 1] if True in guesses else visible
    if any(map(is_answer, [guess, *section])):
        return True
    outputs = [place for place, cell in enumerate(section) if has_tag(cell, "hide-output")]
    below = section[outputs[0] + 1 :] if outputs else []
    return bool(below) and is_text(below[0])


def formulas_in_headings(cells: Cells) -> list[str]:
    """A heading is read in a list of contents, where no formula is set."""
    complaints = []
    for cell in prose_of(cells):
        headings = re.findall(r"^#+ .*\$.*", cell.source, re.M)
        complaints += [f"{cell.id}: {heading}" for heading in headings]
    return complaints


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
        nodes = ast.walk(python_of(cell))
        keywords = [node for node in nodes if isinstance(node, ast.keyword)]
        sizes = [ast.literal_eval(node.value) for node in keywords if node.arg == "figsize"]
        wide = [width for width, _ in sizes if width > MAX_FIGURE_INCHES]
        complaints += [f"{cell.id}: a figure {width} inches wide" for width in wide]
    return complaints


def home_made_figures(cells: Cells) -> list[str]:
    """Sets are drawn by sr.plot."""
    complaints = []
    for cell in code_of(cells):
        calls = [name for name in HOME_MADE if f".{name}(" in cell.source]
        complaints += [f"{cell.id}: {name}" for name in calls]
    return complaints


def blurred_figures(cells: Cells) -> list[str]:
    """The first code cell asks for sharp figures."""
    return [] if RETINA in code_of(cells)[0].source else [f"the first code cell needs {RETINA}"]


def missing_parts(cells: Cells) -> list[str]:
    """A title with the number, and near the end what is known now, exercises and a link."""
    texts = [cell.source for cell in prose_of(cells)]
    complaints = [] if re.match(r"# \d+\. \w", texts[0]) else ["no `# N. Title` at the top"]
    knowledge = [text for text in texts if text.startswith("## What you know now")]
    bullets = re.findall(r"^[-*] ", "\n".join(knowledge), re.M)
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
    blurred_figures,
    missing_parts,
    missing_exercises,
)
