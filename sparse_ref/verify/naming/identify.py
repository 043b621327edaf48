"""The name of a mask: which rules of this library it equals.

The parameters of each rule are read off the mask, then the rule is drawn and compared, so that a name is never a guess.
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
from .rule_parameters import read_off
from .search import searched

NAMED: tuple[type[Rule], ...] = (
    Full,
    Causal,
    Window,
    Lookback,
    Local,
    Strided,
    Block,
    Sinks,
    Prefix,
    Global,
    Band,
    Dilated,
    Chunk,
    Summary,
    SubBlock,
    GlobalAt,
)


def identify(mask) -> list[Pattern]:
    """The patterns equal to `mask` at its size, simplest first: of each rule, the one with the least parameters.

    Tried are the rules in NAMED, the elementary ones and those of the Sparse Transformer and its code, with parameters up
    to n, as they are and Shifted by n_k - n_q. Fewer numbers come first, then what is not shifted. Where no rule fits,
    the constructors in `search.FORMS` are tried with numbers that the mask suggests: papers' patterns, and unions of
    rules. A mask that nothing equals, and one without any keys, gives []. Of the parameters that fit, the least have the
    first of them nearest to 0, then the second; the least positions of `GlobalAt` are those that all others which fit hold.

    Parameters
    ----------
    mask : bool (n_q, n_k), True where i attends to j; both lengths at least 1.

    Raises TypeError for another dtype, ValueError for another shape.

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
    found: dict[type[Rule], tuple[int, bool, Pattern]] = {}
    for shift in dict.fromkeys([0, mask.shape[1] - mask.shape[0]]):
        for rule in _candidates(mask, shift):
            p = Shifted(rule, shift) if shift else rule
            if type(rule) not in found and np.array_equal(brute_mask(p, mask.shape), mask):
                found[type(rule)] = len(_numbers(rule)), shift != 0, p
    return [p for _, _, p in sorted(found.values(), key=lambda each: each[:2])] or list(
        islice(searched(mask), 1)
    )


def _candidates(mask, shift: int) -> Iterator[Rule]:
    """Of each rule the one to try: if any of its values with parameters up to n fits, then this does, with the least."""
    parameters = read_off(mask, shift)
    for rule in NAMED:
        with suppress(ValueError):  # below the rule's bound: nothing of it fits
            candidate = rule(*parameters[rule.__name__])
            if all(abs(x) <= max(mask.shape) for x in _numbers(candidate)):
                yield candidate


def _numbers(rule: Rule) -> list[int]:
    """The parameters, those of a tuple one by one."""
    return [
        x for value in rule.parameters for x in (value if isinstance(value, tuple) else (value,))
    ]
