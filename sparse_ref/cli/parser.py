"""The subcommands of `sparse-ref`, with their help texts and examples."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from difflib import get_close_matches
from inspect import cleandoc
from typing import Any, NamedTuple

from .. import __version__
from .._text import visible
from .arguments import (
    CALL,
    CHECKS,
    DATA_SEED,
    EXPRESSION,
    FUNCTION,
    JSON,
    MEANING,
    PATTERN,
    PROOF,
    SELECTION,
    SUITE,
    TESTING_LENGTH,
    WINDOW,
    Argument,
    format_argument,
    length_argument,
)
from .exploring import explore
from .figure_arguments import FIGURE, IMAGE, IMAGE_FILE, PICTURE_LENGTH
from .first_use import compile_
from .judging import FORMATS, demo, identify, verify
from .page_arguments import PAGE, PAGE_FOLDER
from .playing import puzzles
from .proving import prove
from .puzzle_arguments import PUZZLE
from .sets import list_, plot, rosetta, show, stats
from .vectors import vectors

NEGATIVE_NUMBER = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")


class Parser(argparse.ArgumentParser):
    """A parser that suggests the nearest choice for a mistyped one, and reads -1e4 as a number."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._negative_number_matcher = NEGATIVE_NUMBER

    def error(self, message):
        """Print the message, with a suggestion if there is one, and end with 2."""
        invalid = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if invalid:
            choices = invalid[2].replace("'", "").split(", ")
            similar = get_close_matches(invalid[1], choices, 1)
            message += "".join(f"\ndid you mean {choice!r}?" for choice in similar)
        super().error(visible(message))


class Command(NamedTuple):
    """A subcommand; `summary` is its line in the list, the docstring of `run` its description."""

    name: str
    run: Callable[[argparse.Namespace], int]
    summary: str
    examples: tuple[str, ...]
    arguments: tuple[Argument, ...]


COMMANDS = (
    Command(
        "list",
        list_,
        "list every pattern with its set and source, by family",
        ("", "--json"),
        (JSON,),
    ),
    Command(
        "show",
        show,
        "draw a pattern in text, with its set and source",
        ("strided", '"Local(4) | Strided(4)" -n 16', '"Lookback(4)" -n 4x12', "dsa --seed 1"),
        (EXPRESSION, length_argument(None), DATA_SEED, JSON),
    ),
    Command(
        "plot",
        plot,
        "draw a pattern to an image file",
        (
            '"Local(4) | Strided(4)" -o out.png',
            '"strided(8)" --image 8x8 -o out.svg',
            '"bigbird(16384, 64, 3, 0)" -n 16384 --title BigBird --dark -o out.pdf',
        ),
        (EXPRESSION, length_argument(None, PICTURE_LENGTH), IMAGE, *FIGURE, IMAGE_FILE),
    ),
    Command(
        "explore",
        explore,
        "write a page to play with a pattern, and open it in the browser",
        (
            '"strided(8)" -n 64',
            "longformer",
            '"Local(4) | Strided(4)" -n 256 --title "Local and strided" -o page.html --no-open',
        ),
        PAGE,
    ),
    Command(
        "stats",
        stats,
        "count the keys of a pattern and its cost in tiles",
        ('"fixed(128, 8)" -n 16384',),
        (EXPRESSION, length_argument(4096), JSON),
    ),
    Command(
        "rosetta",
        rosetta,
        "compare what sources mean by a window of one size, or by a top-k",
        ("", "-w 8", "--selection"),
        (WINDOW, SELECTION, JSON),
    ),
    Command(
        "verify",
        verify,
        "check that a function attends to exactly the keys of a pattern",
        (
            'mykern:attention --pattern "Lookback(256)" -n 1024 --heads 8',
            'mykern:attention --pattern "Causal()" --layout bhnd --framework torch --softcap 50',
            'mykern:attention --pattern "Lookback(256)" -n 64x1024 --align bottom-right',
        ),
        (
            *(FUNCTION, PATTERN, length_argument(None, TESTING_LENGTH)),
            *(*CALL, *MEANING, *CHECKS),
            *(JSON, format_argument(FORMATS)),
        ),
    ),
    Command(
        "identify",
        identify,
        "find out which pattern a function implements",
        ("mykern:attention -n 64 --heads 2",),
        (FUNCTION, length_argument(64), *CALL, JSON),
    ),
    Command(
        "prove",
        prove,
        "prove that layers connect every pair, or check the built-in theorems",
        (
            "",
            "strided longnet-causal",
            '"strided(128)" --no-residual',
            '"Lookback(127)" "Strided(128)"',
            "strided --smt2 proofs",
        ),
        (*PROOF, JSON),
    ),
    Command(
        "puzzles",
        puzzles,
        "play puzzles: state a set, compute, refute; the mistake is named",
        (
            "",
            "last_three",
            'last_three --answer "(i - 3 < j) & (j <= i)"',
            "online_update --answer answer.py",
        ),
        PUZZLE,
    ),
    Command(
        "vectors",
        vectors,
        "write test vectors to files, or check the outputs of an implementation",
        (
            "SUITE",
            "SUITE --check OUTPUTS --precision bfloat16",
            "SUITE --check OUTPUTS --only 'lookback*,grouped*'",
            "TESTS --format onnx",
        ),
        (*SUITE, JSON),
    ),
    Command(
        "compile",
        compile_,
        "compile every loop now, rather than at its first use",
        ("",),
        (),
    ),
    Command(
        "demo",
        demo,
        "write a page: patterns on real input, theorems, other people's code checked",
        ("", "-o page"),
        (PAGE_FOLDER,),
    ),
)


def command_parser() -> Parser:
    """The parser of the whole command."""
    parser = Parser(
        "sparse-ref",
        description="The executable definition of sparse attention. "
        "`sparse-ref COMMAND --help` explains a command, with examples.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        _add(subparsers, command)
    return parser


def _add(subparsers, command: Command) -> None:
    """Add the parser of a subcommand."""
    examples = [f"  sparse-ref {command.name} {example}".rstrip() for example in command.examples]
    parser = subparsers.add_parser(
        command.name,
        help=command.summary,
        description=cleandoc(command.run.__doc__ or ""),
        epilog="\n".join(["examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=command.run)
    for names, options in command.arguments:
        parser.add_argument(*names, **options)
