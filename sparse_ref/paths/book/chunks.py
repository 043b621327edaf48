"""Chunks, documents and prefixes: sets that never mix, and layers in between that mix them.

Symbols:  b the length of a chunk or block;  p the length of a prefix;  w the keys of a window.
"""

from __future__ import annotations

from ...patterns import (
    Block,
    Causal,
    Chunk,
    Lookback,
    block_diffusion,
    gpt_neo,
    llama4,
    local_attention,
    prefix_lm,
)
from ...sets.factorized import Factorized
from ...sets.parts import Documents
from ..proof.lemmas import prove_hops, prove_invariant
from ..proof.prove import prove
from .measures import one_block
from .theorem import Theorem


def chunks_then_full(b):
    """Three chunked layers below one that sees all before it."""
    return llama4(b, 4)


def windows_then_full(w):
    """Five layers of windows below one that sees all before it."""
    steps = (Lookback(w),) * 5 + (Causal(),)
    return Factorized(steps, via=lambda j, i: ((j,) * 5,))


def buckets(b):
    """The bucket of i and the one before, causal."""
    return local_attention(b, causal=True)


def bucket_steps(j, i, b):
    """floor(i / b) - floor(j / b), but 1 from another position of a bucket"""
    borders = i // b - j // b
    return borders + (borders == 0) * (j < i)


def previous_bucket(j, i, b):
    """j itself if its bucket is in sight, else the last position of the bucket before"""
    borders = i // b - j // b
    last_before = i // b * b - 1
    return (borders <= 1) * j + (borders > 1) * last_before


def prefix(p):
    """A prefix read in both directions, then text."""
    return prefix_lm(p)


def prefix_first(j, i, p):
    """i is past the prefix, or j within it"""
    return (i >= p) | (j < p)


def one_document(j, i):
    """j and i are in one document"""
    first = (j < 3) & (i < 3)
    j_second = (j >= 3) & (j < 7)
    i_second = (i >= 3) & (i < 7)
    third = (j >= 7) & (i >= 7)
    return first | j_second & i_second | third


def noise_and_clean(tokens, b):
    """The training mask of block diffusion."""
    return block_diffusion(tokens, b)


def noise_or_clean(j, i, tokens, b):
    """i is noised, or j clean"""
    return (i < tokens) | (j >= tokens)


THEOREMS = (
    Theorem(
        "chunks",
        "chunks",
        "proved",
        "confirms",
        claim="Attention within chunks loses information from across their borders",
        source="folklore",
        remark="In any number of layers: chunks never mix.",
        settle=lambda: prove_invariant(lambda b: Chunk(b, 0), one_block, causal=False),
    ),
    Theorem(
        "chunks-causal",
        "chunks",
        "proved",
        "confirms",
        claim="Attention within chunks loses information from across their borders",
        source="Child et al. 2019, sec. 4.3",
        remark="The first step of fixed attention on its own, in any number of layers.",
        settle=lambda: prove_invariant(lambda b: Block(b), one_block),
    ),
    Theorem(
        "llama4",
        "Llama 4",
        "proved",
        "confirms",
        claim="Every fourth layer sees all, so that chunks are no limit",
        source="transformers, models/llama4",
        remark="Every position reaches all positions after it in each group of four.",
        settle=lambda: prove(chunks_then_full),
    ),
    Theorem(
        "gpt-neo",
        "GPT-Neo",
        "proved",
        "confirms",
        claim="Layers that see all alternate with layers that see few",
        source="transformers, models/gpt_neo",
        remark="Two layers connect every pair, by the residual edge.",
        settle=lambda: prove(gpt_neo),
    ),
    Theorem(
        "gemma",
        "Gemma 3",
        "proved",
        "confirms",
        claim="Five window layers for each layer that sees all connect every pair",
        source="Gemma team 2025, sec. 2",
        remark="For every window: the sixth layer sees all, the residual edges carry j to it.",
        settle=lambda: prove(windows_then_full),
    ),
    Theorem(
        "windows-then-windows",
        "Gemma 3",
        "refuted",
        "contradicts",
        claim="The window layers would be enough without the full layer",
        source="folklore",
        remark="Six windows of four keys cover a distance of 18.",
        settle=lambda: prove((Lookback(4),) * 6),
    ),
    Theorem(
        "local-attention",
        "local attention",
        "proved",
        "confirms",
        claim="Looking back one bucket lets information move a bucket a layer",
        source="local-attention, LocalAttention; Roy et al. 2021, sec. 4",
        remark="Exactly: as many layers as there are bucket borders between, at least one.",
        settle=lambda: prove_hops(buckets, bucket_steps, previous_bucket, exact=True),
    ),
    Theorem(
        "prefix-lm",
        "prefix LM",
        "proved",
        "confirms",
        claim="No position after the prefix reaches the prefix",
        source="Raffel et al. 2020, sec. 3.2.1",
        remark="In any number of layers.",
        settle=lambda: prove_invariant(prefix, prefix_first, causal=False),
    ),
    Theorem(
        "documents",
        "packed documents",
        "proved",
        "confirms",
        claim="Documents packed into one sequence stay separate",
        source="folklore",
        remark="For lengths of 3, 4 and 5, in any number of layers.",
        settle=lambda: prove_invariant(Documents((3, 4, 5)), one_document, causal=False),
    ),
    Theorem(
        "block-diffusion",
        "block diffusion",
        "proved",
        "confirms",
        claim="Noise does not reach the clean copy",
        source="Arriola et al. 2025, sec. 3.2",
        remark="No path leads from a noised token to a clean one.",
        settle=lambda: prove_invariant(noise_and_clean, noise_or_clean, causal=False),
    ),
)
