"""Values as Python writes them, for a line that can be pasted after `import sparse_ref as sr`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ...catalogue import notation
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from .function_name import (
    display_name,
    import_path,
    is_importable,
    short_name,
    text_attribute,
)

MAX_LISTED = 128  # numbers of a list that is written out
MAX_NUMBERS = 16  # of an array that is written out


class Text(NamedTuple):
    """Python's text of a value, and what the line needs before it; "" if nothing."""

    text: str
    needs: str = ""


def pattern_text(p: Pattern) -> Text:
    """The notation of a pattern in Python: `sr.Lookback(4)`.

    A long list of keys has none: the line then has the name `pattern`.
    """
    text = repr(p)
    if "<" not in text:
        names = re.compile(r"\b[A-Za-z_]\w*(?=\()")
        return Text(names.sub(lambda match: _name_in_python(match[0]), text))
    if isinstance(p, Listed) and len(p.indptr) + len(p.indices) <= MAX_LISTED:
        return Text(f"sr.Listed({p.indptr.tolist()}, {p.indices.tolist()})")
    return Text("pattern", f"pattern: your {text}")


def _name_in_python(name: str) -> str:
    """The name of a pattern with the library's."""
    return f"sr.{name}" if name in notation.NAMES else name


def function_text(fn: Callable[..., Any], name: str) -> Text:
    """The name of a function, and how it is imported; `name` if it has none."""
    path = import_path(fn)
    module, _, attribute = path.partition(":")
    if is_importable(path):
        return Text(attribute, f"from {module} import {attribute.partition('.')[0]}")
    local = short_name(path)
    if local.isidentifier() and local == text_attribute(fn, "__name__"):
        return Text(local)
    return Text(name, f"{name}: your {display_name(fn)}")


def option_text(name: str, value: Any) -> Text:
    """The value of an option; a long array has only its name."""
    if callable(value):
        return function_text(value, name)
    if hasattr(value, "shape"):
        shape = tuple(value.shape)
        is_short = len(shape) < 2 and max(shape, default=0) <= MAX_NUMBERS
        if is_short and hasattr(value, "tolist"):
            return Text(repr(value.tolist()))
        return Text(name, f"{name}: your array {shape}")
    return Text(repr(list(value) if name == "also" else value))
