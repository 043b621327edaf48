"""Constructors as templates: what a page needs to build them at other numbers by itself.

A template is the views of one run as text in the notation, with expressions of the parameters in
it, and the conditions under which the run takes this course. Examples decide which courses are
traced; at numbers of no template, the page refers to Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import cache
from inspect import signature
from itertools import pairwise
from typing import Any

from ..catalogue import notation
from ..catalogue.entries import ENTRIES
from ..sets.branches import Branches
from ..sets.definitions import set_and_source
from ..sets.factorized import Factorized
from ..sets.parts import Documents
from ..sets.pattern import Pattern
from ..sets.rule import Rule
from .trace import Trace, holds, traced_values

MORE_EXAMPLES = """
llama4(4,1) llama4(4,3) llama4(4,4) llama4(4,5) llama4(4,6) llama4(4,8)
longformer(2) longformer(2,(0,5,9)) longformer(2,(),2) longformer(2,(0,5,9),2)
longformer(2,(),(2,3)) longformer(2,(),(1,2)) longformer(2,(0,5,9),(2,3))
longformer(2,(0,5,9),(1,2)) longformer_causal(3) longformer_causal(3,(2,3))
longformer_causal(3,(1,2))
natten(24,4,2,2,True) natten_nd((6,8),(3,5)) natten_nd((6,8),3,1,1,True) natten_nd((4,5,6),3)
axial((4,6),1) axial((3,4,5),0) axial((3,4,5),1) axial((3,4,5),2)
swin((6,8),(3,4)) swin((6,8),(3,4),(1,2)) swin((4,6,8),2)
image_local_2d((6,8),2,2)
streaming(0,6) streaming(3,6) star(8,False) butterfly(0) butterfly(1) butterfly(2)
butterfly(3) butterfly(5) butterfly(6) butterfly(7) butterfly(8)
local_attention(4,2,1) local_attention(4,1,0) local_attention(4,1,None,True)
local_attention(4,1,None,False,True) local_attention(4,1,None,True,True)
local_attention(4,1,0,True) openai_fixed(8,2) openai_fixed(8,2,4)
longnet((8,),(2,)) longnet((8,16),(1,2)) longnet((6,12,24),(1,2,4))
longnet((8,16),(1,2),1,2) longnet((8,16),(1,2),1,2,"torchscale")
longnet((6,12,24),(1,2,4),1,4,"torchscale")
vertical_slash((0,5,9),(0,1,4)) vertical_slash((),(0,1,4)) vertical_slash((0,5,9),())
reformer_local(4,8) reformer_local(24,4,1,1) reformer_local_hf(24,4) reformer_local_hf(24,4,1,1)
reformer_local_hf(24,4,2,0) reformer_local_hf(4,8) logsparse_local(1) logsparse_code(24,8)
deepspeed_sliding(5,"bidirectional") deepspeed_sliding(5,rule="documentation")
deepspeed_sliding(5,"bidirectional","documentation")
"""
Table = dict[str, Any]
POSITIONS = 3  # numbers of an example that stand for any number of them


@cache
def templates() -> dict[str, Table]:
    """{name: {set, parameters: [[name, default], ...], cases}} of each constructor that is no rule.

    A case is {forms, bounds, when, kind, views}; a parameter without a form is an integer. A
    constructor that cannot be traced has no case.
    """
    calls: dict[str, list[Table]] = {}
    for text in _examples():
        name, values = _call(text)
        calls.setdefault(name, []).append(values)
    for name in _constructors():
        calls.setdefault(name, [])
    return {name: _template(name, calls[name]) for name in _constructors()}


def _constructors() -> list[str]:
    """The names of the constructors that are no rules and join no patterns."""
    names = set(notation.NAMES) - {kind.__name__ for kind in notation.COMBINATORS}
    return sorted(name for name in names if not _is_rule(notation.NAMES[name]))


def _is_rule(value: Any) -> bool:
    """Whether a constructor is a class of rules."""
    return isinstance(value, type) and issubclass(value, Rule)


def _examples() -> list[str]:
    """Calls of constructors, at numbers of which each course of a constructor has some."""
    return MORE_EXAMPLES.split() + [entry.text() for entry in ENTRIES]


def _call(text: str) -> tuple[str, Table]:
    """(name, values by parameter) of a call whose arguments are plain values; else no values."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    name = ast.unparse(call.func)
    try:
        arguments = [ast.literal_eval(part) for part in call.args]
        pairs = [(str(part.arg), part.value) for part in call.keywords]
        keywords = {parameter: ast.literal_eval(value) for parameter, value in pairs}
    except ValueError:
        return name, {}
    values = signature(notation.NAMES[name]).bind(*arguments, **keywords)
    values.apply_defaults()
    return name, values.arguments


def _template(name: str, examples: list[Table]) -> Table:
    """The parameters of a constructor and the cases of its examples, each case once."""
    constructor = notation.NAMES[name]
    cases: list[Table] = []
    for values in examples:
        if any(accepts(case, values) for case in cases):
            continue
        case = _case(constructor, values)
        if case is not None:
            cases.append(case)
    parameters = [
        [each.name] if each.default is each.empty else [each.name, each.default]
        for each in signature(constructor).parameters.values()
    ]
    set_, _ = set_and_source(constructor)
    return {"set": set_, "parameters": parameters, "cases": cases}


def _case(constructor: Callable[..., Any], values: Table) -> Table | None:
    """What the constructor builds at these values, for all numbers on its course; None if its sets
    are no rules, or what it does with a number cannot be stated.
    """
    trace = Trace()
    try:
        kind, patterns = _views(constructor(**traced_values(trace, values)))
    except TypeError:
        return None
    if not all(map(_is_made_of_rules, patterns)):
        return None
    forms = {name: _form(value) for name, value in values.items()}
    case = {
        "forms": {name: form for name, form in forms.items() if form != "i"},
        "bounds": trace.bounds,
        "when": trace.conditions,
        "kind": kind,
        "views": list(map(repr, patterns)),
    }
    for name, value in values.items():
        if isinstance(value, tuple) and len(value) == POSITIONS:
            case = _of_any_length(case, name)
    return case


def _of_any_length(case: Table, name: str) -> Table:
    """The case for a parameter of any length from 1, if its numbers are one set of positions.

    That is: they are in one place, all and in order; each is at least 0; and they are only
    compared with their neighbours, as a set of positions does, which sorts them.
    """
    paths = [f"{name}.{t}" for t in range(POSITIONS)]
    all_of_them = f"({', '.join('{' + path + '}' for path in paths)})"
    views = [view.replace(all_of_them, "{" + name + "}") for view in case["views"]]
    neighbours = list(pairwise(paths))
    orders = [[sign, b, a] for sign in (">=", "!=") for a, b in neighbours]
    when = [condition for condition in case["when"] if condition not in orders]
    bounds = [condition for condition in case["bounds"] if condition[1] not in paths]
    limits = {(sign, y) for sign, x, y in case["bounds"] if x in paths}
    if limits != {(">=", 0)} or f"{name}." in repr([views, when, bounds]):
        return case
    forms = {**case["forms"], name: "positions"}
    bounds.append([">=", f"{name}.*", 0])
    return {**case, "forms": forms, "bounds": bounds, "when": when, "views": views}


def _views(built: Any) -> tuple[str, tuple[Pattern, ...]]:
    """(kind, patterns) of what a constructor builds."""
    if isinstance(built, Pattern):
        return "pattern", (built,)
    return {Factorized: "step", Branches: "branch"}.get(type(built), "head"), tuple(built)


def _is_made_of_rules(p: Pattern) -> bool:
    """Whether all sets in a pattern are in closed form."""
    if isinstance(p, Rule):
        return True
    inner = [part for part in _parts(p) if isinstance(part, Pattern)]
    return all(map(_is_made_of_rules, inner)) and (bool(inner) or isinstance(p, Documents))


def _parts(p: Pattern) -> Iterable[Any]:
    """The fields of a pattern, those of tuples among them."""
    for value in vars(p).values():
        yield from value if isinstance(value, tuple) else (value,)


def _form(value: Any) -> Any:
    """The shape of a parameter: "i" for an integer, a list for a tuple, else {"is": value}."""
    if isinstance(value, tuple):
        return [_form(part) for part in value]
    return "i" if type(value) is int else {"is": value}


def accepts(case: Table, values: Table) -> bool:
    """Whether these values take the course of a case."""
    forms = [case["forms"].get(name, "i") for name in values]
    if not all(map(_matches, forms, values.values())):
        return False
    numbers = dict(_paths(values))
    return all(holds(condition, numbers) for condition in case["bounds"] + case["when"])


def _matches(form: Any, value: Any) -> bool:
    """Whether a value has a form."""
    if form == "positions":
        return isinstance(value, tuple) and len(value) > 0
    if isinstance(form, list) and isinstance(value, tuple):
        return len(form) == len(value) and all(map(_matches, form, value))
    return form == _form(value)


def _paths(values: Table) -> Iterable[tuple[str, int]]:
    """(path, integer) of parameters; name.* is the least of a tuple's."""
    for name, value in values.items():
        if isinstance(value, tuple):
            yield from _paths({f"{name}.{t}": part for t, part in enumerate(value)})
            numbers = [part for part in value if type(part) is int]
            yield f"{name}.*", min(numbers, default=0)
        elif type(value) is int:
            yield name, value
