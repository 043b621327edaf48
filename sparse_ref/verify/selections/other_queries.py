"""The rules of other queries: what query i + offset may see, and how it scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...selection.scores import Scores
from ...sets.pattern import Pattern
from ...sets.types import FloatArray, IntArray


@dataclass(frozen=True)
class Moved(Pattern):
    """A_i = P_{i + offset}, the first or the last of n queries if there is no such one."""

    pattern: Pattern
    offset: int
    n: int

    @property
    def own_length(self) -> int | None:
        return self.pattern.own_length

    def contains(self, i: Any, j: Any) -> Any:
        query = np.asarray(i) + self.offset
        return self.pattern.contains(np.clip(query, 0, self.n - 1), j)

    def row(self, i: int, n: int) -> IntArray:
        query = min(max(i + self.offset, 0), self.n - 1)
        return self.pattern.row(query, n)


def scores_of_neighbours(scores: Scores, offset: int) -> Scores:
    """The scores of query i + offset for query i, offset 1 or -1; at the end those of the last."""
    n = scores.shape[-2]

    def rows(lo: int, hi: int) -> FloatArray:
        first, last = max(lo + offset, 0), min(hi + offset, n)
        inside = scores.rows(first, last)
        before = [scores.rows(0, 1)] * (lo + offset < 0)
        after = [scores.rows(n - 1, n)] * (hi + offset > n)
        return np.concatenate([*before, inside, *after], axis=-2)

    return Scores(scores.shape, rows)
