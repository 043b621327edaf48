"""What a page is given of a rule: its parameters, its set and source, its formula."""

from __future__ import annotations

import ast
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple

from .. import patterns
from ..interop.parsed_formula import formula_of
from ..sets.definitions import set_and_source
from ..sets.rule import Rule, Sized
from .invariance import is_shift_invariant
from .javascript import JavaScript, javascript
from .rule_conditions import rule_conditions


class PageRule(NamedTuple):
    """A rule that the page draws by itself: its class, its formula in JavaScript, its facts."""

    rule: type[Rule]
    code: JavaScript
    facts: dict[str, Any]


@cache
def library_rules() -> dict[str, PageRule]:
    """Every rule of the library by its name."""
    classes = [getattr(patterns, name) for name in patterns.__all__]
    rules = [rule for rule in classes if isinstance(rule, type) and issubclass(rule, Rule)]
    return {rule.__name__: page_rule(rule) for rule in rules}


def page_rule(rule: type[Rule]) -> PageRule:
    """A rule as the page is given it. Raises TypeError if its formula cannot be translated."""
    code = javascript(rule)
    return PageRule(rule, code, _facts(rule, code))


def _facts(rule: type[Rule], code: JavaScript) -> dict[str, Any]:
    """A rule's parameters, set, source and formula."""
    formula = formula_of(rule, rule.__name__)
    set_, source = set_and_source(rule)
    conditions, stand_ins = rule_conditions(rule)
    parameters = []
    for name, (kind, least) in rule.bounds().items():
        parameter = {"name": name, "isSet": kind is tuple, "least": least}
        parameters.append(parameter)
    constants = {}
    for name, values in code.constants.items():
        constants[name] = list(map(str, values))
    return {
        "parameters": parameters,
        "defaults": _defaults(rule) | stand_ins,
        "conditions": conditions,
        "constants": constants,
        "degree": code.degree,
        "isSized": issubclass(rule, Sized),
        "isShiftInvariant": is_shift_invariant(rule),
        "set": set_,
        "source": source,
        "arguments": formula.arguments,
        "parts": [[name, ast.unparse(part)] for name, part in formula.parts],
        "result": ast.unparse(formula.result),
    }


def _defaults(rule: type[Rule]) -> dict[str, Any]:
    """The values of parameters that may be left out; a name is that of another parameter."""
    parameters = fields(rule)  # type: ignore[arg-type]
    values = {parameter.name: parameter.default for parameter in parameters}
    return {name: value for name, value in values.items() if type(value) is int}
