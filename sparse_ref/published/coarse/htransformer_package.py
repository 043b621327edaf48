"""What the package h-transformer-1d 0.1.9 attends to in place of H-Transformer-1D's levels.

Symbols:  b block;  n = b 2^K tokens, a power of two;  level t has blocks of b 2^t tokens.
"""

from __future__ import annotations

import numpy as np

from ...patterns import Block, Window
from ...sets.checks import flag, integer
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern


def package_level_sets(
    n: int,
    block: int,
    causal: bool = False,
) -> tuple[Pattern, ...]:
    """The pairs of each term of the package's sum: the own block, then siblings level by level

        not causal:  blocks floor(i / b 2^t) and floor(j / b 2^t) are siblings, t = 0, ..., K - 2
        causal:      the same, j to the left, t = 1, ..., K - 1, for i + 1 a multiple of 2^t

    Siblings are blocks 2 m and 2 m + 1. Only siblings see each other: two neighbours with a border
    of the tree between them meet at its level, or not at all. Not causal, the last level is
    missing: no token of the first half attends to the second. Causal, level 0 is missing, and a
    query passes only if no token of its group follows it.

    Parameters
    ----------
    n : a power of two, at least 4 b, or at least 2 b if causal, as the package asserts. It pads
        other lengths with zeros, which are keys of logit 0 and value 0.
    block : b, `block_size` of the package, a power of two.
    causal : for `CausalHAttention1D`; `HAttention1D` otherwise.

    Raises ValueError for other lengths and blocks.

    >>> import sparse_ref as sr
    >>> own, left = sr.published.package_level_sets(8, 2, causal=True)[:2]
    >>> print(sr.picture(own | left, 8))        # 5 and 6 do not see 0, ..., 3
    █·······
    ██······
    ··█·····
    ··██····
    ····█···
    ██████··
    ······█·
    ████··██
    """
    flag("package_level_sets: causal", causal)
    blocks, rest = divmod(integer("n", n, 1), integer("block", block, 1))
    least = 2 if causal else 4
    if rest or n & (n - 1) or blocks < least:
        raise ValueError(
            f"n must be a power of two, at least {least} times block = {block}, itself one, "
            f"as h-transformer-1d asserts, got n = {n}"
        )
    levels = blocks.bit_length() - 1
    if causal:
        left = [_left_siblings(n, block, t) for t in range(1, levels)]
        return Block(block), *left
    own = Window(0)
    siblings = Blockwise(own, 2) - own
    far = [Blockwise(siblings, block * 2**t) for t in range(levels - 1)]
    return Blockwise(own, block), *far


def _left_siblings(n: int, block: int, t: int) -> Pattern:
    """The left sibling's tokens at level t, for the last query of each group of 2^t."""
    width = block * 2**t
    i = np.arange(n)
    is_right = i // width % 2 == 1
    is_last = (i + 1) % 2**t == 0
    counts = np.where(is_right & is_last, width, 0)
    starts = (i // width - 1) * width
    stops = starts + counts
    keys = list(map(np.arange, starts, stops))
    return Listed(np.cumsum([0, *counts]), np.concatenate(keys))
