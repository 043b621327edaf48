"""The gallery: each figure of `sr.plot` with the line that draws it: python docs/gallery.py

The entries are in gallery.toml. This file draws them into _static/gallery and writes gallery.md; a
test compares the kept images with what the lines draw, so that none is ever edited by hand.
"""

import tomllib
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure as Canvas

import sparse_ref as sr
from sparse_ref.plot.drawing.files import outermost_figure

HERE = Path(__file__).parent
IMAGES = HERE / "_static" / "gallery"
DPI = 100
INTRODUCTION = (
    "# Gallery\n\n"
    "Each figure of `sr.plot`, with the line that draws it. A function takes `ax=`, returns what "
    'it drew, and shows or saves nothing: `sr.plot.save(im, "mask.svg")` does that. '
    "These come first:\n\n"
    "```python\nimport numpy as np\n\nimport sparse_ref as sr\n```\n"
)


class Figure(NamedTuple):
    """A figure of the gallery: its name, the line that draws it, what it shows."""

    name: str
    line: str
    caption: str
    alt: str
    setup: str = ""
    image: str = "png"  # or "gif", of an animation

    @property
    def code(self) -> str:
        """What a reader runs."""
        return f"{self.setup}\n{self.line}".strip()

    @property
    def path(self) -> Path:
        """The image that is kept."""
        return IMAGES / f"{self.name}.{self.image}"


def figures() -> list[Figure]:
    """The figures in the order of the page."""
    entries = tomllib.loads((HERE / "gallery.toml").read_text())["figure"]
    return [Figure(**entry) for entry in entries]


def value(figure: Figure):
    """What the entry's line returns."""
    names = {"np": np, "sr": sr}
    exec(figure.setup, names)
    return eval(figure.line, names)


def canvas(figure: Figure) -> Canvas:
    """The matplotlib figure that the entry's line draws."""
    return outermost_figure(value(figure))


def png(figure: Figure) -> bytes:
    """The image of a figure as it is drawn now."""
    data = BytesIO()
    drawn = canvas(figure)
    drawn.savefig(data, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(drawn)
    return data.getvalue()


def gif(figure: Figure) -> bytes:
    """The animation of a figure as it is drawn now."""
    with TemporaryDirectory() as folder:
        path = sr.plot.save_animation(value(figure), Path(folder, figure.path.name))
        plt.close()
        return path.read_bytes()


def image(figure: Figure) -> bytes:
    """The file of a figure as it is drawn now."""
    return gif(figure) if figure.image == "gif" else png(figure)


def page() -> str:
    """The text of gallery.md."""
    return "\n".join([INTRODUCTION, *map(section, figures())])


def section(figure: Figure) -> str:
    """A figure on the page: what it shows, its line, its image."""
    return (
        f"## {figure.name}\n\n{figure.caption}\n\n"
        f"```python\n{figure.code}\n```\n\n"
        f"![{figure.alt}](_static/gallery/{figure.path.name})\n"
    )


if __name__ == "__main__":
    matplotlib.use("Agg")
    IMAGES.mkdir(exist_ok=True)
    for entry in figures():
        entry.path.write_bytes(image(entry))
        print(entry.path)
    (HERE / "gallery.md").write_text(page())
