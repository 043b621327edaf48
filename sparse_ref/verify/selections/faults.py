"""What is wrong with each row of a choice, and where it is first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ...selection.largest import largest
from ...sets.types import BoolArray
from ..checks.finding import Finding, count_noun
from .atom_lists import Choices
from .rules import Block, Rule, blocks

MAX_ROWS = 8  # wrong rows that are kept for a picture
KINDS = ("repeat", "invisible", "minus infinity", "forced", "too many", "too few", "order")
TEXTS = {
    "repeat": "{} chosen more than once",
    "invisible": "{} chosen that the query must not see",
    "minus infinity": "{} chosen whose score is -inf",
    "forced": "{} left out that the query must take",
    "too many": "{} with more atoms than there is room for",
    "too few": "{} with fewer atoms than there is room for",
    "order": "{} with an atom that scores less than one that is left out",
}
ROW_KINDS = KINDS[4:]


@dataclass(eq=False)
class Total:
    """The number of atoms, or rows, of one kind of fault, and the first of them."""

    count: int = 0
    at: tuple[int, ...] | None = None

    def add(self, wrong: BoolArray, block: Block) -> None:
        """Count the True of a table (rows, m) or (rows,)."""
        if not wrong.any():
            return
        self.count += int(wrong.sum())
        if self.at is None:
            row, *atom = map(int, np.argwhere(wrong)[0])
            self.at = (block.slab.head, block.slab.queries.start + row, *atom)


@dataclass(frozen=True, eq=False)
class WrongRow:
    """A row that is wrong: the nearest right choice, and what was chosen, bool (m,) each."""

    head: int
    query: int
    expected: BoolArray
    actual: BoolArray


@dataclass(eq=False)
class Tally:
    """What all rows come to.

    rows : how many there are. wrong : how many of them are wrong. other_ties : right rows that do
    not take the smallest of equal atoms. last_ties : those of them that take the greatest.
    """

    totals: dict[str, Total] = field(default_factory=dict)
    rows: int = 0
    wrong: int = 0
    other_ties: int = 0
    last_ties: int = 0
    examples: list[WrongRow] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The first query that is wrong, of the first head that is."""
        return self.examples[0].query

    def findings(self) -> Iterator[Finding]:
        """One for each kind of fault, in the order of KINDS."""
        for kind in KINDS:
            total = self.totals[kind]
            if total.count:
                noun = "row" if kind in ROW_KINDS else "atom"
                text = TEXTS[kind].format(count_noun(total.count, noun))
                yield Finding(kind, text, total.count, total.at)


def tally(rule: Rule, choices: Choices) -> Tally:
    """The faults of all rows."""
    totals = {kind: Total() for kind in KINDS}
    result = Tally(totals)
    for block in blocks(rule, choices):
        can_see = block.contains(rule.visible)
        wrong = np.zeros(len(block.rest), bool)
        for kind, table in _faults(block, can_see).items():
            result.totals[kind].add(table, block)
            wrong |= table if table.ndim == 1 else table.any(axis=1)
        result.rows += len(wrong)
        result.wrong += int(wrong.sum())
        _add_ties(result, block, ~wrong)
        _add_examples(result, block, wrong)
    return result


def _faults(block: Block, can_see: BoolArray) -> dict[str, BoolArray]:
    """The atoms (rows, m), or the rows, that are wrong, by kind."""
    forced, members, rest = block.slab.forced, block.members, block.rest
    exists = rest > -np.inf
    free = members & exists
    left_out = exists & ~members
    spare = (members & can_see & ~forced).sum(axis=1) - block.numbers
    worst = np.min(rest, axis=1, initial=np.inf, where=free)
    best = np.max(rest, axis=1, initial=-np.inf, where=left_out)
    return {
        "repeat": block.counts > 1,
        "invisible": members & ~can_see,
        "minus infinity": members & can_see & ~forced & ~exists,
        "forced": forced & ~members,
        "too many": spare > 0,
        "too few": spare < 0,
        "order": best > worst + block.slack,
    }


def _add_ties(result: Tally, block: Block, right: BoolArray) -> None:
    """Count the right rows whose ties go elsewhere than to the smallest atoms."""
    differs = right & (block.members != block.best).any(axis=1)
    result.other_ties += int(differs.sum())
    if differs.any():
        is_last = (_last_choice(block) == block.members).all(axis=1)
        result.last_ties += int((differs & is_last).sum())


def _last_choice(block: Block) -> BoolArray:
    """The right choice whose ties go to the greatest atoms."""
    backwards = largest(block.rest[:, ::-1], block.numbers)
    return block.slab.forced | backwards[:, ::-1]


def _add_examples(result: Tally, block: Block, wrong: BoolArray) -> None:
    """Keep the first wrong rows of the first wrong head."""
    expected = block.best
    for row in np.flatnonzero(wrong):
        is_full = len(result.examples) == MAX_ROWS
        if is_full or (result.examples and result.examples[0].head != block.slab.head):
            return
        query = block.slab.queries.start + int(row)
        example = WrongRow(block.slab.head, query, expected[row], block.members[row])
        result.examples.append(example)
