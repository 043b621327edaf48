"""The greatest numbers of each row of an array: which they are, how great, how many for a share."""

from __future__ import annotations

import numpy as np

from ..sets.types import BoolArray, FloatArray, IntArray


def largest(scores: FloatArray, counts: IntArray) -> BoolArray:
    """The counts_i greatest scores above -inf of each row, ties to the smallest atom."""
    if scores.shape[1] == 0:
        return np.zeros(scores.shape, bool)
    counts = np.minimum(counts, (scores > -np.inf).sum(axis=1))
    least = _threshold_of_counts(scores, counts)
    chosen: BoolArray = scores >= least
    surplus = chosen.sum(axis=1) > counts  # the threshold is the score of more atoms than needed
    rows = np.flatnonzero(surplus)
    above = scores[rows] > least[rows]
    ties = chosen[rows] & ~above
    needed = counts[rows] - above.sum(axis=1)
    is_early = np.cumsum(ties, axis=1) <= needed[:, None]
    chosen[rows] = above | ties & is_early
    return chosen


def _threshold_of_counts(scores: FloatArray, counts: IntArray) -> FloatArray:
    """The counts_i-th greatest score of each row, (rows, 1); +inf for a count of 0."""
    least = np.full((len(scores), 1), np.inf)
    distinct = np.unique(counts[counts > 0])
    if not len(distinct):
        return least
    places = scores.shape[1] - distinct  # in ascending order
    ordered = np.partition(scores, places, axis=1)
    rows = np.flatnonzero(counts > 0)
    least[rows, 0] = ordered[rows, scores.shape[1] - counts[rows]]
    return least


def kth_largest(scores: FloatArray, k: int) -> FloatArray:
    """The k-th greatest score of each row, (rows,)."""
    place = scores.shape[1] - k
    kth: FloatArray = np.partition(scores, place, axis=1)[:, place]
    return kth


def softmax(scores: FloatArray, axis: int = -1) -> FloatArray:
    """The softmax over an axis; 0 in a row of -inf; atoms of +inf share everything."""
    top = scores.max(axis=axis, keepdims=True, initial=-np.inf)
    is_top = (scores == top) & (top > -np.inf)
    with np.errstate(invalid="ignore"):
        weights = np.where(np.isinf(top), is_top, np.exp(scores - top))
    total = weights.sum(axis=axis, keepdims=True)
    shares: FloatArray = weights / np.where(total == 0, 1, total)
    return shares


def counts_to_reach(
    scores: FloatArray, mass: FloatArray, missing: FloatArray, share: float
) -> IntArray:
    """How many of the best scores of each row add up to the missing mass; all of them for 1."""
    if share == 1:
        return (scores > -np.inf).sum(axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    masses = np.where(scores > -np.inf, mass, 0)
    best_first = np.take_along_axis(masses, order, axis=1)
    before = np.cumsum(best_first, axis=1) - best_first
    is_short = before < missing[:, None]
    return is_short.sum(axis=1)
