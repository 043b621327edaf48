"""LongNet's dilated attention over all heads, with and without the zeros of its published code.

Ding et al. 2023, arXiv 2307.02486, sec. 2.2 and 2.3; the code is torchscale's
`dilated_attention.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend_with_lse, merge
from ..attention.arrays import as_array
from ..lower import row_counts
from ..patterns import Causal
from ..patterns.longnet import longnet
from ..sets.checks import flag, integer
from ..sets.types import FloatArray, IntArray

HeadRule = Literal["paper", "torchscale"]


def dilated_attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    segments: Sequence[int],
    rates: Sequence[int],
    *,
    rule: HeadRule = "paper",
    causal: bool = False,
    ghosts: bool = False,
    scale: float | None = None,
) -> np.ndarray:
    """softmax_j(scale q_i . k_j) v_j over the multiset of `sr.longnet`, for each head h < H

    Parameters
    ----------
    q, k, v, scale : as for `sr.attend`, with as many keys as queries. H is the number of heads of
        q, 1 if q is (n, d).
    segments, rates, rule : head h attends to `sr.longnet(segments, rates, h, H, rule)`.
    causal : True for & Causal(), keys j <= i only.
    ghosts : attend also to the zeros that torchscale pads with, keys of logit 0 and value 0, as
        many as `ghost_counts` says; none if `causal`, since they follow all positions.

    Returns (..., H, n, e), in the dtype of q; 0 at positions that are in no branch. Raises as
    `sr.longnet` and `sr.attend` do.
    Differs: torchscale leaves a branch out if its log-sum-exp is exactly 0. If r_b does not divide
    its segment of min(w_b, n) < n positions, torchscale puts the outputs of each segment too far
    on, by the padding of all segments before it.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(5)
    >>> # 1 and 3 are in no branch, 4 is alone in its segment
    >>> sr.published.dilated_attention(0 * x, x, x, (4,), (2,))
    array([[0.5, 0. , 0.5, 0. , 0. ],
           [0. , 0. , 0. , 0. , 0. ],
           [0.5, 0. , 0.5, 0. , 0. ],
           [0. , 0. , 0. , 0. , 0. ],
           [0. , 0. , 0. , 0. , 1. ]])
    >>> sr.published.dilated_attention(0 * x, x, x, (4,), (2,), ghosts=True)[4]     # a zero at 6
    array([0. , 0. , 0. , 0. , 0.5])
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    if q.shape[-2:-1] != k.shape[-2:-1]:
        raise ValueError(
            f"k must have as many keys as q has queries, {q.shape[-2:-1]}, got {k.shape[-2:-1]}"
        )
    flag("ghosts", ghosts)
    heads = q.shape[-3] if q.ndim > 2 else 1
    patterns = [longnet(segments, rates, head, heads, rule) for head in range(heads)]
    if flag("dilated_attention: causal", causal):
        patterns = [p & Causal() for p in patterns]
    out, lse = attend_with_lse(q, k, v, patterns, scale=scale)
    if not ghosts or causal:
        return out
    n = q.shape[-2]
    counts_of_head = partial(ghost_counts, segments, rates, n, heads=heads, rule=rule)
    counts = np.stack([counts_of_head(head=head) for head in range(heads)])
    ghosts_only = (np.zeros_like(out), _log_counts(counts, lse))
    return merge([(out, lse), ghosts_only])[0]


def _log_counts(counts: IntArray, lse: FloatArray) -> FloatArray:
    """log(counts), the log-sum-exp of so many logits of 0, -inf for none, in the shape of lse."""
    with np.errstate(divide="ignore"):
        logs = np.log(counts)
    per_head = logs.reshape(lse.shape[-2:])
    return np.broadcast_to(per_head, lse.shape).astype(lse.dtype)


def ghost_counts(
    segments: Sequence[int],
    rates: Sequence[int],
    n: int,
    head: int = 0,
    heads: int = 1,
    rule: HeadRule = "paper",
) -> IntArray:
    """The zeros each query attends to, int64 (n,): the sum over the branches b that contain i of

        ceil(min(w_b, n) / r_b) - |A_i^(b)|

    torchscale pads n to whole segments of min(w_b, n), and each segment to a multiple of r_b, with
    zeros. Those at a head's offset enter its softmax without a mask. Parameters and errors as for
    `sr.longnet`.

    >>> import sparse_ref as sr
    >>> sr.published.ghost_counts((4,), (2,), 5)
    array([0, 0, 0, 0, 1])
    """
    n = integer("n", n, 0)
    ghosts = np.zeros(n, np.int64)
    branches = longnet(segments, rates, head, heads, rule)
    for p, segment, rate in zip(branches, segments, rates):
        members = row_counts(p, n)
        slots = -(-min(segment, n) // rate)
        ghosts += (members > 0) * (slots - members)
    return ghosts
