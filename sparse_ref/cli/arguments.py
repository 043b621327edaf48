"""The arguments of the subcommands: their help, and the functions that read their texts."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple


class Argument(NamedTuple):
    """What `ArgumentParser.add_argument` takes."""

    names: tuple[str, ...]
    options: dict[str, Any]


def argument(*names: str, **options: Any) -> Argument:
    """An argument by its names and the options of `ArgumentParser.add_argument`."""
    return Argument(names, options)


def length_argument(default: int | None) -> Argument:
    """-n, the length. None: the length of the pattern, or of its example."""
    fallback = default or "the length of the pattern or of its example, or 16,"
    return argument(
        "-n",
        type=pair,
        default=default,
        metavar="N or QxK",
        help=f"the length, or queries x keys; {fallback} by default",
    )


def step_numbers(text: str) -> tuple[int, ...]:
    """Step numbers with commas between: 2,1."""
    numbers = text.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(f"must be step numbers such as 2,1, got {text!r}")
    return tuple(map(int, numbers))


def pair(text: str) -> int | tuple[int, int]:
    """An integer, or two with an x between: 64 or 4x12."""
    parts = text.split("x")
    if len(parts) > 2 or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"must be N or QxK, such as 64 or 4x12, got {text!r}")
    first, *rest = map(int, parts)
    return (first, rest[0]) if rest else first


EXPRESSION = argument(
    "expression", help='a pattern, such as "Local(4) | Strided(4)" or "strided(8)"'
)
JSON = argument("--json", action="store_true", help="print JSON")
FUNCTION = argument("function", help="module:function, called as function(q, k, v)")
PATTERN = argument("--pattern", required=True, help="the pattern that the function must have")
IMAGE = argument(
    "--image", type=pair, metavar="HxW", help="draw the steps on an image of this shape"
)
IMAGE_FILE = argument("-o", "--output", type=Path, required=True, help="a .png, .svg or .pdf file")
WINDOW = argument(
    "-w",
    "--window",
    type=int,
    default=4,
    help="the number passed to each source, even; 4 by default",
)
PAGE_FOLDER = argument(
    "-o",
    "--output",
    type=Path,
    default=Path("out"),
    help="the folder of index.html; out by default",
)

LAYOUTS = {
    "hnd": "(heads, n, d)",
    "bhnd": "(batch, heads, n, d)",
    "bnhd": "(batch, n, heads, d)",
    "nhd": "(n, heads, d)",
    "sbhd": "(n, batch, heads, d)",
    "ble": "(batch, n, heads * d)",
    "lbe": "(n, batch, heads * d)",
    "nd": "(n, d)",
    "thd": "(positions of all sequences, heads, d), fn(q, k, v, cu_seqlens_q, cu_seqlens_k)",
}
LAYOUT_HELP = ", ".join(f"{name} = {shape}" for name, shape in LAYOUTS.items())
DTYPES = ["float64", "float32", "float16", "bfloat16"]
CALL = (  # how a function is called
    argument("--heads", type=int, help="the number of query heads; 1 by default"),
    argument(
        "--kv-heads",
        type=int,
        help="the number of key heads (GQA), which divides --heads; as many as --heads by default",
    ),
    argument(
        "--layout",
        default="hnd",
        choices=[*LAYOUTS],
        help=f"the axes of q, k and v: {LAYOUT_HELP}; hnd by default",
    ),
    argument(
        "--framework",
        default="numpy",
        choices=["numpy", "torch", "jax", "mlx", "paddle", "tinygrad", "cupy"],
        help="the arrays that the function takes; numpy by default",
    ),
    argument(
        "--dtype",
        default="float32",
        choices=DTYPES,
        help="the dtype of q, k and v; float32 by default",
    ),
    argument(
        "--device", default="cpu", help="the device of the arrays, such as cuda:0; cpu by default"
    ),
    argument("--d", type=int, default=16, help="the width of q and k per head; 16 by default"),
    argument("--e", type=int, help="the width of v per head; d by default"),
    argument(
        "--seconds",
        type=float,
        default=60.0,
        help="the time limit of one call; 60 by default",
    ),
)
CHECKS = (  # what `verify` checks, besides the sets at one length
    argument(
        "--also",
        type=pair,
        nargs="+",
        default=[],
        metavar="N",
        help="more lengths to check, such as 1 7 5x9; odd ones test partial tiles",
    ),
    argument(
        "--scale",
        type=float,
        help="the factor that the function applies to q . k; 1 / sqrt(d) by default",
    ),
    argument(
        "--gradients",
        choices=["torch", "jax"],
        help="also differentiate the function with this framework, and check its gradients",
    ),
    argument("--seed", type=int, default=0, help="the seed of the random input; 0 by default"),
)
PROOF = (  # what `prove` proves
    argument(
        "what",
        nargs="*",
        help='names of theorems; or steps, such as "strided(8)"; or one pattern per layer; '
        "by default all theorems, in about a minute",
    ),
    argument(
        "--no-residual",
        action="store_true",
        help="without the residual edge: a layer does not keep what is at i itself",
    ),
    argument(
        "--order",
        type=step_numbers,
        metavar="M,...",
        help="the steps from the lowest layer up, such as 2,1",
    ),
    argument("--both-ways", action="store_true", help="all pairs, not only j <= i"),
    argument("-n", type=int, help="only this length; every length by default"),
    argument("--seconds", type=float, help="the time limit of a verdict; 60 by default"),
    argument("--list", action="store_true", help="print the names and claims of the theorems"),
)
SUITE = (  # test vectors
    argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="the folder to write to, new or empty; with --check, a folder written before",
    ),
    argument(
        "--check",
        type=Path,
        metavar="OUTPUTS",
        help="check the outputs in this folder, ID.out.bin or ID.npz",
    ),
    argument(
        "--precision",
        choices=["float64", "float32", "bfloat16", "float16"],
        help="the precision that the implementation computes in; float32 by default",
    ),
)


def format_argument(formats: Iterable[str]) -> Argument:
    """--format, the format of a report."""
    return argument(
        "--format",
        default="text",
        choices=[*formats],
        help="the format of the report; github prints annotations and writes the job's summary",
    )
