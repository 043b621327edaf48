"""Two steps that join all pairs: the answer is two sets, judged by their paths and their pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...sets.glyphs import draw_mask, side_by_side
from ...sets.types import BoolArray
from ..answer_calls import Fault, call
from .kind import Answer, OneCaseKind
from .pattern_mask import check_pattern, pattern_mask


class StepPair(NamedTuple):
    """The masks of the lower and of the upper layer; its text is a picture of both."""

    lower: BoolArray
    upper: BoolArray

    def __repr__(self) -> str:
        return side_by_side([draw_mask(mask) for mask in self])


@dataclass(frozen=True, eq=False)
class Steps(OneCaseKind):
    """The answer is a function of nothing that returns two steps: patterns, or bool arrays (n, n).

    A layer also keeps what is at i itself (the residual edge), so pairs (i, i) are free.

    Attributes
    ----------
    n : int
        The number of positions.
    fewest : int
        The pairs of a right answer.
    """

    noun = "two steps"
    is_secret = True
    n: int = 0
    fewest: int = 0

    def value(self, answer: Answer, case: tuple[()]) -> StepPair:
        """The two masks."""
        value = call(answer)
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise Fault(f"the answer must be two steps, (lower, upper), got {value!r:.60}")
        return StepPair(*(self._mask(step) for step in value))

    def _mask(self, step: Any) -> BoolArray:
        """The mask of a step. Raises Fault for what is neither a pattern nor a bool array."""
        form = f"a step must be a pattern, or a bool array ({self.n}, {self.n})"
        if not isinstance(step, np.ndarray):
            check_pattern(step, form)
            return pattern_mask(step, self.n)
        if step.dtype != np.bool_ or step.shape != (self.n, self.n):
            raise Fault(f"{form}, got {step.dtype} of shape {step.shape}")
        return step

    def agrees(self, actual: StepPair, wanted: StepPair, case: tuple[()]) -> bool:
        """Whether both steps are equal, pairs (i, i) aside."""
        pairs = zip(map(_other_pairs, actual), map(_other_pairs, wanted))
        return all(np.array_equal(x, y) for x, y in pairs)

    def accepts(self, actual: StepPair, wanted: StepPair, case: tuple[()]) -> bool:
        """Whether two steps join all pairs, with the fewest pairs."""
        return not self.words(actual, wanted, case)

    def words(self, actual: StepPair, wanted: StepPair, case: tuple[()]) -> str:
        """The first future key, the first pair without a path, or the pairs that are too many."""
        for name, step in zip(actual._fields, actual):
            future = np.argwhere(np.triu(step, k=1))
            if len(future):
                i, j = future[0].tolist()
                return f"the future leaks: in the {name} step query {i} reads key {j}"
        causal = np.tri(self.n, dtype=bool)
        missing = np.argwhere(causal & ~reach(actual))
        if len(missing):
            i, j = missing[0].tolist()
            others = f"{len(missing)} pairs have" if len(missing) > 1 else "this pair has"
            return f"key {j} does not reach query {i}: {others} no path"
        pairs = pair_count(actual)
        if pairs > self.fewest:
            return (
                f"every pair has a path, with {pairs} pairs in the two steps: "
                f"{pairs - self.fewest} more than the fewest, {self.fewest}"
            )
        return ""


def reach(steps: StepPair) -> BoolArray:
    """[i, j] = key j reaches query i through the lower and then the upper step, bool (n, n)."""
    own = np.eye(len(steps.lower), dtype=bool)
    return (steps.upper | own) @ (steps.lower | own)


def pair_count(steps: StepPair) -> int:
    """The pairs (i, j) with i != j in both steps."""
    return int(sum(_other_pairs(step).sum() for step in steps))


def _other_pairs(mask: BoolArray) -> BoolArray:
    """The mask without its diagonal."""
    return mask & ~np.eye(len(mask), dtype=bool)
