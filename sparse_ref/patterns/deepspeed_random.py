"""DeepSpeed's layouts, variable and BigBird: windows, global blocks and random blocks.

`VariableSparsityConfig` and `BigBirdSparsityConfig` in `ops/sparse_attention/sparsity_config.py` of
DeepSpeed 0.16.9. They draw from Python's own random state, row by row and head after head: `seed`
is what `random.seed` was given before. i and j count blocks; `rule`: see `deepspeed_sliding`.

Symbols:  W_i the window of block i;  G the global blocks, as columns, and as rows if horizontal;
R_i the blocks drawn for block i.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random as Generator
from typing import NamedTuple

from ..sets.budget import spend, stopwatch
from ..sets.checks import MAX_HEADS, int_tuple, integer
from ..sets.listed import Listed
from ..sets.parts import Grid
from ..sets.pattern import Pattern
from .deepspeed import MAX_BLOCKS, check_words, global_blocks, sliding_window, stretches_of_blocks
from .deepspeed_fixed import check_horizontal, columns, windows
from .elementary import Causal
from .globals import Global, Sinks

ROW_SECONDS, ROW_BYTES = 1e-5, 400  # of a row of blocks that is drawn
DRAW_SECONDS, DRAW_BYTES = 1e-6, 80  # of each block in it


def deepspeed_variable(
    blocks: int,
    num_random_blocks: int = 0,
    local_window_blocks: Sequence[int] = (4,),
    global_block_indices: Sequence[int] = (0,),
    global_block_end_indices: Sequence[int] | None = None,
    attention: str = "bidirectional",
    horizontal_global_attention: bool = False,
    head: int = 0,
    seed: int = 0,
    rule: str = "code",
) -> Pattern:
    """A_i = W_i | G | R_i

    DeepSpeed, VariableSparsityConfig.

    R_i has num_random_blocks blocks. If unidirectional: j <= i in W_i; and from G, the stretches
    that start at or before i.

    Parameters
    ----------
    blocks : the blocks of the sequence; other lengths are an error.
    local_window_blocks : the blocks of the first window, the second, ...; the last number is that
        of the remaining ones too.
    global_block_indices, global_block_end_indices : the stretches of G, as for
        `deepspeed_bslongformer`.
    horizontal_global_attention : blocks in G see all as well.
    head, seed : the layout drawn as number `head`, from 0, after random.seed(seed); without
        `different_layout_per_head` every head has that of head 0.

    Differs: if unidirectional, the code draws from the future too, and shows a stretch of G to
    itself, its later blocks as well. By the documentation no layout contains the future: the draw
    is from the blocks up to one's own, as many as there are. No row is empty. Raises ValueError if
    the code does: more random blocks than `blocks`, no window, ends that are not beyond their
    starts, rows of global blocks if unidirectional.

    >>> import sparse_ref as sr
    >>> p = sr.deepspeed_variable(7, 0, (1, 2, 3), (3,), attention="unidirectional")
    >>> print(sr.picture(p, 7))
    █······
    ·█·····
    ·██····
    ···█···
    ···██··
    ···███·
    ···█··█
    """
    name = "deepspeed_variable"
    check_words(name, attention, rule)
    check_horizontal(name, attention, horizontal_global_attention)
    blocks = integer(f"{name}: blocks", blocks, 1, MAX_BLOCKS)
    sizes = int_tuple(f"{name}: local_window_blocks", local_window_blocks, 1, MAX_BLOCKS)
    if not sizes:
        raise ValueError(
            f"{name}: local_window_blocks must have at least 1 window (DeepSpeed), "
            f"got {local_window_blocks!r}"
        )
    past_only = attention == "unidirectional" and rule == "documentation"
    draw = Draw(num_random_blocks, head, seed)
    drawn = _random_blocks(name, blocks, draw, past_only, fewer_allowed=past_only)
    p = windows(blocks, sizes, attention)
    if drawn is not None:
        p = drawn | p
    stretches = stretches_of_blocks(name, global_block_indices, global_block_end_indices)
    stretches = [(start, min(stop, blocks)) for start, stop in stretches if start < blocks]
    if stretches and horizontal_global_attention:
        p = p | global_blocks(stretches)
    elif stretches:
        p = p | columns(stretches, attention)
    return p & Causal() if past_only else p


def deepspeed_bigbird(
    blocks: int,
    num_random_blocks: int = 1,
    num_sliding_window_blocks: int = 3,
    num_global_blocks: int = 1,
    attention: str = "bidirectional",
    head: int = 0,
    seed: int = 0,
    rule: str = "code",
) -> Pattern:
    """A_i = { j : |i - j| <= floor(w / 2)  or  i < g  or  j < g } | R_i, or j <= i of them

    DeepSpeed, BigBirdSparsityConfig.

    Here w = num_sliding_window_blocks, g = num_global_blocks, and R_i has num_random_blocks blocks.
    The last block is not global, as it is in `bigbird`.

    Parameters
    ----------
    blocks : the blocks of the sequence; other lengths are an error.
    num_sliding_window_blocks, attention, rule : as for `deepspeed_sliding`.
    head, seed : as for `deepspeed_variable`. If unidirectional, block i draws from the blocks up to
        its own.

    Differs: if unidirectional, the code draws no more than one block, since block 0 has one
    candidate; by the documentation a block with fewer candidates takes all of them. No row is
    empty. Raises ValueError if the code does: a window, global or random blocks of more than
    `blocks`, and if unidirectional num_random_blocks above 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.deepspeed_bigbird(6), 6))
    ██████
    ████··
    ████··
    █·███·
    █··███
    █··███
    """
    name = "deepspeed_bigbird"
    check_words(name, attention, rule)
    blocks = integer(f"{name}: blocks", blocks, 1, MAX_BLOCKS)
    keys = at_most_blocks(
        f"{name}: num_sliding_window_blocks", num_sliding_window_blocks, 1, blocks
    )
    count = at_most_blocks(f"{name}: num_global_blocks", num_global_blocks, 0, blocks)
    past_only = attention == "unidirectional"
    draw = Draw(num_random_blocks, head, seed)
    drawn = _random_blocks(name, blocks, draw, past_only, fewer_allowed=rule == "documentation")
    p = sliding_window(name, keys, attention, rule)
    p = p | (Sinks(count) if past_only else Global(count))
    return Grid((blocks,), (p if drawn is None else drawn | p,))


def at_most_blocks(name: str, value, least: int, blocks: int) -> int:
    """A number of blocks in a row: at most all of them."""
    value = integer(name, value, least)
    if value > blocks:
        raise ValueError(f"{name} must be at most blocks = {blocks} (DeepSpeed), got {value}")
    return value


class Draw(NamedTuple):
    """What a layout draws: so many `blocks` per row, as number `head` after random.seed(seed)."""

    blocks: int
    head: int
    seed: int


def _random_blocks(
    name: str, blocks: int, draw: Draw, past_only: bool, fewer_allowed: bool
) -> Listed | None:
    """The random blocks of each row, from those up to its own if `past_only`; None for count 0.

    A row with fewer candidates than `count` takes all of them if `fewer_allowed`.
    """
    count = at_most_blocks(f"{name}: num_random_blocks", draw.blocks, 0, blocks)
    head = integer(f"{name}: head", draw.head, 0, MAX_HEADS)
    seed = integer(f"{name}: seed", draw.seed, 0, None)
    if past_only and count > 1 and not fewer_allowed:
        raise ValueError(
            f'{name}: num_random_blocks must be at most 1 if attention is "unidirectional", '
            f"got {count}: block 0 has no more to draw from (DeepSpeed)"
        )
    if count == 0:
        return None
    heads, drawn = head + 1, blocks * count
    seconds = blocks * ROW_SECONDS + drawn * DRAW_SECONDS
    spend(heads * seconds, blocks * ROW_BYTES + drawn * DRAW_BYTES)
    generator = Generator(seed)
    candidates = [range(i + 1 if past_only else blocks) for i in range(blocks)]
    counts = [min(count, len(row)) for row in candidates]
    rows: list[list[int]] = []
    for _ in range(heads):  # the heads before draw from the same generator
        pairs = stopwatch(zip(candidates, counts))
        rows = [generator.sample(row, size) for row, size in pairs]
    return Listed.of_rows(rows)
