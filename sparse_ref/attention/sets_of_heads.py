"""Which sets each head has, lowered once for each distinct pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Literal

import numpy as np

from ..lower import CSR, Plan, dense, plan
from ..patterns import Full
from ..sets import Branches, Pattern, patterns_of_heads
from .inputs import Inputs

SetsLike = Pattern | Plan | CSR
PatternLike = SetsLike | Branches | Sequence[SetsLike | Branches]
# a Plan or CSR for kernels, a bool mask for the reference; "small mask" is a mask up to MAX_SMALL
Form = Literal["tiles", "mask", "small mask"]
MAX_SMALL = 16  # queries and keys up to which attention on the CPU compiles nothing


def branches_of(pattern: Any) -> list:
    """The patterns whose softmaxes are merged: for each branch one, or a list with one per head."""
    if isinstance(pattern, Branches):
        return list(pattern)
    is_sequence = isinstance(pattern, (list, tuple))
    if is_sequence and any(isinstance(p, Branches) for p in pattern):
        branches_by_head = [tuple(p) if isinstance(p, Branches) else (p,) for p in pattern]
        nothing = ~Full()
        by_branch = zip_longest(*branches_by_head, fillvalue=nothing)
        return [list(heads) for heads in by_branch]
    return [pattern]


def sets_by_heads(
    pattern: Any,
    x: Inputs,
    form: Form,
) -> Iterator[tuple[np.ndarray, Any]]:
    """(heads, their sets) for each distinct pattern.

    Raises TypeError if a pattern is none, ValueError if there are not H of them, or if they have
    other lengths.
    """
    patterns = patterns_of_heads("pattern", pattern, x.heads, lowered=(Plan, CSR))
    heads_of: dict[SetsLike, list[int]] = {}
    for h in range(len(x.q)):
        heads_of.setdefault(patterns[h % x.heads], []).append(h)
    for p, heads in heads_of.items():
        yield np.array(heads), _lower(p, x.n, form)


def _lower(p: SetsLike, n: tuple[int, int], form: Form):
    """The sets of p in one form; those that are lowered already must have these lengths."""
    if isinstance(p, Pattern):
        as_mask = form == "mask" or (form == "small mask" and max(n) <= MAX_SMALL)
        return dense(p, n) if as_mask else plan(p, n)
    if p.shape != n:
        raise ValueError(f"pattern was lowered for (n_q, n_k) = {p.shape}, got q and k of {n}")
    p.check()
    if form != "mask":
        return p
    rows = p.csr() if isinstance(p, Plan) else p
    return rows.dense()
