"""The arguments of the command that plays puzzles."""

from __future__ import annotations

from pathlib import Path

from .arguments import argument
from .progress_file import default_file

PUZZLE = (
    argument("name", nargs="?", help="a puzzle's name or number, or `next`; without it, the list"),
    argument(
        "--answer",
        metavar="TEXT",
        help="an expression, the code of a function, or a .py file with it: print the verdict, and "
        "exit with 0 if it is right, else 1",
    ),
    argument("--solution", action="store_true", help="print the solution"),
    argument("--all", action="store_true", help="list the exercises of the lessons, too"),
    argument(
        "--progress",
        type=Path,
        metavar="FILE",
        help=f"the file of your progress; by default {default_file()}".replace("%", "%%"),
    ),
)
