"""The name of a mask: which rules of this library it equals.

The parameters of each rule are read off the mask, then the rule is drawn and compared, so that a
name is never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

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
    matches = _matching_rules(mask)
    return matches or list(islice(catalogue_matches(mask), 1))


def _matching_rules(mask: BoolArray) -> list[Pattern]:
    """The rules that equal the mask, shifted or not, in the order of `identify`."""
    n_q, n_k = mask.shape
    plain: dict[type[Rule], Pattern] = {}
    shifted: dict[type[Rule], Pattern] = {}
    sizes: dict[Pattern, int] = {}
    for shift in dict.fromkeys([0, n_k - n_q]):
        for rule in _candidates(mask, shift):
            if type(rule) in plain:
                continue
            p = Shifted(rule, shift) if shift else rule
            if np.array_equal(brute_mask(p, mask.shape), mask):
                (shifted if shift else plain)[type(rule)] = p
                sizes[p] = len(_numbers(rule))
    matches = [*plain.values(), *shifted.values()]
    return sorted(matches, key=sizes.__getitem__)


def _candidates(mask: BoolArray, shift: int) -> Iterator[Rule]:
    """Of each rule the value to try: if any with parameters up to n fits, the least is this one."""
    parameters = rule_parameters(mask, shift)
    for rule in NAMED:
        if rule.__name__ not in parameters:
            continue
        with suppress(ValueError):  # below the rule's bound: nothing of it fits
            candidate = rule(*parameters[rule.__name__])
            if all(abs(x) <= max(mask.shape) for x in _numbers(candidate)):
                yield candidate


def _numbers(rule: Rule) -> list[int]:
    """The parameters, those of a tuple one by one."""
    values = [value if isinstance(value, tuple) else (value,) for value in rule.parameters]
    return [number for value in values for number in value]
