"""Distances that double: LogSparse, LongNet and butterflies.

Symbols:  d = i - j;  w and r, segment lengths and dilation rates of LongNet.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

from ...patterns import Causal, Flip, LogSparse, LogSparseRestart, butterfly, longnet
from ...sets.positions import rank
from ..proof.lemmas import prove_closed, prove_hops
from ..proof.prove import prove
from .measures import distance
from .theorem import Theorem

POWERS = tuple(2**e for e in range(62))
BITS = range(7)
SEGMENTS, RATES, HEADS = (16, 64, 256), (1, 4, 16), 16


def log_sparse(n):
    """LogSparse at lengths whose distances are all below the powers of two that it knows."""
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
    return sum(((i - j) // 2**e % 2 for e in BITS), 0 * i)


def without_greatest(j, i, n):
    """i less the greatest power of two in i - j"""
    return _less(j, i, POWERS)


def without_great(j, i, n):
    """i less the greatest power of two in i - j"""
    return _less(j, i, POWERS[: len(BITS)])


def _less(j, i, powers):
    """i less the greatest of these powers in i - j."""
    return i - sum((x * ((x <= i - j) & (i - j < 2 * x)) for x in powers), 0 * i)


def restarted(sub):
    """LogSparse that restarts at every sub-th position."""
    if sub < 2:
        raise ValueError(f"sub must be at least 2, got {sub}")
    return LogSparseRestart(sub)


def before(j, i, sub):
    """i - 1"""
    return i - 1


def heads(causal: bool):
    """The keys of all heads and branches of LongNet together."""
    each = (p for head in range(HEADS) for p in longnet(SEGMENTS, RATES, head, HEADS))
    union = reduce(or_, dict.fromkeys(each))
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
    return reduce(and_, (j // 2**e % 2 <= i // 2**e % 2 for e in range(8)))


THEOREMS = (
    Theorem(
        "logsparse",
        "LogSparse",
        "proved",
        "confirms",
        claim="floor(log2 l) + 1 layers connect cell l with every cell before it",
        source="Li et al. 2019, theorem 1",
        remark="For distances up to 2^62: each layer takes the greatest power of two off it.",
        settle=lambda: prove_hops(log_sparse, bit_length, without_greatest),
    ),
    Theorem(
        "logsparse-exact",
        "LogSparse",
        "proved",
        "sharpens",
        claim="floor(log2 l) + 1 layers connect cell l with every cell before it",
        source="Li et al. 2019, theorem 1",
        remark="The shortest path takes as many layers as the distance has ones; asked up to n = 128.",
        settle=lambda: prove_hops(short_log_sparse, ones, without_great, exact=True),
    ),
    Theorem(
        "logsparse-too-few",
        "LogSparse",
        "refuted",
        "sharpens",
        claim="floor(log2 l) + 1 layers connect cell l with every cell before it",
        source="Li et al. 2019, theorem 1",
        remark="The bound is met: three layers do not cover a distance of 15.",
        settle=lambda: prove((LogSparse(),) * 3),
    ),
    Theorem(
        "logsparse-restart",
        "LogSparse",
        "proved",
        "confirms",
        claim="Restarting keeps every cell within reach",
        source="Li et al. 2019, sec. 4.2",
        remark="Each cell reads its predecessor, so nothing is ever cut off; the bound here is far from the least.",
        settle=lambda: prove_hops(restarted, distance, before),
    ),
    Theorem(
        "longnet",
        "LongNet",
        "proved",
        "confirms",
        claim="Any two tokens are O(log N) layers apart",
        source="Ding et al. 2023, sec. 2.2, eq. 19 and 20",
        remark="Without a causal mask, all 16 heads together, and the longest segment holding all: two layers at n = 256.",
        settle=lambda: prove((heads(causal=False),) * 2, n=256, causal=False),
    ),
    Theorem(
        "longnet-longer",
        "LongNet",
        "proved",
        "contradicts",
        claim="Any two tokens are O(log N) layers apart",
        source="Ding et al. 2023, sec. 2.2",
        remark="Only within the longest segment: beyond it nothing is ever heard, in any number of layers.",
        settle=lambda: prove_closed(heads(causal=False), one_segment, causal=False),
    ),
    Theorem(
        "longnet-causal",
        "LongNet",
        "proved",
        "contradicts",
        claim="Any two tokens are O(log N) layers apart",
        source="Ding et al. 2023, sec. 2.2, used in sec. 4.1",
        remark="Under a causal mask the first token of a segment never hears of the token just before it.",
        settle=lambda: prove_closed(heads(causal=True), not_its_predecessor),
    ),
    Theorem(
        "butterfly",
        "butterfly",
        "proved",
        "confirms",
        claim="log2 n factors make up a full matrix",
        source="Dao et al. 2022, sec. 3.2",
        remark="Eight layers, one factor each, connect 256 blocks.",
        settle=lambda: prove(tuple(Flip(2**t) for t in range(8)), n=256, causal=False),
    ),
    Theorem(
        "butterfly-flat",
        "butterfly",
        "proved",
        "confirms",
        claim="The flat butterfly stands for the product of its factors",
        source="Dao et al. 2022, sec. 3.2",
        remark="As paths go: eight layers of it connect 256 blocks.",
        settle=lambda: prove((butterfly(8),) * 8, n=256, causal=False),
    ),
    Theorem(
        "butterfly-too-few",
        "butterfly",
        "refuted",
        "contradicts",
        claim="Few layers of the flat butterfly are enough",
        source="folklore",
        remark="Seven layers leave out blocks whose numbers differ in all eight digits.",
        settle=lambda: prove((butterfly(8),) * 7, n=256, causal=False),
    ),
    Theorem(
        "butterfly-causal",
        "butterfly",
        "proved",
        "contradicts",
        claim="A causal butterfly connects as the full one does",
        source="folklore",
        remark="Cut to j <= i it connects j to i only where the binary ones of j are among those of i.",
        settle=lambda: prove_closed(causal_butterfly, bit_subset),
    ),
)
