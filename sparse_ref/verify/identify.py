"""The name of a mask: which rules of this library it equals.

The parameters of each rule are read off the mask, then the rule is drawn and compared, so that a name is never a guess.
Symbols:  i query, as the rule counts it;  j key;  left, right how far the keys reach before and after i.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from ..derived import Shifted
from ..patterns import Band, Block, Causal, Full, Local, Lookback, Strided, SubBlock, Summary, Window
from ..picture import grid
from ..rules import Rule
from ..sets import Pattern


def identify(mask) -> list[Pattern]:
    """The patterns equal to `mask` at its size, simplest first: of each rule, the one with the least parameters.

    Tried are the elementary rules and those of the Sparse Transformer and its code, with parameters up to n, as they are
    and Shifted by n_k - n_q. Fewer parameters come first, then what is not shifted. A mask that nothing equals, and one
    without any keys, gives [].

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
            if type(rule) not in found and np.array_equal(grid(p, mask.shape), mask):
                found[type(rule)] = len(rule.parameters), shift != 0, p
    return [p for _, _, p in sorted(found.values(), key=lambda each: each[:2])]


def _candidates(mask, shift: int) -> Iterator[Rule]:
    """Of each rule the one to try: if any of its values with parameters up to n fits, then this does, with the least."""
    n_q, n_k = mask.shape
    i, most = np.arange(n_q) + shift, max(mask.shape)
    some, before = mask.any(axis=1), mask & (np.arange(n_k) < i[:, None])
    left, right = (i - mask.argmax(axis=1))[some].max(), (_last(mask) - i)[some].max()
    stride = (i - _last(before))[before.any(axis=1)].min(initial=n_q + shift)
    seen = mask.any(axis=0)[:n_q + shift]  # what no query may see says nothing about l and c
    block = _block(mask.argmax(axis=1)[some], left, most)
    for rule, parameters in [
        (Full, ()), (Causal, ()), (Window, (max(left, right),)), (Lookback, (left + 1,)), (Local, (max(left, 1),)),
        (Strided, (stride,)), (Block, (block,)), (Band, (left, right)), (Summary, _summary(seen)),
        (SubBlock, _sub_block(seen)),
    ]:
        with suppress(ValueError):  # below the rule's bound: nothing of it fits
            if all(abs(x) <= most for x in parameters):
                yield rule(*parameters)


def _last(mask) -> np.ndarray:
    """The last key of each row."""
    return mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)


def _block(first, left, most) -> int:
    """The least l > left, up to n, that divides the first key of every row; 0 if there is none."""
    common = int(np.gcd.reduce(first))
    return min((l for l in range(max(left, 0) + 1, most + 1) if common % l == 0), default=0)


def _summary(seen) -> tuple[int, int]:
    """(l, c) from the columns that hold any key: the first of them are l - c <= j < l."""
    if seen.all():
        return 1, 1
    start = int(seen.argmax())
    l = start + int((~seen[start:]).argmax()) if not seen[start:].all() else len(seen)
    return l, l - start


def _sub_block(seen) -> tuple[int, int, int]:
    """(l, c, number) from the columns that hold any key: runs of c, from l - number c, one in every l."""
    if seen.all():
        return 1, 1, 1
    starts = np.flatnonzero(seen & ~np.concatenate([[False], seen[:-1]]))
    if len(starts) == 0:
        return 0, 0, 0
    first, n = int(starts[0]), len(seen)
    c = int((~seen[first:]).argmax()) or n - first
    if len(starts) > 1:
        l = int(starts[1]) - first
        return (l, c, (l - first) // c) if (l - first) % c == 0 else (0, 0, 0)
    number = max(-(-(n - 2 * first) // c), 1)  # the least that puts the next run beyond the last column
    return first + number * c, c, number
