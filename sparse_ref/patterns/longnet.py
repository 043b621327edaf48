"""LongNet: dilated attention, a multiset of segments of growing length and dilation.

Ding, Ma, Dong, Zhang, Huang, Wang, Zheng, Wei 2023, "LongNet: Scaling Transformers to 1,000,000,000
Tokens", arXiv 2307.02486; the published code is torchscale's `dilated_attention.py`.

Symbols:  w the length of a segment;  r its dilation rate;  s the offset of a head in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..define import Rule, every
from ..sets.branches import Branches
from ..sets.checks import int_tuple, integer

OFFSETS = {
    "paper": lambda head, heads, r: head % r,
    "torchscale": lambda head, heads, r: head // -(-heads // r),
}


@dataclass(frozen=True)
class DilatedSegment(Rule):
    """A_i = { j : floor(j / w) = floor(i / w), (j mod w) mod r = (i mod w) mod r = s }

    Ding et al. 2023, sec. 2.2.

    Every r-th position of a segment of w, from the s-th on: these attend to one another. The others
    attend to nothing: their rows are empty, and all rows are if s is w or more.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.DilatedSegment(5, 2, 0), 9))
    █·█·█····
    ·········
    █·█·█····
    ·········
    █·█·█····
    ·····█·█·
    ·········
    ·····█·█·
    ·········
    """

    w: int
    r: int
    s: int = 0
    least = (1, 1, 0)

    def __post_init__(self):
        super().__post_init__()
        if self.s >= self.r:
            raise ValueError(f"DilatedSegment: s must be below r = {self.r}, got {self.s}")

    @staticmethod
    def formula(i, j, w, r, s):
        same_segment = j // w == i // w
        return same_segment & (j % w % r == s) & (i % w % r == s)

    @staticmethod
    def solution(i, n, w, r, s):
        start = i // w * w
        is_member = i % w % r == s  # other rows are empty
        return every(r, start + s, start + w * is_member)

    @staticmethod
    def pairs(n, w, r, s):
        segments, rest = divmod(n, w)
        members = len(range(s, w, r))
        last_members = len(range(s, rest, r))
        return segments * members**2 + last_members**2


def longnet(
    segments: Sequence[int],
    rates: Sequence[int],
    head: int = 0,
    heads: int = 1,
    rule: str = "paper",
) -> Branches:
    """A_i^(b) = the keys of DilatedSegment(w_b, r_b, s_b), of one head

    Ding et al. 2023, sec. 2.2 and 2.3.

    One branch for each segment length w_b and rate r_b. The paper weighs the branches by their
    softmax denominators, which is one softmax over the multiset of their keys: what `attend` does
    with Branches. A position in no branch gets 0.

    Parameters
    ----------
    segments, rates : w_1, w_2, ... and r_1, r_2, ..., as many of each; a segment longer than n is
        all of it.
    head, heads : which head of how many, from 0.
    rule : the offset s_b of the head. "paper": head mod r_b. "torchscale":
        floor(head / ceil(heads / r_b)), so that heads share an offset with their neighbours; the
        two agree for every head if heads <= r_b.

    Causal: & Causal(), in each branch. The sets of sec. 2 have no mask; the language models of
    sec. 4 do. Differs: if not causal, torchscale also attends to the zeros it pads with:
    `published.ghost_counts` counts them.

    Raises ValueError if segments and rates differ in number or are none, for a head beyond heads,
    and for an unknown rule.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.longnet((4, 8), (1, 2), head=1, heads=2), 8))
    ████····  ········
    ████····  ·█·█·█·█
    ████····  ········
    ████····  ·█·█·█·█
    ····████  ········
    ····████  ·█·█·█·█
    ····████  ········
    ····████  ·█·█·█·█
    """
    segments = int_tuple("longnet: segments", segments, 1)
    rates = int_tuple("longnet: rates", rates, 1)
    if not segments or len(segments) != len(rates):
        raise ValueError(
            "longnet: rates must be one for each of the segments, at least 1, "
            f"got {len(rates)} for {len(segments)}"
        )
    heads = integer("longnet: heads", heads, 1)
    head = integer("longnet: head", head, 0, heads - 1)
    if rule not in tuple(OFFSETS):
        raise ValueError(
            f"longnet: rule must be one of {', '.join(map(repr, OFFSETS))}, got {rule!r}"
        )
    offsets = [OFFSETS[rule](head, heads, r) for r in rates]
    branches = tuple(map(DilatedSegment, segments, rates, offsets))
    return Branches(branches, f"longnet({segments}, {rates}, {head}, {heads}, {rule!r})")
