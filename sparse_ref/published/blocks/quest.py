"""Quest: the pages of the cache whose keys could score highest, by a bound from their extremes.

Tang et al. 2024, "Quest: Query-Aware Sparsity for Efficient Long-Context LLM Inference", arXiv
2406.10774, sec. 3.3, alg. 1; the code is `evaluation/quest_attention.py` and `quest/utils`.

Symbols:  page e of a cache of n keys holds e p <= j < (e + 1) p;  the query is the last position.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Full
from ...selection import Scores
from ...sets.checks import flag, integer
from ...sets.heads import PatternTuple
from ...sets.listed import Listed
from ...sets.token_pools import Pooled
from .atoms import Sets

LEAST_PAGES = 3


def bounds(q: ArrayLike, k: ArrayLike, *, page: int) -> Scores:
    """s(e) = sum_x max(q_x min_e k_x, q_x max_e k_x), no less than q . k_j for any j of page e

    Parameters
    ----------
    q, k : float arrays (H, 1, d) and (G, n, d), G dividing H, or (1, d) and (n, d).
    page : keys in a page; the last page has those that are there.

    Returns Scores (H, 1, m) or (1, m), m = ceil(n / page).
    """
    page = integer("page", page, 1)
    keys = as_array("k", k)
    low, high = selection.min_pool(keys, page), selection.max_pool(keys, page)
    return selection.maximum_dot(as_array("q", q), low, high)


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    page: int = 16,
    pages: int,
    last: bool = False,
) -> Sets:
    """A = the keys of the `pages` pages of the greatest bounds; last: the last page among them

    Parameters
    ----------
    q, k : as for `bounds`: one query, after all keys of the cache have been written, its own too.
    page : keys in a page.
    pages : how many, at least 3 in the code that was evaluated; all of them if fewer exist.
    last : whether the last page, which the query's own key is in, is always one of them, as in the
        kernels; the code that was evaluated forces nothing, so that the own key can be lost.

    Returns a pattern of one row, or a tuple with one per head: one set per query head. Ties go to
    the earliest page. The first two layers of a model are dense.
    """
    scores = bounds(q, k, page=page)
    if scores.shape[-2] != 1:
        raise ValueError(f"q must have one query, Quest decodes, got {scores.shape[-2]}")
    m = scores.shape[-1]
    forced = Listed.of_rows([[m - 1]]) if flag("last", last) and m else None
    budget = integer("pages", pages, 0)
    chosen = selection.top_k(scores, budget, Full(), forced=forced)
    if isinstance(chosen, tuple):
        return PatternTuple(Pooled(p, page) for p in chosen)
    return Pooled(chosen, page)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    page: int = 16,
    pages: int,
    last: bool = False,
) -> np.ndarray:
    """out = softmax_j(q . k_j / sqrt(d)) v_j over j in A, (H, 1, e) or (1, e).

    Parameters and errors are those of `sets` and of `sr.attend`. A method of decoding: nothing
    learns.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k = np.ones((1, 1)), np.array([[0.0], [9], [1], [1], [2], [0]])
    >>> sr.published.quest.attention(0 * q, k, np.eye(6), page=2, pages=2)
    array([[0.25, 0.25, 0.25, 0.25, 0.  , 0.  ]])
    >>> sr.published.quest.sets(q, k, page=2, pages=2).row(0, 6)
    array([0, 1, 4, 5])
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, page=page, pages=pages, last=last)
    return attend(q, k, v, pattern)


def page_budget(tokens: int, page: int = 16) -> int:
    """max(3, tokens // page): the pages that the evaluated code takes for a budget of tokens."""
    budget = integer("tokens", tokens, 0) // integer("page", page, 1)
    return max(LEAST_PAGES, budget)
