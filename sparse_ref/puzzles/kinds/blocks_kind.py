"""Blocks chosen by their scores: a bool array, the first wrong row in words of the choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sets.types import BoolArray, FloatArray
from .kind import Answer
from .value_kind import Arguments, Value


@dataclass(frozen=True, eq=False)
class Blocks(Value):
    """The answer is a function (scores, ...) -> bool (queries, blocks), the chosen blocks.

    Attributes
    ----------
    size : int
        Tokens of a block: query i is in block floor(i / size), its own.
    """

    noun = "choice of blocks"
    size: int = 4

    def words(self, actual: Any, wanted: BoolArray, case: Arguments) -> str:
        """The first row that is wrong, and what is wrong with its choice."""
        is_mask = isinstance(actual, np.ndarray) and actual.dtype == np.bool_
        if not is_mask or actual.shape != wanted.shape:
            return self._words_on_form(actual, wanted)
        rows = np.flatnonzero((actual != wanted).any(axis=1))
        if not len(rows):
            return ""
        i = int(rows[0])
        scores = case[0][i]
        row = Row(i // self.size, scores, actual[i], wanted[i])
        texts = ", ".join(f"{score:g}" for score in scores)
        return f"query {i}, scores [{texts}]: {next(row.faults())}"

    def _words_on_form(self, actual: Any, wanted: BoolArray) -> str:
        """What is wrong with an answer that is not a bool array of the right shape."""
        array = np.asarray(actual)
        are_numbers = array.dtype.kind in "iu" and array.ndim == 2
        guess = ": are these the numbers of blocks?" if are_numbers else ""
        return (
            f"the answer must be bool {wanted.shape}, True for a chosen block, got "
            f"{array.dtype} of shape {array.shape}{guess}"
        )

    def case_text(self, case: Arguments, reference: Answer) -> str:
        """How many queries and blocks, and the other arguments."""
        scores, *others = case
        queries, blocks = scores.shape
        text = f"{queries} queries, {blocks} blocks of {self.size}"
        return ", ".join([text, *(f"budget {value}" for value in others)])


@dataclass(frozen=True)
class Row:
    """The blocks of one query, chosen and wanted."""

    own: int
    scores: FloatArray
    actual: BoolArray
    wanted: BoolArray

    def faults(self) -> Iterator[str]:
        """What is wrong with the row, the plainest first."""
        chosen, wanted = self.actual.sum(), self.wanted.sum()
        later = np.flatnonzero(self.actual[self.own + 1 :])
        if len(later):
            block = self.own + 1 + later[0]
            yield f"block {block} is later than its own, {self.own}: the future leaks"
        if not self.actual[self.own]:
            yield f"its own block, {self.own}, is not chosen"
        if chosen != wanted:
            yield f"{_blocks(chosen)} chosen, {wanted} wanted"
        extra = np.flatnonzero(self.actual & ~self.wanted)[0]
        missing = np.flatnonzero(self.wanted & ~self.actual)[0]
        is_tie = self.scores[extra] == self.scores[missing]
        reason = "has the same score and is earlier" if is_tie else "has a better score"
        yield f"block {extra} is chosen, but block {missing} {reason}"


def _blocks(count: int) -> str:
    """A number of blocks and its verb."""
    return "1 block is" if count == 1 else f"{count} blocks are"
