"""Distances that double: LogSparse, LongNet and butterflies.

Symbols:  d = i - j;  w and r, segment lengths and dilation rates of LongNet.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

from ...patterns import Causal, Flip, LogSparse, LogSparseRestart, butterfly, longnet
from ...sets.pattern import Pattern
from ...sets.positions import rank
from ..proof.lemmas import prove_hops, prove_invariant
from ..proof.prove import prove
from .measures import distance
from .theorem import Theorem

POWERS = tuple(2**e for e in range(62))
BITS = range(7)
SEGMENTS = (16, 64, 256)  # of LongNet, with their dilation rates
RATES = (1, 4, 16)
HEADS = 16
FACTORS = tuple(Flip(2**t) for t in range(8))  # of a butterfly of 256 blocks


def log_sparse(n):
    """LogSparse at lengths up to 2**62, for which `POWERS` has the powers of two."""
    if n > 2**62:
        raise ValueError(f"n must be at most 2**62, got {n}")
    return LogSparse()


def short_log_sparse(n):
    """LogSparse at lengths up to 2**7."""
    if n > 2 ** len(BITS):
        raise ValueError(f"n must be at most {2 ** len(BITS)}, got {n}")
    return LogSparse()


def bit_length(j, i, n):
    """the number of binary digits of i - j"""
    return rank(i - j, POWERS)


def ones(j, i, n):
    """the number of ones in the binary digits of i - j"""
    digits = [(i - j) // 2**e % 2 for e in BITS]
    return sum(digits, 0 * i)


def without_greatest_power(j, i, n):
    """i less the greatest power of two in i - j"""
    return _subtract_power(j, i, POWERS)


def without_greatest_digit(j, i, n):
    """i less the greatest power of two in i - j"""
    return _subtract_power(j, i, POWERS[: len(BITS)])


def _subtract_power(j, i, powers):
    """i less the greatest of these powers in i - j."""
    d = i - j
    greatest = 0 * i
    for x in powers:
        greatest = greatest + x * ((x <= d) & (d < 2 * x))
    return i - greatest


def log_sparse_restart(sub):
    """LogSparse that restarts at every sub-th position."""
    if sub < 2:
        raise ValueError(f"sub must be at least 2, got {sub}")
    return LogSparseRestart(sub)


def predecessor(j, i, sub):
    """i - 1"""
    return i - 1


def heads(causal: bool):
    """The keys of all heads and branches of LongNet together."""
    branches: dict[Pattern, None] = {}  # without repeats, in order
    for head in range(HEADS):
        branches.update(dict.fromkeys(longnet(SEGMENTS, RATES, head, HEADS)))
    union = reduce(or_, branches)
    return union & Causal() if causal else union


def not_its_predecessor(j, i):
    """i is no first token of a segment of 16 with j just before it"""
    return (i != j + 1) | (i % SEGMENTS[0] != 0)


def one_segment(j, i):
    """j and i are in one segment of 256"""
    return j // SEGMENTS[-1] == i // SEGMENTS[-1]


def causal_butterfly(n):
    """The butterfly of 256 blocks, up to i."""
    if n > 256:
        raise ValueError(f"n must be at most 256, got {n}")
    return butterfly(8) & Causal()


def bit_subset(j, i, n):
    """the ones of j are among those of i"""
    digits = [2**e for e in range(8)]
    return reduce(and_, (j // x % 2 <= i // x % 2 for x in digits))


ALL_HEADS = heads(causal=False)

THEOREMS = (
    Theorem(
        "logsparse",
        "LogSparse",
        "proved",
        "confirms",
        claim="floor(log2 l) + 1 layers connect cell l with every cell before it",
        source="Li et al. 2019, theorem 1",
        remark="For distances up to 2^62: each layer subtracts the greatest power of two.",
        settle=lambda: prove_hops(log_sparse, bit_length, without_greatest_power),
    ),
    Theorem(
        "logsparse-exact",
        "LogSparse",
        "proved",
        "sharpens",
        claim="floor(log2 l) + 1 layers connect cell l with every cell before it",
        source="Li et al. 2019, theorem 1",
        remark="A shortest path has as many layers as the distance has binary ones; up to n = 128.",
        settle=lambda: prove_hops(
            short_log_sparse, ones, without_greatest_digit, exact=True, seconds=300
        ),
    ),
    Theorem(
        "logsparse-too-few",
        "LogSparse",
        "refuted",
        "sharpens",
        claim="floor(log2 l) + 1 layers connect cell l with every cell before it",
        source="Li et al. 2019, theorem 1",
        remark="The bound is tight: three layers do not cover a distance of 15.",
        settle=lambda: prove((LogSparse(),) * 3),
    ),
    Theorem(
        "logsparse-restart",
        "LogSparse",
        "proved",
        "confirms",
        claim="Restarting keeps every cell within reach",
        source="Li et al. 2019, sec. 4.2",
        remark="Each cell reads its predecessor, so none is cut off; this bound is far from tight.",
        settle=lambda: prove_hops(log_sparse_restart, distance, predecessor),
    ),
    Theorem(
        "longnet",
        "LongNet",
        "proved",
        "confirms",
        claim="Any two tokens are O(log N) layers apart",
        source="Ding et al. 2023, sec. 2.4, eq. 19 and 20",
        remark="Without a causal mask, in one longest segment: two layers of 16 heads, n = 256.",
        settle=lambda: prove(2 * [ALL_HEADS], n=256, causal=False),
    ),
    Theorem(
        "longnet-longer",
        "LongNet",
        "proved",
        "contradicts",
        claim="Any two tokens are O(log N) layers apart",
        source="Ding et al. 2023, sec. 2.4",
        remark="Only within the longest segment: no number of layers leads from one to another.",
        settle=lambda: prove_invariant(ALL_HEADS, one_segment, causal=False),
    ),
    Theorem(
        "longnet-causal",
        "LongNet",
        "proved",
        "contradicts",
        claim="Any two tokens are O(log N) layers apart",
        source="Ding et al. 2023, sec. 2.4, used in sec. 4.1",
        remark="Under a causal mask, a segment's last token never reaches the first of the next.",
        settle=lambda: prove_invariant(heads(causal=True), not_its_predecessor),
    ),
    Theorem(
        "butterfly",
        "butterfly",
        "proved",
        "confirms",
        claim="log2 n factors make up a full matrix",
        source="Dao et al. 2022, sec. 3.2",
        remark="Eight layers, one factor each, connect 256 blocks.",
        settle=lambda: prove(FACTORS, n=256, causal=False),
    ),
    Theorem(
        "butterfly-flat",
        "butterfly",
        "proved",
        "confirms",
        claim="The flat butterfly replaces the product of its factors",
        source="Dao et al. 2022, sec. 3.2",
        remark="For paths it does: eight layers of it connect 256 blocks.",
        settle=lambda: prove(8 * [butterfly(8)], n=256, causal=False),
    ),
    Theorem(
        "butterfly-too-few",
        "butterfly",
        "refuted",
        "contradicts",
        claim="Few layers of the flat butterfly are enough",
        source="folklore",
        remark="Seven layers leave out blocks whose numbers differ in all eight digits.",
        settle=lambda: prove(7 * [butterfly(8)], n=256, causal=False),
    ),
    Theorem(
        "butterfly-causal",
        "butterfly",
        "proved",
        "contradicts",
        claim="A causal butterfly connects as the full one does",
        source="folklore",
        remark="Cut to j <= i, it leads from j to i only if the binary ones of j are ones of i.",
        settle=lambda: prove_invariant(causal_butterfly, bit_subset),
    ),
)
