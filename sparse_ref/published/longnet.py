"""LongNet's dilated attention over all heads, with and without the zeros that its published code attends to.

Ding et al. 2023, arXiv 2307.02486, sec. 2.2 and 2.3; the code is torchscale's `dilated_attention.py`.
"""

from __future__ import annotations

import numpy as np

from ..attention import attend_with_lse, merge
from ..attention.arrays import as_array
from ..lower import key_counts, runs
from ..patterns import Causal
from ..patterns.longnet import longnet
from ..sets.checks import flag, integer


def dilated_attention(
    q, k, v, segments, rates, *, rule="paper", causal=False, ghosts=False, scale=None
) -> np.ndarray:
    """softmax_j(scale q_i . k_j) v_j over the multiset `sr.longnet(segments, rates, h, H, rule)`, for each head h < H

    Parameters
    ----------
    q, k, v, scale : as for `sr.attend`, with as many keys as queries. H is the number of heads of q, 1 where q is (n, d).
    segments, rates, rule : as for `sr.longnet`.
    causal : True for & Causal(), keys j <= i alone.
    ghosts : attend also to the zeros that torchscale pads with, keys of logit 0 and value 0, as many as `ghost_counts`
        says; none where `causal`, since they come after all positions.

    Returns (..., H, n, e), in the dtype of q; 0 at positions that no branch holds. Raises as `sr.longnet` and `sr.attend` do.
    Differs: torchscale leaves a branch out where its log-sum-exp is exactly 0; and where r_b divides not its segment of
    min(w_b, n) < n positions, it puts the outputs of each segment too far on, by the padding of all segments before it.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(5)
    >>> sr.published.dilated_attention(0 * x, x, x, (4,), (2,))     # 1 and 3 are in no branch, 4 is alone in its segment
    array([[0.5, 0. , 0.5, 0. , 0. ],
           [0. , 0. , 0. , 0. , 0. ],
           [0.5, 0. , 0.5, 0. , 0. ],
           [0. , 0. , 0. , 0. , 0. ],
           [0. , 0. , 0. , 0. , 1. ]])
    >>> sr.published.dilated_attention(0 * x, x, x, (4,), (2,), ghosts=True)[4]     # beside a zero at 6
    array([0. , 0. , 0. , 0. , 0.5])
    """
    shape, keys = as_array("q", q).shape, as_array("k", k).shape
    if shape[-2:-1] != keys[-2:-1]:
        raise ValueError(
            f"k must have as many keys as q has queries, {shape[-2:-1]}, got {keys[-2:-1]}"
        )
    flag("ghosts", ghosts)
    heads = shape[-3] if len(shape) > 2 else 1
    patterns = [longnet(segments, rates, head, heads, rule) for head in range(heads)]
    patterns = (
        [p & Causal() for p in patterns] if flag("dilated_attention: causal", causal) else patterns
    )
    out, lse = attend_with_lse(q, k, v, patterns, scale=scale)
    if not ghosts or causal:
        return out
    zeros = np.stack(
        [ghost_counts(segments, rates, shape[-2], head, heads, rule) for head in range(heads)]
    )
    with np.errstate(divide="ignore"):  # none are exp(-inf)
        part = np.broadcast_to(np.log(zeros).reshape(lse.shape[-2:]), lse.shape)
    return merge([(out, lse), (np.zeros_like(out), part.astype(lse.dtype))])[0]


def ghost_counts(
    segments, rates, n: int, head: int = 0, heads: int = 1, rule: str = "paper"
) -> np.ndarray:
    """sum over b of [A_i^(b) not empty] (ceil(min(w_b, n) / r_b) - |A_i^(b)|): the zeros each query attends to, int64 (n,)

    torchscale fills n up to whole segments of min(w_b, n), and each segment to a multiple of r_b, with zeros; those at a
    head's offset come into its softmax without a mask. Parameters as for `sr.longnet`, which are raised about as there.

    >>> import sparse_ref as sr
    >>> sr.published.ghost_counts((4,), (2,), 5)
    array([0, 0, 0, 0, 1])
    """
    n = integer("n", n, 0)
    found = np.zeros(n, np.int64)
    for p in longnet(segments, rates, head, heads, rule):
        held = key_counts(runs(p, n))
        found += (held > 0) * (-(-min(p.w, n) // p.r) - held)
    return found
