"""At which lengths a declared function is checked: one that shows its pattern, and ragged ones."""

from __future__ import annotations

from typing import NamedTuple

from ...claims import Claim
from ...sets.checks import lengths
from ...sets.require import check_pattern
from ...sets.types import Length
from ..checks.untested_parameters import default_length, length_text

RAGGED = (1, 37, 63, 65)
MIN_LENGTH = 66  # up to which all ragged lengths are checked


class CheckLength(NamedTuple):
    """A length, and whether it is the one at which every parameter must show."""

    n: Length
    is_decisive: bool

    def __str__(self) -> str:
        return length_text(lengths(self.n))


def check_lengths(claim: Claim) -> tuple[CheckLength, ...]:
    """The lengths of a claim, or those that are chosen for it, the decisive one first."""
    if claim.lengths is not None:
        longest = max(claim.lengths, key=_size)
        return tuple(CheckLength(n, n == longest) for n in claim.lengths)
    main = default_length(claim.patterns)
    others: list[int] = []
    if claim.options.get("ragged", True) and isinstance(main, int):
        limit = max(main, MIN_LENGTH)
        others = [n for n in (*RAGGED, main - 1) if n < limit]
    distinct = [n for n in dict.fromkeys(others) if n != main]
    possible = [CheckLength(n, False) for n in distinct if _is_possible(claim, n)]
    return CheckLength(main, True), *possible


def _is_possible(claim: Claim, n: Length) -> bool:
    """Whether every pattern has such a length."""
    try:
        for p in claim.patterns:
            check_pattern(p, n)
    except (IndexError, ValueError):
        return False
    return True


def _size(n: Length) -> tuple[int, int]:
    """What lengths are ordered by."""
    n_q, n_k = lengths(n)
    return min(n_q, n_k), max(n_q, n_k)
