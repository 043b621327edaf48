"""Layers as a function of parameters, built from small numbers, or from terms for all numbers.

Symbols:  `values` are parameters by name; j, i and the positions between them as in `finite.reach`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from inspect import Parameter, signature
from itertools import islice, product
from typing import Any, NamedTuple

from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ...sets.token_pools import Pooled
from ..layers import layers
from .candidates import candidate_ways
from .refusals import Refuser, Undecided
from .samples import MAX_SMALL_PARAMETER
from .terms import FOREIGN, Symbols, integer_term, is_same
from .wording import readable_condition
from .z3_import import z3

MAX_INSTANCES = 400
MAX_BRANCHES = 400  # of a constructor
POSITION_NAMES = ("i", "j")

Steps = Factorized | Pattern | Sequence[Pattern]
StepsOrFamily = Steps | Callable[..., Steps]
Values = dict[str, Any]  # parameters by name: numbers, or terms
Branch = list[tuple[Any, bool]]  # conditions, and whether each was taken for true


class Layers(NamedTuple):
    """The patterns of the layers from below; ways(j, i), if known, are candidate paths between."""

    steps: tuple[Pattern, ...]
    ways: Callable | None

    @property
    def own_length(self):
        """The n that the sets are stated for; None if they are stated for every n."""
        return next((p.own_length for p in self.steps if p.own_length is not None), None)


@dataclass(frozen=True)
class Family:
    """Layers as a function of the parameters `names`; fixed layers have none.

    `instance` holds the parameters of the user's own layers, if this family generalises them.
    """

    build: Callable[..., Any]
    names: tuple[str, ...]
    order: Sequence[int] | None
    instance: dict[str, int] | None = None

    def layers_at(self, **values) -> Layers:
        """The layers at these numbers. Raises Undecided if they hold terms of a proof."""
        built = self._layers_of(self.build(**values), values)
        for term in _terms_in(built.steps):
            term.symbols.refuse(FOREIGN)
        return built

    def _layers_at_terms(self, values: Values, symbols: Symbols) -> Layers:
        """The layers at terms. Raises Undecided for what the constructor does out of sight."""
        steps = symbols.call(self.build, **values)
        return symbols.call(self._layers_of, steps, values)

    def _layers_of(self, steps: Any, values: Values) -> Layers:
        """The layers that the constructor's result stands for."""
        patterns = layers((steps,) if isinstance(steps, Pattern) else steps, self.order)
        has_paths = isinstance(steps, Factorized) and steps.via is not None
        built = Layers(patterns, candidate_ways(steps, patterns) if has_paths else None)
        length = built.own_length
        if "n" in values and length is not None and not is_same(length, values["n"]):
            raise TypeError(
                f"a parameter called n is the length, and these sets are stated for n = {length!r}"
            )
        return built

    def instances(
        self, parameters: Iterable[Values] | None = None
    ) -> Iterator[tuple[dict[str, int], Layers]]:
        """(values, layers) at those of the parameters that are accepted, in order.

        They are small numbers, then `instance`, if none are given.
        """
        if not self.names:
            yield {}, self.layers_at()
            return
        for values in self._small_values() if parameters is None else parameters:
            try:
                yield values, self.layers_at(**values)
            except (ValueError, AssertionError):
                continue

    def _small_values(self) -> Iterator[dict[str, int]]:
        """Small parameters by their maximum, at most MAX_INSTANCES; then `instance`."""
        tuples = (
            numbers
            for largest in range(MAX_SMALL_PARAMETER + 1)
            for numbers in product(range(largest + 1), repeat=len(self.names))
            if max(numbers) == largest
        )
        for numbers in islice(tuples, MAX_INSTANCES):
            yield dict(zip(self.names, numbers))
        if self.instance is not None:
            yield self.instance

    def layer_count(self) -> int:
        """The number of layers of the smallest instance; 0 if no instance can be read."""
        try:
            return next((len(instance.steps) for _, instance in self.instances()), 0)
        except Undecided:
            return 0

    def symbolic(self, symbols: Symbols) -> tuple[Values, Layers]:
        """(values, layers) at terms, under the assumptions of the constructor's one branch.

        Raises Undecided if no branch, or more than one, of the constructor gives layers.
        """
        values = {name: integer_term(symbols, name) for name in self.names}
        branches = self._valid_branches(values, symbols)
        if not branches:
            raise self._no_statement("their constructor rejects every value")
        if len(branches) > 1:
            raise self._no_statement(_branch_text(symbols, *branches[:2]))
        symbols.restart([taken for _, taken in branches[0]])
        built = self._layers_at_terms(values, symbols)
        symbols.branch_plan = None
        return values, built

    def _valid_branches(self, values, symbols: Symbols) -> list[Branch]:
        """The constructor's branches that give layers under assumptions without contradiction."""
        accepted: list[Branch] = []
        pending: list[list[bool]] = [[]]
        explored = 0
        while pending:
            explored += 1
            if explored > MAX_BRANCHES:
                raise self._no_statement(f"their constructor has more than {MAX_BRANCHES} branches")
            plan = pending.pop()
            symbols.restart(plan)
            accepts = self._accepts(values, symbols)
            branch = symbols.branch
            for depth in range(len(plan), len(branch)):  # the other side of each new branch
                before = [taken for _, taken in branch[:depth]]
                pending.append([*before, not branch[depth][1]])
            false = z3().BoolVal(False, symbols.context)
            premises = (*symbols.assumptions, *symbols.definitions)
            if accepts and not symbols.follows(false, *premises):
                accepted.append(branch)
        return accepted

    def _accepts(self, values, symbols: Symbols) -> bool:
        """Whether the constructor gives layers on the branch that is planned."""
        try:
            self._layers_at_terms(values, symbols)
        except Undecided as error:
            raise self._no_statement(error) from error
        except (ValueError, AssertionError):
            return False
        return True

    def _no_statement(self, reason) -> Undecided:
        """The error for a family that has no one statement for all parameters."""
        names = ", ".join(self.names)
        return Undecided(f"the steps cannot be stated for all {names}: {reason}")


def _terms_in(x: Any) -> Iterator[Refuser]:
    """The terms among the fields of patterns."""
    stack = [x]
    while stack:
        value = stack.pop()
        if isinstance(value, Refuser):
            yield value
        elif isinstance(value, tuple):
            stack.extend(reversed(value))
        elif isinstance(value, Pattern):
            stack.extend(reversed(vars(value).values()))


def _branch_text(symbols: Symbols, one: Branch, other: Branch) -> str:
    """The condition on which two branches part, and what to do about it."""
    pairs = zip(one, other)
    condition = next(condition for (condition, x), (_, y) in pairs if x != y)
    return (
        f"their constructor branches on {readable_condition(symbols.text(condition))}: "
        "state a function for each branch, or raise ValueError on one of them"
    )


def family_of(steps: StepsOrFamily, order: Sequence[int] | None) -> Family:
    """The family of fixed steps, or of a function of parameters that gives steps.

    Raises as `layers` does; TypeError if the function takes anything but named parameters.
    """
    if isinstance(steps, (Pattern, Factorized, list, tuple)) or not callable(steps):
        fixed = (steps,) if isinstance(steps, Pattern) else steps
        layers(fixed, order)
        return Family(lambda: fixed, (), order)
    names = _parameter_names(steps)
    if any(name in POSITION_NAMES for name in names):
        raise ValueError(
            f"steps must have parameters other than the positions i and j, got {', '.join(names)}"
        )
    return Family(steps, names, order)


def _parameter_names(function) -> tuple[str, ...]:
    """The names of a function's parameters. Raises TypeError unless it has some, all with names."""
    try:
        parameters = tuple(signature(function).parameters.values())
    except ValueError:
        parameters = ()
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    if not parameters or any(p.kind not in by_name for p in parameters):
        raise TypeError(f"steps must be a function of named parameters, or steps, got {function!r}")
    return tuple(p.name for p in parameters)


def generalise(fixed: Family) -> Family | None:
    """A family whose parameters are the numbers above 1 in fixed steps; None if there are none.

    Equal numbers are one parameter.
    """
    names: dict[int, str] = {}

    def name_of(field: str, number: int) -> str:
        if number not in names:
            unavailable = (*names.values(), *POSITION_NAMES, "n")
            candidates = (field, *(f"{field}_{t}" for t in range(2, 99)))
            names[number] = next(name for name in candidates if name not in unavailable)
        return names[number]

    def keep_number(field: str, number: int) -> int:
        name_of(field, number)
        return number

    steps = fixed.build()
    _replace_numbers(steps, keep_number)
    if not names:
        return None

    def build(**values):
        return _replace_numbers(steps, lambda field, number: values[name_of(field, number)])

    instance = {name: number for number, name in names.items()}
    return Family(build, tuple(instance), fixed.order, instance)


def _replace_numbers(x, replacement, field="x"):
    """The same value, with `replacement(field, number)` for each parameter above 1."""
    if isinstance(x, int) and not isinstance(x, bool):
        return replacement(field, x) if x > 1 else x
    if isinstance(x, (list, tuple)):
        return tuple(_replace_numbers(part, replacement, field) for part in x)
    if isinstance(x, Factorized):
        steps = _replace_numbers(x.steps, replacement)
        return Factorized(steps, via=_replace_numbers(x.via, replacement))
    if isinstance(x, partial):
        keywords = {
            name: _replace_numbers(value, replacement, name) for name, value in x.keywords.items()
        }
        return partial(x.func, *x.args, **keywords)
    if isinstance(x, Pattern) and is_dataclass(x):
        return _replace_in_pattern(x, replacement)
    return x


def _replace_in_pattern(p, replacement):
    """The same for the fields of a pattern; sets of positions stay as they are.

    So do the sizes of pools that share tokens or leave some out: how many share one is a number.
    """
    if isinstance(p, Pooled) and p.length != p.stride:
        return Pooled(_replace_numbers(p.pattern, replacement), p.length, p.stride)
    bounds = p.bounds() if isinstance(p, Rule) else {}
    arguments = []
    for field in fields(p):
        value = getattr(p, field.name)
        is_positions = field.name in bounds and bounds[field.name][0] is tuple
        arguments.append(
            value if is_positions else _replace_numbers(value, replacement, field.name)
        )
    return type(p)(*arguments)
