"""What a function is called, and where it is defined."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

LAMBDA = "<lambda>"
IMPORTABLE = re.compile(r"[\w.-]+:[\w.]+")  # module:function


class Place(NamedTuple):
    """A line of a file; the file is relative to the current folder if it is in it."""

    file: str
    line: int


def import_path(fn: Callable[..., object]) -> str:
    """module:function if fn can be imported so, and otherwise its name.

    A bound method is module:object.method if the module contains the object; a partial is named
    after its function.
    """
    if isinstance(fn, partial):
        return _path_of_object(fn, fn.func) or f"partial({import_path(fn.func)})"
    owner = _attribute(fn, "__self__")
    if owner is not None and not isinstance(owner, type) and not inspect.ismodule(owner):
        path = _path_of_object(owner, type(owner)) or type(owner).__name__
        return f"{path}.{text_attribute(fn, '__name__') or 'fn'}"
    name = text_attribute(fn, "__qualname__")
    if not name:  # an object that can be called
        return _path_of_object(fn, type(fn)) or type(fn).__name__
    module = text_attribute(fn, "__module__")
    if not module or module == "__main__":
        return name
    try:
        same = attrgetter(name)(sys.modules[module]) == fn
    except (AttributeError, KeyError):
        return _path_of_object(fn, fn) or name
    return f"{module}:{name}" if same else name


def is_importable(path: str) -> bool:
    """Whether what `import_path` returned is module:function."""
    return IMPORTABLE.fullmatch(path) is not None


def text_attribute(fn: object, attribute: str) -> str:
    """An attribute that should be text; "" if it is missing, or anything else."""
    text = _attribute(fn, attribute)
    return text if isinstance(text, str) else ""


def _attribute(fn: object, name: str) -> Any:
    """An attribute; None if it is missing, or if somebody else's __getattr__ raises anything."""
    try:
        return getattr(fn, name)
    except Exception:
        return None


def short_name(path: str) -> str:
    """The path of a function without the functions that it was defined in."""
    start, _, name = path.rpartition("<locals>.")
    return f"partial({name}" if start.startswith("partial(") else name


def display_name(fn: Callable[..., object]) -> str:
    """The name of a function for people: `mykernel:attention`, `lambda (mykernel.py:12)`."""
    name = short_name(import_path(fn))
    if LAMBDA not in name:
        return name
    place = source_place(fn)
    text = "lambda" if place is None else f"lambda ({place.file}:{place.line})"
    return f"partial({text})" if name.startswith("partial(") else text


def source_place(fn: Callable[..., object]) -> Place | None:
    """Where a function is defined, below its decorators' wrappers; None if no file has it."""
    definition = _definition(fn)
    try:
        file = inspect.getsourcefile(definition)
        _, line = inspect.getsourcelines(definition)
        path = Path(file or "").resolve()
    except (OSError, TypeError, ValueError):  # the last of names that no file can have
        return None
    if not path.is_file():
        return None
    folder = Path.cwd()
    inside = path.is_relative_to(folder)
    return Place((path.relative_to(folder) if inside else path).as_posix(), line)


def _definition(fn: Any) -> Any:
    """The function or class that stands in a file."""
    while isinstance(fn, partial):
        fn = fn.func
    try:
        fn = inspect.unwrap(fn)
    except Exception:  # a circle of wrappers, or what __getattr__ raises
        return fn if inspect.isroutine(fn) else type(fn)
    fn = _attribute(fn, "py_func") or fn  # what Numba compiles
    is_definition = inspect.isroutine(fn) or inspect.isclass(fn)
    if is_definition:
        return fn
    for method in ("forward", "__call__"):
        candidate = getattr(type(fn), method, None)
        if inspect.isfunction(candidate) and candidate.__module__ == type(fn).__module__:
            return candidate
    return type(fn)


def _path_of_object(value: object, maker: object) -> str:
    """module:name of an object that the module of its maker has under a name; "" otherwise."""
    module = text_attribute(maker, "__module__")
    if module not in sys.modules or module == "__main__":
        return ""
    for name, attribute in vars(sys.modules[module]).items():
        if attribute is value:
            return f"{module}:{name}"
    return ""
