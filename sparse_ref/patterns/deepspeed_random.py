"""DeepSpeed's layouts, variable and BigBird: what is drawn at random beside windows and global blocks.

`VariableSparsityConfig` and `BigBirdSparsityConfig` in `ops/sparse_attention/sparsity_config.py` of DeepSpeed 0.16.9. They draw
from Python's own random state, row by row and head after head: `seed` is what `random.seed` was given before. i and j count
blocks; `rule`: see `deepspeed_sliding`.

Symbols:  W_i the window that holds block i;  G the global blocks, as columns, and as rows where those are asked for;  R_i the
blocks drawn for block i.
"""

from __future__ import annotations

from random import Random as Generator

from ..sets.checks import MAX_HEADS, int_tuple, integer
from ..sets.listed import Listed
from ..sets.parts import Grid
from ..sets.pattern import Pattern
from .deepspeed import MOST_BLOCKS, check_words, seen_by_all, sliding_window, stretches_of_blocks
from .deepspeed_fixed import check_horizontal, columns, windows
from .elementary import Causal
from .globals import Global, Sinks


def deepspeed_variable(
    blocks: int,
    num_random_blocks: int = 0,
    local_window_blocks=(4,),
    global_block_indices=(0,),
    global_block_end_indices=None,
    attention: str = "bidirectional",
    horizontal_global_attention: bool = False,
    head: int = 0,
    seed: int = 0,
    rule: str = "code",
) -> Pattern:
    """A_i = W_i | G | R_i        DeepSpeed, VariableSparsityConfig

    with num_random_blocks blocks in R_i. Where unidirectional: j <= i in W_i; and from G, the stretches that start at or
    before i.

    Parameters
    ----------
    blocks : the blocks of the sequence; other lengths are an error.
    local_window_blocks : the blocks of the first window, the second, ...; the last number is that of the remaining ones too.
    global_block_indices, global_block_end_indices : the stretches of G, as for `deepspeed_bslongformer`.
    horizontal_global_attention : blocks in G see all as well.
    head, seed : the layout drawn as number `head`, from 0, after random.seed(seed); without `different_layout_per_head`
        every head has that of head 0.

    Differs: where unidirectional, the code draws from the future too, and shows a stretch of G to itself, its later blocks as
    well. By the documentation no layout holds the future: the draw is from the blocks up to one's own, as many as there are.
    No row is empty. Raises ValueError where the code does: more random blocks than `blocks`, no window, ends that are not
    beyond their starts, rows of global blocks where unidirectional.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.deepspeed_variable(7, 0, (1, 2, 3), (3,), attention="unidirectional"), 7))
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
    blocks = integer(f"{name}: blocks", blocks, 1, MOST_BLOCKS)
    sizes = int_tuple(f"{name}: local_window_blocks", local_window_blocks, 1, MOST_BLOCKS)
    if not sizes:
        raise ValueError(
            f"{name}: local_window_blocks must hold at least 1 window (DeepSpeed), got {local_window_blocks!r}"
        )
    past = attention == "unidirectional" and rule == "documentation"
    drawn = _random_blocks(
        name, blocks, num_random_blocks, head, seed, past, as_many_as_there_are=past
    )
    p = windows(blocks, sizes, attention)
    p = p if drawn is None else drawn | p
    stretches = [
        (start, min(stop, blocks))
        for start, stop in stretches_of_blocks(name, global_block_indices, global_block_end_indices)
        if start < blocks
    ]
    if stretches:
        p = p | (
            seen_by_all(stretches) if horizontal_global_attention else columns(stretches, attention)
        )
    return p & Causal() if past else p


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
    """A_i = { j : |i - j| <= floor(w / 2)  or  i < g  or  j < g } | R_i, or j <= i of them        DeepSpeed, BigBirdSparsityConfig

    with w = num_sliding_window_blocks, g = num_global_blocks, and R_i num_random_blocks blocks drawn for each row. The last
    block is not global, as it is in `bigbird`.

    Parameters
    ----------
    blocks : the blocks of the sequence; other lengths are an error.
    num_sliding_window_blocks, attention, rule : as for `deepspeed_sliding`.
    head, seed : as for `deepspeed_variable`. Where unidirectional, block i draws from the blocks up to its own.

    Differs: where unidirectional, the code draws no more than one block, since block 0 has one candidate; by the documentation
    a block with fewer candidates takes all of them.
    No row is empty. Raises ValueError where the code does: a window, global or random blocks of more than `blocks`, and where
    unidirectional num_random_blocks above 1.

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
    blocks = integer(f"{name}: blocks", blocks, 1, MOST_BLOCKS)
    keys = at_most_blocks(
        f"{name}: num_sliding_window_blocks", num_sliding_window_blocks, 1, blocks
    )
    count = at_most_blocks(f"{name}: num_global_blocks", num_global_blocks, 0, blocks)
    past = attention == "unidirectional"
    drawn = _random_blocks(
        name,
        blocks,
        num_random_blocks,
        head,
        seed,
        past,
        as_many_as_there_are=rule == "documentation",
    )
    p = sliding_window(name, keys, attention, rule) | (Sinks(count) if past else Global(count))
    return Grid((blocks,), (p if drawn is None else drawn | p,))


def at_most_blocks(name: str, value, least: int, blocks: int) -> int:
    """A number of blocks in a row: at most all of them."""
    value = integer(name, value, least)
    if value > blocks:
        raise ValueError(f"{name} must be at most blocks = {blocks} (DeepSpeed), got {value}")
    return value


def _random_blocks(name, blocks, count, head, seed, past, as_many_as_there_are) -> Listed | None:
    """The random blocks of each row, from those up to its own where `past`; None where none are asked for."""
    count = at_most_blocks(f"{name}: num_random_blocks", count, 0, blocks)
    head, seed = (
        integer(f"{name}: head", head, 0, MAX_HEADS),
        integer(f"{name}: seed", seed, 0, None),
    )
    if past and count > 1 and not as_many_as_there_are:
        raise ValueError(
            f'{name}: num_random_blocks must be at most 1 where attention is "unidirectional", got {count}: '
            "block 0 has no more to draw from (DeepSpeed)"
        )
    if count == 0:
        return None
    draw = Generator(seed)
    ranges, rows = [range(i + 1 if past else blocks) for i in range(blocks)], []
    for _ in range(head + 1):
        rows = [draw.sample(candidates, min(count, len(candidates))) for candidates in ranges]
    return Listed.of_rows(rows)
