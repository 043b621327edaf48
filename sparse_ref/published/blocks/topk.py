"""Attention to the k best keys, and to all that tie with the k-th.

Gupta et al. 2021, "Memory-efficient Transformers via Top-k Attention", arXiv 2106.06899, sec. 3:
exactly k keys. Zhao et al. 2019, "Explicit Sparse Transformer", arXiv 1912.11637, sec. 2, eq. 1:
every key that reaches the k-th greatest score, ties with it included.

Symbols:  V_i the keys that query i may see, j <= i unless given;  s_ij = q_i . k_j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal
from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from ..constant_sets import Gradients, gradients
from .atoms import Sets

CAUSAL = Causal()


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    top_k: int,
    ties: bool = False,
    visible: Pattern = CAUSAL,
) -> Sets:
    """A_i = the top_k best of V_i;  ties: { j in V_i : s_ij >= the top_k-th best of V_i }

    One set per head. Rows that see fewer have all; top_k = 0 leaves every row empty.

    Parameters
    ----------
    q, k : float arrays (H, n_q, d) and (G, n_k, d), G dividing H, or (n, d).
    top_k : keys a query has.
    ties : False takes exactly top_k, of equal scores the earliest (Gupta et al.); True all of the
        equal ones (Explicit Sparse Transformer).
    visible : V_i, a pattern.

    Returns a pattern, or a tuple with one for each head. Raises as `sr.selection.top_k`.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k = np.ones((4, 1)), np.array([[2.0], [1], [1], [1]])
    >>> print(sr.picture(sr.published.topk.sets(q, k, top_k=2), 4))
    █···
    ██··
    ██··
    ██··
    >>> print(sr.picture(sr.published.topk.sets(q, k, top_k=2, ties=True), 4))
    █···
    ██··
    ███·
    ████
    """
    top_k = integer("top_k", top_k, 0)
    scores = selection.dot(as_array("q", q), as_array("k", k))
    if not flag("ties", ties):
        return selection.top_k(scores, top_k, visible)
    thresholds = selection.kth_score(scores, top_k, visible)
    return selection.at_least(scores, thresholds, visible)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    top_k: int,
    ties: bool = False,
    visible: Pattern = CAUSAL,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i.

    Parameters and errors are those of `sets` and of `sr.attend`. 0 in rows without keys.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, top_k=top_k, ties=ties, visible=visible)
    return attend(q, k, v, pattern)


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    top_k: int,
    ties: bool = False,
    visible: Pattern = CAUSAL,
) -> Gradients:
    """(dq, dk, dv): the gradients of sum(grad_out * attention(q, k, v)), the sets constant."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, top_k=top_k, ties=ties, visible=visible)
    return gradients(as_array("grad_out", grad_out), q, k, v, pattern)
