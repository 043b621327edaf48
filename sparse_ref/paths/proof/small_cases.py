"""Statements about paths, checked without z3 at single lengths: the smallest pair that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from time import monotonic

import numpy as np

from ...sets.mask import brute_mask
from ...sets.types import BoolArray, IntArray
from ..finite.reach import reach
from ..layers import MAX_SEARCH_LENGTH
from .family import Family, Layers, Values
from .samples import is_walkable, walkable_values
from .verdict import Counterexample

SHORT_LENGTH = 24  # every length up to this is checked, if keys may come after their query
LONG_LENGTH = 512  # the longest at which fixed layers are checked
SHOWN_POSITIONS = 12
MAX_MATRIX_LENGTH = 64  # up to this, products of whole matrices are quicker than `reach`

# failures(values, layers, n) are the pairs for which a statement is false, bool [i, j].
Failures = Callable[[Values, Layers, int], BoolArray]


def smallest_failure(
    family: Family,
    failures: Failures,
    deadline: float,
    n: int | None = None,
    parameters: Iterable[Values] | None = None,
) -> Counterexample | None:
    """The smallest pair in `failures` at small parameters, or at the given ones; or None.

    The order is by n, then i, then j. The search ends at the deadline.
    """
    smallest: Counterexample | None = None
    for values, layers in family.instances(parameters):
        if monotonic() > deadline:
            break
        length = single_length(layers, values, n)
        is_small = bool(family.names) and values != family.instance and parameters is None
        lengths = lengths_to_try(layers, length, SHORT_LENGTH if is_small else LONG_LENGTH)
        try:
            case = first_failure(
                layers, lengths, partial(failures, values, layers), length is None, deadline
            )
        except IndexError:  # a listed pattern without rows at this length
            continue
        if case is not None and (smallest is None or _size(case) < _size(smallest)):
            smallest = case._replace(parameters=tuple(values.items()))
    return smallest


def special_failure(
    family: Family,
    failures: Failures,
    deadline: float,
    constants: Sequence[int],
    *,
    suspects: Iterable[Values] = (),
    n: int | None = None,
) -> Counterexample | None:
    """The smallest pair in `failures` at suspect parameters, or with constants among them."""
    if not family.names:
        return None
    walks = [*filter(is_walkable, suspects), *walkable_values(family.names, constants)]
    return smallest_failure(family, failures, deadline, n, walks)


def _size(case: Counterexample) -> tuple[int, int, int]:
    """What counterexamples are ordered by."""
    return case.n, case.i, case.j


def first_failure(
    layers: Layers,
    lengths: Iterable[int],
    failures: Callable[[int], BoolArray],
    shorten: bool,
    deadline: float,
) -> Counterexample | None:
    """The first pair in failures(n), bool [i, j], at the first of these lengths that has one.

    With `shorten`, at the least length that has one, also between the given lengths.
    """
    previous = 0
    for n in lengths:
        if n > MAX_SEARCH_LENGTH:
            raise ValueError(f"n must be at most {MAX_SEARCH_LENGTH} to check every pair, got {n}")
        pairs = failures(n)
        if pairs.any():
            case = _first_pair(pairs, n)
            if shorten and not is_causal(layers, n):
                case = _shortest_failure(case, previous, failures, deadline)
            if shorten and is_causal(layers, case.n):  # later positions do not matter
                case = case._replace(n=max(case.i, case.j) + 1)
            return case
        previous = n
        if monotonic() > deadline:
            break
    return None


def _shortest_failure(case: Counterexample, previous: int, failures, deadline: float):
    """The failure at the least length after the previous one.

    The length that ends with the pair comes first, so that the answer does not depend on how many
    others there is time for.
    """
    length = max(case.i, case.j) + 1
    if previous < length < case.n:
        pairs = failures(length)
        if pairs.any():
            case = _first_pair(pairs, length)
    between = range(previous + 1, case.n)
    return _first_failure_between(between, failures, deadline) or case


def _first_failure_between(lengths, failures, deadline: float) -> Counterexample | None:
    """The first failure at lengths that were left out before."""
    for n in lengths:
        if monotonic() > deadline:
            break
        pairs = failures(n)
        if pairs.any():
            return _first_pair(pairs, n)
    return None


def _first_pair(pairs: BoolArray, n: int) -> Counterexample:
    """The first True of [i, j], row by row."""
    rows, columns = np.nonzero(pairs)
    return Counterexample(int(columns[0]), int(rows[0]), n)


def single_length(layers: Layers, values, n: int | None = None):
    """The one length of a statement: `n`, the sets' own length, or a parameter n; None for all."""
    candidates = (n, layers.own_length, values.get("n"))
    return next((length for length in candidates if length is not None), None)


def lengths_to_try(layers: Layers, length: int | None, longest: int) -> Iterator[int]:
    """The single length, if there is one; otherwise lengths to three times the largest parameter.

    If no key comes after its query, the longest of them stands for all.
    """
    enough = max(SHORT_LENGTH, 3 * largest_number(layers.steps) + 2)
    longest = min(enough, longest)
    if length is not None:
        yield from (length,) if length > 0 else ()
    elif is_causal(layers, longest):
        yield longest
    else:
        yield from range(1, SHORT_LENGTH + 1)
        yield from (longest,) if longest > SHORT_LENGTH else ()


def is_causal(layers: Layers, n: int) -> bool:
    """Whether no key comes after its query, up to n."""
    masks = (brute_mask(p, n) for p in layers.steps)
    return not any(np.triu(mask, 1).any() for mask in masks)


def pairs_in_scope(n: int, causal: bool) -> BoolArray:
    """The pairs that a statement is about, bool [i, j]."""
    if causal:
        return np.tri(n, dtype=np.bool_)
    return np.ones((n, n), np.bool_)


def connections(steps, n: int, residual: bool) -> BoolArray:
    """[i, j] = j reaches i through the layers, as `reach` has it."""
    if n > MAX_MATRIX_LENGTH:
        return reach(steps, n, residual=residual)
    product = np.eye(n, dtype=np.float32)
    for p in steps:
        mask = brute_mask(p, n)
        if residual:
            mask = mask | np.eye(n, dtype=bool)
        product = np.minimum(mask.astype(np.float32) @ product, 1)
    return product > 0


def missing_pairs(steps, residual: bool, causal: bool, n: int) -> BoolArray:
    """The pairs without a path, bool [i, j]."""
    return ~connections(steps, n, residual) & pairs_in_scope(n, causal)


def layer_counts(steps, n: int) -> IntArray:
    """[i, j] = the least number of layers through which j reaches i; n if none does.

    Each layer is any of the steps.
    """
    masks = [brute_mask(p, n) for p in steps]
    step = np.logical_or.reduce(masks).astype(np.float32)
    new_pairs = np.eye(n, dtype=bool)
    needed = np.where(new_pairs, 0, n)
    for r in range(1, n):
        new_pairs = (step @ new_pairs.astype(np.float32) > 0) & (needed == n)
        needed[new_pairs] = r
        if not new_pairs.any():
            break
    return needed


def largest_number(x) -> int:
    """The largest number among the parameters of patterns."""
    if isinstance(x, int):
        return int(x)
    if isinstance(x, (list, tuple)):
        return max(map(largest_number, x), default=0)
    if is_dataclass(x):
        return largest_number([getattr(x, field.name) for field in fields(x)])
    return 0


def reach_text(family: Family, case: Counterexample, residual: bool) -> str:
    """The positions that j reaches, of which i is none."""
    if case.n > MAX_SEARCH_LENGTH:
        return f"n = {case.n} is too long to list the positions that j = {case.j} reaches"
    layers = family.layers_at(**dict(case.parameters))
    mask = reach(layers.steps, case.n, residual=residual)
    positions = np.flatnonzero(mask[:, case.j])
    if len(positions) == 0:
        return f"j = {case.j} reaches nothing"
    shown = ", ".join(map(str, positions[:SHOWN_POSITIONS]))
    more = ", ..." if len(positions) > SHOWN_POSITIONS else ""
    return f"j = {case.j} reaches only i = {shown}{more}"
