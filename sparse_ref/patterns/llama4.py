"""Llama 4: layers that see the chunk of the query, and every so often one that sees all before it.

Software without a paper: its sets are those of Hugging Face transformers, `models/llama4`.

Symbols:  `keys` the length of a chunk.
"""

from __future__ import annotations

from ..sets.checks import integer
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern
from .divided import Chunk
from .elementary import Causal


def llama4_chunked(keys: int, padding: int = 0) -> Pattern:
    """A_i = { j <= i : floor((j - padding) / keys) = floor((i - padding) / keys) }        Llama 4, its chunked layers

    `padding` positions on the left shift the chunks, and are seen like others until a padding mask hides them.

    No row is empty. Raises ValueError for `keys` below 1 and negative `padding`.
    Source: `chunked_causal_mask_function` of transformers.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.llama4_chunked(3, padding=1), 6))
    █·····
    ·█····
    ·██···
    ·███··
    ····█·
    ····██
    """
    return (
        Chunk(
            integer("llama4_chunked: keys", keys, 1), integer("llama4_chunked: padding", padding, 0)
        )
        & Causal()
    )


def llama4(keys: int = 8192, interval: int = 4) -> Factorized:
    """(llama4_chunked(keys), ..., Causal()): of every `interval` layers the last sees all before it.        Llama 4

    `Interleaved(llama4(keys)).at(layer, head)` is the model: layers 3, 7, ... see all, and have no positions. No row is empty.

    Raises ValueError for `keys` or `interval` below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.llama4(2, interval=2), 5))
    █····  █····
    ██···  ██···
    ··█··  ███··
    ··██·  ████·
    ····█  █████
    """
    chunked, turns = (
        llama4_chunked(integer("llama4: keys", keys, 1)),
        integer("llama4: interval", interval, 1),
    )
    return Factorized((chunked,) * (turns - 1) + (Causal(),), f"llama4({keys}, {turns})")
