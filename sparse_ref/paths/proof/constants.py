"""The numbers in the code of a function, at which it may do something special.

They are found in constants, defaults, closures and the globals that the code names, in what these
hold, and in the functions and classes that they refer to.
"""

from __future__ import annotations

import gc
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from math import isfinite
from numbers import Real
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ...sets.checks import MAX_PARAMETER, Symbolic

MAX_NUMBERS = 256
MAX_OBJECTS = 4000  # that are opened
MAX_ELEMENTS = 256  # of a collection
MAX_TEXT = 10_000
NUMERAL = re.compile(r"\d{1,18}")
# Code that no user wrote: its numbers are about other things.
CLOSED_MODULES = {*sys.stdlib_module_names, "numpy", "numba", "z3", "sparse_ref"}


Names = frozenset[str]
Part = tuple[Any, Names]  # a value, and the names that the code around it uses


def numbers_in(*functions: Any) -> list[int]:
    """Up to MAX_NUMBERS numbers in the code of functions, the nearest to its surface first."""
    numbers: dict[int, None] = {}
    pending: deque[Part] = deque((x, frozenset()) for x in functions)
    opened: dict[int, Any] = {}  # objects by id, which keeps them alive
    roots = {id(x) for x in functions}
    while pending and len(opened) < MAX_OBJECTS and len(numbers) < MAX_NUMBERS:
        value, names = pending.popleft()
        numbers.update(dict.fromkeys(_numbers_of(value)))
        is_known = id(value) in opened and not isinstance(value, ModuleType)
        if not is_known and (id(value) in roots or not _is_closed(value)):
            opened[id(value)] = value
            pending.extend(_parts(value, names))
    return list(numbers)[:MAX_NUMBERS]


def _numbers_of(value: Any) -> Iterator[int]:
    """The whole numbers that a value is, or that its text holds."""
    if isinstance(value, (str, bytes)):
        text = value if isinstance(value, str) else value.decode("latin-1")
        numerals = NUMERAL.findall(text[:MAX_TEXT])
        yield from map(int, numerals)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        elements = value.flat[:MAX_ELEMENTS].tolist()
        for element in elements:
            yield from _numbers_of(element)
    elif _is_number(value) and abs(value) <= MAX_PARAMETER:
        yield abs(int(value))


def _is_number(value: Any) -> bool:
    """Whether a value is a finite real number, and no term."""
    if isinstance(value, (bool, np.complexfloating, Symbolic)):
        return False
    return isinstance(value, (Real, np.number)) and isfinite(value)


def _is_closed(value: Any) -> bool:
    """Whether a value is code or a module of other people, or is read as a number."""
    if isinstance(value, (str, bytes, np.ndarray)) or _is_number(value):
        return True
    if isinstance(value, ModuleType):
        return _is_closed_module(value.__name__)
    if not isinstance(value, (type, FunctionType)) or not _is_closed_module(value.__module__):
        return False
    # Code that is run by `exec` is called a part of builtins: so the module itself is asked.
    owner: Any = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        owner = getattr(owner, name, None)
    return owner is value


def _is_closed_module(name: Any) -> bool:
    """Whether the code of a module is by other people."""
    return isinstance(name, str) and name.partition(".")[0] in CLOSED_MODULES


def _parts(value: Any, names: Names) -> Iterator[Part]:
    """What a value refers to."""
    if isinstance(value, FunctionType):
        yield from _parts_of_function(value)
    elif isinstance(value, CodeType):
        yield from ((x, names) for x in value.co_consts)
    elif isinstance(value, ModuleType):
        attributes = vars(value)
        yield from ((attributes[name], names) for name in names if name in attributes)
    elif isinstance(value, range):
        for number in (value.start, value.stop, value.step):
            yield number, names
    else:
        yield from ((x, names) for x in islice(_contents(value), MAX_ELEMENTS))


def _parts_of_function(function: FunctionType) -> Iterator[Part]:
    """The code of a function, what it is bound to, and the globals that it names."""
    codes = list(_nested_codes(function.__code__))
    names = frozenset(name for code in codes for name in code.co_names)
    bound = [function.__defaults__, function.__kwdefaults__, function.__closure__, vars(function)]
    variables = function.__globals__
    for value in chain(codes, bound):
        yield value, names
    for name in sorted(names & variables.keys()):
        yield variables[name], names


def _nested_codes(code: CodeType) -> Iterator[CodeType]:
    """The code and those of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested_codes(constant)


def _contents(value: Any) -> Iterable[Any]:
    """The elements of a collection, or what an object refers to, its class included."""
    if isinstance(value, dict):
        return chain.from_iterable(value.items())
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return value
    if isinstance(value, type):
        return [*vars(value).values(), *value.__bases__]
    return [*gc.get_referents(value), type(value)]
