"""Which frameworks a function refers to: in its annotations, its code, its closure, its objects.

It is read, and nothing is called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from .frameworks import FRAMEWORKS

ROOTS = {name: name for name in FRAMEWORKS}
ROOTS |= {"jaxlib": "jax", "flax": "jax", "triton": "torch", "torchvision": "torch"}
MAX_OBJECTS = 400


def frameworks_of(fn: Any) -> tuple[str, ...]:
    """The frameworks that a function refers to, in the order in which they are found.

    Annotations come first. NumPy counts in annotations only, since all code may use it.
    """
    names = dict.fromkeys(_annotation_frameworks(fn))
    queue = deque([fn])
    ids: set[int] = set()
    while queue and len(ids) < MAX_OBJECTS:
        value = queue.popleft()
        if id(value) in ids:
            continue
        ids.add(id(value))
        root = _framework_of(value)
        if root and root != "numpy":
            names[root] = None
        elif not root:
            queue.extend(_parts(value))
    return tuple(names)


def _annotation_frameworks(fn: Any) -> Iterator[str]:
    """The frameworks of the annotations, texts included."""
    for annotation in getattr(fn, "__annotations__", {}).values():
        if isinstance(annotation, str):
            word = annotation.replace("[", ".").partition(".")[0]
            root = _root(word) or _framework_of(_globals(fn).get(word))
        else:
            root = _framework_of(annotation)
        if root:
            yield root


def _framework_of(value: Any) -> str:
    """The framework that a module, function, class or object comes from; or ""."""
    if isinstance(value, ModuleType):
        return _root(value.__name__)
    owner = getattr(value, "__module__", None)
    if isinstance(owner, str) and _root(owner):
        return _root(owner)
    classes = value.__mro__ if isinstance(value, type) else type(value).__mro__
    roots = (_root(base.__module__) for base in classes)
    return next(filter(None, roots), "")


def _root(module: str) -> str:
    """The framework of a module's name; or ""."""
    return ROOTS.get(module.partition(".")[0], "")


def _globals(fn: Any) -> dict[str, Any]:
    """The names that a function sees in its module."""
    return getattr(fn, "__globals__", {})


def _parts(value: Any) -> Iterator[Any]:
    """What a function, method, partial or callable object consists of."""
    if isinstance(value, partial):
        yield value.func
        yield from (*value.args, *value.keywords.values())
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    elif isinstance(value, FunctionType):
        yield from _parts_of_function(value)
    elif callable(value) and not isinstance(value, type):
        yield getattr(value, "__wrapped__", None)
        yield vars(type(value)).get("__call__")
        yield from getattr(value, "__dict__", {}).values()


def _parts_of_function(fn: FunctionType) -> Iterator[Any]:
    """The values of a function's closure and defaults, and those that its code names."""
    yield getattr(fn, "__wrapped__", None)
    yield from fn.__defaults__ or ()
    yield from (fn.__kwdefaults__ or {}).values()
    for cell in fn.__closure__ or ():
        with suppress(ValueError):  # an empty cell
            yield cell.cell_contents
    names = [*_code_names(fn.__code__)]
    modules = []
    for name in names:
        if name in fn.__globals__:
            value = fn.__globals__[name]
            modules += [value] if isinstance(value, ModuleType) else []
            yield value
        elif _root(name):  # a stand-in for what the function imports
            yield ModuleType(name)
    for module in modules:
        if not _framework_of(module):
            yield from (vars(module)[name] for name in names if name in vars(module))


def _code_names(code: CodeType) -> Iterator[str]:
    """The names in a function's code, and in that of the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_names(constant)
