"""The command `sparse-ref`: what there is, what it looks like, and what others attend to, in the notation of `repr`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .. import __version__
from .first_use import compile_
from .judging import demo, identify, verify
from .proving import prove
from .sets import list_, plot, rosetta, show, stats
from .vectors import vectors


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 on success, 1 where `verify` or `vectors` finds a mismatch, 2 where the input is wrong."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except BrokenPipeError:  # whoever read has read enough
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except (
        TypeError,
        ValueError,
        LookupError,
        ImportError,
        OSError,
        MemoryError,
        RuntimeError,
    ) as error:
        print(f"sparse-ref: {error or type(error).__name__}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "sparse-ref", description="The executable definition of sparse attention."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, help, *arguments):
        sub = commands.add_parser(name, help=help, description=run.__doc__)
        sub.set_defaults(run=run)
        for names, options in arguments:
            sub.add_argument(*names, **options)

    expression = (["expression"], dict(help='such as "Local(4) | Strided(4)", or "strided(8)"'))
    as_json = (["--json"], dict(action="store_true", help="print JSON"))
    command("list", list_, "every pattern, its set and its source, by family", as_json)
    command("show", show, "a pattern's set and its picture in text", expression, _n(None), as_json)
    command(
        "plot",
        plot,
        "draw a pattern to a file",
        expression,
        _n(64),
        (
            ["--image"],
            dict(type=_pair, metavar="HxW", help="where each step looks on an image of this shape"),
        ),
        (["-o", "--output"], dict(type=Path, required=True, help="a .png, .svg or .pdf file")),
    )
    command("stats", stats, "what a pattern costs", expression, _n(4096), as_json)
    command(
        "rosetta",
        rosetta,
        "what a number means where sources say window",
        (
            ["-w", "--window"],
            dict(
                type=int, default=4, help="the number handed to each source, even; 4 unless given"
            ),
        ),
        as_json,
    )
    called = (
        (["--heads"], dict(type=int)),
        (["--kv-heads"], dict(type=int)),
        (["--layout"], dict(default="hnd", choices=["hnd", "bhnd", "bnhd", "nd", "ble"])),
        (["--framework"], dict(default="numpy", choices=["numpy", "torch", "jax"])),
        (
            ["--dtype"],
            dict(default="float32", choices=["float64", "float32", "float16", "bfloat16"]),
        ),
        (["--device"], dict(default="cpu", help="of torch's tensors; cpu unless given")),
        (["--d"], dict(type=int, default=16, help="the width of q and k; 16 unless given")),
        (["--e"], dict(type=int, help="the width of v; d unless given")),
        (
            ["--seconds"],
            dict(type=float, default=60.0, help="how long a call may take; 60 unless given"),
        ),
    )
    command(
        "verify",
        verify,
        "which keys somebody else's attention attends to",
        (["function"], dict(help="module:function, called with (q, k, v)")),
        (["--pattern"], dict(required=True, help="the pattern it should have")),
        _n(64),
        *called,
        (
            ["--also"],
            dict(
                type=_pair,
                nargs="+",
                default=[],
                metavar="N",
                help="more lengths to look at, such as 1 7 5x9",
            ),
        ),
        (
            ["--scale"],
            dict(
                type=float, help="what the function multiplies logits by; 1 / sqrt(d) unless given"
            ),
        ),
        (
            ["--gradients"],
            dict(
                choices=["torch", "jax"], help="differentiate the function, and judge its gradients"
            ),
        ),
        (["--seed"], dict(type=int, default=0, help="of the random input")),
        as_json,
        (
            ["--format"],
            dict(
                default="text",
                choices=["text", "json", "html", "junit", "markdown", "github"],
                help="github: annotations, and the job's summary as Markdown",
            ),
        ),
    )
    command(
        "identify",
        identify,
        "what somebody else's attention attends to, where nothing is expected of it",
        (["function"], dict(help="module:function, called with (q, k, v)")),
        _n(64),
        *called,
        as_json,
    )
    command(
        "prove",
        prove,
        "whether what stands at j reaches every i >= j, for every length; a theorem, or the whole book of them",
        (
            ["what"],
            dict(
                nargs="*",
                help='names of theorems, all unless given; or "strided(8)"; or a pattern for each layer',
            ),
        ),
        (
            ["--no-residual"],
            dict(action="store_true", help="a layer does not keep what stands at i itself"),
        ),
        (["--order"], dict(type=_order, metavar="M,...", help="the steps from below, such as 2,1")),
        (["--both-ways"], dict(action="store_true", help="all pairs, not only j <= i")),
        (["-n"], dict(type=int, help="this length alone; every length unless given")),
        (["--seconds"], dict(type=float, help="time for a verdict; 60 unless given")),
        (["--list"], dict(action="store_true", help="the names and claims of the book")),
        as_json,
    )
    command(
        "vectors",
        vectors,
        "test vectors as files, for attention that no Python can call",
        (
            ["folder"],
            dict(
                type=Path,
                metavar="DIR",
                help="a folder to write, new or empty; with --check, one written before",
            ),
        ),
        (
            ["--check"],
            dict(
                type=Path,
                metavar="OUTPUTS",
                help="judge the outputs in this folder, ID.out.bin or ID.npz",
            ),
        ),
        (
            ["--precision"],
            dict(
                choices=["float64", "float32", "bfloat16", "float16"],
                help="what the implementation computes in; float32 unless given",
            ),
        ),
        as_json,
    )
    command("compile", compile_, "compile every loop before its first use")
    command(
        "demo",
        demo,
        "two patterns on a real image and text, their theorems, and implementations by others judged",
        (
            ["-o", "--output"],
            dict(type=Path, default=Path("out"), help="the folder to write index.html to"),
        ),
    )
    return parser


def _n(default: int | None):
    said = f"the length, or queries x keys; {default or 'the length of the pattern or of its example, or 16,'} unless given"
    return ["-n"], dict(type=_pair, default=default, metavar="N or QxK", help=said)


def _order(text: str):
    """Step numbers with commas between."""
    numbers = text.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(f"must be step numbers such as 2,1, got {text!r}")
    return tuple(map(int, numbers))


def _pair(text: str):
    """An int, or a pair of them with an x between."""
    numbers = tuple(int(part) if part.isdecimal() else -1 for part in text.split("x"))
    if len(numbers) > 2 or min(numbers) < 0:
        raise argparse.ArgumentTypeError(f"must be N or QxK, such as 64 or 4x12, got {text!r}")
    return numbers[0] if len(numbers) == 1 else numbers
