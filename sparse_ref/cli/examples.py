"""The command `show` for methods that choose keys by data: drawn on data made from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..picture import picture
from ..sets.glyphs import MAX_PICTURE
from .streams import say, say_json

if TYPE_CHECKING:  # `sparse-ref show` of a pattern starts without the room of layers
    from ..published.examples import Example

NAMES = (
    *("dsa", "indexshare", "kpool", "qsa", "msa", "csa", "hca"),
    *("nsa_paper", "nsa_fla", "nsa_lucidrains", "moba", "quest", "minference"),
    *("topk", "vsa", "xattention", "flexprefill", "infllm", "seer"),
    *("reformer", "routing", "sinkhorn", "htransformer"),
)


def show_example(name: str, arguments) -> int:
    """Draw the sets of a method on normal data, with what its module says of it."""
    from ..published.examples import EXAMPLES

    example = next(example for example in EXAMPLES if example.name == name)
    n = example.n if arguments.n is None else _one_length(arguments.n)
    if n > MAX_PICTURE:  # before scores of all pairs are computed
        raise ValueError(f"-n must be at most {MAX_PICTURE} for a picture in text, got {n}")
    seed = 0 if arguments.seed is None else arguments.seed
    parts = example.parts(n, seed)
    if not arguments.json:
        say(*_headings(example, seed))
    for part in parts:
        drawn = picture(part.pattern, part.shape(n))
        if arguments.json:
            say_json({"name": part.name, "rows": rows_of(drawn)})
        else:
            say(part.name, drawn, "")
    return 0


def rows_of(glyphs: str) -> list[list[bool]]:
    """The mask of a picture."""
    return [[glyph == "█" for glyph in line] for line in glyphs.split("\n")]


def _headings(example: Example, seed: int) -> list[str]:
    """What the method is, its source, its symbols and sets, and what it is drawn on."""
    data = f"{example.name}, {example.sizes}, on normal vectors from seed {seed}"
    return [f"{paragraph}\n" for paragraph in (*example.paragraphs, data)]


def _one_length(n: int | tuple[int, int]) -> int:
    """A length that is one number, as queries and keys are the same tokens."""
    if isinstance(n, tuple):
        raise ValueError(f"-n must be one number for keys chosen by data, got {n[0]}x{n[1]}")
    return n
