"""At which lengths a declared function is checked: one that shows its pattern, and ragged ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..._claims import Claim
from ...sets.checks import lengths
from ...sets.types import Length
from ..checks.ragged_lengths import ragged_lengths
from ..checks.untested_parameters import default_length, length_text


class CheckLength(NamedTuple):
    """A length, and whether it is the one at which every parameter must show.

    A function may refuse others that were chosen for it, by raising.
    """

    n: Length
    is_decisive: bool
    is_optional: bool = False

    def __str__(self) -> str:
        return length_text(lengths(self.n))


def check_lengths(claim: Claim) -> tuple[CheckLength, ...]:
    """The lengths of a claim, or those that are chosen for it, the decisive one first."""
    if claim.lengths is not None:
        longest = max(claim.lengths, key=_size)
        return tuple(CheckLength(n, n == longest) for n in claim.lengths)
    options: dict[str, Any] = dict(claim.options)
    if options.get("q") is not None:
        n_q, n_k = (options[name].shape[1] for name in "qk")
        return (CheckLength((n_q, n_k), True),)
    main = default_length(claim.patterns)
    bias = options.get("bias")
    has_one_length = bias is not None and not callable(bias)
    others: tuple[Length, ...] = ()
    if options.get("ragged", True) and not has_one_length:
        others = ragged_lengths(claim.patterns, main).lengths
    ragged = (CheckLength(n, False, is_optional=True) for n in others)
    return CheckLength(main, True), *ragged


def _size(n: Length) -> tuple[int, int]:
    """What lengths are ordered by."""
    n_q, n_k = lengths(n)
    return min(n_q, n_k), max(n_q, n_k)
