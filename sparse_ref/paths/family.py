"""Steps that hang on parameters: built from small numbers, from terms that stand for all numbers, and with a key less.

Symbols:  as in `connectivity`; `values` are parameters by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from inspect import Parameter, signature
from itertools import product
from typing import Any, NamedTuple

from ..factorized import Factorized
from ..patterns import Band, Window
from ..rules import Rule
from ..sets import Pattern
from .connectivity import layers
from .term import Symbols, Undecided

SMALL = range(5)  # what parameters are tried with
FAR = 8  # keys at distances up to this are taken away


class Layers(NamedTuple):
    """The layers from below, and ways(j, i), candidates for the positions between, where known."""

    steps: tuple[Pattern, ...]
    ways: Callable | None

    @property
    def own_length(self):
        """The n that the sets are stated for; None where they hold for every n."""
        return next((p.own_length for p in self.steps if p.own_length is not None), None)


@dataclass(frozen=True)
class Family:
    """Layers as a function of parameters; of none, where they are fixed."""

    build: Callable[..., Any]
    names: tuple[str, ...]
    order: tuple[int, ...] | None

    def at(self, **values) -> Layers:
        """The layers at these parameters."""
        steps = self.build(**values)
        steps = (steps,) if isinstance(steps, Pattern) else steps
        found = layers(steps, self.order)
        if isinstance(steps, Factorized) and steps.via is not None and found == steps.steps:
            return Layers(found, steps.ways)
        return Layers(found, None)

    def small(self) -> Iterator[tuple[dict[str, int], Layers]]:
        """(values, layers) at all small parameters that are not refused, the least first."""
        for numbers in sorted(product(SMALL, repeat=len(self.names)), key=lambda x: (max(x, default=0), x)):
            values = dict(zip(self.names, numbers))
            try:
                yield values, self.at(**values)
            except ValueError:
                if not self.names:
                    raise

    def small_one(self) -> Layers:
        """The layers at the least parameters."""
        return next(self.small())[1]

    def symbolic(self, symbols: Symbols) -> tuple[dict[str, Any], Layers]:
        """(values, layers) at terms; what their constructors refuse is assumed not to be."""
        values = {name: symbols.integer(name) for name in self.names}
        symbols.stating = True
        try:
            return values, self.at(**values)
        except (TypeError, AttributeError) as error:
            raise Undecided(f"the steps cannot be stated for all {', '.join(self.names)}: {error}") from error
        finally:
            symbols.stating = False


def family(steps, order) -> Family:
    """Steps, or a function of parameters that gives steps. Raises as `layers` does, TypeError for other functions."""
    if isinstance(steps, (Pattern, Factorized, list, tuple)) or not callable(steps):
        fixed = (steps,) if isinstance(steps, Pattern) else steps
        layers(fixed, order)
        return Family(lambda: fixed, (), order)
    taken = signature(steps).parameters.values()
    if not taken or any(p.kind not in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY) for p in taken):
        raise TypeError(f"steps must be a function of named parameters, or steps, got {steps!r}")
    return Family(steps, tuple(p.name for p in taken), order)


def generalised(given: Family) -> tuple[Family, dict[str, int]] | None:
    """(a family that takes every number above 1 in fixed steps for a parameter, the values by which it is these); None where there
    are none. Equal numbers are one parameter."""
    values: dict[str, int] = {}

    def name_of(field: str, value: int) -> str:
        known = next((name for name, other in values.items() if other == value), None)
        name = known or next(name for name in (field, *(f"{field}_{t}" for t in range(2, 99))) if name not in values)
        values.setdefault(name, value)
        return name

    steps = given.build()
    _renamed(steps, lambda field, x: name_of(field, x) and x)
    if not values:
        return None
    return Family(lambda **own: _renamed(steps, lambda field, x: own[name_of(field, x)]), tuple(values), given.order), dict(values)


def _renamed(x, symbol, field="x"):
    """The same value, `symbol(field, number)` in place of each number above 1 that is a parameter."""
    if isinstance(x, int) and not isinstance(x, bool):
        return symbol(field, x) if x > 1 else x
    if isinstance(x, (list, tuple)):
        return tuple(_renamed(each, symbol, field) for each in x)
    if isinstance(x, Factorized):
        return Factorized(_renamed(x.steps, symbol), via=_renamed(x.via, symbol))
    if isinstance(x, partial):
        return partial(x.func, *x.args, **{name: _renamed(value, symbol, name) for name, value in x.keywords.items()})
    if isinstance(x, Pattern) and is_dataclass(x):
        kinds = x.bounds() if isinstance(x, Rule) else {}
        return type(x)(*(value if kinds.get(name, (int,))[0] is tuple else _renamed(value, symbol, name)
                         for name, value in ((each.name, getattr(x, each.name)) for each in fields(x))))
    return x


def narrower(given: Layers, causal: bool) -> Iterator[tuple[str, Callable[[Layers], Layers]]]:
    """(what is taken away, the same of any such layers): keys at one distance from one layer, from all, then all but i itself."""
    distances = [*(sign * d for d in range(1, FAR + 1) for sign in ((1,) if causal else (1, -1))), 0]
    every = range(len(given.steps))
    for at, where in (*(((m,), f"layer {m + 1}") for m in every), (every, "every layer")):
        for d in distances:
            yield f"without keys at distance {d} in {where}", partial(_changed, at=at, change=lambda p, d=d: p - Band(d, -d))
    yield "with no key but i itself in any layer", partial(_changed, at=every, change=lambda p: p & Window(0))
    yield "with no key in any layer", partial(_changed, at=every, change=lambda p: p - p)


def wider(given: Layers, causal: bool) -> Iterator[tuple[str, Callable[[Layers], Layers]]]:
    """(what is added, the same of any such layers): keys at one distance in one layer."""
    for d in range(1, FAR + 1):
        for sign in (1,) if causal else (1, -1):
            for m in range(len(given.steps)):
                yield (f"with keys at distance {sign * d} added in layer {m + 1}",
                       partial(_changed, at=(m,), change=lambda p, d=sign * d: p | Band(d, -d)))


def _changed(given: Layers, at, change) -> Layers:
    """Some of the layers changed."""
    return Layers(tuple(change(p) if m in at else p for m, p in enumerate(given.steps)), given.ways)
