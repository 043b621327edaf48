"""DeepSpeed's layouts: the blocks of its SparsityConfig, dense, sliding window, and Longformer's.

`ops/sparse_attention/sparsity_config.py` of DeepSpeed 0.16.9; its `fixed` is `deepspeed_fixed`, and
its layouts with random blocks are `deepspeed_variable` and `deepspeed_bigbird`. A layout is a
pattern over blocks: i and j count blocks here, and `Blockwise(p, block)` is the pattern over
tokens. DeepSpeed leaves causality inside the blocks to a mask that the caller adds.

rule="code" is the layout as the code computes it; rule="documentation" is what the docstrings of
the file state: a unidirectional layout is empty above the diagonal, and a sliding window has
`num_sliding_window_blocks` blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from ..sets.budget import spend
from ..sets.checks import int_tuple, integer
from ..sets.pattern import Pattern
from .elementary import Causal, Full, Lookback, Window
from .globals import GlobalAt

MAX_BLOCKS = 2**20  # a layout is a table
BLOCK_SECONDS, BLOCK_BYTES = 3e-6, 300  # of a block that is listed, while it is checked


def deepspeed_dense() -> Pattern:
    """A_i = { j : 0 <= j < n }, every block

    DeepSpeed, DenseSparsityConfig.

    >>> import sparse_ref as sr
    >>> sr.deepspeed_dense()
    Full()
    """
    return Full()


def deepspeed_sliding(
    num_sliding_window_blocks: int = 3, attention: str = "unidirectional", rule: str = "code"
) -> Pattern:
    """A_i = { j : |i - j| <= floor(w / 2) }, or those with j <= i

    DeepSpeed, LocalSlidingWindowSparsityConfig.

    Here w = num_sliding_window_blocks.

    Parameters
    ----------
    attention : "unidirectional" keeps j <= i, "bidirectional" all. The code refuses layouts of
        fewer blocks than w.
    rule : "code"; "documentation" has w blocks in the window, which are the last w up to one's own
        if unidirectional.

    Differs: the code's window has w + 1 blocks if w is even, and floor(w / 2) + 1 if
    unidirectional. No row is empty. Raises ValueError for w below 1, for other words than these,
    and for w even, bidirectional, by the documentation: it does not state which side has one more.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.deepspeed_sliding(3), 4))
    █···
    ██··
    ·██·
    ··██
    >>> sr.deepspeed_sliding(3, rule="documentation")
    Lookback(3)
    """
    check_words("deepspeed_sliding", attention, rule)
    return sliding_window("deepspeed_sliding", num_sliding_window_blocks, attention, rule)


def deepspeed_bslongformer(
    num_sliding_window_blocks: int = 3,
    global_block_indices: Sequence[int] = (0,),
    global_block_end_indices: Sequence[int] | None = None,
    attention: str = "bidirectional",
    rule: str = "code",
) -> Pattern:
    """A_i = { j : |i - j| <= floor(w / 2)  or  i in G  or  j in G }, or j <= i of them

    DeepSpeed, BSLongformerSparsityConfig.

    Here w = num_sliding_window_blocks.

    Parameters
    ----------
    num_sliding_window_blocks, attention, rule : as for `deepspeed_sliding`, with its errors.
    global_block_indices : the blocks in G; or the start of each stretch of them.
    global_block_end_indices : the end of each stretch, itself not in G.

    No row is empty. Raises ValueError if there is not one end for each start, if an end is not
    beyond its start, and for blocks above 2**20; TypeError for what is no sequence of integers.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.deepspeed_bslongformer(3, (0, 4)), 6))
    ██████
    ███·█·
    █████·
    █·███·
    ██████
    █···██
    """
    name = "deepspeed_bslongformer"
    check_words(name, attention, rule)
    window = sliding_window(name, num_sliding_window_blocks, attention, rule)
    seen = global_blocks(stretches_of_blocks(name, global_block_indices, global_block_end_indices))
    return window | (seen & Causal() if attention == "unidirectional" else seen)


def check_words(name: str, attention: str, rule: str):
    """Refuse other words than DeepSpeed's, and other rules than the two."""
    if attention not in ("bidirectional", "unidirectional"):
        raise ValueError(
            f'{name}: attention must be "bidirectional" or "unidirectional" (DeepSpeed), '
            f"got {attention!r}"
        )
    if rule not in ("code", "documentation"):
        raise ValueError(f'{name}: rule must be "code" or "documentation", got {rule!r}')


def sliding_window(name: str, keys: int, attention: str, rule: str) -> Pattern:
    """The window of `num_sliding_window_blocks`; without the future if unidirectional."""
    keys = integer(f"{name}: num_sliding_window_blocks", keys, 1)
    if attention == "unidirectional":
        return Lookback(keys if rule == "documentation" else keys // 2 + 1)
    if rule == "documentation" and keys % 2 == 0:
        raise ValueError(
            f"{name}: num_sliding_window_blocks must be odd, got {keys}: "
            "the documentation does not say which side has one more"
        )
    return Window(keys // 2)


def stretches_of_blocks(name: str, starts, stops) -> list[tuple[int, int]]:
    """The global blocks as (start, stop); each is a block by itself if there are no stops."""
    starts = int_tuple(f"{name}: global_block_indices", starts, 0, MAX_BLOCKS)
    stops = [start + 1 for start in starts] if stops is None else stops
    stops = int_tuple(f"{name}: global_block_end_indices", stops, 0, MAX_BLOCKS + 1)
    if len(stops) != len(starts):
        raise ValueError(
            f"{name}: global_block_end_indices must be {len(starts)}, "
            f"one for each of global_block_indices (DeepSpeed), got {len(stops)}"
        )
    for start, stop in zip(starts, stops):
        if start >= stop:
            raise ValueError(
                f"{name}: global_block_end_indices must be above global_block_indices (DeepSpeed), "
                f"got {stop} for {start}"
            )
    return list(zip(starts, stops))


def spend_on_blocks(count: int):
    """`spend` what so many blocks in a list take."""
    spend(count * BLOCK_SECONDS, count * BLOCK_BYTES)


def global_blocks(stretches: list[tuple[int, int]]) -> Pattern:
    """The blocks of these stretches see all and are seen by all."""
    spend_on_blocks(sum(stop - start for start, stop in stretches))
    return GlobalAt(tuple(chain.from_iterable(range(*stretch) for stretch in stretches)))
