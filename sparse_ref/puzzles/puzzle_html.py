"""What a notebook shows of a puzzle and of a verdict: HTML that reads on light and dark pages.

Colours have a contrast of 3 with white and with black; extra and missing differ by sign as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._text import html_text
from ..sets.types import BoolArray
from .kinds.kind import value_text
from .set_words import count_in_words

if TYPE_CHECKING:
    from .puzzle import Puzzle
    from .puzzle_verdict import Comparison, Verdict

CELL = 15  # pixels
MAX_DRAWN_CELLS = 48  # queries or keys of a drawing
MEMBER, EXTRA, MISSING = "#6b7280", "#d9730d", "#2f7fc4"
GRID = "rgba(128,128,128,0.35)"
GOOD = "#1a8a4a"
STYLE = "font-family:system-ui,sans-serif;line-height:1.45"
COLUMNS = "display:flex;flex-wrap:wrap;gap:1.5em;margin:0.6em 0"
PRE = "font-family:monospace;line-height:1.25;margin:0.4em 0"


def html_verdict(verdict: Verdict) -> str:
    """A verdict: its state, the mistake, the smallest case, both values, the next hint."""
    colour = GOOD if verdict else EXTRA
    head, *lines = verdict.lines()
    if not verdict and not verdict.mistake:
        colour = MEMBER
    parts = [f"<b style='color:{colour}'>{html_text(head)}</b>"]
    for number, line in enumerate(lines):
        text = html_text(line).replace("\n", "<br>")
        is_name = number == 0 and verdict.mistake
        parts.append(f"<div><b>{text}</b></div>" if is_name else f"<div>{text}</div>")
    if verdict.comparison is not None:
        parts.append(html_comparison(verdict.comparison))
    if verdict.hint and not verdict:
        hint = html_text(verdict.hint)
        parts.append(f"<details><summary>A hint</summary>{hint}</details>")
    return f"<div style='{STYLE}'>{''.join(parts)}</div>"


def html_comparison(comparison: Comparison) -> str:
    """Both values next to each other."""
    case, actual, wanted, _ = comparison
    if comparison.is_set and max(wanted.shape) <= MAX_DRAWN_CELLS:
        yours = svg_set(wanted, actual, f"your set, {case}")
        right = svg_set(wanted, wanted, f"the wanted set, {case}")
        legend = (
            f"<div><span style='color:{EXTRA}'>+ extra</span> &#8195; "
            f"<span style='color:{MISSING}'>&#8722; missing</span></div>"
        )
    else:
        yours, right = (
            f"<pre style='{PRE}'>{html_text(value_text(x))}</pre>" for x in (actual, wanted)
        )
        legend = ""
    columns = _column("yours", yours) + _column("wanted", right)
    return f"<div style='{COLUMNS}'>{columns}</div>{legend}"


def _column(title: str, body: str) -> str:
    """A title over a drawing."""
    return f"<div><div>{html_text(title)}</div>{body}</div>"


def svg_set(wanted: BoolArray, actual: BoolArray, title: str) -> str:
    """A mask as an inline drawing: queries from the top, keys from the left."""
    rows, columns = wanted.shape
    width, height = columns * CELL + 1, rows * CELL + 1
    cells = []
    for i, j in np.ndindex(rows, columns):
        pair = i, j
        cells.append(_cell(i, j, wanted[pair], actual[pair]))
    difference = count_in_words(wanted, actual)
    label = html_text(f"{title}: {difference}" if difference else title)
    return (
        f"<svg role='img' aria-label='{label}' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}'>{''.join(cells)}</svg>"
    )


def _cell(i: int, j: int, wanted: Any, actual: Any) -> str:
    """One pair: filled if it attends, with a sign if it should not, or should."""
    x, y = j * CELL + 0.5, i * CELL + 0.5
    box = f"<rect x='{x}' y='{y}' width='{CELL}' height='{CELL}'"
    if wanted and actual:
        return f"{box} fill='{MEMBER}' stroke='{GRID}'/>"
    if actual:
        return f"{box} fill='{EXTRA}' stroke='{GRID}'/>{_sign(x, y, '+', 'white')}"
    if wanted:
        inner = f"{box} fill='none' stroke='{MISSING}' stroke-dasharray='3 2'/>"
        return f"{inner}{_sign(x, y, '&#8722;', MISSING)}"
    return f"{box} fill='none' stroke='{GRID}'/>"


def _sign(x: float, y: float, sign: str, colour: str) -> str:
    """A sign in the middle of a cell."""
    return (
        f"<text x='{x + CELL / 2}' y='{y + CELL * 0.76}' text-anchor='middle' "
        f"font-size='13' font-weight='bold' fill='{colour}'>{sign}</text>"
    )


def html_puzzle(puzzle: Puzzle, picture: Any) -> str:
    """A question with its picture and its stub."""
    paragraphs = "".join(f"<p>{html_text(text)}</p>" for text in puzzle.question.split("\n\n"))
    title = f"<b>{html_text(puzzle.number)} &#183; {html_text(puzzle.title)}</b>"
    drawing = ""
    if isinstance(picture, np.ndarray):
        drawing = svg_set(picture, picture, f"the set of {puzzle.name}")
    elif picture is not None:
        drawing = f"<pre style='{PRE}'>{html_text(str(picture))}</pre>"
    stub = f"<pre style='{PRE}'>{html_text(puzzle.code)}</pre>"
    return f"<div style='{STYLE}'>{title}{paragraphs}{drawing}{stub}</div>"


def html_table(title: str, rows: Iterable[Iterable[str]]) -> str:
    """Rows of texts under a title."""
    lines = "".join(f"<tr>{''.join(map(_table_cell, row))}</tr>" for row in rows)
    return f"<table><caption>{html_text(title)}</caption>{lines}</table>"


def _table_cell(text: str) -> str:
    """A cell of a table."""
    return f"<td style='text-align:left'>{html_text(text)}</td>"
