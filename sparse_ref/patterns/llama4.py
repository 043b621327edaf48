"""Llama 4: layers that see the query's chunk up to it, and regularly one that is causal.

Software without a paper: its sets are those of Hugging Face transformers, `models/llama4`.

Symbols:  `keys` the length of a chunk.
"""

from __future__ import annotations

from ..sets.checks import MAX_LAYERS, integer
from ..sets.factorized import Factorized, notation
from ..sets.pattern import Pattern
from .divided import Chunk
from .elementary import Causal


def llama4_chunked(keys: int, padding: int = 0) -> Pattern:
    """A_i = { j <= i : floor((j - padding) / keys) = floor((i - padding) / keys) }

    Llama 4, its chunked layers.

    `padding` positions on the left shift the chunks; queries see them unless a padding mask hides
    them.

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
    keys = integer("llama4_chunked: keys", keys, 1)
    padding = integer("llama4_chunked: padding", padding, 0)
    return Chunk(keys, padding) & Causal()


def llama4(keys: int = 8192, interval: int = 4) -> Factorized:
    """(llama4_chunked(keys), ..., Causal()): the last of every `interval` layers is causal.

    Llama 4.

    `Interleaved(llama4(keys)).at(layer, head)` is the model: layers 3, 7, ... are causal, without
    position embeddings. No row is empty.

    Raises ValueError for `keys` or `interval` below 1, and for `interval` above 65,536.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.llama4(2, interval=2), 5))
    █····  █····
    ██···  ██···
    ··█··  ███··
    ··██·  ████·
    ····█  █████
    """
    chunked = llama4_chunked(integer("llama4: keys", keys, 1))
    interval = integer("llama4: interval", interval, 1, MAX_LAYERS)
    steps = (*[chunked] * (interval - 1), Causal())
    return Factorized(steps, notation("llama4", keys, interval))
