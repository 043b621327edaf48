"""Selection: functions from data to explicit sets.

Scores, hashes, clusters and sorts choose keys; what they choose is a pattern like any other.
"""

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
from .sorting import one_hot, sinkhorn, sinkhorn_sets, sort_blocks, top_shares

__all__ = [
    "angular_buckets",
    "average_centroids",
    "bucket_order",
    "cluster_members",
    "cluster_rows",
    "cluster_sets",
    "cosine_scores",
    "lsh_sets",
    "move_centroids",
    "nearest_cluster",
    "one_hot",
    "random_rotations",
    "sinkhorn",
    "sinkhorn_sets",
    "sort_blocks",
    "top_shares",
]
