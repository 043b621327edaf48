"""Exercises of lesson 12: rounds of hashing, chunks of a sorted list, a causal cluster."""

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def least_rounds(p, share):
    """All rounds miss a pair with the chance (1 - p) to the power of their number."""
    rounds = 1
    while 1 - (1 - p) ** rounds < share:
        rounds += 1
    return rounds


def _first(condition):
    """The least number of rounds, from 1, at which a condition holds."""
    return next(rounds for rounds in range(1, 10_000) if condition(rounds))


def _chances(rng, size):
    """A chance of one round, and a share that takes several of them."""
    return rng.uniform(0.05, 0.5), rng.uniform(0.6, 0.99)


def sorted_chunks(bucket, size):
    """`order` lists tokens by place; the chunk of a token needs its place, the inverse."""
    n = len(bucket)
    order = np.argsort(bucket, kind="stable")
    chunk = np.empty(n, int)
    chunk[order] = np.arange(n) // size
    behind = chunk[:, None] - chunk
    return (behind == 0) | (behind == 1)


def _near(chunk, *behind):
    """[the chunk of j is so many behind that of i]"""
    return np.isin(chunk[:, None] - chunk, behind)


def _chunk_of_tokens(bucket, size):
    """The chunk of each token in the list that is sorted by bucket."""
    place = np.argsort(np.argsort(bucket, kind="stable"))
    return place // size


def _chunk_of_lists(bucket, size):
    """The sorted list itself, cut into chunks: its entry j is no place of token j."""
    return np.argsort(bucket, kind="stable") // size


def _chunk_of_text(bucket, size):
    """The chunk of each token in the text."""
    return np.arange(len(bucket)) // size


def _buckets(rng, size):
    """Buckets of 3 to 5 chunks, unequal in size."""
    chunks = int(rng.integers(3, 6))
    n = (size + 1) * chunks
    return rng.integers(0, 4, n), size + 1


def _circle(bucket, size):
    chunk = _chunk_of_tokens(bucket, size)
    return (chunk[:, None] - chunk) % (len(bucket) // size) <= 1


def _without_itself(bucket, size):
    return sorted_chunks(bucket, size) & ~np.eye(len(bucket), dtype=bool)


def _own_bucket(bucket, size):
    return sorted_chunks(bucket, size) & (bucket[:, None] == bucket)


def causal_cluster(queries, keys):
    """Positions decide what is later, not places in the two lists."""
    return keys[None, :] <= queries[:, None]


def _members(rng, size):
    """Positions of the query members and the key members of one cluster, ascending."""
    w = size + 2
    queries = rng.choice(4 * w, w, replace=False)
    keys = rng.choice(4 * w, w, replace=False)
    return np.sort(queries), np.sort(keys)


A_QUARTER = 0.25, 0.5
SIX_TOKENS = np.array([2, 0, 1, 0, 2, 1]), 2
TWO_AND_TWO = np.array([1, 4]), np.array([3, 9])


PUZZLES = (
    Puzzle(
        number="12.1",
        title="How many rounds?",
        question=(
            "One round of hashing puts a pair into one bucket with chance p. How many rounds "
            "does it take until the pair has met in at least one of them with a chance of "
            "`share` or more? Return the least number of rounds, at least 1."
        ),
        kind=Value(draw=_chances, examples=(A_QUARTER,)),
        reference=least_rounds,
        hints=(
            "Ask the opposite: with which chance do all rounds miss the pair?",
            "(1 - p) ** rounds is the chance that all of them miss it.",
        ),
        mistakes=(
            Mistake(
                "chances do not add up: rounds find some pairs twice",
                lambda p, share: _first(lambda r: r * p >= share),
            ),
            Mistake(
                "one round too few: the chance is still below the share",
                lambda p, share: max(least_rounds(p, share) - 1, 1),
            ),
            Mistake(
                "that is the chance that all rounds miss it, taken for that of one hit",
                lambda p, share: _first(lambda r: (1 - p) ** r <= share),
            ),
            Mistake(
                "rounds are whole: round up",
                lambda p, share: np.log(1 - share) / np.log(1 - p),
            ),
            Mistake(
                "p to the power of the rounds is the chance that every round finds it",
                lambda p, share: _first(lambda r: 1 - p**r >= share),
            ),
        ),
    ),
    Puzzle(
        number="12.2",
        title="Chunks of the sorted list",
        question=(
            "Sort the tokens by bucket, and by position within a bucket. Cut the sorted list into "
            "chunks of `size` tokens. A query attends to its own chunk, itself included, and to "
            "the chunk before; the first chunk has none before it (no circle). Return the bool "
            "mask (n, n), in the order of the text."
        ),
        kind=Value(draw=_buckets, examples=(SIX_TOKENS,)),
        reference=sorted_chunks,
        hints=(
            "np.argsort(bucket, kind='stable') is the sorted list. Which chunk is token j in?",
            "chunk[order] = np.arange(n) // size gives each token the chunk of its place.",
        ),
        mistakes=(
            Mistake(
                "argsort gives the token at a place, and was taken for the place of a token",
                lambda bucket, size: _near(_chunk_of_lists(bucket, size), 0, 1),
            ),
            Mistake(
                "chunks of the text: nothing was sorted",
                lambda bucket, size: _near(_chunk_of_text(bucket, size), 0, 1),
            ),
            Mistake(
                "the chunk after in place of the chunk before",
                lambda bucket, size: _near(_chunk_of_tokens(bucket, size), 0, -1),
            ),
            Mistake(
                "all tokens of the own bucket: the list was not cut into chunks",
                lambda bucket, size: bucket[:, None] == bucket,
            ),
            Mistake(
                "a circle: the first chunk has none before it",
                _circle,
            ),
            Mistake(
                "the query itself is missing: here it is in its own set",
                _without_itself,
            ),
            Mistake(
                "keys of other buckets are masked: here the whole chunk is in the set",
                _own_bucket,
            ),
            Mistake(
                "the chunk after as well: only the one before was asked for",
                lambda bucket, size: _near(_chunk_of_tokens(bucket, size), -1, 0, 1),
            ),
            Mistake(
                "no look back: a bucket that was cut stays cut",
                lambda bucket, size: _near(_chunk_of_tokens(bucket, size), 0),
            ),
        ),
    ),
    Puzzle(
        number="12.3",
        title="A causal cluster",
        question=(
            "A cluster has the queries at positions `queries` and the keys at positions `keys`, "
            "both int arrays, ascending, and not the same positions. Return the bool mask: "
            "entry (t, u) says whether query member t may attend to key member u, if attention is "
            "causal and a token may attend to itself."
        ),
        kind=Value(draw=_members, examples=(TWO_AND_TWO,)),
        reference=causal_cluster,
        hints=(
            "Which of the two is later in the text, query member t or key member u?",
            "Compare keys[None, :] with queries[:, None].",
        ),
        mistakes=(
            Mistake(
                "causal by rank: member t reads members 0 to t, wherever they are in the text",
                lambda queries, keys: np.tri(len(queries), len(keys), dtype=bool),
            ),
            Mistake(
                "the token itself is missing: a key at the query's position is its own",
                lambda queries, keys: keys[None, :] < queries[:, None],
            ),
            Mistake(
                "future in place of past: keys after the query are read",
                lambda queries, keys: keys[None, :] >= queries[:, None],
            ),
            Mistake(
                "rows are queries, columns are keys: yours has the two exchanged",
                lambda queries, keys: (keys[None, :] <= queries[:, None]).T,
            ),
            Mistake(
                "not causal: every member of the cluster is read",
                lambda queries, keys: np.ones((len(queries), len(keys)), bool),
            ),
        ),
    ),
)
