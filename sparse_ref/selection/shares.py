"""Scores as shares of attention: a softmax over the visible atoms, and means over groups of heads.

Symbols:  s_i(e) the score, V_i the visible atoms;  H query heads, G groups of H / G of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.require import require_pattern
from ..sets.types import FloatArray
from .largest import softmax
from .scores import Scores, as_scores
from .slabs import members


def probabilities(scores: Scores | ArrayLike, visible: Pattern) -> Scores:
    """p_i(e) = exp(s_i(e)) / sum_{f in V_i} exp(s_i(f))  for e in V_i, 0 elsewhere

    The attention that atoms get. A query that sees no atom gives all of them 0. Scores of atoms
    that are not visible are never read.

    Parameters
    ----------
    scores : `Scores` or a real array, (n, m) or (H, n, m).
    visible : a pattern over (query, atom), the same for all heads.

    Returns
    -------
    Scores of the same shape. Raises TypeError for what is no pattern or no real numbers.

    >>> import numpy as np, sparse_ref as sr
    >>> np.asarray(sr.selection.probabilities(np.zeros((3, 2)), sr.Shifted(sr.Causal(), -1)))
    array([[0. , 0. ],
           [1. , 0. ],
           [0.5, 0.5]])
    """
    values = as_scores(scores)
    require_pattern("visible", visible)

    def rows(lo: int, hi: int) -> FloatArray:
        can_see = members(visible, slice(lo, hi), values.shape[-1])
        numbers = values.rows(lo, hi)
        return softmax(np.where(can_see, numbers, -np.inf))

    return Scores(values.shape, rows)


def group_mean(scores: Scores | ArrayLike, groups: int) -> Scores:
    """The mean over the H / G query heads of each group, (G, n, m) from (H, n, m).

    Group g has the heads g H / G <= h < (g + 1) H / G, those that read key head g. A sum over the
    group ranks atoms the same way.

    Raises ValueError if scores have no heads, or if `groups` does not divide them.
    """
    values = as_scores(scores)
    if len(values.shape) != 3:
        raise ValueError(f"scores must have shape (H, n_q, m), got {values.shape}")
    heads, n, m = values.shape
    groups = integer("groups", groups, 1)
    if heads % groups:
        raise ValueError(f"groups must divide the heads, H = {heads}, got {groups}")

    def rows(lo: int, hi: int) -> FloatArray:
        block = values.rows(lo, hi)
        by_group = block.reshape(groups, heads // groups, hi - lo, m)
        mean: FloatArray = by_group.mean(axis=1)
        return mean

    return Scores((groups, n, m), rows)
