"""DeepSpeed's layouts, fixed: windows of blocks, and the representatives of each window, which others see as well.

`FixedSparsityConfig` in `ops/sparse_attention/sparsity_config.py` of DeepSpeed 0.16.9, made after the `fixed` pattern of Child
et al. 2019, arXiv 1904.10509. i and j count blocks; `rule`: see `deepspeed_sliding`.

Symbols:  l the blocks of a window;  g those of its representative.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

import numpy as np

from ..sets.checks import MAX_HEADS, flag, integer
from ..sets.parts import Blockwise, Documents
from ..sets.pattern import Pattern
from ..sets.shifted import Shifted
from .deepspeed import MOST_BLOCKS, check_words, seen_by_all
from .elementary import Causal
from .globals import Global, Prefix
from .openai import SubBlock


def deepspeed_fixed(
    blocks: int,
    num_local_blocks: int = 4,
    num_global_blocks: int = 1,
    attention: str = "bidirectional",
    horizontal_global_attention: bool = False,
    num_different_global_patterns: int = 1,
    head: int = 0,
    rule: str = "code",
) -> Pattern:
    """A_i = { j : floor(i / l) = floor(j / l)  or  s <= j < s + g for a representative s }        DeepSpeed, FixedSparsityConfig

    with l = num_local_blocks, g = num_global_blocks. The window that starts at a has the representative
    s = a + l - (1 + head mod num_different_global_patterns) g; a last window too short for that has s = blocks - g.
    Where unidirectional: j <= i in one's own window, and i >= s for a representative.

    Parameters
    ----------
    blocks : the blocks of the sequence; other lengths are an error.
    horizontal_global_attention : representatives see all as well.
    num_different_global_patterns : how many representatives the heads take in turn, from the end of the window.
    head : which head, from 0; the code asks for `different_layout_per_head` where they differ.

    Differs: where unidirectional and g >= 2, a representative's own blocks see one another, the later ones as well; by the
    documentation none sees a later one. No row is empty.
    Raises ValueError where the code does: num_global_blocks must divide num_local_blocks, num_different_global_patterns be at
    most their quotient, horizontal_global_attention False where unidirectional. TypeError where that is no bool.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.deepspeed_fixed(10, 4, 2, "unidirectional"), 10))
    █·········
    ██········
    ████······
    ████······
    ··███·····
    ··████····
    ··██████··
    ··██████··
    ··██··████
    ··██··████
    """
    name = "deepspeed_fixed"
    check_words(name, attention, rule)
    given = dict(
        blocks=blocks,
        num_local_blocks=num_local_blocks,
        num_global_blocks=num_global_blocks,
        num_different_global_patterns=num_different_global_patterns,
    )
    blocks, l, g, different = (
        integer(f"{name}: {key}", value, 1, MOST_BLOCKS) for key, value in given.items()
    )
    if l % g:
        raise ValueError(
            f"{name}: num_global_blocks must divide num_local_blocks = {l} (DeepSpeed), got {g}"
        )
    if different > l // g:
        raise ValueError(
            f"{name}: num_different_global_patterns must be at most num_local_blocks / num_global_blocks = {l // g} "
            f"(DeepSpeed), got {different}"
        )
    check_horizontal(name, attention, horizontal_global_attention)
    number = 1 + integer(f"{name}: head", head, 0, MAX_HEADS) % different
    p = windows(blocks, (l,), attention) | _representatives(
        blocks, l, g, number, attention, horizontal_global_attention
    )
    return p & Causal() if attention == "unidirectional" and rule == "documentation" else p


def check_horizontal(name: str, attention: str, horizontal: bool):
    """Refuse rows of global blocks in a unidirectional layout."""
    if flag(f"{name}: horizontal_global_attention", horizontal) and attention == "unidirectional":
        raise ValueError(
            f'{name}: horizontal_global_attention must be False where attention is "unidirectional" (DeepSpeed), '
            "got True"
        )


def windows(blocks: int, sizes: tuple[int, ...], attention: str) -> Pattern:
    """One's own window: they have these sizes, and from there on the last of them; the past of it where unidirectional."""
    sizes = (*sizes, *[sizes[-1]] * -(-max(blocks - sum(sizes), 0) // sizes[-1]))
    lengths = np.diff(np.minimum(np.cumsum([0, *sizes]), blocks))
    return Documents(
        tuple(lengths[lengths > 0].tolist()), Causal() if attention == "unidirectional" else None
    )


def columns(stretches: list[tuple[int, int]], attention: str) -> Pattern:
    """{ j : start <= j < stop } for a stretch; where unidirectional, for the queries from its start on, which are not all past."""
    return reduce(
        or_,
        (
            Prefix(stop) - (Global(start) if attention == "unidirectional" else Prefix(start))
            for start, stop in stretches
        ),
    )


def _representatives(blocks, l, g, number, attention, horizontal) -> Pattern:
    """The representatives of all windows, for the queries that the code shows them to."""
    short, first = blocks % l, l - number * g
    last = min(blocks - short + first, blocks - g)
    start, stop, _ = slice(last, last + g).indices(
        blocks
    )  # as code that writes layout[last:] counts a negative `last`
    moved = 0 < short < first + g
    if horizontal:
        fits = range(first, blocks - short * moved, l)
        return seen_by_all([(s, s + g) for s in fits] + [(start, stop)] * moved)
    if blocks < g:
        return columns([(start, stop)], attention)
    if attention == "unidirectional":
        seen: Pattern = Blockwise(SubBlock(l // g, 1, number), g)
    else:
        seen = Shifted(
            SubBlock(l, g, number), blocks
        )  # of which every block is the past, from query i + blocks
    return seen | columns([(start, stop)], attention) if moved else seen
