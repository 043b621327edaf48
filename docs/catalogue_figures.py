"""The catalogue's figures, which docs/catalogue.py writes: each example as SVG, by its parts.

A pair has the colour of the first part that contains it. Heads, and what cannot share a matrix, are
panels next to each other.
"""

from typing import NamedTuple

import numpy as np

import sparse_ref as sr
from sparse_ref.catalogue.entries import Entry
from sparse_ref.sets.pattern import Pattern, Union

COLOURS = {
    "blue": "#21588f",
    "orange": "#dfa352",
    "green": "#2da288",
    "red": "#ce3c11",
    "yellow": "#dccb25",
}
EMPTY = "#e4e4e4"
GAP = 2  # cells between panels
CELL = 10  # pixels


class Part(NamedTuple):
    """A part of a figure: what it is called, and its pairs."""

    name: str
    mask: np.ndarray


Panel = list[Part]


def members(pattern: Pattern) -> list[Pattern]:
    """The parts that a union joins, also of blocks; a pattern that is no union is its only part."""
    if isinstance(pattern, Union):
        return members(pattern.left) + members(pattern.right)
    if isinstance(pattern, sr.Blockwise):
        return [sr.Blockwise(part, pattern.block) for part in members(pattern.pattern)]
    return [pattern]


def panels(entry: Entry) -> list[Panel]:
    """The panels of an entry's figure."""
    value, shape = entry.value(), entry.shape()
    if isinstance(value, tuple):
        masks = [sr.dense(p, shape) for p in value]
        return [[Part(f"head {h}", mask)] for h, mask in enumerate(masks)]
    patterns = members(value) if isinstance(value, Pattern) else list(value)
    parts = [Part(repr(part), sr.dense(part, shape)) for part in patterns]
    if has_room(parts):
        return [parts]
    return [[part] for part in parts[: len(COLOURS)]]


def has_room(parts: Panel) -> bool:
    """Whether parts can share a matrix: a colour for each, and none hidden by those before it."""
    seen = np.zeros_like(parts[0].mask)
    for part in parts:
        if not (part.mask & ~seen).any():
            return False
        seen |= part.mask
    return len(parts) <= len(COLOURS)


def example_panels(example) -> list[Panel]:
    """The panels of a method that chooses keys by data."""
    parts = example.parts()
    masks = [sr.dense(part.pattern, part.shape(example.n)) for part in parts]
    return [[Part(part.name, mask)] for part, mask in zip(parts, masks)]


def svg(figure: list[Panel]) -> str:
    """The figure as text."""
    shapes = [panel[0].mask.shape for panel in figure]
    width = sum(n_k for _, n_k in shapes) + GAP * (len(shapes) - 1)
    height = max(n_q for n_q, _ in shapes)
    size = f'width="{width * CELL}" height="{height * CELL}" viewBox="0 0 {width} {height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges">']
    left = 0
    for panel, (n_q, n_k) in zip(figure, shapes):
        lines.append(f'<path fill="{EMPTY}" d="M{left} 0h{n_k}v{n_q}h-{n_k}z"/>')
        lines += panel_paths(panel, left)
        left += n_k + GAP
    return "\n".join([*lines, "</svg>", ""])


def panel_paths(panel: Panel, left: int) -> list[str]:
    """A path for each part, of the pairs that no part before it has."""
    seen = np.zeros_like(panel[0].mask)
    paths = []
    for part, colour in zip(panel, COLOURS.values()):
        rectangles = runs(part.mask & ~seen, left)
        paths.append(f'<path fill="{colour}" d="{rectangles}"/>')
        seen |= part.mask
    return paths


def runs(mask: np.ndarray, left: int) -> str:
    """The runs of a mask as rectangles of a path."""
    columns = (0, 0), (1, 1)  # one at either side, so that every run begins and ends
    framed = np.pad(mask.astype(np.int8), columns)
    edges = np.diff(framed, axis=1)
    rows, starts = np.nonzero(edges > 0)
    _, stops = np.nonzero(edges < 0)
    widths = stops - starts
    rectangles = np.stack([left + starts, rows, widths], axis=1).tolist()
    return "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in rectangles)


def legend(figure: list[Panel]) -> str:
    """What the colours are, in Markdown; nothing if there is one."""
    if len(figure) > 1:
        return f"Panels from the left: {', '.join(code(panel[0].name) for panel in figure)}."
    if len(figure[0]) == 1:
        return ""
    names = [code(part.name) for part in figure[0]]
    text = "; ".join(f"{colour} {name}" for colour, name in zip(COLOURS, names))
    return f"In {text}."


def code(name: str) -> str:
    """A part's name as code, if it is notation."""
    return f"`{name}`" if "(" in name else name


def alternative(name: str, figure: list[Panel]) -> str:
    """The figure in words, for those who do not see it."""
    n_q, n_k = figure[0][0].mask.shape
    several = f"{len(figure)} matrices" if len(figure) > 1 else "A matrix"
    return f"{several} of {n_q} queries by {n_k} keys: the pairs of {name}"


def figures(entries, examples) -> dict[str, list[Panel]]:
    """{name of the file: figure} of each entry, and of each method that chooses keys by data."""
    by_data = {f"chosen_{example.name}": example_panels(example) for example in examples}
    return {**{name: panels(entry) for name, entry in entries.items()}, **by_data}
