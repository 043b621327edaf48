"""What a rule asks of its parameters beyond their bounds, as conditions that a page can check."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import islice, product
from typing import Any

from ..sets.rule import Rule
from .trace import Condition, Trace, Traced, holds, traced_values

Conditions = tuple[list[Condition], dict[str, str]]
MAX_SAMPLES = 300


def rule_conditions(rule: type[Rule]) -> Conditions:
    """(conditions beyond bounds, parameters that stand for missing ones) of a rule.

    The conditions are dropped if they do not decide which small numbers the rule accepts.
    """
    hashable: Any = rule
    return _rule_conditions(hashable)


@cache
def _rule_conditions(rule: Any) -> Conditions:
    """The same, once for each class."""
    bounds = rule.bounds()
    names = [name for name in bounds if bounds[name][0] is not tuple]
    for numbers in _samples(len(names)):
        values = dict(zip(names, numbers))
        trace = Trace()
        try:
            rule(**_arguments(rule, traced_values(trace, values)))
        except (TypeError, ValueError):
            continue
        conditions = trace.conditions if _decides(rule, names, trace) else []
        return conditions, _stand_ins(rule, names)
    return [], {}


def _arguments(rule: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Values for all fields: sets of positions are (0, 1)."""
    positions = dict.fromkeys(rule.bounds(), (0, 1))
    return positions | values


def _samples(count: int) -> Iterable[tuple[int, ...]]:
    """Small numbers for so many parameters, falling ones first."""
    yield tuple(2 ** (count - t) for t in range(count))
    yield from islice(product((1, 2, 3, 5), repeat=count), MAX_SAMPLES)


def _decides(rule: Any, names: list[str], trace: Trace) -> bool:
    """Whether bounds and conditions decide which samples the rule accepts."""
    conditions = [*trace.bounds, *trace.conditions]
    for numbers in _samples(len(names)):
        values = dict(zip(names, numbers))
        try:
            rule(**_arguments(rule, values))
            accepts = True
        except (TypeError, ValueError):
            accepts = False
        if accepts != all(holds(condition, values) for condition in conditions):
            return False
    return True


def _stand_ins(rule: Any, names: list[str]) -> dict[str, str]:
    """{parameter: another} for those that have the other's value if they are None."""
    stand_ins: dict[str, str] = {}
    for name in names:
        trace = Trace()
        numbers = {other: 2 + t for t, other in enumerate(names)}
        arguments = _arguments(rule, traced_values(trace, numbers)) | {name: None}
        try:
            value = getattr(rule(**arguments), name)
        except (TypeError, ValueError):
            continue
        if isinstance(value, Traced) and value.expression in names:
            stand_ins[name] = str(value.expression)
    return stand_ins
