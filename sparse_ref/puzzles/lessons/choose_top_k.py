"""Exercises of lesson 13: MoBA's blocks, a causal top-k, a verdict that allows ties."""

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def moba_blocks(s, own, top):
    """The own block needs no score, and takes one of the places."""
    past = sorted(range(own), key=lambda b: (-s[b], b))
    return sorted([own, *past[: top - 1]])


def _best(atoms, s, count):
    """The atoms of the greatest scores, the smaller one of equals."""
    return sorted(atoms, key=lambda e: (-s[e], e))[:count]


def _worst(atoms, s, count):
    """The atoms of the smallest scores."""
    return sorted(atoms, key=lambda e: (s[e], e))[:count]


def _block_scores(rng, size):
    """Scores of blocks, the own block, which may be any of them, and how many are taken."""
    m = size + 4
    own = int(rng.integers(2, m))
    return rng.integers(0, 9, m), own, int(rng.integers(2, 4))


def causal_top_k(s, k):
    """Only scores of j <= i are ranked, so that later tokens change nothing."""
    n = len(s)
    mask = np.zeros((n, n), bool)
    for i in range(n):
        best = np.argsort(-s[i, : i + 1], kind="stable")[:k]
        mask[i, best] = True
    return mask


def _mask_of_rows(s, keys_of):
    """The mask whose row i has the keys keys_of(i)."""
    mask = np.zeros((len(s), len(s)), bool)
    for i in range(len(s)):
        mask[i, keys_of(i)] = True
    return mask


def _cut_afterwards(s, k):
    """The k best of all keys, and of these j <= i."""
    best = np.argsort(-s, axis=1, kind="stable")[:, :k]
    return _mask_of_rows(s, lambda i: best[i]) & np.tri(len(s), dtype=bool)


def _latest(s, k, i):
    """The k best, of equal scores the greater j."""
    return sorted(range(i + 1), key=lambda j: (-s[i, j], -j))[:k]


def _score_table(rng, size):
    """Scores with ties, of size + 3 tokens."""
    n = size + 3
    return rng.integers(0, 5, (n, n)), int(rng.integers(1, 4))


def is_top_k(chosen, s, k):
    """Nothing that is left out scores more than what is chosen; equal scores are free."""
    left_out = [s[e] for e in range(len(s)) if e not in chosen]
    has_count = len(chosen) == len(set(chosen)) == k
    return has_count and min(s[e] for e in chosen) >= max(left_out)


def _strict(chosen, s, k):
    """The least score that is chosen is above all that are left out."""
    left_out = [s[e] for e in range(len(s)) if e not in chosen]
    has_count = len(chosen) == len(set(chosen)) == k
    return has_count and min(s[e] for e in chosen) > max(left_out)


def _scores_only(chosen, s, k):
    """The scores of the chosen are not below the others, whatever their number."""
    left_out = [s[e] for e in range(len(s)) if e not in chosen]
    return min(s[e] for e in chosen) >= max(left_out)


def _choice(rng, size):
    """A choice that is right, with ties broken at random, or has one mistake; scores; k."""
    m, k = size + 5, int(rng.integers(2, 4))
    s = rng.integers(0, 4, m).tolist()
    ranked = sorted(range(m), key=lambda e: (-s[e], rng.random()))
    choices = ranked[:k], ranked[:k], ranked[: k - 1], ranked[: k - 1] * 2, ranked[1 : k + 1]
    chosen = choices[int(rng.integers(len(choices)))]
    return list(map(int, chosen)), s, k


TIED = [3, 1, 3, 2, 3]
EXAMPLES = (
    ([0, 2], TIED, 2),
    ([4, 2], TIED, 2),
    ([0, 3], TIED, 2),
    ([0], TIED, 2),
    ([0, 2, 4], TIED, 2),
    ([0, 0], TIED, 2),
)


PUZZLES = (
    Puzzle(
        number="13.1",
        title="MoBA in three lines",
        question=(
            "A query is in block `own`; s[b] is the score of block b, and `top` is at least 2. "
            "Which blocks does MoBA give it? The own block is always in and counts, the others "
            "are the best of the complete blocks before it; of equal scores the earlier block. "
            "Return the sorted list of their numbers. Scores of later blocks are in s, too."
        ),
        kind=Value(draw=_block_scores, examples=(([5, 1, 7, 3, 9], 3, 2),)),
        reference=moba_blocks,
        hints=(
            "Rank the blocks before the own one. How many places are left for them?",
            "sorted(range(own), key=lambda b: (-s[b], b)), and of these top - 1.",
        ),
        mistakes=(
            Mistake(
                "the own block comes on top of the budget: one block too many",
                lambda s, own, top: sorted([own, *_best(range(own), s, top)]),
            ),
            Mistake(
                "the own block is ranked like the others, and can be lost",
                lambda s, own, top: sorted(_best(range(own + 1), s, top)),
            ),
            Mistake(
                "later blocks are ranked: the choice reads the future",
                lambda s, own, top: sorted(
                    [own, *_best({*range(len(s))} - {own}, s, top - 1)],
                ),
            ),
            Mistake(
                "the worst blocks: the order is ascending",
                lambda s, own, top: sorted([own, *_worst(range(own), s, top - 1)]),
            ),
        ),
    ),
    Puzzle(
        number="13.2",
        title="Make a top-k causal",
        question=(
            "s is the table of scores (n, n). Return the bool mask of the k best keys j <= i of "
            "each query i, of equal scores the smaller j; all of them while i < k. Row i must not "
            "depend on any score of a later key."
        ),
        kind=Value(draw=_score_table, examples=((np.array([[1, 9], [5, 5]]), 1),)),
        reference=causal_top_k,
        hints=(
            "Which scores may row i rank?",
            "np.argsort(-s[i, : i + 1], kind='stable')[:k] are the keys of row i.",
        ),
        mistakes=(
            Mistake(
                "the mask comes after the choice: later keys push others out, and rows go empty",
                _cut_afterwards,
            ),
            Mistake(
                "the future is ranked: a row may attend to later keys",
                lambda s, k: _mask_of_rows(s, lambda i: np.argsort(-s[i], kind="stable")[:k]),
            ),
            Mistake(
                "the query's own key is not ranked: j < i",
                lambda s, k: _mask_of_rows(s, lambda i: np.argsort(-s[i, :i], kind="stable")[:k]),
            ),
            Mistake(
                "ties go to the greater j",
                lambda s, k: _mask_of_rows(s, lambda i: _latest(s, k, i)),
            ),
        ),
    ),
    Puzzle(
        number="13.3",
        title="A flaky test",
        question=(
            "A test compares a kernel's top-k with a reference, list by list, and fails now and "
            "then, though the kernel is right: scores tie. Write the test that is never wrong. "
            "`chosen` is a list of atoms, at least one, fewer than there are; s has the scores of "
            "all atoms. Return True if some way to break ties makes `chosen` the k best, else "
            "False. An atom must not be there twice."
        ),
        kind=Value(draw=_choice, examples=EXAMPLES),
        reference=is_top_k,
        hints=(
            "Compare scores, not atoms: the least that is chosen, the greatest that is not.",
            "Three conditions: k atoms, all different, and least >= greatest.",
        ),
        mistakes=(
            Mistake(
                "the flaky test itself: ties must go to the smallest atom",
                lambda chosen, s, k: sorted(chosen) == sorted(_best(range(len(s)), s, k)),
            ),
            Mistake(
                "> in place of >=: a tie at the last place is refused",
                _strict,
            ),
            Mistake(
                "the count is not checked: too few or too many pass",
                _scores_only,
            ),
            Mistake(
                "an atom that is there twice is counted twice",
                lambda chosen, s, k: len(chosen) == k and _scores_only(chosen, s, k),
            ),
        ),
    ),
)
