"""DeepSpeed's layouts, fixed: windows of blocks, and representatives that others see as well.

`FixedSparsityConfig` in `ops/sparse_attention/sparsity_config.py` of DeepSpeed 0.16.9, made after
the `fixed` pattern of Child et al. 2019, arXiv 1904.10509. i and j count blocks; `rule`: see
`deepspeed_sliding`.

Symbols:  l the blocks of a window;  g those of its representative.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np

from ..sets.checks import MAX_HEADS, flag, integer
from ..sets.parts import Blockwise, Documents
from ..sets.pattern import Pattern
from ..sets.shifted import Shifted
from .deepspeed import MAX_BLOCKS, check_words, global_blocks, spend_on_blocks
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
    """A_i = { j : floor(i / l) = floor(j / l)  or  s <= j < s + g for a representative s }

    DeepSpeed, FixedSparsityConfig.

    Here l = num_local_blocks, g = num_global_blocks. The window that starts at a has the
    representative s = a + l - (1 + head mod num_different_global_patterns) g; a last window too
    short for that has s = blocks - g. If unidirectional: j <= i in one's own window, and i >= s
    for a representative.

    Parameters
    ----------
    blocks : the blocks of the sequence; other lengths are an error.
    horizontal_global_attention : representatives see all as well.
    num_different_global_patterns : how many representatives the heads take in turn, from the end of
        the window.
    head : which head, from 0; the code requires `different_layout_per_head` if they differ.

    Differs: if unidirectional and g >= 2, a representative's own blocks see one another, the later
    ones as well; by the documentation none sees a later one. No row is empty. Raises ValueError if
    the code does: num_global_blocks must divide num_local_blocks, num_different_global_patterns be
    at most their quotient, horizontal_global_attention False if unidirectional. TypeError if that
    is no bool.

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
    blocks = integer(f"{name}: blocks", blocks, 1, MAX_BLOCKS)
    l = integer(f"{name}: num_local_blocks", num_local_blocks, 1, MAX_BLOCKS)
    g = integer(f"{name}: num_global_blocks", num_global_blocks, 1, MAX_BLOCKS)
    different = integer(
        f"{name}: num_different_global_patterns", num_different_global_patterns, 1, MAX_BLOCKS
    )
    if l % g:
        raise ValueError(
            f"{name}: num_global_blocks must divide num_local_blocks = {l} (DeepSpeed), got {g}"
        )
    if different > l // g:
        raise ValueError(
            f"{name}: num_different_global_patterns must be at most "
            f"num_local_blocks / num_global_blocks = {l // g} (DeepSpeed), got {different}"
        )
    check_horizontal(name, attention, horizontal_global_attention)
    number = 1 + integer(f"{name}: head", head, 0, MAX_HEADS) % different
    stretch = Representative(l, g, number)
    representatives = (
        _horizontal_representatives(blocks, stretch)
        if horizontal_global_attention
        else _representatives(blocks, stretch, attention)
    )
    p = windows(blocks, (l,), attention) | representatives
    return p & Causal() if attention == "unidirectional" and rule == "documentation" else p


def check_horizontal(name: str, attention: str, horizontal: bool):
    """Refuse rows of global blocks in a unidirectional layout."""
    if flag(f"{name}: horizontal_global_attention", horizontal) and attention == "unidirectional":
        raise ValueError(
            f"{name}: horizontal_global_attention must be False if attention is "
            '"unidirectional" (DeepSpeed), got True'
        )


def windows(blocks: int, sizes: tuple[int, ...], attention: str) -> Pattern:
    """One's own window, its past if unidirectional; all further windows have the last size."""
    rest = max(blocks - sum(sizes), 0)
    further = -(-rest // sizes[-1])
    spend_on_blocks(further)
    edges = np.cumsum([0, *sizes, *[sizes[-1]] * further])
    lengths = np.diff(np.minimum(edges, blocks))
    inner = Causal() if attention == "unidirectional" else None
    return Documents(tuple(lengths[lengths > 0].tolist()), inner)


def columns(stretches: list[tuple[int, int]], attention: str) -> Pattern:
    """{ j : start <= j < stop } of the stretches; if unidirectional, for queries i >= start.

    These queries see the whole stretch, its later blocks too.
    """
    before = Global if attention == "unidirectional" else Prefix
    return reduce(or_, (Prefix(stop) - before(start) for start, stop in stretches))


class Representative(NamedTuple):
    """The g blocks of a window of l that others see, `number`-th from its end."""

    l: int
    g: int
    number: int

    @property
    def offset(self) -> int:
        """Its first block, counted from that of its window."""
        return self.l - self.number * self.g


def _last_stretch(blocks: int, stretch: Representative) -> tuple[int, int]:
    """(start, stop) of the representative of the last window."""
    short = blocks % stretch.l
    last = min(blocks - short + stretch.offset, blocks - stretch.g)
    # the code writes layout[last:], so that a negative `last` counts from the end
    start, stop, _ = slice(last, last + stretch.g).indices(blocks)
    return start, stop


def _is_moved(blocks: int, stretch: Representative) -> bool:
    """Whether the last window is too short for its representative, which is then at its end."""
    return 0 < blocks % stretch.l < stretch.offset + stretch.g


def _horizontal_representatives(blocks: int, stretch: Representative) -> Pattern:
    """The representatives of all windows, which see all and are seen by all."""
    moved = _is_moved(blocks, stretch)
    end = blocks - blocks % stretch.l if moved else blocks
    starts = range(stretch.offset, end, stretch.l)
    spend_on_blocks(len(starts))
    stretches = [(start, start + stretch.g) for start in starts]
    if moved:
        stretches.append(_last_stretch(blocks, stretch))
    return global_blocks(stretches)


def _representatives(blocks: int, stretch: Representative, attention: str) -> Pattern:
    """The representatives of all windows, for the queries that the code shows them to."""
    l, g, number = stretch
    last = columns([_last_stretch(blocks, stretch)], attention)
    if blocks < g:
        return last
    if attention == "unidirectional":
        representatives: Pattern = Blockwise(SubBlock(l // g, 1, number), g)
    else:  # every block is in the past of query i + blocks
        representatives = Shifted(SubBlock(l, g, number), blocks)
    return representatives | last if _is_moved(blocks, stretch) else representatives
