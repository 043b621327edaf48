"""Atoms chosen by their scores: the best k, the best of a share p, or those above a threshold.

Symbols:  V_i = visible, F_i = forced n V_i;  ties go to the smallest atom.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import flag, integer
from ..sets.heads import PatternOfHeads, PatternTuple
from ..sets.hints import got
from ..sets.listed import Listed
from ..sets.types import BoolArray, FloatArray
from .largest import counts_to_reach, kth_largest, largest, softmax
from .scores import Scores, as_scores, is_real
from .slabs import Slab, head_count, slabs

Chosen = Any  # a Pattern, or a PatternTuple with one per head if the scores have heads


def top_k(
    scores: Scores | ArrayLike,
    k: int,
    visible: PatternOfHeads,
    *,
    forced: PatternOfHeads | None = None,
    forced_in_budget: bool = True,
) -> Chosen:
    """A_i = F_i u the k - |F_i| best of V_i - F_i;  the k best of them if not forced_in_budget

    The atoms of the greatest scores that query i may see, ties to the smallest atom. Forced atoms
    that are visible are always in, even beyond k; others are not. A score of -inf is never chosen,
    unless forced. Fewer atoms are chosen if fewer are visible; none if none is.

    Parameters
    ----------
    scores : real array (n_q, m), or (H, n_q, m) for one set per head, or `Scores`, which compute
        them some queries at a time. +inf and -inf are allowed. They are compared in float64. Scores
        of atoms that are not visible are never read.
    k : the budget, 0 or more.
    visible, forced : patterns over (query, atom), or a sequence with one for each head.
    forced_in_budget : whether forced atoms count towards k.

    Returns
    -------
    `Listed` over (query, atom), or a tuple with one for each head. O(n_q k) memory, and the
    scores of a few queries.

    Raises
    ------
    TypeError
        Scores that are no real numbers; what is no pattern; forced_in_budget that is no bool.
    ValueError
        k below 0; another shape than (n_q, m) or (H, n_q, m); patterns that are stated for other
        lengths; a NaN score of a visible atom, naming head, query and atom.

    >>> import sparse_ref as sr
    >>> scores = [[0, 9, 9, 9], [1, 1, 0, 9], [5, 1, 1, 9], [2, 3, 0, 3]]
    >>> print(sr.picture(sr.selection.top_k(scores, 2, sr.Causal()), 4))
    █···
    ██··
    ██··
    ·█·█
    >>> own = sr.Window(0)
    >>> print(sr.picture(sr.selection.top_k(scores, 2, sr.Causal(), forced=own), 4))
    █···
    ██··
    █·█·
    ·█·█
    """
    budget = integer("k", k, 0)
    is_budget_shared = flag("forced_in_budget", forced_in_budget)

    def choose(slab: Slab) -> BoolArray:
        taken = slab.forced.sum(axis=1) if is_budget_shared else 0
        rest = np.where(slab.forced, -np.inf, slab.scores)
        rows = np.full(len(rest), budget)
        counts = np.maximum(rows - taken, 0)
        return slab.forced | largest(rest, counts)

    return _choose(scores, visible, forced, choose)


def top_p(
    scores: Scores | ArrayLike,
    p: float,
    visible: PatternOfHeads,
    *,
    forced: PatternOfHeads | None = None,
) -> Chosen:
    """A_i = F_i u the fewest best of V_i - F_i with  sum_{e in A_i} softmax_e(s_i over V_i) >= p

    At least one atom is chosen if a visible one has a score above -inf. p = 1 chooses all of these.
    The mass of forced atoms counts. Atoms of score +inf share the whole mass.

    Parameters
    ----------
    p : the share, from 0 to 1.
    scores, visible, forced : as for `top_k`, and with the same ties.

    Returns and raises as `top_k` does; ValueError for p outside [0, 1].

    >>> import numpy as np, sparse_ref as sr
    >>> scores = np.log([[1, 9, 9], [7, 3, 9], [2, 5, 3]])
    >>> print(sr.picture(sr.selection.top_p(scores, 0.7, sr.Causal()), 3))
    █··
    █··
    ·██
    """
    share = _fraction("p", p)

    def choose(slab: Slab) -> BoolArray:
        mass = softmax(slab.scores)
        forced_mass = np.where(slab.forced, mass, 0).sum(axis=1)
        rest = np.where(slab.forced, -np.inf, slab.scores)
        counts = counts_to_reach(rest, mass, share - forced_mass, share)
        is_first = ~slab.forced.any(axis=1)
        return slab.forced | largest(rest, np.maximum(counts, is_first))

    return _choose(scores, visible, forced, choose)


def at_least(
    scores: Scores | ArrayLike,
    threshold: ArrayLike,
    visible: PatternOfHeads,
    *,
    forced: PatternOfHeads | None = None,
) -> Chosen:
    """A_i = F_i u { e in V_i : s_i(e) >= threshold_i }

    All that reach the threshold are chosen, ties included; a score of -inf never is, unless forced.

    Parameters
    ----------
    threshold : a number, or an array (n_q,), or (H, n_q) for scores (H, n_q, m): one a query.
    scores, visible, forced : as for `top_k`.

    Returns and raises as `top_k` does; TypeError for a threshold that is no real number, ValueError
    for one of another shape, or NaN.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.selection.at_least([[1, 5], [2, 2]], 2, sr.Full()), 2))
    ·█
    ██
    """
    values = as_scores(scores)
    limits = _thresholds(threshold, values.shape[:-1])

    def choose(slab: Slab) -> BoolArray:
        limit = limits[slab.head, slab.queries, None]
        return slab.forced | (slab.scores >= limit) & (slab.scores > -np.inf)

    return _choose(values, visible, forced, choose)


def kth_score(scores: Scores | ArrayLike, k: int, visible: PatternOfHeads) -> FloatArray:
    """The k-th greatest score of the visible atoms of each query, (n_q,) or (H, n_q), float64.

    -inf if fewer are visible, +inf for k = 0. `at_least` of it is a top-k that keeps all ties, as
    the Explicit Sparse Transformer has it. Parameters and errors are those of `top_k`.
    """
    k = integer("k", k, 0)
    values = as_scores(scores)
    least = np.inf if k == 0 else -np.inf
    thresholds = np.full(values.shape[:-1], least)
    by_head = np.atleast_2d(thresholds)
    for slab in slabs(values, visible, None):
        if 0 < k <= slab.scores.shape[1]:
            by_head[slab.head, slab.queries] = kth_largest(slab.scores, k)
    return thresholds


def _choose(
    scores: Scores | ArrayLike,
    visible: PatternOfHeads,
    forced: PatternOfHeads | None,
    choose: Callable[[Slab], BoolArray],
) -> Chosen:
    """The atoms chosen in each slab, as one listed pattern per head."""
    values = as_scores(scores)
    heads = head_count(values)
    no_row = np.zeros(1, np.int64)
    no_atom = np.zeros(0, np.int64)
    counts = [[no_row] for _ in range(heads)]
    atoms = [[no_atom] for _ in range(heads)]
    for slab in slabs(values, visible, forced):
        mask = choose(slab)
        counts[slab.head].append(mask.sum(axis=1))
        _, columns = np.nonzero(mask)
        atoms[slab.head].append(columns)
    chosen = []
    for head_counts, head_atoms in zip(counts, atoms):
        indptr = np.cumsum(np.concatenate(head_counts))
        chosen.append(Listed(indptr, np.concatenate(head_atoms)))
    return PatternTuple(chosen) if len(values.shape) == 3 else chosen[0]


def _fraction(name: str, value: Any) -> float:
    """A share from 0 to 1."""
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if not is_number or isinstance(value, bool):
        raise TypeError(f"{name} must be a number from 0 to 1, got {value!r}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value!r}")
    return float(value)


def _thresholds(threshold: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    """The threshold of each query of each head, float64 (H, n_q)."""
    numbers = np.asarray(threshold)
    if not is_real(numbers):
        raise TypeError(f"threshold must be real numbers, {got(threshold)}")
    limits = numbers.astype(np.float64)
    if limits.shape not in ((), shape[-1:], shape):
        raise ValueError(f"threshold must be a number or have shape {shape}, got {limits.shape}")
    if np.isnan(limits).any():
        raise ValueError("threshold must not be NaN")
    return np.atleast_2d(np.broadcast_to(limits, shape))
