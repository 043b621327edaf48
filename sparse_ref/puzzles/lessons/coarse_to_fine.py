"""Exercises of lesson 14: keys of a pyramid, the logit of a pool, the state of linear attention."""

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def pyramid_keys(i):
    """Tokens of the own block, blocks before it in the own square, squares before that."""
    return i % 4 + 1 + i % 16 // 4 + i // 16


def _query(rng, size):
    """A position."""
    i = rng.integers(0, 20 * size)
    return (int(i),)


BORDERS = (3,), (4,), (16,), (64,)


def pooled_logit(q, keys):
    """One key of the mean logit counts as often as there are tokens."""
    return q @ keys.mean(axis=0) + np.log(len(keys))


def _binary_log(q, keys):
    """The logit of the mean, and log2 r."""
    return q @ keys.mean(axis=0) + np.log2(len(keys))


def _pool(rng, size):
    """A query and the keys of a pool."""
    return rng.standard_normal(3), rng.standard_normal((size + 1, 3))


EQUAL_KEYS = np.ones(2), np.full((3, 2), 0.5)


def linear_attention(f, w, v):
    """Each token adds itself to two sums, and then reads them."""
    S = np.zeros((w.shape[1], v.shape[1]))
    z = np.zeros(w.shape[1])
    out = np.zeros(v.shape)
    for i in range(len(f)):
        S += np.outer(w[i], v[i])
        z += w[i]
        out[i] = f[i] @ S / (f[i] @ z)
    return out


def _mixture(f, w, v, last):
    """Values mixed by shares of the products of features, over j <= i + last."""
    n = len(f)
    weights = f @ w.T * np.tri(n, k=last)
    totals = weights.sum(axis=1, keepdims=True)
    shares = weights / np.maximum(totals, 1e-9)
    return shares @ v


def _softmax_mixture(f, w, v):
    """Values mixed by the softmax of the products, over j <= i."""
    weights = np.tril(np.exp(f @ w.T))
    totals = weights.sum(axis=1, keepdims=True)
    return weights / totals @ v


def _features(rng, size):
    """Positive features of queries and of keys, and values."""
    n = size + 2
    f, w = rng.uniform(0.1, 2, (2, n, 3))
    return f, w, rng.standard_normal((n, 2))


PUZZLES = (
    Puzzle(
        number="14.1",
        title="A pyramid of three levels",
        question=(
            "Blocks have 4 tokens, squares have 4 blocks. Query i attends to the tokens of its "
            "own block up to i, itself included; to each earlier block of its own square as one "
            "key; and to each earlier square as one key. So every token j <= i is in exactly one "
            "key. How many keys has query i?"
        ),
        kind=Value(draw=_query, examples=BORDERS),
        reference=pyramid_keys,
        hints=(
            "Count level by level: tokens, then blocks, then squares.",
            "The own square has the positions with the same i // 16; its blocks are i % 16 // 4.",
        ),
        mistakes=(
            Mistake(
                "the query's own token is missing",
                lambda i: i % 4 + i % 16 // 4 + i // 16,
            ),
            Mistake(
                "blocks of earlier squares are counted again: their tokens are in two keys",
                lambda i: i % 4 + 1 + i // 4 + i // 16,
            ),
            Mistake(
                "no squares: each earlier block is a key of its own, however far",
                lambda i: i % 4 + 1 + i // 4,
            ),
            Mistake(
                "every token is a key of its own: nothing is pooled",
                lambda i: i + 1,
            ),
            Mistake(
                "the own block is a key, too, next to its tokens",
                lambda i: i % 4 + 1 + i % 16 // 4 + 1 + i // 16,
            ),
            Mistake(
                "earlier squares are left out: not every token is seen",
                lambda i: i % 4 + 1 + i % 16 // 4,
            ),
        ),
    ),
    Puzzle(
        number="14.2",
        title="When is pooling exact?",
        question=(
            "A pool replaces its keys (r, d) by one key, their mean, which the query q (d,) sees "
            "with one logit. Which logit, such that the pool has exactly the weight of its tokens "
            "if all keys are equal? The logit of a token is q . k, without a scale. Only the mean "
            "and the number of the keys may be used: one product with q."
        ),
        kind=Value(draw=_pool, examples=(EQUAL_KEYS,)),
        reference=pooled_logit,
        hints=(
            "r equal keys have the weight r exp(q . k). Of which number is that the exponential?",
            "r exp(x) = exp(x + log r).",
        ),
        mistakes=(
            Mistake(
                "log r is missing: the pool has the weight of one token",
                lambda q, keys: q @ keys.mean(axis=0),
            ),
            Mistake(
                "the logarithm is natural: weights are powers of e, not of 2",
                _binary_log,
            ),
            Mistake(
                "r was added in place of its logarithm",
                lambda q, keys: q @ keys.mean(axis=0) + len(keys),
            ),
            Mistake(
                "the sum of the keys in place of their mean: r times the logit",
                lambda q, keys: q @ keys.sum(axis=0),
            ),
            Mistake(
                "the exact log-sum-exp of all logits: right, but it is no pool, and costs as much",
                lambda q, keys: np.log(np.exp(keys @ q).sum()),
            ),
        ),
    ),
    Puzzle(
        number="14.3",
        title="Linear attention with a state",
        question=(
            "f and w (n, d) are the features of queries and keys, all positive, and v (n, e) the "
            "values. Return causal linear attention (n, e): out_i is the mean of the v_j, j <= i, "
            "weighted by f_i . w_j. Walk along the text with two sums, one of (d, e) and one of "
            "(d,) numbers."
        ),
        kind=Value(draw=_features),
        reference=linear_attention,
        hints=(
            "Out of sum_j (f_i . w_j) v_j take f_i: the rest is a sum that each token adds to.",
            "S += np.outer(w[i], v[i]) and z += w[i]; then out[i] = f[i] @ S / (f[i] @ z).",
        ),
        mistakes=(
            Mistake(
                "the denominator is missing: the weights do not sum to 1",
                lambda f, w, v: np.tril(f @ w.T) @ v,
            ),
            Mistake(
                "not causal: the sums have all tokens before the first one reads them",
                lambda f, w, v: _mixture(f, w, v, len(f)),
            ),
            Mistake(
                "read before it was added: the query's own key is missing",
                lambda f, w, v: _mixture(f, w, v, -1),
            ),
            Mistake(
                "a softmax of the products: here f . w is the weight itself, without exp",
                _softmax_mixture,
            ),
            Mistake(
                "features of queries and keys exchanged",
                lambda f, w, v: _mixture(w, f, v, 0),
            ),
        ),
    ),
)
