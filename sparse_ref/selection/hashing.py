"""Keys that hash alike: angular LSH buckets, and chunks of the positions sorted by bucket.

Kitaev, Kaiser, Levskaya 2020, "Reformer: The Efficient Transformer", arXiv 2001.04451, sec. 2; the
hash is that of Andoni et al. 2015, arXiv 1509.02897.

Symbols:  r a round of hashing, of R;  h_r(j) the bucket of position j in round r.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..sets.branches import Branches
from ..sets.checks import MAX_BRANCHES, flag, int_tuple, integer
from ..sets.listed import Listed
from ..sets.positions import first_index
from ..sets.types import BoolArray, FloatArray, IntArray


def random_rotations(
    heads: int,
    rounds: int,
    width: int,
    buckets: int,
    seed: int,
) -> FloatArray:
    """Standard normal numbers, float64 (heads, rounds, width, buckets / 2).

    `buckets` is even: a direction and its opposite are two buckets; for a factored hash, the sum
    of the factors. The same seed gives the same numbers.

    Source: Kitaev et al. 2020, sec. 2, LSH attention.

    >>> import sparse_ref as sr
    >>> sr.selection.random_rotations(heads=8, rounds=2, width=64, buckets=16, seed=0).shape
    (8, 2, 64, 8)
    """
    if integer("random_rotations: buckets", buckets, 2) % 2:
        raise ValueError(
            f"random_rotations: buckets must be even (angular LSH: x and -x), got {buckets}"
        )
    sizes = {"heads": heads, "rounds": rounds, "width": width}
    for name, size in sizes.items():
        integer(f"random_rotations: {name}", size, 1)
    rng = np.random.default_rng(seed)
    return rng.standard_normal((heads, rounds, width, buckets // 2))


def angular_buckets(
    x: ArrayLike, rotations: ArrayLike, factors: Sequence[int] | None = None
) -> IntArray:
    """h_r(j) = argmax_t [x_j R_r, -x_j R_r]_t, the buckets of each position in each round.

    With factors (b_1, ..., b_m) the columns of R_r are cut into b_1 / 2, ..., b_m / 2, each part
    hashes by itself, to t_1, ..., t_m, and h_r(j) = t_1 + b_1 (t_2 + b_2 (t_3 + ...)).

    Parameters
    ----------
    x : (..., n, d), the vectors, for instance one sequence for each head.
    rotations : (..., R, d, b / 2), the leading axes as those of x or absent.
    factors : even numbers of buckets whose sum is b; (b,) by default.

    Returns int64 (..., R, n). Ties go to the smallest bucket: a vector of zeros is in bucket 0.
    Raises ValueError for shapes that do not fit, odd factors, NaN in x R, naming its place.

    Source: Kitaev et al. 2020, sec. 2, LSH attention; factors as in trax and transformers.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.array([[1, 0], [0, 1], [-1, 0.1], [0.1, -1], [0, 0]])
    >>> sr.selection.angular_buckets(x, np.eye(2)[None])
    array([[0, 1, 2, 3, 0]])
    """
    vectors, matrices = np.asarray(x), np.asarray(rotations)
    has_axes = vectors.ndim > 1 and matrices.ndim > 2
    if not has_axes or matrices.shape[-2] != vectors.shape[-1]:
        raise ValueError(
            "angular_buckets: rotations must have shape (..., rounds, d, b / 2) for x (..., n, d), "
            f"got {matrices.shape} for {vectors.shape}"
        )
    projections = vectors[..., None, :, :] @ matrices
    if np.isnan(projections).any():
        place = first_index(np.isnan(projections))
        raise ValueError(f"angular_buckets: x must have no NaN when rotated, got one at {place}")
    sizes = _factors(factors, 2 * matrices.shape[-1])
    starts = np.cumsum([0, *sizes[:-1]]) // 2
    buckets = np.zeros(projections.shape[:-1], np.int64)
    unit = 1
    for start, size in zip(starts, sizes):
        part = projections[..., start : start + size // 2]
        directions = np.concatenate([part, -part], axis=-1)
        buckets += unit * directions.argmax(axis=-1)
        unit *= size
    return buckets


def _factors(factors: Sequence[int] | None, total: int) -> tuple[int, ...]:
    """The factors, even and of the sum that the rotations have columns for."""
    if factors is None:
        return (total,)
    sizes = int_tuple("angular_buckets: factors", factors, 2)
    if any(size % 2 for size in sizes) or sum(sizes) != total:
        raise ValueError(
            f"angular_buckets: factors must be even, of sum {total}, twice the columns of "
            f"rotations, got {sizes}"
        )
    return sizes


def bucket_order(buckets: ArrayLike) -> IntArray:
    """The positions of each round by bucket, and by position within a bucket: int64 (..., R, n).

    >>> import sparse_ref as sr
    >>> sr.selection.bucket_order([[1, 0, 1, 0]])
    array([[1, 3, 0, 2]])
    """
    return np.argsort(np.asarray(buckets), axis=-1, kind="stable")


def lsh_sets(
    buckets: ArrayLike,
    keys: int,
    before: int = 1,
    after: int = 0,
    *,
    causal: bool = False,
    same_bucket: bool = False,
) -> Branches:
    """A_i^(r) = { j != i : c - before <= floor(s_r(j) / keys) <= c + after },  mod R n / keys

    Kitaev et al. 2020, sec. 2, LSH attention.

    The rounds, each sorted by bucket and position, follow one another in one list of R n places;
    s_r(j) is the place of j in round r, c = floor(s_r(i) / keys) the chunk of i, and the list is
    a circle: the first chunk of a round looks back into the last of the round before, the first
    round into the last one. A query is its own key in round 0 if nothing else is in any round.

    Parameters
    ----------
    buckets : int (R, n), of one head; see `angular_buckets`.
    keys : the length of a chunk; n is a multiple of it.
    before, after : how many chunks are seen to each side, less than once around: an offset
        of R n / keys chunks or more, to either side, is the chunk itself again.
    causal : & { j <= i }.
    same_bucket : & { h(j) = h(i) }, of the rounds whose chunks meet: buckets of two rounds are
        never the same. The paper's restriction.

    Returns Branches of a `Listed` for each round; keys that a round meets twice, three times, are
    in further branches after them, so that the multiset is that of the chunks. O(R n keys) memory.
    No row is empty; n = 0 gives no rows. The buckets depend on all positions, and with them the
    chunks do: `causal` limits keys, not what chose them.
    Raises ValueError if n is no multiple of keys, TypeError if buckets are no integers.

    >>> import sparse_ref as sr
    >>> sets = sr.selection.lsh_sets([[0, 1, 0, 1, 0, 1, 0, 1]], keys=2, causal=True)
    >>> print(sr.picture(sets, 8))
    █·······
    ·█······
    █·······
    ·█······
    █·█·····
    ·█·█····
    █·█·█···
    ·█·█·█··
    """
    table = _bucket_table(buckets)
    keys = integer("lsh_sets: keys", keys, 1)
    rounds, n = table.shape
    if n % keys:
        raise ValueError(
            f"lsh_sets: n must be a multiple of keys = {keys} (Reformer, whole chunks), got {n}"
        )
    before = integer("lsh_sets: before", before, 0, MAX_BRANCHES)
    after = integer("lsh_sets: after", after, 0, MAX_BRANCHES)
    flag("lsh_sets: causal", causal)
    flag("lsh_sets: same_bucket", same_bucket)
    order = bucket_order(table)
    labels = table * rounds + np.arange(rounds)[:, None]
    adjacent = _Adjacent.of_chunks(order, labels, keys, range(-before, after + 1))
    firsts, repeats = [], []
    for r in range(rounds):
        chunk_of_query = np.empty(n, np.int64)
        chunk_of_query[order[r]] = (r * n + np.arange(n)) // keys
        first, *rest = adjacent.sets(chunk_of_query, labels[r] if same_bucket else None, causal)
        firsts.append(first)
        repeats += rest
    alone = _with_lonely(firsts[0], [*firsts, *repeats])
    return Branches((alone, *firsts[1:], *repeats))


@dataclass(frozen=True)
class _Adjacent:
    """What each chunk sees: keys ascending, their labels, and how often each was seen before."""

    keys: np.ndarray  # int32 (chunks, width)
    labels: IntArray
    repeats: np.ndarray

    @classmethod
    def of_chunks(cls, order: IntArray, labels: IntArray, size: int, offsets: range) -> _Adjacent:
        """The chunks of a list of positions, each with those at the offsets around the circle."""
        chunks = order.reshape(-1, size)
        count = len(chunks)
        turns = [o if abs(o) < count else 0 for o in offsets]
        neighbours = (np.arange(count)[:, None] + turns) % max(count, 1)
        bucket_labels = np.take_along_axis(labels, order, axis=1).reshape(-1, size)
        keys = chunks[neighbours].reshape(count, len(turns) * size)
        seen_labels = bucket_labels[neighbours].reshape(keys.shape)
        ascending = np.argsort(keys, axis=1, kind="stable")
        keys = np.take_along_axis(keys, ascending, axis=1).astype(np.int32)
        seen_labels = np.take_along_axis(seen_labels, ascending, axis=1)
        place = np.arange(keys.shape[1])
        is_new = np.ones(keys.shape, bool)
        is_new[:, 1:] = keys[:, 1:] != keys[:, :-1]
        first = np.maximum.accumulate(np.where(is_new, place, 0), axis=1)
        return cls(keys, seen_labels, (place - first).astype(np.int32))

    def sets(
        self,
        chunk: IntArray,
        label: IntArray | None,
        causal: bool,
    ) -> list[Listed]:
        """What the queries see of their chunks, without themselves: once, twice, and so on."""
        keys = self.keys[chunk]
        query = np.arange(len(chunk))[:, None]
        is_key = keys < query if causal else keys != query
        if label is not None:
            is_key &= self.labels[chunk] == label[:, None]
        repeats = self.repeats[chunk]
        most = int(repeats[is_key].max(initial=0))
        times = range(most + 1)
        return [_key_rows(keys, is_key & (repeats == t)) for t in times]


def _key_rows(keys: np.ndarray, is_key: BoolArray) -> Listed:
    """The keys of each row that are marked."""
    return Listed(_row_ends(is_key.sum(axis=1)), keys[is_key])


def _row_ends(counts: np.ndarray) -> IntArray:
    """indptr of rows of so many keys."""
    ends = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    return ends


def _with_lonely(first: Listed, branches: list[Listed]) -> Listed:
    """The first branch, and itself for each query that has no key in any."""
    counts = sum(np.diff(p.indptr) for p in branches)
    lonely = np.flatnonzero(counts == 0)
    indices = np.insert(first.indices, first.indptr[lonely], lonely)
    lengths = np.diff(first.indptr)
    lengths[lonely] = 1
    return Listed(_row_ends(lengths), indices)


def _bucket_table(buckets: ArrayLike) -> IntArray:
    """The buckets of one head, int64 (R, n) with R of at least 1."""
    table = np.asarray(buckets)
    if table.dtype.kind not in "iu":
        raise TypeError(f"lsh_sets: buckets must be integers, got {table.dtype}")
    if table.ndim != 2 or len(table) == 0:
        raise ValueError(f"lsh_sets: buckets must have shape (rounds, n), got {table.shape}")
    return table.astype(np.int64)
