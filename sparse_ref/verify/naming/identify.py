"""The name of a mask: which rules of this library it equals.

The parameters of each rule are read off the mask, then the rule is drawn and compared, so that a
name is never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ...patterns.divided import Chunk, Dilated
from ...patterns.elementary import Band, Causal, Full, Lookback, Window
from ...patterns.globals import Global, GlobalAt, Prefix, Sinks
from ...patterns.openai import SubBlock
from ...patterns.sparse_transformer import Block, Local, Strided, Summary
from ...sets.mask import brute_mask
from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ...sets.shifted import Shifted
from ...sets.types import BoolArray
from .rule_parameters import rule_parameters
from .search import catalogue_matches

NAMED: tuple[type[Rule], ...] = (
    *(Full, Causal, Window, Lookback, Band),
    *(Dilated, Chunk),
    *(Local, Strided, Block, Summary),
    SubBlock,
    *(Sinks, Prefix, Global, GlobalAt),
)  # among those with as many numbers, the first comes first


def identify(mask: BoolArray) -> list[Pattern]:
    """The patterns equal to `mask` at its size, simplest first.

    The rules in NAMED are tried, the elementary ones and those of the Sparse Transformer and its
    code, with parameters up to n, as they are and Shifted by n_k - n_q. Each rule comes with its
    least parameters: the first nearest to 0, then the second; other positions of `GlobalAt` that
    fit contain the least ones. Fewer numbers come first, then what is not shifted.

    If no rule fits, the constructors in `search.FORMS` are tried with numbers that the mask
    suggests: papers' patterns, and unions of rules. A mask that nothing equals, and one without any
    keys, gives [].

    Parameters
    ----------
    mask : bool (n_q, n_k)
        True where i attends to j; both lengths at least 1.

    Raises
    ------
    TypeError
        The dtype is not bool.
    ValueError
        The shape is not (n_q, n_k), or a length is 0.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.verify.identify(np.tri(5, dtype=bool) & ~np.tri(5, k=-2, dtype=bool))
    [Lookback(2), Local(1), Band(1, 0)]
    >>> sr.verify.identify(np.tri(3, 5, k=2, dtype=bool))[0]
    Shifted(Causal(), 2)
    """
    mask = np.asarray(mask)
    if mask.dtype != np.bool_:
        raise TypeError(f"mask must be bool, got {mask.dtype}")
    if mask.ndim != 2 or 0 in mask.shape:
        raise ValueError(f"mask must have shape (n_q, n_k), both at least 1, got {mask.shape}")
    if not mask.any():
        return []
    return list(rule_matches(mask)) or list(islice(catalogue_matches(mask), 1))


def simplest_name(mask: BoolArray) -> Pattern | None:
    """The first pattern of `identify`, without the work for the others; None if there is none."""
    if not mask.any():
        return None
    rule = next(rule_matches(mask), None)
    return next(catalogue_matches(mask), None) if rule is None else rule


class Candidate(NamedTuple):
    """A rule with the parameters that a mask implies, and the shift of its queries."""

    rule: type[Rule]
    parameters: tuple[Any, ...]
    shift: int

    def numbers(self) -> list[int]:
        """The parameters, those of a tuple one by one."""
        values = [x if isinstance(x, tuple) else (x,) for x in self.parameters]
        return [number for value in values for number in value]

    def size(self) -> int:
        """How many numbers the parameters have."""
        return len(self.numbers())

    def pattern(self, longest: int) -> Pattern | None:
        """The rule, Shifted if there is a shift; None if a parameter is out of bounds."""
        if any(abs(number) > longest for number in self.numbers()):
            return None
        try:
            rule = self.rule(*self.parameters)
        except ValueError:  # below the rule's bound: nothing of it fits
            return None
        return Shifted(rule, self.shift) if self.shift else rule


def rule_matches(mask: BoolArray) -> Iterator[Pattern]:
    """The rules that equal a mask with a key, as they are or Shifted, simplest first.

    Each rule is drawn only when its turn comes.
    """
    n_q, n_k = mask.shape
    plain = {candidate.rule: candidate for candidate in _candidates(mask, 0)}
    shifted = _candidates(mask, n_k - n_q) if n_q != n_k else []

    @cache
    def match(candidate: Candidate) -> Pattern | None:
        p = candidate.pattern(max(n_q, n_k))
        if p is None or not np.array_equal(brute_mask(p, mask.shape), mask):
            return None
        return p

    for candidate in sorted([*plain.values(), *shifted], key=Candidate.size):
        rule = plain.get(candidate.rule)
        if candidate.shift and rule is not None and match(rule) is not None:
            continue  # the rule itself is simpler than the same one shifted
        p = match(candidate)
        if p is not None:
            yield p


def _candidates(mask: BoolArray, shift: int) -> list[Candidate]:
    """Of each rule the value to try: if any with parameters up to n fits, the least is this one."""
    parameters = rule_parameters(mask, shift)
    rules = [rule for rule in NAMED if rule.__name__ in parameters]
    return [Candidate(rule, parameters[rule.__name__], shift) for rule in rules]
