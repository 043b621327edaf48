"""Keys chosen by data: scores -> explicit sets of atoms, which are tokens or pools of tokens.

Symbols:  i query, e atom, from 0;  V_i the atoms that query i may see, F_i those that it must take,
both patterns over (query, atom);  s_i(e) the score.

Only V decides what is visible: the score of an atom outside V_i is never read.
"""

from .choose import at_least, kth_score, top_k, top_p
from .pool_scores import pool_maximum
from .pooling import gated_pool, max_pool, mean_pool, min_pool, pool_starts
from .scores import Scores, antidiagonal, dot, maximum_dot, weighted_relu
from .shares import group_mean, probabilities

__all__ = [
    "Scores",
    "antidiagonal",
    "at_least",
    "dot",
    "gated_pool",
    "group_mean",
    "kth_score",
    "max_pool",
    "maximum_dot",
    "mean_pool",
    "min_pool",
    "pool_maximum",
    "pool_starts",
    "probabilities",
    "top_k",
    "top_p",
    "weighted_relu",
]
