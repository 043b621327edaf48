"""The arguments of the commands that write a page."""

from __future__ import annotations

from pathlib import Path

from .arguments import EXPRESSION, argument, length_argument

PAGE_LENGTH = "the length of the pattern or of its example, or 64,"
PAGE = (  # an explorer
    EXPRESSION,
    length_argument(None, PAGE_LENGTH),
    argument("--title", help="the heading of the page; the expression by default"),
    argument(
        "-o", "--output", type=Path, help="the .html file to write; a temporary one by default"
    ),
    argument(
        "--no-open", dest="open", action="store_false", help="write the page, open no browser"
    ),
)
PAGE_FOLDER = argument(
    "-o",
    "--output",
    type=Path,
    default=Path("out"),
    help="the folder of index.html; out by default",
)
