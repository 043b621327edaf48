"""The arguments of the subcommands: their help, and the functions that read their texts."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

OWN_LENGTH = "the length of the pattern or of its example, or 16,"
TESTING_LENGTH = "the length of the pattern, or the least power of two from 64 that tests it,"


class Argument(NamedTuple):
    """What `ArgumentParser.add_argument` takes."""

    names: tuple[str, ...]
    options: dict[str, Any]


def argument(*names: str, **options: Any) -> Argument:
    """An argument by its names and the options of `ArgumentParser.add_argument`."""
    return Argument(names, options)


def length_argument(default: int | None, fallback: Any = None) -> Argument:
    """-n, the length; `fallback` names in words what None means."""
    fallback = default or fallback or OWN_LENGTH
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
WINDOW = argument(
    "-w",
    "--window",
    type=int,
    help="the number passed to each source, even; 4 by default",
)
SELECTION = argument(
    "--selection", action="store_true", help="compare what sources mean by a top-k instead"
)
DATA_SEED = argument("--seed", type=int, help="of the data that keys are chosen by; 0 by default")

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
FRAMEWORKS = ["numpy", "torch", "jax", "mlx", "paddle", "tinygrad", "cupy"]
DTYPES = ["float64", "float32", "float16", "bfloat16"]
PRECISIONS = [*DTYPES, "tf32", "int8", "float8_e4m3", "float8_e5m2"]
CALL = (  # how a function is called
    argument("--heads", type=int, help="the number of query heads; 1 by default"),
    argument(
        "--kv-heads",
        type=int,
        help="the number of key heads (GQA), which divides --heads; as many as --heads by default",
    ),
    argument(
        "--layout",
        default="auto",
        choices=["auto", *LAYOUTS],
        help=f"the axes of q, k and v: {LAYOUT_HELP}; auto, the default, tries them in this order",
    ),
    argument(
        "--framework",
        default="auto",
        choices=["auto", *FRAMEWORKS],
        help="the arrays that the function takes; auto, the default, tries the frameworks that it "
        "refers to, then numpy",
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
        "--shared-qk",
        action="store_true",
        help="the function takes (qk, v): its keys are its queries, as in Reformer",
    ),
    argument(
        "--seconds",
        type=float,
        help="the time limit of one call, which then runs on a thread of its own; none by default",
    ),
)
MEANING = (  # what the function that `verify` checks is meant to compute
    argument(
        "--align",
        choices=["upper-left", "bottom-right", "none"],
        help="the position of a query if there are more keys: query i is position i, or "
        "bottom-right, as in a KV cache, i + n_k - n_q",
    ),
    argument(
        "--scale",
        type=float,
        help="the factor that the function applies to q . k; 1 / sqrt(d) by default",
    ),
    argument("--softcap", type=float, help="c of c tanh(x / c), for logits x"),
    argument(
        "--sinks",
        type=float,
        nargs="+",
        metavar="S",
        help="the logit of a sink, a member of every row of value 0; one, or one per head",
    ),
    argument(
        "--alibi",
        type=float,
        nargs="*",
        metavar="M",
        help="slopes of ALiBi, one per head; without numbers those of its paper",
    ),
    argument("--bias", metavar="FUNCTION", help="module:function, added to logits: bias(h, i, j)"),
    argument(
        "--transform",
        metavar="FUNCTION",
        help="module:function, (q, k) -> (q, k) before the logits, such as RoPE",
    ),
    argument(
        "--fill",
        type=float,
        help="the finite number that masked logits get, such as -1e4; -inf by default",
    ),
    argument(
        "--lse",
        choices=["natural", "base2"],
        default="natural",
        help="the base of the log-sum-exp that the function returns; natural by default",
    ),
    argument(
        "--precision",
        choices=PRECISIONS,
        help="the precision that numbers are judged by; that of the output by default",
    ),
)
CHECKS = (  # what `verify` checks, besides the sets at one length
    argument(
        "--no-ragged",
        dest="ragged",
        action="store_false",
        help="leave out the lengths 1, 63, 65, n - 1 and a prime, which test partial tiles",
    ),
    argument(
        "--also",
        type=pair,
        nargs="+",
        default=[],
        metavar="N",
        help="more lengths to check in full, such as 1 7 5x9",
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
        "by default all theorems, in about two minutes",
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
    argument(
        "--smt2",
        type=Path,
        metavar="DIR",
        help="write the proofs to this folder in SMT-LIB 2, which any solver can check",
    ),
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
        help="the precision that the implementation computes in, or of hipDNN's tensors; float32 "
        "by default",
    ),
    argument(
        "--only",
        metavar="GLOB,...",
        help="only the cases whose ids match, such as 'lookback*,grouped*'",
    ),
    argument(
        "--lse",
        choices=["natural", "base2"],
        help="the base of the lse in the outputs; natural by default",
    ),
    argument(
        "--format",
        choices=["suite", "onnx", "hipdnn"],
        help="what to write: the suite, by default; or backend tests of ONNX, or golden reference "
        "bundles of hipDNN",
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
