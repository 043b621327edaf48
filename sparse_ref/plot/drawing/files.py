"""Figures written to files: the same bytes from run to run, and text that stays text."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.animation import Animation
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...sets.checks import integer

SETTINGS: Any = {
    "svg.fonttype": "none",  # text, not outlines of letters
    "svg.hashsalt": "sparse_ref",  # names of clip paths, else drawn at random
    "pdf.fonttype": 42,  # text that can be selected and edited
}
# What files record of their making: none of it, so that they are the same everywhere and always.
METADATA: dict[str, dict[str, None]] = {
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".png": {"Software": None},
}


def save(
    figure: Figure | Artist | list[Any] | tuple[Any, ...] | NDArray[Any],
    path: str | os.PathLike[str],
    *,
    dpi: int = 150,
) -> Path:
    """The file of a figure, as SVG, PDF or PNG: the same bytes for the same figure in every run.

    Text stays text in SVG and PDF, in the fonts of the reader in SVG. Tables of at most 64 cells a
    side are rectangles there. The margins are cut to what is drawn.

    Parameters
    ----------
    figure : a Figure, or anything in one: an image, an Axes, or an array or list of them, as the
        functions of `sr.plot` return. The whole figure is written.
    path : a name that ends in .svg, .pdf or .png; an existing file is replaced.
    dpi : pixels per inch of PNG, and of larger tables in SVG and PDF; at least 1.

    Returns the path.
    Raises TypeError for what is in no figure, ValueError for another ending, OSError if the file
    cannot be written.

    >>> import tempfile, pathlib, sparse_ref as sr
    >>> im = sr.plot.mask(sr.Causal(), 4)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = sr.plot.save(im, pathlib.Path(folder.name, "causal.svg"))
    >>> text = path.read_text()
    >>> "<image" in text, ">Causal()</text>" in text
    (False, True)
    >>> folder.cleanup()
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    if isinstance(figure, Animation):
        raise TypeError(
            "figure must not be an animation: sr.plot.save_animation(animation, path) writes it"
        )
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in METADATA:
        raise ValueError(f"path must end in {', '.join(METADATA)}, got {str(path)!r}")
    dpi = integer("dpi", dpi, 1)
    canvas = outermost_figure(figure)
    data = BytesIO()
    with rc_context(SETTINGS):
        canvas.savefig(
            data,
            format=suffix[1:],
            dpi=dpi,
            bbox_inches="tight",
            metadata=METADATA[suffix],
        )
    target.write_bytes(data.getvalue())
    return target


def outermost_figure(drawn: Any) -> Figure:
    """The figure that something is in, or that it is; of an array, that of its first entry."""
    place = drawn
    if isinstance(place, (list, tuple, np.ndarray)):
        entries = np.ravel(np.array(place, object))
        place = entries[0] if len(entries) else None
    while isinstance(place, Artist) and not isinstance(place, Figure):
        place = place.figure
    if not isinstance(place, Figure):
        raise TypeError(
            "figure must be a Figure, or an artist or array of artists in one, "
            f"got {type(drawn).__name__}"
        )
    return place
