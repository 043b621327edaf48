"""Keys chosen by data: scores -> explicit sets of atoms, which are tokens or pools of tokens.

Symbols:  i query, e atom, from 0;  V_i the atoms that query i may see, F_i those that it must take,
both patterns over (query, atom);  s_i(e) the score.

Only V decides what is visible: the score of an atom outside V_i is never read.
"""

from .choose import at_least, kth_score, top_k, top_p
from .clustering import (
    average_centroids,
    cluster_members,
    cluster_rows,
    cluster_sets,
    cosine_scores,
    move_centroids,
    nearest_cluster,
)
from .hashing import angular_buckets, bucket_order, lsh_sets, random_rotations
from .pool_scores import pool_maximum
from .pooling import gated_pool, max_pool, mean_pool, min_pool, pool_starts
from .scores import Scores, antidiagonal, dot, maximum_dot, weighted_relu
from .shares import group_mean, probabilities
from .sorting import (
    one_hot,
    sinkhorn,
    sinkhorn_backward,
    sinkhorn_sets,
    sort_blocks,
    top_shares,
)

__all__ = [
    "Scores",
    "angular_buckets",
    "antidiagonal",
    "at_least",
    "average_centroids",
    "bucket_order",
    "cluster_members",
    "cluster_rows",
    "cluster_sets",
    "cosine_scores",
    "dot",
    "gated_pool",
    "group_mean",
    "kth_score",
    "lsh_sets",
    "max_pool",
    "maximum_dot",
    "mean_pool",
    "min_pool",
    "move_centroids",
    "nearest_cluster",
    "one_hot",
    "pool_maximum",
    "pool_starts",
    "probabilities",
    "random_rotations",
    "sinkhorn",
    "sinkhorn_backward",
    "sinkhorn_sets",
    "sort_blocks",
    "top_k",
    "top_p",
    "top_shares",
    "weighted_relu",
]
