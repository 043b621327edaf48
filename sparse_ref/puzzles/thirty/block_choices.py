"""Puzzles 25 and 26: the best blocks of each query, its own block among them.

Symbols:  i query;  own = floor(i / 4), its block.
"""

from __future__ import annotations

import numpy as np

from ..kinds import Blocks
from ..puzzle import Mistake, Puzzle


def top_blocks(scores):
    """The own block of each query, and the best of the blocks before it: bool (n, blocks)."""
    own = np.arange(len(scores))[:, None] // 4
    block = np.arange(scores.shape[1])
    past = np.where(block < own, scores, -np.inf)
    best = past.argmax(axis=1, keepdims=True)
    return (block == own) | (block == best)


def top_blocks_with_ties(scores, budget):
    """The own block of each query, and the best before it, `budget` in all; ties to the earlier."""
    own = np.arange(len(scores))[:, None] // 4
    block = np.arange(scores.shape[1])
    x = np.where(block == own, np.inf, scores)
    x = np.where(block <= own, x, -np.inf)
    order = np.argsort(-x, axis=1, kind="stable")[:, :budget]
    chosen = np.zeros(scores.shape, bool)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen & (block <= own)


def _positions(scores):
    """(own block of each query (n, 1), blocks (blocks,))."""
    i = np.arange(len(scores))[:, None]
    return i // 4, np.arange(scores.shape[1])


def _first(order, count):
    """The first `count` blocks of each row of an order, as a bool array (n, blocks)."""
    chosen = np.zeros(order.shape, bool)
    np.put_along_axis(chosen, order[:, :count], True, axis=1)
    return chosen


def _best(scores, mask, count):
    """The `count` best blocks of each row that the mask allows, ties to the earlier."""
    x = np.where(mask, scores, -np.inf)
    return mask & _first(np.argsort(-x, axis=1, kind="stable"), count)


def _own_on_top(scores):
    own, block = _positions(scores)
    return (block == own) | _best(scores, block < own, 2)


def _own_by_score(scores):
    own, block = _positions(scores)
    return _best(scores, block <= own, 2)


def _own_in_the_race(scores):
    own, block = _positions(scores)
    return (block == own) | _best(scores, block <= own, 1)


def _future_blocks(scores):
    own, block = _positions(scores)
    return (block == own) | _best(scores, block != own, 1)


def _past_blocks(scores):
    own, block = _positions(scores)
    return _best(scores, block < own, 2)


def _least_score(scores):
    own, block = _positions(scores)
    return (block == own) | _best(-scores, block < own, 1)


def _one_choice_a_block(scores):
    first = np.arange(len(scores)) // 4 * 4
    return top_blocks(scores)[first]


def _distinct_scores(rng, size):
    """Scores without ties in a row; the own block and the future often have the best."""
    n = 4 * (size + 2) - 1
    ranks = np.tile(np.arange(size + 2), (n, 1))
    return (rng.permuted(ranks, axis=1).astype(float),)


TOP_BLOCKS = Puzzle(
    number="25",
    title="The top 2 blocks, the own one among them",
    question="""\
n tokens stand in blocks of 4; query i is in block i // 4, its own. scores (n, blocks) says how
well each block fits each query. In a row no two scores are equal.

Return the blocks that each query attends to, bool (n, blocks): two in all. One is always its own
block, whatever its score. The other is the best of the blocks before it.

Later blocks are the future. A query of block 0 has only its own.""",
    kind=Blocks(draw=_distinct_scores, sizes=range(2, 6)),
    reference=top_blocks,
    hints=(
        "Block c has begun before the own block if c < i // 4.",
        "Put -inf where a block may not be chosen, and look for the greatest score of each row.",
        "Only one block is left to choose, so argmax is enough.",
    ),
    mistakes=(
        Mistake("the own block is taken on top of the budget: three blocks", _own_on_top),
        Mistake(
            "the own block is not forced: it is chosen only if its score is good", _own_by_score
        ),
        Mistake(
            "the own block is forced, and is in the race too: if it wins, it uses up the budget "
            "twice",
            _own_in_the_race,
        ),
        Mistake("later blocks are chosen: the future leaks", _future_blocks),
        Mistake("the own block is left out", _past_blocks),
        Mistake("the block with the least score is chosen", _least_score),
        Mistake("all queries of a block have the choice of its first one", _one_choice_a_block),
    ),
)


def _forced_scores(scores):
    """Scores with +inf for the own block and -inf for later ones."""
    own, block = _positions(scores)
    x = np.where(block == own, np.inf, scores)
    return np.where(block <= own, x, -np.inf)


def _threshold(scores, budget):
    x = _forced_scores(scores)
    least = np.sort(x, axis=1)[:, -budget]
    return (x >= least[:, None]) & (x > -np.inf)


def _strict_threshold(scores, budget):
    x = _forced_scores(scores)
    none = np.full((len(x), 1), -np.inf)
    ascending = np.sort(np.append(x, none, axis=1), axis=1)
    return x > ascending[:, -budget - 1][:, None]


def _late_ties(scores, budget):
    x = _forced_scores(scores)
    order = np.argsort(x, axis=1, kind="stable")[:, ::-1]
    return _first(order, budget) & (x > -np.inf)


def _full_budget(scores, budget):
    order = np.argsort(-_forced_scores(scores), axis=1, kind="stable")
    return _first(order, budget)


def _own_on_top_of_ties(scores, budget):
    own, block = _positions(scores)
    return (block == own) | _best(scores, block < own, budget)


def _own_in_the_tie(scores, budget):
    own, block = _positions(scores)
    return _best(scores, block <= own, budget)


def _scores_with_ties(rng, size):
    """Scores from 0 to 2, so that most rows have ties, and a budget of 2 or 3 blocks."""
    blocks = size + 2
    scores = rng.integers(0, 3, size=(4 * blocks - 1, blocks))
    return scores.astype(float), 2 + size % 2


TOP_BLOCKS_WITH_TIES = Puzzle(
    number="26",
    title="The top blocks, with ties",
    question="""\
As before: blocks of 4, scores (n, blocks), the own block always in, later blocks never.

Now the budget is a number, 2 or more: so many blocks in all, the own one counted. Query i has
fewer if fewer have begun. And scores are often equal: of blocks with equal scores the earlier one
is chosen.

Return bool (n, blocks).""",
    kind=Blocks(draw=_scores_with_ties, sizes=range(2, 8)),
    reference=top_blocks_with_ties,
    hints=(
        "A threshold cannot tell equal scores from each other. Sort, and keep the first ones.",
        "Give the own block the score +inf and later blocks -inf. Then one order serves for all.",
        'np.argsort(-x, axis=1, kind="stable") keeps equal scores in their order.',
        "With few blocks the sort reaches those of -inf: take them out again.",
    ),
    mistakes=(
        Mistake(
            "every block that ties with the last one is taken: more than the budget", _threshold
        ),
        Mistake(
            "no block that ties with the last one is taken: less than the budget", _strict_threshold
        ),
        Mistake("of equal scores the later block is chosen", _late_ties),
        Mistake(
            "early queries fill their budget with later blocks: the future leaks", _full_budget
        ),
        Mistake("the own block is taken on top of the budget", _own_on_top_of_ties),
        Mistake(
            "the own block is not forced: it is chosen only if its score is good", _own_in_the_tie
        ),
    ),
)

PUZZLES = (TOP_BLOCKS, TOP_BLOCKS_WITH_TIES)
