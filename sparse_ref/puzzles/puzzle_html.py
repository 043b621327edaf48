"""What a notebook shows of a puzzle and of a verdict: HTML that reads on light and dark pages.

Colours have a contrast of 3 with white and with black; extra and missing differ by sign as well.
"""

from __future__ import annotations

import re
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
MIDDLE = 7.5, 11.7  # of the base of a sign in a cell
MAX_DRAWN_CELLS = 48  # queries or keys of a drawing
MEMBER, EXTRA, MISSING = "#6b7280", "#d9730d", "#2f7fc4"
GRID = "rgba(128,128,128,0.35)"
GOOD = "#1a8a4a"
BOX = "display:inline-block;width:0.8em;height:0.8em;margin-right:0.4em"
LEGEND = (
    f"<span style='{BOX};background:{EXTRA}'></span>+ extra &#8195; "
    f"<span style='{BOX};border:1px dashed {MISSING}'></span>&#8722; missing"
)
STYLE = "font-family:system-ui,sans-serif;line-height:1.45;max-width:46em"
COLUMNS = "display:flex;flex-wrap:wrap;gap:1.5em;margin:0.6em 0"
PRE = "font-family:monospace;line-height:1.25;margin:0.4em 0"


def html_verdict(verdict: Verdict) -> str:
    """A verdict: its state, the mistake, the smallest case, both values, the next hint."""
    colour = GOOD if verdict else EXTRA
    head, *lines = verdict.lines()
    if not verdict and not verdict.mistake:
        colour = MEMBER
    parts = [f"<b>{html_text(head)}</b>"]
    for number, line in enumerate(lines):
        first, _, code = line.partition("\n")
        text = html_text(first)
        is_name = number == 0 and verdict.mistake
        parts.append(f"<div><b>{text}</b></div>" if is_name else f"<div>{text}</div>")
        if code:
            parts.append(_code(code))
    if verdict.pictures is not None:
        parts.append(html_comparison(verdict.pictures))
    if verdict.hint and not verdict:
        hint = _with_code(verdict.hint)
        parts.append(f"<details><summary>A hint</summary>{hint}</details>")
    bar = f"border-left:4px solid {colour};padding-left:0.8em"
    return f"<div style='{STYLE};{bar}'>{''.join(parts)}</div>"


def html_comparison(comparison: Comparison) -> str:
    """Both values next to each other."""
    case, actual, wanted, *_ = comparison
    if comparison.is_set and max(wanted.shape) <= MAX_DRAWN_CELLS:
        yours = svg_set(wanted, actual, f"your set, {case}")
        right = svg_set(wanted, wanted, f"the wanted set, {case}")
        legend = f"<div>{LEGEND}</div>"
    else:
        yours, right = _code(value_text(actual)), _code(value_text(wanted))
        legend = ""
    columns = _column("yours", yours) + _column("wanted", right)
    return f"<div style='{COLUMNS}'>{columns}</div>{legend}"


def _code(text: str) -> str:
    """A text as it stands, in a monospace font."""
    return f"<pre style='{PRE}'>{html_text(text)}</pre>"


def _column(title: str, body: str) -> str:
    """A title over a drawing."""
    return f"<div><div>{html_text(title)}</div>{body}</div>"


def svg_set(wanted: BoolArray, actual: BoolArray, title: str) -> str:
    """A mask as an inline drawing: queries from the top, keys from the left."""
    rows, columns = wanted.shape
    width, height = columns * CELL + 1, rows * CELL + 1
    extra, missing = actual & ~wanted, wanted & ~actual
    difference = count_in_words(wanted, actual)
    label = html_text(f"{title}: {difference}" if difference else title)
    dashes = f"fill='none' stroke='{MISSING}' stroke-dasharray='3 2'"
    parts = [
        f"<path d='{_grid(rows, columns)}' fill='none' stroke='{GRID}'/>",
        _cells(wanted & actual, f"fill='{MEMBER}'"),
        _cells(extra, f"fill='{EXTRA}'") + _signs(extra, "+", "white"),
        _cells(missing, dashes) + _signs(missing, "&#8722;", MISSING),
    ]
    return (
        f"<svg role='img' aria-label='{label}' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}'>{''.join(parts)}</svg>"
    )


def _grid(rows: int, columns: int) -> str:
    """The lines between cells."""
    across = [f"M0 {i * CELL + 0.5}h{columns * CELL}" for i in range(rows + 1)]
    down = [f"M{j * CELL + 0.5} 0v{rows * CELL}" for j in range(columns + 1)]
    return "".join(across + down)


def _cells(mask: BoolArray, style: str) -> str:
    """The cells of a mask in one style; nothing if there is none."""
    size = CELL - 1
    box = f"h{size}v{size}h-{size}z"
    corners = np.argwhere(mask) * CELL + 1
    path = "".join(f"M{x} {y}{box}" for y, x in corners.tolist())
    return f"<path d='{path}' {style}/>" if path else ""


def _signs(mask: BoolArray, sign: str, colour: str) -> str:
    """A sign in each cell of a mask."""
    style = f"text-anchor='middle' font-size='13' font-weight='bold' fill='{colour}'"
    texts = [f"<text x='{x}' y='{y}'>{sign}</text>" for x, y in _middles(mask)]
    return f"<g {style}>{''.join(texts)}</g>" if texts else ""


def _middles(mask: BoolArray) -> list[list[float]]:
    """(x, y) of the base of a sign, for each cell of a mask."""
    corners = np.argwhere(mask)[:, ::-1] * CELL
    return (corners + MIDDLE).tolist()


def html_puzzle(puzzle: Puzzle, picture: Any) -> str:
    """A question with its picture and its stub."""
    texts = puzzle.question.split("\n\n")
    paragraphs = "".join(f"<p>{_with_code(text)}</p>" for text in texts)
    title = f"<b>{html_text(puzzle.number)} &#183; {html_text(puzzle.title)}</b>"
    drawing = ""
    if isinstance(picture, np.ndarray):
        n_q, n_k = picture.shape
        size = f"{n_q} queries i are the rows, {n_k} keys j the columns, from 0"
        drawing = svg_set(picture, picture, f"the set of {puzzle.name}") + f"<div>{size}</div>"
    elif picture is not None:
        drawing = _code(str(picture))
    stub = f"<details><summary>The stub</summary>{_code(puzzle.code)}</details>"
    return f"<div style='{STYLE}'>{title}{paragraphs}{drawing}{stub}</div>"


def _with_code(text: str) -> str:
    """Text as HTML, what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html_text(text))


def html_table(title: str, rows: Iterable[Iterable[str]]) -> str:
    """Rows of texts under a title."""
    lines = "".join(f"<tr>{''.join(map(_table_cell, row))}</tr>" for row in rows)
    return f"<table><caption>{html_text(title)}</caption>{lines}</table>"


def _table_cell(text: str) -> str:
    """A cell of a table."""
    return f"<td style='text-align:left'>{html_text(text)}</td>"
