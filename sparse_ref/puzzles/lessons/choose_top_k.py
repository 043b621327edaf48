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


def _own_on_top(s, own, top):
    """The own block, and top others."""
    past = _best(range(own), s, top)
    return sorted([own, *past])


def _future_too(s, own, top):
    """The own block, and the best of all others."""
    others = set(range(len(s))) - {own}
    best = _best(others, s, top - 1)
    return sorted([own, *best])


def _worst_before(s, own, top):
    """The own block, and the smallest scores before it."""
    past = sorted(range(own), key=lambda b: (s[b], b))
    return sorted([own, *past[: top - 1]])


def _no_sort(s, own, top):
    """The right blocks, the own one first."""
    return [own, *_best(range(own), s, top - 1)]


def _block_scores(rng, size):
    """Scores of blocks, the own block, which may be any of them, and how many are taken."""
    m = size + 4
    own, top = rng.integers([2, 2], [m, 4]).tolist()
    return rng.integers(0, 9, m), own, top


def causal_top_k(s, k):
    """Only scores of j <= i are ranked, so that later tokens change nothing."""
    n = len(s)
    mask = np.zeros((n, n), bool)
    for i in range(n):
        best = np.argsort(-s[i, : i + 1], kind="stable")[:k]
        mask[i, best] = True
    return mask


def _best_of_rows(s, k, count):
    """The k best of the first count(i) keys of each row i."""
    n = len(s)
    mask = np.zeros((n, n), bool)
    for i in range(n):
        row = s[i, : count(i)]
        best = np.argsort(-row, kind="stable")[:k]
        mask[i, best] = True
    return mask


def _best_of_all(s, k):
    """The k best of all keys."""
    return _best_of_rows(s, k, lambda i: len(s))


def _late_mask(s, k):
    """The k best of all keys, and of these j <= i."""
    return _best_of_all(s, k) & np.tri(len(s), dtype=bool)


def _best_before(s, k):
    """The k best of j < i."""
    return _best_of_rows(s, k, lambda i: i)


def _latest(s, k):
    """The k best of j <= i, of equal scores the greater j."""
    n = len(s)
    mask = np.zeros((n, n), bool)
    for i in range(n):
        row = s[i, i::-1]  # from key i back to key 0
        places = np.argsort(-row, kind="stable")[:k]
        mask[i, i - places] = True
    return mask


def _whole_ties(s, k):
    """All j <= i whose score is not less than the k-th best."""
    n = len(s)
    past = np.tri(n, dtype=bool)
    rising = np.sort(np.where(past, s, -np.inf), axis=1)
    place = max(n - k, 0)
    least = rising[:, place, None]
    return past & (s >= least)


def _later_fill(s, k):
    """The k best when later scores are -inf: where i < k - 1, later keys fill the row."""
    n = len(s)
    mask = np.zeros((n, n), bool)
    past = np.where(np.tri(n, dtype=bool), s, -np.inf)
    best = np.argsort(-past, axis=1, kind="stable")[:, :k]
    np.put_along_axis(mask, best, True, axis=1)
    return mask


def _score_table(rng, size):
    """Scores with ties, of size + 3 tokens."""
    n = size + 3
    k = int(rng.integers(1, 4))
    return rng.integers(0, 5, (n, n)), k


def is_top_k(chosen, s, k):
    """Nothing that is left out scores more than what is chosen; equal scores are free."""
    others = set(range(len(s))) - set(chosen)
    least = min(s[e] for e in chosen)
    greatest = max(s[e] for e in others)
    has_count = len(chosen) == len(set(chosen)) == k
    return has_count and least >= greatest


def _margin(chosen, s):
    """The least score of the chosen less the greatest of the others."""
    others = set(range(len(s))) - set(chosen)
    least = min(s[e] for e in chosen)
    return least - max(s[e] for e in others)


def _strict(chosen, s, k):
    """The least score of the chosen is above that of all others."""
    has_count = len(chosen) == len(set(chosen)) == k
    return has_count and _margin(chosen, s) > 0


def _flaky(chosen, s, k):
    """The k best with ties to the smallest atom, and nothing else."""
    best = _best(range(len(s)), s, k)
    return sorted(chosen) == sorted(best)


def _scores_only(chosen, s, k):
    """The scores of the chosen are the k best, whichever atoms they are."""
    scores = [s[e] for e in chosen]
    return sorted(scores, reverse=True) == sorted(s, reverse=True)[:k]


def _last_score(chosen, s, k):
    """k atoms that all score at least as much as the k-th best."""
    last = sorted(s, reverse=True)[k - 1]
    has_count = len(chosen) == len(set(chosen)) == k
    return has_count and all(s[e] >= last for e in chosen)


def _choice(rng, size):
    """A choice that is right, with ties broken at random, or has one mistake; scores; k."""
    m = size + 5
    k = int(rng.integers(2, 4))
    s = rng.integers(0, 4, m)
    ranked = np.lexsort([rng.random(m), -s]).tolist()
    right, short = ranked[:k], ranked[: k - 1]
    late = ranked[1 : k + 1]
    choices = right, right, short, short * 2, late
    number = rng.integers(len(choices))
    return choices[number], s.tolist(), k


FIVE_BLOCKS = [5, 1, 7, 3, 9], 3, 2
TWO_TOKENS = np.array([[1, 9], [5, 5]]), 1
TIED = [3, 1, 3, 2, 3]
EXAMPLES = (
    ([0, 2], TIED, 2),
    ([4, 2], TIED, 2),
    ([0, 3], TIED, 2),
    ([0], TIED, 2),
    ([0, 2, 4], TIED, 2),
    ([0, 0], TIED, 2),
    ([2, 2], [1, 2, 3], 2),
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
        kind=Value(draw=_block_scores, examples=(FIVE_BLOCKS,)),
        reference=moba_blocks,
        hints=(
            "Rank the blocks before the own one. How many places are left for them?",
            "sorted(range(own), key=lambda b: (-s[b], b)), and of these top - 1.",
        ),
        mistakes=(
            Mistake(
                "the own block comes on top of the budget: one block too many",
                _own_on_top,
            ),
            Mistake(
                "the own block is ranked like the others, and can be lost",
                lambda s, own, top: sorted(_best(range(own + 1), s, top)),
            ),
            Mistake("later blocks are ranked: the choice reads the future", _future_too),
            Mistake("the worst blocks: the order is ascending", _worst_before),
            Mistake("the right blocks, but the list is not sorted", _no_sort),
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
        kind=Value(draw=_score_table, examples=(TWO_TOKENS,)),
        reference=causal_top_k,
        hints=(
            "Which scores may row i rank?",
            "np.argsort(-s[i, : i + 1], kind='stable')[:k] are the keys of row i.",
        ),
        mistakes=(
            Mistake(
                "the mask comes after the choice: later keys push others out, and rows go empty",
                _late_mask,
            ),
            Mistake("the future is ranked: a row may attend to later keys", _best_of_all),
            Mistake("the query's own key is not ranked: j < i", _best_before),
            Mistake(
                "all that tie at the last place are in: more than k keys",
                _whole_ties,
            ),
            Mistake("ties go to the greater j", _latest),
            Mistake(
                "later keys fill the rows that have fewer than k: -inf is ranked last, but ranked",
                _later_fill,
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
            Mistake("the flaky test itself: ties must go to the smallest atom", _flaky),
            Mistake("> in place of >=: a tie at the last place is refused", _strict),
            Mistake(
                "the count is not checked: too few or too many pass",
                lambda chosen, s, k: _margin(chosen, s) >= 0,
            ),
            Mistake(
                "scores are right, but an atom that is there twice has the score of two",
                _scores_only,
            ),
            Mistake(
                "equals of the last place are in, and a better atom is left out",
                _last_score,
            ),
            Mistake(
                "an atom that is there twice is counted twice",
                lambda chosen, s, k: len(chosen) == k and _margin(chosen, s) >= 0,
            ),
        ),
    ),
)
