"""Longformer: a sliding window, dilated or not, and global positions.

Beltagy, Peters and Cohan 2020, "Longformer: The Long-Document Transformer", arXiv 2004.05150, with
the code published with it.

Symbols:  w the window in keys to one side, `radius` here;  d the dilation;  G the global positions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from ..sets.checks import int_tuple, integer
from ..sets.heads import PatternTuple
from ..sets.parts import Blockwise
from ..sets.pattern import Pattern
from .divided import Dilated
from .elementary import Causal, Lookback, Window
from .globals import GlobalAt


@overload
def longformer(
    radius: int,
    globals: Sequence[int] = (),
    dilation: int = 1,
) -> Pattern: ...
@overload
def longformer(
    radius: int,
    globals: Sequence[int] = (),
    *,
    dilation: tuple[int, ...],
) -> tuple[Pattern, ...]: ...
@overload
def longformer(
    radius: int,
    globals: Sequence[int],
    dilation: int | tuple[int, ...],
) -> Pattern | tuple[Pattern, ...]: ...
def longformer(
    radius: int,
    globals: Sequence[int] = (),
    dilation: int | tuple[int, ...] = 1,
) -> Pattern | tuple[Pattern, ...]:
    """A_i = { j : |i - j| <= w d, (i - j) mod d = 0 } | G, all j for i in G

    Beltagy et al. 2020, sec. 3.1.

    Global attention is symmetric as a set; rows in G have projections of their own, see
    `published.LongformerAttention`. No row is empty: each contains i. Positions of G beyond the
    length have no effect.

    Parameters
    ----------
    radius : w, keys to one side, so that a row reaches w d positions. The published code's
        `attention_window` is w; that of Hugging Face transformers, like the window of the paper, is
        2 w, both sides together, and must be even there.
    globals : the positions in G, in any order.
    dilation : d, from 1, as in the published code; the paper's configurations count gaps, d - 1. A
        tuple gives a tuple of patterns, one per head. The published code dilates only in its TVM
        kernel, transformers not at all.

    Raises ValueError for a negative `radius` or position in G, and for a dilation below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.longformer(1, globals=(4,)), 8))
    ██··█···
    ███·█···
    ·████···
    ··███···
    ████████
    ····███·
    ····████
    ····█·██
    >>> for p in sr.longformer(1, dilation=(1, 2)):
    ...     print(sr.picture(p, 5), end="\\n\\n")
    ██···
    ███··
    ·███·
    ··███
    ···██
    <BLANKLINE>
    █·█··
    ·█·█·
    █·█·█
    ·█·█·
    ··█·█
    <BLANKLINE>
    """
    w = integer("longformer: radius", radius, 0)
    G = int_tuple("longformer: globals", globals, 0)

    def head(d):
        window = Window(w) if d == 1 else Dilated(w, d)
        return window | GlobalAt(G) if G else window

    return _by_dilation("longformer: dilation", dilation, head)


@overload
def longformer_causal(radius: int, dilation: int = 1) -> Pattern: ...
@overload
def longformer_causal(
    radius: int,
    dilation: tuple[int, ...],
) -> tuple[Pattern, ...]: ...
def longformer_causal(
    radius: int, dilation: int | tuple[int, ...] = 1
) -> Pattern | tuple[Pattern, ...]:
    """A_i = { j : i - w d <= j <= i, (i - j) mod d = 0 }

    Beltagy et al. 2020, sec. 4.1, for language models.

    w + 1 keys. In the published code only the TVM kernel can do this, with no keys to the right;
    the layer around it has the flag `autoregressive` but calls the kernel with False. No row is
    empty. Parameters and errors as for `longformer`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.longformer_causal(2, dilation=2), 8))
    █·······
    ·█······
    █·█·····
    ·█·█····
    █·█·█···
    ·█·█·█··
    ··█·█·█·
    ···█·█·█
    """
    w = integer("longformer_causal: radius", radius, 0)

    def head(d):
        return Lookback(w + 1) if d == 1 else Dilated(w, d) & Causal()

    return _by_dilation("longformer_causal: dilation", dilation, head)


def longformer_no_overlap(keys: int) -> Pattern:
    """A_i = { j : |floor(i / w) - floor(j / w)| <= 1 }, w = keys

    Beltagy et al. 2020, the code: sliding_chunks_no_overlap.

    A window in whole blocks: b - 1, b and b + 1 for queries of block b. Differs: the published code
    needs lengths that are multiples of w; and it cuts its first and last block as if they were
    bands, so that the softmax of row r of block 0 includes r keys before position 0, with logit and
    value 0.

    No row is empty. Raises ValueError for `keys` below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.longformer_no_overlap(2), 8))
    ████····
    ████····
    ██████··
    ██████··
    ··██████
    ··██████
    ····████
    ····████
    """
    return Blockwise(Window(1), integer("longformer_no_overlap: keys", keys, 1))


def _by_dilation(
    name: str, dilation, head: Callable[[int], Pattern]
) -> Pattern | tuple[Pattern, ...]:
    """The pattern of one dilation, or those of a tuple of them."""
    if isinstance(dilation, tuple) and dilation:
        return PatternTuple(map(head, int_tuple(name, dilation, 1)))
    if isinstance(dilation, (tuple, list)):
        raise TypeError(
            f"{name} must be an integer, or a tuple with one for each head, got {dilation!r}"
        )
    return head(integer(name, dilation, 1))
