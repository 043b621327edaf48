"""Selection: functions from data to explicit sets.

Scores, hashes, clusters and sorts choose keys; what they choose is a pattern like any other.
"""

from .hashing import angular_buckets, bucket_order, lsh_sets, random_rotations

__all__ = ["angular_buckets", "bucket_order", "lsh_sets", "random_rotations"]
