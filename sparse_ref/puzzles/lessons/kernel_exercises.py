"""Exercises of lesson 09: a softmax in pieces, values that are not finite, rows that share keys."""

from __future__ import annotations

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle

TILE = 4


def running_output(m, s, out, x, v):
    """Undo the division, go on as before, divide by the new sum."""
    top = max(m, x.max())
    keep = s * np.exp(m - top)
    weights = np.exp(x - top)
    total = keep + weights.sum()
    return top, total, (keep * out + weights @ v) / total


def _output_as_sum(m, s, out, x, v):
    top, total, _ = running_output(m, s, out, x, v)
    keep = np.exp(m - top)
    return top, total, (keep * out + np.exp(x - top) @ v) / total


def _lesson_update(m, s, out, x, v):
    top, total, _ = running_output(m, s, out, x, v)
    return top, total, out * np.exp(m - top) + np.exp(x - top) @ v


def _old_output(m, s, out, x, v):
    top, total, _ = running_output(m, s, out, x, v)
    return top, total, (s * out + np.exp(x - top) @ v) / total


def _old_sum(m, s, out, x, v):
    top = max(m, x.max())
    weights = np.exp(x - top)
    total = s + weights.sum()
    return top, total, (s * out + weights @ v) / total


def _constant_sum(m, s, out, x, v):
    top, total, mean = running_output(m, s, out, x, v)
    longer = s + np.exp(x - top).sum()
    return top, longer, mean * total / longer


def _sum_of_values(m, s, out, x, v):
    top, total, mean = running_output(m, s, out, x, v)
    return top, total, mean * total


def _mean_of_two(m, s, out, x, v):
    top, total, _ = running_output(m, s, out, x, v)
    weights = np.exp(x - top)
    return top, total, (out + weights @ v / weights.sum()) / 2


def _row_state(rng, size):
    """A row with some keys behind it, or with none; logits above and below the largest so far."""
    x = rng.normal(0, 2, size)
    v = rng.normal(size=(size, 2))
    if rng.random() < 0.25:
        return -np.inf, 0.0, np.zeros(2), x, v
    m = float(x.max() + rng.normal())
    return m, rng.uniform(1, 3), rng.normal(size=2), x, v


COLUMN = np.array([[1.0], [3.0]])  # values of two keys
EMPTY = -np.inf, 0.0, np.zeros(1)  # the state before the first key

RUNNING_OUTPUT = Puzzle(
    number="09.1",
    title="An output that is right after each chunk",
    question=(
        "The first kernels of this kind divided after every chunk: their state is (m, s, out), "
        "where `out` is the finished output of the keys seen so far, o / s.\n\n"
        "Return the state after a chunk of logits x (c,) with values v (c, d). Before the first "
        "chunk the state is (-inf, 0, zeros)."
    ),
    kind=Value(
        draw=_row_state,
        examples=(
            (*EMPTY, np.zeros(2), COLUMN),
            (1.0, 2.0, np.ones(1), np.full(2, 3.0), COLUMN),
            (3.0, 2.0, np.ones(1), np.ones(2), COLUMN),
        ),
    ),
    reference=running_output,
    hints=(
        "Which sum o belongs to an output `out` with denominator s?",
        "o = s out. Update o as in the lesson, and divide by the new s.",
    ),
    mistakes=(
        Mistake("the old output is a mean: it counts s times, not once", _output_as_sum),
        Mistake("that is the update of o: this state has o / s", _lesson_update),
        Mistake("the old sum is not rescaled to the new largest logit", _old_sum),
        Mistake("s is rescaled to the new largest logit, o = s out is not", _old_output),
        Mistake("o is rescaled to the new largest logit, s is not", _constant_sum),
        Mistake("the output is not divided by the new sum", _sum_of_values),
        Mistake("a mean of two means: the parts must weigh as their sums do", _mean_of_two),
    ),
)


def weigh(p, member, v):
    """Sum over members only: what is no member is not multiplied at all."""
    out = np.zeros((len(p), v.shape[1]))
    for i, keys in enumerate(member):
        out[i] = p[i, keys] @ v[keys]
    return out


def _cleared_values(p, member, v):
    finite = np.where(np.isfinite(v), v, 0.0)
    return p @ finite


def _plain_product(p, member, v):
    with np.errstate(invalid="ignore"):
        return p @ v


def _cleared_output(p, member, v):
    out = _plain_product(p, member, v)
    return np.where(np.isfinite(out), out, 0.0)


def _dropped_keys(p, member, v):
    keys = member.all(axis=0)
    return p[:, keys] @ v[keys]


def _weights_and_values(rng, size):
    """Weights of four rows; a value that is NaN, at a key that some rows attend to."""
    member = rng.random((TILE, size + 2)) < 0.5
    member[0, 0], member[1, 0] = True, False
    p = np.where(member, rng.uniform(0.1, 1, member.shape), 0.0)
    v = rng.normal(size=(size + 2, 2))
    v[0] = np.nan
    return p, member, v


WEIGH = Puzzle(
    number="09.2",
    title="Weights times values, when a value is NaN",
    question=(
        "p (rows, keys) are the weights of a tile, 0 where `member` is False; v (keys, d) are "
        "values, some of them NaN.\n\n"
        "Return the sums of p times v over members, (rows, d). A row that attends to a NaN is NaN, "
        "and must be. A row that does not must not notice."
    ),
    kind=Value(draw=_weights_and_values, sizes=range(1, 7)),
    reference=weigh,
    hints=(
        "0 x NaN is NaN, so a weight of 0 does not remove a value.",
        "For one row: p[i, member[i]] @ v[member[i]].",
    ),
    mistakes=(
        Mistake("0 x NaN: a product of whole tiles brings it to every row", _plain_product),
        Mistake("a member that is NaN is hidden", _cleared_values),
        Mistake("what is NaN by right is hidden, and sums beside it are lost", _cleared_output),
        Mistake("keys that some row does not attend to are lost to all", _dropped_keys),
    ),
)


def bucket_order(bucket):
    """Rows of one bucket side by side, each bucket in its own order."""
    return np.argsort(bucket, kind="stable")


def _natural(bucket):
    return np.arange(len(bucket))


def _places(bucket):
    return np.argsort(np.argsort(bucket, kind="stable"))


def _order_words(order, bucket):
    """What is wrong with an order of rows; "" if each tile is of one bucket."""
    rows = list(range(len(bucket)))
    if sorted(np.asarray(order).tolist()) != rows:
        return f"not an order of the rows 0, ..., {len(bucket) - 1}"
    tiles = np.asarray(bucket)[np.asarray(order)].reshape(-1, TILE)
    counts = [len(set(tile.tolist())) for tile in tiles]
    worst = int(np.argmax(counts))
    if counts[worst] == 1:
        return ""
    return f"the rows of tile {worst} are of {counts[worst]} buckets: it needs the keys of all"


def _buckets(rng, size):
    """Four rows in each of some buckets, in any order."""
    return (rng.permutation(np.repeat(np.arange(size + 1), TILE)),)


EIGHT_ROWS = np.array([1, 0, 1, 0, 0, 1, 1, 0])  # their buckets

BUCKET_ORDER = Puzzle(
    number="09.3",
    title="The order that fills the tiles of buckets",
    question=(
        "In Reformer (lesson 12) a query attends to the keys that fell into its own bucket: "
        "bucket[i] is the bucket of position i, and 4 positions are in each.\n\n"
        "Return the order of the rows for tiles of 4, so that each tile is full: order[0], ..., "
        "order[3] are the rows of the first tile."
    ),
    kind=Value(
        draw=_buckets,
        examples=((EIGHT_ROWS,),),
        accept=_order_words,
    ),
    reference=bucket_order,
    hints=("Rows that share their keys must be neighbours.", "np.argsort"),
    mistakes=(
        Mistake("the natural order: neighbours are of many buckets", _natural),
        Mistake("the place of each row, in place of the row of each place", _places),
        Mistake("buckets, in place of rows", lambda bucket: np.sort(bucket)),
    ),
)

PUZZLES = (RUNNING_OUTPUT, WEIGH, BUCKET_ORDER)
