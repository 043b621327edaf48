"""The ranges of sliders: each names an integer parameter of a rule that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from ..sets.checks import integer
from ..sets.pattern import Pattern, leaves
from ..sets.rule import Rule

Range = tuple[int, int]
Ranges = dict[str, Range]


class Parameter(NamedTuple):
    """An integer parameter of a rule: its value, and its least value or None."""

    value: int
    least: int | None


Parameters = dict[str, list[Parameter]]  # by name


def slider_ranges(ranges: dict[str, Any], patterns: Iterable[Pattern]) -> Ranges:
    """(least, most) of the slider of each parameter, checked. Raises as `explore` does."""
    parameters = _parameters(patterns)
    return {name: _range(name, pair, parameters) for name, pair in ranges.items()}


def _parameters(patterns: Iterable[Pattern]) -> Parameters:
    """The integer parameters of all rules in the patterns, by name."""
    parameters: Parameters = {}
    for p in patterns:
        for leaf in leaves(p):
            for name, parameter in _parameters_of(leaf):
                parameters.setdefault(name, []).append(parameter)
    return parameters


def _parameters_of(leaf: Pattern) -> Iterator[tuple[str, Parameter]]:
    """The integer parameters of a rule; none of another pattern."""
    if not isinstance(leaf, Rule):
        return
    for name, (kind, least) in leaf.bounds().items():
        if kind is int:
            yield name, Parameter(getattr(leaf, name), least)


def _range(name: str, pair: Any, parameters: Parameters) -> Range:
    """(least, most) of a slider; a value that is shown is within."""
    if name not in parameters:
        similar = get_close_matches(name, parameters, 1, 0.4)
        names = ", ".join(parameters) or "there is none"
        mend = f"did you mean {similar[0]}?" if similar else f"its parameters: {names}"
        raise TypeError(f"no rule in p has a parameter {name}; {mend}")
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(f"{name} must be a range (least, most), got {pair!r}")
    for value, lower_bound in parameters[name]:
        least = integer(f"{name}: the least of its range", pair[0], lower_bound)
        most = integer(f"{name}: the most of its range", pair[1], least)
        if not least <= value <= most:
            raise ValueError(f"{name} must be a range with its value {value}, got {pair!r}")
    return least, most
