"""Keys of one cluster: the members nearest to each centroid, and the sets that clusters make.

Roy, Saffar, Vaswani, Grangier 2020, "Efficient Content-Based Sparse Attention with Routing
Transformers", arXiv 2003.05997, sec. 4.1; its code, and routing-transformer after it.

Symbols:  mu_c the centroid of cluster c, of C;  w how many members a cluster has.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import integer
from ..sets.listed import Listed
from ..sets.positions import first_index
from ..sets.types import BoolArray, FloatArray, IntArray
from .largest import largest
from .scores import MAX_NUMBERS

ClusterOrder = Literal["position", "rank"]
OwnKey = Literal["member", "last", "never"]
LEAST_NORM = 1e-12
COUNT_EPSILON = 1e-5


def cosine_scores(x: ArrayLike, centroids: ArrayLike) -> FloatArray:
    """s_cj = mu_c . x_j / |x_j|, float (..., C, n) of x (..., n, d) and mu (..., C, d).

    The centroids keep their lengths, as moving averages of directions have them below 1. A vector
    of zeros scores 0 with all.

    Source: Roy et al. 2020, sec. 4.1; routing-transformer.
    """
    directions = _directions(np.asarray(x))
    return np.asarray(centroids) @ directions.swapaxes(-1, -2)


def nearest_cluster(scores: ArrayLike) -> IntArray:
    """argmax_c s_cj, int64 (..., n) of scores (..., C, n); ties go to the smallest c."""
    return np.asarray(scores).argmax(axis=-2)


def cluster_members(scores: ArrayLike, size: int) -> IntArray:
    """The `size` positions of greatest score in each cluster, ascending: int64 (..., C, size).

    A position is in no cluster, in one or in several. Ties go to the smallest position; a cluster
    that is nearest to nothing has as many members as the others.

    Raises ValueError if size is above n (Routing Transformer, top-w members), for NaN and -inf.

    >>> import sparse_ref as sr
    >>> sr.selection.cluster_members([[0, 3, 1, 3], [0, 0, 0, 0]], size=2)
    array([[1, 3],
           [0, 1]])
    """
    s = np.asarray(scores)
    size = integer("cluster_members: size", size, 1)
    if s.ndim < 2 or size > s.shape[-1]:
        raise ValueError(
            "cluster_members: scores must have shape (..., clusters, n) with n of at least size = "
            f"{size} (Routing Transformer, top-w members), got {s.shape}"
        )
    is_number = s > -np.inf
    if not is_number.all():
        place = first_index(~is_number)
        raise ValueError(
            f"cluster_members: scores must be numbers above -inf, got {s[place]} at {place}"
        )
    clusters = s.reshape(-1, s.shape[-1])
    few = max(1, MAX_NUMBERS // s.shape[-1])
    members = np.empty((len(clusters), size), np.int64)
    for start in range(0, len(clusters), few):
        block = slice(start, start + few)
        sizes = np.full(len(clusters[block]), size)
        is_member = largest(clusters[block], sizes)
        members[block] = np.nonzero(is_member)[1].reshape(-1, size)
    return members.reshape(*s.shape[:-1], size)


def cluster_rows(
    queries: ArrayLike,
    keys: ArrayLike,
    causal: ClusterOrder | None = None,
    *,
    own: OwnKey = "member",
    absent: BoolArray | None = None,
) -> Listed:
    """A_(c w + t) = { c w' + u : 0 <= u < w' }: query t of cluster c attends to its key members

    Roy et al. 2020, sec. 4.1, clusters as coded.

    Rows are the query members of all clusters one after the other, columns the key members: a
    token that is in two clusters has two rows and two columns. `queries` (C, w) and `keys` (C, w')
    are positions, ascending in each cluster, as `cluster_members` gives them.

    Parameters
    ----------
    causal : None for all keys; "position" for & { keys_cu <= queries_ct }, routing-transformer's;
        "rank" for & { u <= t }, the original code's, which is causal only if queries and keys are
        the same members.
    own : of a query that is among its keys: "member" like others; "last" if it has no other; or
        "never".
    absent : bool (n_k,), True for keys that no query sees.

    Returns a `Listed` of C w rows, over C w' columns; rows may be empty. O(C w w') memory.
    Raises ValueError for another `causal`, or numbers of clusters that differ.

    >>> import sparse_ref as sr
    >>> rows = sr.selection.cluster_rows([[0, 3], [1, 2]], [[1, 3], [0, 1]], "position")
    >>> print(sr.picture(rows, 4))      # queries 0 3 1 2, keys 1 3 0 1
    ····
    ██··
    ··██
    ··██
    >>> print(sr.picture(sr.selection.cluster_rows([[0, 3], [1, 2]], [[1, 3], [0, 1]], "rank"), 4))
    █···
    ██··
    ··█·
    ··██
    """
    i, j = np.asarray(queries), np.asarray(keys)
    if i.ndim != 2 or j.ndim != 2 or len(i) != len(j):
        raise ValueError(
            "cluster_rows: queries and keys must have shape (clusters, members), "
            f"got {i.shape} and {j.shape}"
        )
    i, j = i[:, :, None], j[:, None, :]
    is_key = np.ones(np.broadcast_shapes(i.shape, j.shape), bool)
    if causal == "position":
        is_key &= j <= i
    elif causal == "rank":
        is_key &= np.tri(i.shape[1], j.shape[2], dtype=bool)
    elif causal is not None:
        raise ValueError(f"cluster_rows: causal must be None, 'position' or 'rank', got {causal!r}")
    if absent is not None:
        is_key &= ~np.asarray(absent)[j]
    if own != "member":
        is_other = is_key & (i != j)
        is_lonely = ~is_other.any(axis=2, keepdims=True)
        is_key = is_other | (is_key & is_lonely & (own == "last"))
    counts = is_key.sum(axis=2).ravel()
    indptr = np.concatenate([[0], counts.cumsum()])
    columns = np.arange(j.size).reshape(j.shape)
    return Listed(indptr, np.broadcast_to(columns, is_key.shape)[is_key])


def cluster_sets(
    rows: Listed,
    queries: ArrayLike,
    keys: ArrayLike,
    n: int,
) -> Listed:
    """A_i = { keys_cu : c w' + u in a row of i }: a token's keys in all clusters that contain it

    Roy et al. 2020, sec. 4.1.

    A set: a key of two rows counts once. A token in no cluster has no keys. `rows`, `queries` and
    `keys` are those of `cluster_rows`, n the number of queries.

    >>> import sparse_ref as sr
    >>> members = [[0, 2, 3], [1, 2, 4]]
    >>> rows = sr.selection.cluster_rows(members, members, "position")
    >>> print(sr.picture(sr.selection.cluster_sets(rows, members, members, 6), 6))
    █·····
    ·█····
    ███···
    █·██··
    ·██·█·
    ······
    """
    tokens = np.repeat(np.ravel(queries), np.diff(rows.indptr))
    positions = np.ravel(keys).astype(np.int64)
    width = int(positions.max(initial=0)) + 1
    pairs = np.unique(tokens * width + positions[rows.indices])
    ends = np.searchsorted(pairs, np.arange(n + 1) * width)
    return Listed(ends, pairs % width)


def move_centroids(centroids: ArrayLike, x: ArrayLike, decay: float = 0.999) -> FloatArray:
    """decay mu_c + (1 - decay) m_c, m_c the direction of the sum of the vectors nearest to mu_c

    x is (..., n, d), mu (..., C, d): the directions of x are assigned to the centroids of greatest
    score and summed; a cluster without any keeps m_c = mu_c. Leading axes of x beyond those of mu
    are a batch, whose sums are added.

    Source: Roy et al. 2020, sec. 4.1, exponential moving averages; routing-transformer, which
    divides by the length of the sum and does not renormalize the average.

    >>> import sparse_ref as sr
    >>> sr.selection.move_centroids([[1, 0], [0, 1]], [[2, 0], [1, 0]], decay=0.5)
    array([[1., 0.],
           [0., 1.]])
    """
    mu = np.asarray(centroids, float)
    directions = _directions(np.asarray(x))
    counts, sums = _sums_by_cluster(directions, mu)
    means = np.where(counts[..., None] > 0, _directions(sums), mu)
    return decay * mu + (1 - decay) * means


def average_centroids(
    counts: ArrayLike,
    sums: ArrayLike,
    x: ArrayLike,
    centroids: ArrayLike,
    decay: float = 0.99,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(counts, sums, centroids) after one batch, by the original code's moving averages:

        N_c <- decay N_c + (1 - decay) |c|,  S_c <- decay S_c + (1 - decay) sum of x_j in c
        mu_c = S_c (N + C e) / ((N_c + e) N),  N = sum of N_c,  e = 1e-5

    |c| counts the x (..., n, d), taken as they are, that score mu_c (..., C, d) greatest; zeros,
    which are padding, count nowhere. A cluster without any stays where it is, up to e: both of its
    averages decay alike.

    Source: google-research/routing_transformer, `online_kmeans`; read, not run.
    """
    mu = np.asarray(centroids, float)
    vectors = np.asarray(x)
    is_token = np.asarray(vectors.any(axis=-1))
    batch_counts, batch_sums = _sums_by_cluster(vectors, mu, is_token)
    new_counts = decay * np.asarray(counts) + (1 - decay) * batch_counts
    new_sums = decay * np.asarray(sums) + (1 - decay) * batch_sums
    total = new_counts.sum(axis=-1, keepdims=True)
    whole = total + mu.shape[-2] * COUNT_EPSILON
    smooth = (new_counts + COUNT_EPSILON) * total / whole
    return new_counts, new_sums, new_sums / smooth[..., None]


def _sums_by_cluster(
    vectors: np.ndarray,
    mu: np.ndarray,
    is_token: BoolArray | Literal[True] = True,
) -> tuple[np.ndarray, np.ndarray]:
    """How many vectors are nearest to each centroid, and their sum, over the batch."""
    scores = mu @ vectors.swapaxes(-1, -2)
    cluster = np.where(is_token, nearest_cluster(scores), -1)
    numbers = np.arange(mu.shape[-2])
    is_nearest = cluster[..., None, :] == numbers[:, None]
    batch = tuple(range(is_nearest.ndim - mu.ndim))
    counts = is_nearest.sum(axis=-1).sum(axis=batch)
    return counts, (is_nearest @ vectors).sum(axis=batch)


def _directions(x: np.ndarray) -> np.ndarray:
    """x / |x|; zeros stay zeros."""
    lengths = np.sqrt((x**2).sum(axis=-1, keepdims=True))
    return x / np.maximum(lengths, LEAST_NORM)
