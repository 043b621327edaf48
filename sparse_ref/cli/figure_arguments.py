"""The arguments of the command that draws a pattern to a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import argument, pair

PICTURE_LENGTH = "the positions of --image, or 64,"


def image_shape(text: str) -> tuple[int, int]:
    """The height and width of an image: 8x8."""
    sides = text.split("x")
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        raise argparse.ArgumentTypeError(f"must be HxW, such as 8x8, got {text!r}")
    height, width = map(int, sides)
    return height, width


def figure_length(
    n: int | tuple[int, int] | None, image: tuple[int, int] | None
) -> int | tuple[int, int]:
    """The length of a figure: -n, the positions of --image, or 64; ValueError if the two differ."""
    if image is None:
        return 64 if n is None else n
    height, width = image
    positions = height * width
    if n not in (None, positions):
        raise ValueError(
            f"-n must be {positions} with --image {height}x{width}, or be left out, got {n}"
        )
    return positions


IMAGE = argument(
    "--image", type=image_shape, metavar="HxW", help="draw the steps on an image of this shape"
)
IMAGE_FILE = argument("-o", "--output", type=Path, required=True, help="a .png, .svg or .pdf file")
FIGURE = (  # how a figure looks
    argument("--title", help="the title; by default the expression"),
    argument(
        "--block",
        type=pair,
        metavar="B or QxK",
        help="the side of a cell in positions; by default 1, and more above 512 positions",
    ),
    argument("--dark", action="store_true", help="draw on a dark page"),
)
