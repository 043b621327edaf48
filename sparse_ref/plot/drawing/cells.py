"""A table of cells: an image, which vector files get as rectangles if its cells are few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import allow_rasterization
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.image import AxesImage
from matplotlib.path import Path

from ...sets.types import FloatArray, IntArray
from .colours import Colour

MAX_VECTOR_CELLS = 64  # cells a side that a vector file gets as rectangles
RECTANGLE = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]


class CellImage(AxesImage):
    """An AxesImage; SVG and PDF get rectangles of it if it has at most 64 cells a side.

    Cells smaller than a pixel are blended, so that none is lost.
    """

    _depth: FloatArray | None = None  # of the colour of each cell, 0 to 1
    _ground: Colour = "none"

    def can_composite(self) -> bool:
        """Whether matplotlib may blend it with other images into one bitmap."""
        return False

    def fade(self, depth: FloatArray, ground: Colour) -> None:
        """Mix the colour of each cell with the ground: 1 is the colour, 0 the ground."""
        self._depth = depth
        self._ground = ground
        self.changed()

    def to_rgba(
        self,
        x: np.ndarray,
        alpha: Any = None,
        bytes: bool = False,
        norm: bool = True,
    ) -> np.ndarray:
        """The colours of values, RGBA; those of the whole table have their depth."""
        colours = super().to_rgba(x, alpha, bytes, norm)
        if self._depth is None or np.shape(x) != self._depth.shape:
            return colours
        depth = self._depth[..., None]
        ground = np.array(to_rgba(self._ground)) * (255 if bytes else 1)
        return (depth * colours + (1 - depth) * ground).astype(colours.dtype)

    @allow_rasterization
    def draw(self, renderer: RendererBase) -> None:
        """Draw the image, or its rectangles."""
        rows, columns = self.get_size()
        is_vector = renderer.option_scale_image() and max(rows, columns) <= MAX_VECTOR_CELLS
        if not is_vector:
            self.set_interpolation("hanning" if self._is_fine(renderer) else "none")
            super().draw(renderer)
            self.set_interpolation("none")
            self.stale = False
        elif self.get_visible():
            self._draw_rectangles(renderer)

    def _is_fine(self, renderer: RendererBase) -> bool:
        """Whether cells are smaller than pixels, in a file of pixels."""
        rows, columns = self.get_size()
        extent = self.get_window_extent(renderer)
        is_fine = extent.width < columns or extent.height < rows
        return is_fine and not renderer.option_scale_image()

    def _draw_rectangles(self, renderer: RendererBase) -> None:
        """Draw one path for each colour, so that no seam shows between cells of a colour."""
        renderer.open_group("cells", self.get_gid())
        gc = renderer.new_gc()
        gc.set_clip_rectangle(self.get_clip_box())
        gc.set_linewidth(0)
        table: np.ndarray = np.ma.asarray(self.get_array())
        colours = self.to_rgba(table, alpha=self.get_alpha())
        left, right, bottom, top = self.get_extent()
        x = np.linspace(left, right, colours.shape[1] + 1)
        y = np.linspace(top, bottom, colours.shape[0] + 1)
        for layer in layers_of(colours):
            path = rectangle_path(layer.rectangles, x, y)
            renderer.draw_path(gc, path, self.get_transform(), layer.colour)
        gc.restore()
        renderer.close_group("cells")
        self.stale = False


Rgba = tuple[float, float, float, float]


class Rectangle(NamedTuple):
    """Cells of one label: columns left to right - 1 of rows top to bottom - 1."""

    left: int
    right: int
    label: int
    top: int
    bottom: int


class Layer(NamedTuple):
    """The rectangles of one colour, RGBA."""

    colour: Rgba
    rectangles: list[Rectangle]


def layers_of(colours: FloatArray) -> list[Layer]:
    """The rectangles of each colour of an RGBA table; below them its commonest one, if opaque."""
    rows, columns = colours.shape[:2]
    palette, labels, counts = np.unique(
        colours.reshape(-1, 4), axis=0, return_inverse=True, return_counts=True
    )
    layers = [Layer(tuple(colour), []) for colour in palette.tolist()]
    for rectangle in rectangles_of(labels.reshape(rows, columns)):
        layers[rectangle.label].rectangles.append(rectangle)
    if not (palette[:, 3] == 1).all():
        return layers
    commonest = int(counts.argmax())
    base = layers.pop(commonest)
    page = Rectangle(0, columns, commonest, 0, rows)
    return [Layer(base.colour, [page]), *layers]


def rectangles_of(labels: IntArray) -> Iterator[Rectangle]:
    """Rectangles that cover a table, each of one label: runs of a row, repeated by those below."""
    tops: dict[tuple[int, int, int], int] = {}
    for a, row in enumerate(labels):
        borders = np.flatnonzero(np.diff(row)) + 1
        lefts = [0, *borders.tolist()]
        rights = [*borders.tolist(), len(row)]
        runs = list(zip(lefts, rights, row[lefts].tolist()))
        for run in sorted(set(tops) - set(runs)):
            yield Rectangle(*run, tops.pop(run), a)
        for run in runs:
            tops.setdefault(run, a)
    for run, top in sorted(tops.items()):
        yield Rectangle(*run, top, len(labels))


def rectangle_path(rectangles: list[Rectangle], x: FloatArray, y: FloatArray) -> Path:
    """One path around each rectangle; columns begin at x, rows at y."""
    vertices = []
    for left, right, _, top, bottom in rectangles:
        across = x[[left, right, right, left, left]]
        down = y[[top, top, bottom, bottom, top]]
        vertices += list(zip(across, down))
    return Path(np.array(vertices), RECTANGLE * len(rectangles))
