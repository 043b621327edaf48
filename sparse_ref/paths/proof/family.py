"""Steps that hang on parameters: built from small numbers, and from terms that stand for all numbers.

Symbols:  as in `connectivity`; `values` are parameters by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from inspect import Parameter, signature
from itertools import islice, product
from typing import Any, NamedTuple

from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ..layers import layers
from .solver import z3
from .symbols import Symbols, Undecided
from .terms import integer

TRIED = range(5)  # what parameters are walked with
MANY = 400  # of them at most, and as many ways through a constructor
POSITIONS = ("i", "j")


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
    """Layers as a function of parameters; of none, where they are fixed. `own` are the values that were asked about, if any."""

    build: Callable[..., Any]
    names: tuple[str, ...]
    order: tuple[int, ...] | None
    own: dict[str, int] | None = None

    def at(self, **values) -> Layers:
        """The layers at these parameters."""
        steps = self.build(**values)
        steps = (steps,) if isinstance(steps, Pattern) else steps
        found = layers(steps, self.order)
        known = isinstance(steps, Factorized) and steps.via is not None and found == steps.steps
        made = Layers(found, steps.ways if known and isinstance(steps, Factorized) else None)
        if (
            "n" in values
            and made.own_length is not None
            and repr(made.own_length) != repr(values["n"])
        ):
            raise TypeError(
                f"a parameter called n is the length, and these sets are stated for n = {made.own_length!r}"
            )
        return made

    def small(self) -> Iterator[tuple[dict[str, int], Layers]]:
        """(values, layers) at small parameters that are not refused, the least first; then those that were asked about."""
        tried = (
            x
            for most in TRIED
            for x in product(range(most + 1), repeat=len(self.names))
            if max(x, default=most) == most
        )
        for values in (
            *(dict(zip(self.names, x)) for x in islice(tried, MANY)),
            *([self.own] if self.own else []),
        ):
            try:
                yield values, self.at(**values)
            except (ValueError, AssertionError):
                if not self.names:
                    raise
            if not self.names:
                return

    def symbolic(self, symbols: Symbols) -> tuple[dict[str, Any], Layers]:
        """(values, layers) at terms. A constructor that asks is followed both ways; all but one have to be refused."""
        values = {name: integer(symbols, name) for name in self.names}
        found: list[tuple[bool, ...]] = []
        pending: list[tuple[bool, ...]] = [()]
        runs = 0
        while pending and (runs := runs + 1) <= MANY:
            symbols.begin(pending.pop())
            made = self._made(values)
            taken, decided = tuple(symbols.taken), symbols.decided or ()
            pending += [(*taken[:t], not taken[t]) for t in range(len(decided), len(taken))]
            if made is not None and not symbols.follows(
                z3().BoolVal(False, symbols.context), *symbols.given, *symbols.facts
            ):
                found.append(taken)
        if len(found) != 1 or pending:
            ways = (
                "refuses them all"
                if not found
                else "goes several ways, each of which needs a function of its own"
            )
            raise Undecided(
                f"the steps cannot be stated for all {', '.join(self.names)}: their constructor {ways}"
            )
        symbols.begin(found[0])
        made = self.at(**values)
        symbols.decided = None
        return values, made

    def _made(self, values) -> Layers | None:
        """The layers, or None where they are refused."""
        try:
            return self.at(**values)
        except Undecided:
            raise
        except (ValueError, AssertionError):
            return None
        except (TypeError, AttributeError) as error:
            raise Undecided(
                f"the steps cannot be stated for all {', '.join(self.names)}: {error}"
            ) from error


def family(steps, order) -> Family:
    """Steps, or a function of parameters that gives steps. Raises as `layers` does, TypeError for other functions."""
    if isinstance(steps, (Pattern, Factorized, list, tuple)) or not callable(steps):
        fixed = (steps,) if isinstance(steps, Pattern) else steps
        layers(fixed, order)
        return Family(lambda: fixed, (), order)
    try:
        taken = tuple(signature(steps).parameters.values())
    except ValueError:
        taken = ()
    if not taken or any(
        p.kind not in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY) for p in taken
    ):
        raise TypeError(f"steps must be a function of named parameters, or steps, got {steps!r}")
    if any(p.name in POSITIONS for p in taken):
        raise ValueError(
            f"steps must have parameters other than the positions i and j, got {', '.join(p.name for p in taken)}"
        )
    return Family(steps, tuple(p.name for p in taken), order)


def generalised(given: Family) -> Family | None:
    """A family that takes every number above 1 in fixed steps for a parameter; None where there are none. Equal numbers are one."""
    values: dict[str, int] = {}

    def name_of(field: str, value: int) -> str:
        known = next((name for name, other in values.items() if other == value), None)
        free = (
            name
            for name in (field, *(f"{field}_{t}" for t in range(2, 99)))
            if name not in (*values, *POSITIONS, "n")
        )
        name = known or next(free)
        values.setdefault(name, value)
        return name

    steps = given.build()
    _renamed(steps, lambda field, x: name_of(field, x) and x)
    if not values:
        return None
    return Family(
        lambda **own: _renamed(steps, lambda field, x: own[name_of(field, x)]),
        tuple(values),
        given.order,
        dict(values),
    )


def _renamed(x, symbol, field="x"):
    """The same value, `symbol(field, number)` in place of each number above 1 that is a parameter."""
    if isinstance(x, int) and not isinstance(x, bool):
        return symbol(field, x) if x > 1 else x
    if isinstance(x, (list, tuple)):
        return tuple(_renamed(each, symbol, field) for each in x)
    if isinstance(x, Factorized):
        return Factorized(_renamed(x.steps, symbol), via=_renamed(x.via, symbol))
    if isinstance(x, partial):
        return partial(
            x.func,
            *x.args,
            **{name: _renamed(value, symbol, name) for name, value in x.keywords.items()},
        )
    if isinstance(x, Pattern) and is_dataclass(x):
        kinds = x.bounds() if isinstance(x, Rule) else {}
        return type(x)(
            *(
                value if kinds.get(name, (int,))[0] is tuple else _renamed(value, symbol, name)
                for name, value in ((each.name, getattr(x, each.name)) for each in fields(x))
            )
        )
    return x
