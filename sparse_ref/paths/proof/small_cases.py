"""Statements about paths, looked at one length at a time, without z3: the smallest pair for which one is false."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from time import monotonic

import numpy as np

from ...picture import brute_mask
from ..finite.reach import reach
from ..layers import MAX_LENGTH
from .family import Family, Layers
from .verdict import Counterexample

FEW, MANY = (
    24,
    512,
)  # lengths up to which fixed steps are walked: three times the greatest number in them, within these
DENSE = 64  # lengths at which products of whole matrices are quicker


def smallest(
    given: Family, residual: bool, causal: bool, n: int | None, deadline: float
) -> Counterexample | None:
    """The least pair without a path at small parameters and lengths, by n, then i, then j; None where all have one."""
    return least(
        given, lambda values, found, n: unreached(found.steps, residual, causal, n), deadline, n
    )


def least(given: Family, wrong, deadline: float, n: int | None = None) -> Counterexample | None:
    """The least pair in `wrong(values, layers, n)`, bool [i, j], at small parameters and lengths, until the deadline; or None."""
    best: Counterexample | None = None
    for values, found in given.small():
        if monotonic() > deadline:
            break
        own = length_of(found, values, n)
        most = FEW if given.names and values != given.own else MANY
        try:
            missing = first(
                found,
                lengths(found, own, most),
                partial(wrong, values, found),
                own is None,
                deadline,
            )
        except IndexError:  # a listed pattern that has no rows there
            continue
        if missing is not None and (
            best is None or (missing.n, missing.i, missing.j) < (best.n, best.i, best.j)
        ):
            best = missing._replace(parameters=tuple(values.items()))
    return best


def first(found: Layers, lengths, wrong, shorten: bool, deadline: float) -> Counterexample | None:
    """The first pair in `wrong(n)`, at the first of these lengths that has one; where it may be shortened, at the least length."""
    looked_at = 0
    for n in lengths:
        if n > MAX_LENGTH:
            raise ValueError(f"n must be at most {MAX_LENGTH} where every pair is walked, got {n}")
        at = wrong(n)
        if at.any() and shorten and not is_causal(found, n):  # lengths between were left out
            between = (m for m in range(looked_at + 1, n) if monotonic() < deadline)
            n, at = next(((m, each) for m in between if (each := wrong(m)).any()), (n, at))
        if at.any():
            i, j = (int(x[0]) for x in np.nonzero(at))
            return Counterexample(j, i, max(i, j) + 1 if shorten and is_causal(found, n) else n)
        looked_at = n
        if monotonic() > deadline:
            break
    return None


def length_of(found: Layers, values, n: int | None = None) -> int | None:
    """The one length that is asked for, that the sets are stated for, or that is a parameter; None for every length."""
    return next((x for x in (n, found.own_length, values.get("n")) if x is not None), None)


def lengths(found: Layers, own: int | None, most: int = MANY) -> Iterator[int]:
    """The lengths to look at: one where that is given; where no key comes after its query, the longest stands for all."""
    longest = min(max(FEW, 3 * greatest(found.steps) + 2), most)
    if own is not None:
        yield from (own,) if own > 0 else ()
    elif is_causal(found, longest):
        yield longest
    else:
        yield from range(1, FEW + 1)
        yield from (longest,) if longest > FEW else ()


def is_causal(found: Layers, n: int) -> bool:
    """Whether no key comes after its query, up to n."""
    return not any(np.triu(brute_mask(p, n), 1).any() for p in found.steps)


def pairs(n: int, causal: bool) -> np.ndarray:
    """The pairs that a statement is about, bool [i, j]."""
    return np.tri(n, dtype=np.bool_) if causal else np.ones((n, n), bool)


def through(steps, n: int, residual: bool) -> np.ndarray:
    """[i, j] = j reaches i through the layers, as `reach` has it."""
    if n > DENSE:
        return reach(steps, n, residual=residual)
    found = np.eye(n, dtype=np.float32)
    for p in steps:
        found = np.minimum(
            (brute_mask(p, n) | np.eye(n, dtype=bool) if residual else brute_mask(p, n)).astype(
                np.float32
            )
            @ found,
            1,
        )
    return found > 0


def unreached(steps, residual: bool, causal: bool, n: int) -> np.ndarray:
    """The pairs without a path, bool [i, j]."""
    return ~through(steps, n, residual) & pairs(n, causal)


def layers_needed(steps, n: int) -> np.ndarray:
    """[i, j] = the least number of layers, each any of the steps, through which j reaches i; n where none does."""
    step = np.logical_or.reduce([brute_mask(p, n) for p in steps]).astype(np.float32)
    new, needed = np.eye(n, dtype=bool), np.where(np.eye(n, dtype=bool), 0, n)
    for r in range(1, n):
        new = (step @ new.astype(np.float32) > 0) & (needed == n)
        needed[new] = r
        if not new.any():
            break
    return needed


def greatest(x) -> int:
    """The greatest number among the parameters of patterns."""
    if isinstance(x, int):
        return int(x)
    if isinstance(x, (list, tuple)):
        return max(map(greatest, x), default=0)
    return (
        max((greatest(getattr(x, each.name)) for each in fields(x)), default=0)
        if is_dataclass(x)
        else 0
    )
