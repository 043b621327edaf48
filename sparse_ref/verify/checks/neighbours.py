"""The neighbours of a pattern: each parameter one up and one down.

A parameter is an integer of any part of the pattern, or one entry of a tuple of integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import is_dataclass, replace
from functools import partial
from typing import Any

from ...sets.chains import chain, join
from ...sets.parts import Blockwise
from ...sets.pattern import Pair, Pattern
from ...sets.shifted import Shifted
from .same_sets import field_values

Directions = list[list[Any]]  # up and down: values to try, the nearest first
Values = tuple[Any, ...]
MAX_ENTRIES = 8  # of a tuple from each end, that are changed


def neighbours(p: Pattern) -> Iterator[tuple[Pattern, ...]]:
    """For each parameter of a pattern the patterns in which it is one more and one less.

    Two more or less if the pattern refuses one. The offset of a Shifted is no parameter, since it
    states the alignment; nor is a length of its own.

    >>> import sparse_ref as sr
    >>> list(neighbours(sr.Sinks(0) | sr.Lookback(4)))
    [(Sinks(1) | Lookback(4),), (Sinks(0) | Lookback(5), Sinks(0) | Lookback(3))]
    """
    for directions in _changes(p):
        nearest = [values[0] for values in directions if values]
        if nearest:
            yield tuple(nearest)


def _changes(value: Any) -> Iterator[Directions]:
    """For each parameter in a value the values with a change of it."""
    if isinstance(value, Pattern):
        yield from _pattern_changes(value)
    elif isinstance(value, tuple):
        yield from _tuple_changes(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield [[value + 1, value + 2], [value - 1, value - 2]]


def _pattern_changes(p: Pattern) -> Iterator[Directions]:
    """The patterns with one field changed that are of the same length."""
    if isinstance(p, Pair):
        yield from _chain_changes(p)
        return
    if not is_dataclass(p):
        return
    for name, value in field_values(p):
        if isinstance(p, Shifted) and name == "offset":
            continue
        is_square_block = isinstance(p, Blockwise) and name == "block" and len(set(value)) == 1
        for directions in _changes(value[0] if is_square_block else value):
            yield _rebuild(partial(_changed_field, p, name), directions)


def _chain_changes(p: Pair) -> Iterator[Directions]:
    """a | b | c with one of its operands changed."""
    operands = tuple(chain(p))

    def changed_chain(values: tuple[Pattern, ...]) -> Pattern | None:
        changed = join(type(p), values)
        return changed if changed.own_length == p.own_length else None

    for directions in _entry_changes(operands, range(len(operands))):
        yield _rebuild(changed_chain, directions)


def _entry_changes(values: Values, places: Iterable[int]) -> Iterator[Directions]:
    """The values with one entry changed at one of these places."""
    for t in places:
        replaced = partial(_replaced_entry, values, t)
        for directions in _changes(values[t]):
            yield [list(map(replaced, candidates)) for candidates in directions]


def _replaced_entry(values: Values, t: int, value: Any) -> Values:
    """The values with another one at place t."""
    return (*values[:t], value, *values[t + 1 :])


def _tuple_changes(values: tuple[Any, ...]) -> Iterator[Directions]:
    """The tuples with one entry changed, of those near either end."""
    places = range(len(values))
    middle = places[MAX_ENTRIES : len(values) - MAX_ENTRIES]
    yield from _entry_changes(values, [t for t in places if t not in middle])


def _rebuild(build: Callable[[Any], Pattern | None], directions: Directions) -> Directions:
    """The patterns that are built of these values, those refused left out."""
    return [[p for p in map(build, candidates) if p is not None] for candidates in directions]


def _changed_field(p: Any, name: str, value: Any) -> Pattern | None:
    """The pattern with another value of a field; None if it is refused or has another length."""
    try:
        changed: Pattern = replace(p, **{name: value})
    except (TypeError, ValueError):
        return None
    return changed if changed.own_length == p.own_length else None
