"""Wrong choices of atoms, by the words that name their mistakes."""

import numpy as np

import sparse_ref as sr
from sparse_ref.selection import top_k
from sparse_ref.verify import indexer_mistakes

N, K, HEADS = 16, 3, 3
OWN, SINK = sr.Window(0), sr.Global(1) & sr.Causal()
FORCED = OWN | SINK


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


SCORES = normal(N, N)
OF_HEADS = normal(HEADS, N, N, seed=1)
POOLS = normal(N, 4, seed=2)
VISIBLE = sr.dense(sr.Causal(), N)


def indexer(seed=4):
    """q (H, n, d), k (m, d) and w (n, H) of an indexer."""
    return normal(4, N, 3, seed=seed), normal(N, 3, seed=seed + 1), normal(N, 4, seed=seed + 2)


def lists(p):
    """The atoms of each query of a pattern, padded with -1."""
    rows = [p.row(i, N) for i in range(N)]
    width = max(map(len, rows))
    return np.array([[*row, *[-1] * (width - len(row))] for row in rows])


def union(p, other):
    return sr.interop.from_allowed_mask(sr.dense(p, N) | sr.dense(other, N))


def cut(p):
    return sr.interop.from_allowed_mask(sr.dense(p, N) & VISIBLE)


def last_ties(scores, k):
    """Top-k whose ties go to the greatest atoms."""
    chosen = []
    for i in range(N):
        order = sorted(range(i + 1), key=lambda e: (scores[i][e], e))
        chosen.append(order[max(len(order) - k, 0) :])
    return chosen


# What is asked: scores, k, visible and options; a wrong choice for it; the mistake in its words.
CAUSAL = (SCORES, K, sr.Causal())
BUDGET = dict(forced=FORCED)
ON_TOP = dict(forced=FORCED, forced_in_budget=False)
IN_POOLS = (POOLS, 2, sr.Complete(4))
BY_HEAD = (OF_HEADS, K, sr.Causal())
Q, KEYS, W = indexer()
INDEXER = (sr.selection.weighted_relu(Q, KEYS, W), K, sr.Causal())
FORMULAS = indexer_mistakes(Q, KEYS, W)
MUTANTS = {
    "k is off by one: it is 4": (CAUSAL, {}, lambda: top_k(SCORES, K + 1, sr.Causal())),
    "k is off by one: it is 2": (CAUSAL, {}, lambda: top_k(SCORES, K - 1, sr.Causal())),
    "forced atoms count on top of k, not inside": (
        CAUSAL,
        BUDGET,
        lambda: top_k(SCORES, K, sr.Causal(), **ON_TOP),
    ),
    "forced atoms count inside k, not on top": (
        CAUSAL,
        ON_TOP,
        lambda: top_k(SCORES, K, sr.Causal(), **BUDGET),
    ),
    "forced atoms count twice: they are in, and are ranked again": (
        CAUSAL,
        ON_TOP,
        lambda: union(top_k(SCORES, K, sr.Causal()), FORCED),
    ),
    "forced atoms count twice: they are in, and are ranked again, on top of k, not inside": (
        CAUSAL,
        BUDGET,
        lambda: union(top_k(SCORES, K, sr.Causal()), FORCED),
    ),
    "forced atoms are not forced": (CAUSAL, BUDGET, lambda: top_k(SCORES, K, sr.Causal())),
    "the smallest scores are chosen": (CAUSAL, {}, lambda: top_k(-SCORES, K, sr.Causal())),
    "the greatest magnitudes are chosen": (
        CAUSAL,
        {},
        lambda: top_k(np.abs(SCORES), K, sr.Causal()),
    ),
    "the mask comes after the choice: k counts atoms that are not visible": (
        CAUSAL,
        {},
        lambda: cut(top_k(SCORES, K, sr.Full())),
    ),
    "there is no mask: atoms that are not visible are chosen": (
        CAUSAL,
        {},
        lambda: top_k(SCORES, K, sr.Full()),
    ),
    "incomplete pools are chosen: Started in place of Complete": (
        IN_POOLS,
        {},
        lambda: top_k(POOLS, 2, sr.Started(4)),
    ),
    "incomplete pools are left out: Complete in place of Started": (
        (POOLS, 2, sr.Started(4)),
        {},
        lambda: top_k(POOLS, 2, sr.Complete(4)),
    ),
    "the future is visible: query i chooses from what query i + 1 may see": (
        CAUSAL,
        {},
        lambda: top_k(SCORES, K, sr.Band(N, 1)),
    ),
    "the future is visible: query i chooses from what query i + 4 may see": (
        CAUSAL,
        {},
        lambda: top_k(SCORES, K, sr.Band(N, 4)),
    ),
    "the last atom is not visible: query i chooses from what query i - 1 may see": (
        CAUSAL,
        {},
        lambda: [[0], *lists(top_k(SCORES, K, sr.Causal() - OWN))[1:]],
    ),
    "one row late: query i has the choice of query i - 1": (
        CAUSAL,
        {},
        lambda: np.roll(lists(top_k(SCORES, K, sr.Causal())), 1, axis=0),
    ),
    "one row early: query i has the choice of query i + 1": (
        CAUSAL,
        {},
        lambda: np.roll(lists(top_k(SCORES, K, sr.Causal())), -1, axis=0),
    ),
    "one set for all heads: that of head 0": (
        BY_HEAD,
        {},
        lambda: top_k(OF_HEADS[0], K, sr.Causal()),
    ),
    "one set for all heads: that of head 2": (
        BY_HEAD,
        {},
        lambda: [top_k(OF_HEADS[2], K, sr.Causal())] * HEADS,
    ),
    "one set for all heads: that of the sum of their scores": (
        BY_HEAD,
        {},
        lambda: top_k(OF_HEADS.sum(axis=0), K, sr.Causal()),
    ),
    "heads are mixed up: heads 0, 1, 2 have the sets of heads 1, 0, 2": (
        BY_HEAD,
        {},
        lambda: top_k(OF_HEADS[[1, 0, 2]], K, sr.Causal()),
    ),
    **{
        name: (
            INDEXER,
            dict(alternatives=FORMULAS),
            lambda name=name: top_k(FORMULAS[name], K, sr.Causal()),
        )
        for name in FORMULAS
    },
}
