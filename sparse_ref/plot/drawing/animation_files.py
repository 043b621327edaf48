"""Animations written to files: a GIF, or one page that needs no network; the same in every run."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.animation import AbstractMovieWriter, TimedAnimation
from matplotlib.figure import Figure
from PIL import Image

from ...sets.types import IntArray

EMBED_LIMIT = 1000.0  # megabytes: matplotlib drops the frames above its own limit
LAST_FRAME_PAUSE = 1000  # milliseconds
CHANNELS = np.array([1 << 16, 1 << 8, 1])  # of a colour packed into one number
COLOURS = 64  # of a GIF: a figure has few, and shades at the edges of its letters
STYLE_SHEET = re.compile(r'<link rel="stylesheet"\s+href="https?://[^"]*">')
ICON = re.compile(r'<i class="fa fa-([\w -]+)"></i>')
GLYPHS = {
    "minus": "-",
    "fast-backward": "|&lt;",
    "step-backward": "&lt;",
    "play fa-flip-horizontal": "&#9664;",
    "pause": "||",
    "play": "&#9654;",
    "step-forward": "&gt;",
    "fast-forward": "&gt;|",
    "plus": "+",
}
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


def save_animation(animation: TimedAnimation, path: str | os.PathLike[str]) -> Path:
    """The file of an animation, a GIF or an HTML page: the same bytes in every run.

    The page has buttons to play, pause and step, holds its frames, and loads nothing. If only
    a text is needed, `animation.to_jshtml()` gives matplotlib's own.

    Parameters
    ----------
    animation : what `animate` returns, or another of matplotlib with frames at equal times.
    path : a name that ends in .gif or .html; an existing file is replaced.

    Returns the path.
    Raises TypeError for another animation, ValueError for another ending, OSError if the file
    cannot be written.

    >>> import pathlib, tempfile, sparse_ref as sr
    >>> animation = sr.plot.animate(sr.Strided(2), [4, 8], over="lengths")
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = sr.plot.save_animation(animation, pathlib.Path(folder.name, "strided.html"))
    >>> page = path.read_text()
    >>> page.count("data:image/png;base64,"), "https://" in page
    (2, False)
    >>> folder.cleanup()
    >>> import matplotlib.pyplot as plt; plt.close()
    """
    if not isinstance(animation, TimedAnimation):
        kind = type(animation).__name__
        raise TypeError(f"animation must be an animation of matplotlib, got {kind}")
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".gif", ".html"):
        raise ValueError(f"path must end in .gif or .html, got {str(path)!r}")
    data = _gif(animation) if suffix == ".gif" else _page(animation, target.stem).encode()
    target.write_bytes(data)
    return target


class GifWriter(AbstractMovieWriter):
    """Writes a GIF of frames with one palette, so that only what changes takes room."""

    def setup(self, fig: Figure, outfile: Any, dpi: float | None = None) -> None:
        """Begin with no frames."""
        super().setup(fig, outfile, dpi)
        self.frames: list[Image.Image] = []

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        """Add the figure as it is drawn now."""
        data = BytesIO()
        self.fig.savefig(data, format="rgba", dpi=self.dpi, **savefig_kwargs)
        frame = Image.frombytes("RGBA", self.frame_size, data.getvalue())
        page = Image.new("RGBA", frame.size, "white")
        self.frames.append(Image.alpha_composite(page, frame).convert("RGB"))

    def finish(self) -> None:
        """Write the frames; the last one stays longer."""
        images = _indexed_images(self.frames)
        milliseconds = round(1000 / self.fps)
        durations = [milliseconds] * len(images)
        durations[-1] += LAST_FRAME_PAUSE
        first, *others = images
        first.save(self.outfile, save_all=True, append_images=others, duration=durations, loop=0)


def _indexed_images(frames: list[Image.Image]) -> list[Image.Image]:
    """The frames in the colours that most of their pixels have, others in the nearest of these."""
    pixels = [np.asarray(frame, np.int64) @ CHANNELS for frame in frames]
    colours, counts = np.unique(np.stack(pixels), return_counts=True)
    by_count = np.argsort(-counts, kind="stable")
    palette = _channels(colours[by_count[:COLOURS]])
    differences = _channels(colours)[:, None] - palette
    distances = np.square(differences).sum(axis=2)
    nearest = distances.argmin(axis=1).astype(np.uint8)
    images = []
    for table in pixels:
        image = Image.fromarray(nearest[np.searchsorted(colours, table)])
        image.putpalette(palette.astype(np.uint8).tobytes())
        images.append(image)
    return images


def _channels(colours: IntArray) -> IntArray:
    """(red, green, blue) of packed colours, int64 (colours, 3)."""
    return colours[:, None] // CHANNELS % 256


def _gif(animation: TimedAnimation) -> bytes:
    """The frames as a GIF."""
    timer: Any = animation.event_source
    writer = GifWriter(fps=1000 / timer.interval)
    with TemporaryDirectory() as folder:
        path = Path(folder, "animation.gif")
        animation.save(str(path), writer=writer)
        return path.read_bytes()


def _page(animation: TimedAnimation, title: str) -> str:
    """The frames on a page: matplotlib's, with names from its content, and glyphs for icons."""
    with rc_context({"animation.embed_limit": EMBED_LIMIT}):
        body = animation.to_jshtml()
    body = STYLE_SHEET.sub("", body)
    body = ICON.sub(_glyph, body)
    random_name = re.search(r"_anim_img([0-9a-f]{32})", body)
    if random_name is not None:
        digest = sha256(body.replace(random_name[1], "").encode())
        body = body.replace(random_name[1], digest.hexdigest()[:32])
    return PAGE.format(title=escape(title), body=body)


def _glyph(icon: re.Match[str]) -> str:
    """The text of a button."""
    return GLYPHS[icon[1]]
