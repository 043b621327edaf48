"""Whether functions give at numbers what z3 read of them at terms, beyond the small cases.

A function may branch where terms cannot see it: on `type(l)`, on an error that it catches, on a
global. Then z3 read one branch, and the proof would be about that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from .family import Family, Layers
from .programs import Program
from .query import Query
from .refusals import Undecided
from .samples import SEED, Positions, Values, is_small, parameter_values, positions
from .z3_import import z3

MAX_COMPLETIONS = 12  # by z3, of parameters that the assumptions tie to one another
COMPLETION_EFFORT = 100_000  # in units of work of z3
ADVICE = "the function branches where a proof cannot see it"


Value = Callable[[Values, Layers, Any, Any], Any]  # of parameters, the layers there, i and j


class Reading(NamedTuple):
    """What z3 read of a function: its name, the expression, and its value at numbers."""

    name: str
    expression: Any
    value: Value


class Discrepancy(Undecided):
    """Functions give something else than z3 read, at the parameters `values`."""

    def __init__(self, reason: str, values: Values):
        super().__init__(reason)
        self.values = values


def at_positions(function: Callable[..., Any]) -> Value:
    """The value of a function of j, i and the parameters."""
    return lambda values, layers, i, j: function(j, i, **values)


def layer_readings(query: Query) -> list[Reading]:
    """What z3 read of the layers: [j in A_i] for each."""

    def reading(m: int) -> Reading:
        member = query.attends(query.layers.steps[m], query.i, query.j)

        def contains(values: Values, layers: Layers, i: Any, j: Any) -> Any:
            return layers.steps[m].contains(i, j)

        return Reading(f"[j in A_i] of layer {m + 1}", member, contains)

    return [reading(m) for m in range(len(query.layers.steps))]


def compare_at_numbers(
    family: Family,
    query: Query,
    readings: Sequence[Reading],
    constants: Sequence[int],
    deadline: float,
) -> None:
    """Compare functions at numbers with what z3 read of them.

    Raises Discrepancy at the first parameters that differ, Undecided if the deadline passes.
    """
    comparison = Comparison(family, query, readings)
    random = Random(SEED)
    for values in comparison.samples(constants):
        if monotonic() > deadline:
            raise Undecided("time ran out before functions were compared with what z3 read")
        reason = comparison.mismatch(values, constants, random)
        if reason:
            raise Discrepancy(f"{reason}: {ADVICE}", values)


class Comparison:
    """Functions at numbers, compared with what z3 read of them."""

    def __init__(self, family: Family, query: Query, readings: Sequence[Reading]):
        self.family = family
        self.query = query
        self.readings = readings
        symbols = query.symbols
        self.programs = [Program(reading.expression, symbols) for reading in readings]
        true = z3().BoolVal(True, symbols.context)
        self.assumptions = Program(z3().And(true, *symbols.assumptions), symbols)
        self.completions_left = MAX_COMPLETIONS

    def samples(self, constants: Sequence[int]) -> list[Values]:
        """Parameters that the statement is about."""
        return parameter_values(list(self.query.values), constants, self.accepts, self.completion)

    def accepts(self, values: Values) -> bool:
        """Whether the assumptions hold for these parameters."""
        try:
            return bool(self.assumptions(values))
        except ZeroDivisionError:
            return False

    def completion(self, name: str, number: int) -> Values | None:
        """Parameters with this number that the assumptions hold for, by z3; None without any."""
        if self.completions_left == 0 or len(self.query.values) < 2:
            return None
        self.completions_left -= 1
        symbols = self.query.symbols
        solver = z3().Solver(ctx=symbols.context)
        solver.set("rlimit", COMPLETION_EFFORT)
        solver.add(*symbols.assumptions, *symbols.definitions)
        solver.add(self.query.values[name].expression == number)
        if solver.check() != z3().sat:
            return None
        return dict(self.query.parameters(solver.model()))

    def mismatch(self, values: Values, constants: Sequence[int], random: Random) -> str:
        """The first thing that a function gives otherwise than z3 read; "" if there is none."""
        try:
            layers = self.family.layers_at(**values)
        except Exception as error:
            return f"the function refuses {_case(values)}, which the statement is about ({error})"
        count = len(self.query.layers.steps)
        if len(layers.steps) != count:
            number = len(layers.steps)
            return f"at {_case(values)} the function gives {number} layers, and z3 read {count}"
        length = self._length(values, layers)
        if length is not None and length < 1:
            return ""
        pairs = positions(values, constants, length, random)
        for reading, program in zip(self.readings, self.programs):
            text = self._difference(reading, program, values, layers, pairs)
            if text:
                return text
        return ""

    def _length(self, values: Values, layers: Layers) -> int | None:
        """The length of the statement at these parameters, if it is about one."""
        length = self.query.length
        if length is not None and z3().is_int_value(length.expression):
            return int(length.expression.as_long())
        return values.get("n") if layers.own_length is None else layers.own_length

    def _difference(self, reading, program, values, layers, pairs: Positions) -> str:
        """The first pair at which a function gives something else than was read, in words."""

        def value_at(i: Any, j: Any) -> Any:
            return reading.value(values, layers, i, j)

        shape = (len(pairs.i),)
        i, j = np.array(pairs, object)
        expected = np.broadcast_to(program(values | {"i": i, "j": j}), shape)
        try:
            actual = np.broadcast_to(_at_pairs(value_at, values, pairs), shape)
            for t in np.flatnonzero(actual != expected):
                # Arrays may wrap where Python's integers do not: these decide.
                value = value_at(pairs.i[t], pairs.j[t])
                if value != expected[t]:
                    case = _case(values | {"i": pairs.i[t], "j": pairs.j[t]})
                    return f"at {case}, {reading.name} is {value}, and z3 read {expected[t]}"
        except Exception as error:
            return f"{reading.name} fails at {_case(values)} ({type(error).__name__}: {error})"
        return ""


def _at_pairs(value_at: Callable[..., Any], values: Values, pairs: Positions) -> Any:
    """The values at the pairs: of arrays, or one by one if numbers are large."""
    if is_small([*values.values(), *pairs.i, *pairs.j]):
        return value_at(np.array(pairs.i), np.array(pairs.j))
    values_at = [value_at(i, j) for i, j in zip(*pairs)]
    return np.array(values_at, object)


def _case(values: Values) -> str:
    """l = 7, n = 9."""
    return ", ".join(f"{name} = {x}" for name, x in values.items())
