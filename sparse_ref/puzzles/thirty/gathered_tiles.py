"""Puzzle 20, its second part: attention of a few rows over keys from anywhere."""

from __future__ import annotations

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def gathered_tile(q, k, v, keys, mask):
    """Only the listed keys and values are read, then it is attention over a small matrix."""
    x = q @ k[keys].T / np.sqrt(q.shape[1])
    x = np.where(mask, x, -np.inf)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True) @ v[keys]


def _softmax(x):
    """Weights of rows of logits."""
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _logits(q, k):
    """Scaled logits of all pairs."""
    return q @ k.T / np.sqrt(q.shape[1])


def _masked_logits(q, k, keys, mask):
    """Scaled logits of the listed keys, -inf outside the mask."""
    return np.where(mask, _logits(q, k[keys]), -np.inf)


def _first_keys(q, k, v, keys, mask):
    tile = np.arange(len(keys))
    return gathered_tile(q, k, v, tile, mask)


def _first_values(q, k, v, keys, mask):
    x = _masked_logits(q, k, keys, mask)
    return _softmax(x) @ v[: len(keys)]


def _no_mask(q, k, v, keys, mask):
    return gathered_tile(q, k, v, keys, mask | True)


def _late_mask(q, k, v, keys, mask):
    return (_softmax(_logits(q, k[keys])) * mask) @ v[keys]


def _zero_logits(q, k, v, keys, mask):
    return _softmax(_logits(q, k[keys]) * mask) @ v[keys]


def _opposite_mask(q, k, v, keys, mask):
    x = np.where(mask, -np.inf, _logits(q, k[keys]))
    return _softmax(x) @ v[keys]


def _all_values(q, k, v, keys, mask):
    x = _masked_logits(q, k, keys, mask)
    p = _softmax(x)
    places = np.arange(len(k)) == keys[:, None]
    return p @ places @ v


def _no_sum(q, k, v, keys, mask):
    x = _masked_logits(q, k, keys, mask)
    return np.exp(x - x.max(axis=1, keepdims=True)) @ v[keys]


def _other_axis(q, k, v, keys, mask):
    x = _masked_logits(q, k, keys, mask)
    return _softmax(x.T).T @ v[keys]


def _scale_by_keys(q, k, v, keys, mask):
    return gathered_tile(q * np.sqrt(q.shape[1] / len(k)), k, v, keys, mask)


def _scale_by_listed_keys(q, k, v, keys, mask):
    return gathered_tile(q * np.sqrt(q.shape[1] / len(keys)), k, v, keys, mask)


def _scale_without_root(q, k, v, keys, mask):
    return gathered_tile(q / np.sqrt(q.shape[1]), k, v, keys, mask)


def _softmax_of_the_tile(q, k, v, keys, mask):
    x = _masked_logits(q, k, keys, mask)
    p = np.exp(x - x.max())
    return p / p.sum() @ v[keys]


def _no_scale(q, k, v, keys, mask):
    return gathered_tile(q * np.sqrt(q.shape[1]), k, v, keys, mask)


def _tile(rng, size):
    """4 rows and `size` + 2 of their keys, the list filled up with key 0; the others have NaN."""
    n = size + 8
    q = rng.normal(size=(4, 2))
    k = rng.normal(size=(n, 2))
    v = rng.normal(size=(n, 3))
    members = rng.choice(np.arange(1, n), size + 2, replace=False)
    keys = np.append(np.sort(members), [0, 0])
    mask = rng.random((4, len(keys))) < 0.6
    mask[:, 0] = True
    mask[0, 1] = False
    mask[:, -2:] = False
    is_other = ~np.isin(np.arange(n), keys)
    k[is_other, 0] = v[is_other, 0] = np.nan
    return q, k, v, keys, mask


GATHERED_TILE = Puzzle(
    number="20.2",
    title="A tile of gathered keys",
    question="""\
Rows that stand together now share their keys, but these keys are anywhere: 0, 3, 6, ... A kernel
gathers them into a small matrix first. Write what it then computes for a tile of 4 rows.

q (4, d) are the queries of the tile, k (n, d) and v (n, width) all keys and values. keys (c,) lists
the keys of the tile; it is filled up at the end with key 0. mask (4, c) is True if the row attends
to this entry of the list; each row has at least one.

Return softmax attention, (4, width), with logits q . k / sqrt(d). Keys and values that are not
listed have a NaN each: whoever reads them is found out.""",
    kind=Value(draw=_tile, sizes=range(1, 6)),
    reference=gathered_tile,
    hints=(
        "k[keys] is the matrix of the listed keys, (c, d).",
        "mask belongs to the list, not to all keys: its columns are those of q @ k[keys].T.",
        "Where the mask is False, the logit is -inf before the softmax. The values are v[keys].",
    ),
    mistakes=(
        Mistake("the first c keys are read, and not those of the list", _first_keys),
        Mistake("the values are those of the first c keys, and not of the list", _first_values),
        Mistake("the mask is left out: each row attends to the whole list", _no_mask),
        Mistake(
            "the mask comes after the softmax: the weights of a row sum to less than 1", _late_mask
        ),
        Mistake("masked logits are 0: exp(0) is a weight, -inf is needed", _zero_logits),
        Mistake("the mask is inverted: True means that the row attends", _opposite_mask),
        Mistake(
            "all values are read: those not listed have weight 0, but 0 times NaN is NaN",
            _all_values,
        ),
        Mistake("the weights of a row are not divided by their sum", _no_sum),
        Mistake("the softmax goes over the rows of the tile, and not over the keys", _other_axis),
        Mistake("the logits are not divided by sqrt(d)", _no_scale),
        Mistake("the logits are divided by d: sqrt(d) is wanted", _scale_without_root),
        Mistake("the logits are divided by sqrt(n): d is the width, q.shape[1]", _scale_by_keys),
        Mistake(
            "the logits are divided by sqrt(c): d is the width, q.shape[1]", _scale_by_listed_keys
        ),
        Mistake("the weights of the tile sum to 1: those of each row must", _softmax_of_the_tile),
    ),
)

PUZZLES = (GATHERED_TILE,)
