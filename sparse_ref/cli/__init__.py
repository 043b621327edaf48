"""The command `sparse-ref`: list, show, plot, stats, verify and demo, for patterns in the notation of `repr`."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from contextlib import redirect_stdout
from operator import attrgetter
from pathlib import Path
from typing import Any

from . import __version__, notation, patterns
from .checks import lengths
from .factorized import Branches, Factorized
from .picture import picture, rules_in, said
from .sets import Pattern


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 on success, 1 where `verify` finds a mismatch, 2 where the input is wrong."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (TypeError, ValueError, LookupError, ImportError, OSError, MemoryError, RuntimeError) as error:
        print(f"sparse-ref: {error or type(error).__name__}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("sparse-ref", description="The executable definition of sparse attention.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, help, *arguments):
        sub = commands.add_parser(name, help=help, description=run.__doc__)
        sub.set_defaults(run=run)
        for names, options in arguments:
            sub.add_argument(*names, **options)

    expression = (["expression"], dict(help='such as "Local(4) | Strided(4)", or "strided(8)"'))
    as_json = (["--json"], dict(action="store_true", help="print JSON"))
    command("list", list_, "every pattern, its set and its source", as_json)
    command("show", show, "a pattern's set and its picture in text", expression, _n(16), as_json)
    command("plot", plot, "draw a pattern to a file", expression, _n(64),
            (["--image"], dict(type=_pair, metavar="HxW", help="where each step looks on an image of this shape")),
            (["-o", "--output"], dict(type=Path, required=True, help="a .png, .svg or .pdf file")))
    command("stats", stats, "what a pattern costs", expression, _n(4096), as_json)
    command("verify", verify, "which keys somebody else's attention attends to",
            (["function"], dict(help="module:function, called with (q, k, v)")),
            (["--pattern"], dict(required=True, help="the pattern it should have")), _n(64),
            (["--heads"], dict(type=int)), (["--kv-heads"], dict(type=int)),
            (["--layout"], dict(default="hnd", choices=["hnd", "bhnd", "bnhd", "nd"])),
            (["--framework"], dict(default="numpy", choices=["numpy", "torch", "jax"])),
            (["--d"], dict(type=int, default=16, help="the width of q and k; 16 unless given")),
            (["--e"], dict(type=int, help="the width of v; d unless given")),
            (["--scale"], dict(type=float, help="what the function multiplies logits by; 1 / sqrt(d) unless given")),
            (["--seed"], dict(type=int, default=0, help="of the random input")), as_json)
    command("demo", demo, "two patterns on a real image and text, their theorems, and implementations by others judged",
            (["-o", "--output"], dict(type=Path, default=Path("out"), help="the folder to write index.html to")))
    return parser


def _n(default: int):
    said = f"the length, or queries x keys; {default} unless given"
    return ["-n"], dict(type=_pair, default=default, metavar="N or QxK", help=said)


def _pair(text: str):
    """An int, or a pair of them with an x between."""
    numbers = tuple(int(part) if part.isdecimal() else -1 for part in text.split("x"))
    if len(numbers) > 2 or min(numbers) < 0:
        raise argparse.ArgumentTypeError(f"must be N or QxK, such as 64 or 4x12, got {text!r}")
    return numbers[0] if len(numbers) == 1 else numbers


def list_(arguments) -> int:
    """Every pattern by name, with its set and its source."""
    found = {name: said(value) for name, value in sorted(notation.NAMES.items())}
    print(json.dumps(found, indent=1) if arguments.json else "\n".join(f"{name:13} {said}" for name, said in found.items()))
    return 0


def show(arguments) -> int:
    """A pattern's notation, its set and its picture; for factorized patterns, each step's."""
    for name, p in _parts(arguments.expression):
        drawn = picture(p, arguments.n)
        if arguments.json:
            print(json.dumps({"pattern": repr(p), "rows": [[c == "█" for c in line] for line in drawn.split("\n")]}))
        else:
            print(name + repr(p), *map(said, dict.fromkeys(map(type, rules_in(p)))), drawn, "", sep="\n")
    return 0


def plot(arguments) -> int:
    """Draw a pattern, or the steps of a factorized one over an image, to a file."""
    from matplotlib import pyplot

    from . import plot as figures
    figure: Any
    value = notation.read(arguments.expression)
    if isinstance(value, tuple):
        raise ValueError("expression must be one pattern or its steps, got one pattern a head: draw them one by one")
    if isinstance(value, Factorized) or arguments.image:
        figure = figures.factorization(value, arguments.image or _square(arguments.n))
    else:
        figure = figures.mask(value, arguments.n).axes.figure
    try:
        figure.savefig(arguments.output, bbox_inches="tight", dpi=150)
    finally:
        pyplot.close(figure)
    print(arguments.output)
    return 0


def _square(n) -> tuple[int, int]:
    """The square image of n positions."""
    side = math.isqrt(max(lengths(n)))
    if n != side * side or side == 0:
        raise ValueError(f"n must be a square, so that the steps can be drawn on an image, got {n}: give --image HxW")
    return side, side


def stats(arguments) -> int:
    """How many keys a pattern has, a row and in all, beside dense causal attention, and how it lowers to tiles."""
    for found in [_cost(p, arguments.n) for _, p in _parts(arguments.expression)]:
        lines = (f"{name:11} {value:.4%}" if isinstance(value, float) else f"{name:11} {value:,}" if isinstance(value, int)
                 else f"{name:11} {value}" for name, value in found.items())
        print(json.dumps(found) if arguments.json else "\n".join(lines) + "\n")
    return 0


def _cost(p: Pattern, n) -> dict:
    """What `stats` prints of one pattern."""
    from . import lower
    rows, (n_q, n_k) = lower.counts(lower.runs(p, n)), lengths(n)
    nnz, causal, tiles = int(rows.sum()), lower.nnz(patterns.Causal(), n), lower.plan(p, n)
    return {"pattern": repr(p), "n_q": n_q, "n_k": n_k, "nnz": nnz, "density": nnz / (n_q * n_k) if n_q * n_k else 0.0,
            "of_causal": nnz / causal if causal else 0.0, "least_keys": int(rows.min(initial=n_k)),
            "most_keys": int(rows.max(initial=0)), "empty_rows": int((rows == 0).sum()), "tiles": len(tiles.rows),
            "chunks": len(tiles.keys), "full": tiles.full, "waste": tiles.waste, "bytes": tiles.nbytes}


def verify(arguments) -> int:
    """Whether module:function attends to exactly the keys of the pattern; exit 1 where it does not."""
    from .verify import check
    value = notation.read(arguments.pattern)
    if isinstance(value, Factorized):
        raise ValueError(f"--pattern must be one pattern, or one a head, got the {len(value.steps)} steps of {arguments.pattern}")
    with redirect_stdout(sys.stderr):  # what the function prints is not the answer
        report = check(_function(arguments.function), value, n=arguments.n, heads=arguments.heads, scale=arguments.scale,
                       seed=arguments.seed, kv_heads=arguments.kv_heads, d=arguments.d, e=arguments.e,
                       layout=arguments.layout, framework=arguments.framework)
    print(report.to_json() if arguments.json else report)
    return 0 if report.passed else 1


def demo(arguments) -> int:
    """Two patterns on a real image and a real text, their path theorems, and implementations by others judged."""
    from .demo import page
    print(page(arguments.output))
    return 0


def _function(text: str):
    """What module:function names, looked up in the current folder before the search path."""
    module, colon, name = text.partition(":")
    if not colon or not module or not name or "/" in module or module.endswith(".py"):
        raise ValueError(f"function must be module:function, with the module's name and not its file, got {text!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return attrgetter(name)(importlib.import_module(module))
    except (Exception, SystemExit) as error:
        raise ImportError(f"{text} cannot be imported: {type(error).__name__}: {error}") from error


def _parts(expression: str) -> list[tuple[str, Pattern]]:
    """The pattern that the expression denotes; its steps, branches, or one a head, by name, where it denotes several."""
    value = notation.read(expression)
    if isinstance(value, Pattern):
        return [("", value)]
    if isinstance(value, Factorized):
        return [(f"step {m}: ", p) for m, p in enumerate(value.steps, 1)]
    kind = "branch" if isinstance(value, Branches) else "head"
    return [(f"{kind} {h}: ", p) for h, p in enumerate(value)]
