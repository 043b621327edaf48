"""A function without a declaration of its own, named on the command line."""

from __future__ import annotations

import sys
from ast import literal_eval
from importlib import import_module
from typing import Any

from ..._claims import conforms
from ...catalogue import parse
from ...sets.pattern import Pattern


def declare_target(target: str, text: str) -> None:
    """Declare module:function by the text of a pattern and options, and put what stands for it in
    its place, in every module that has it.
    """
    module_name, colon, name = target.partition(":")
    if not colon:
        raise ValueError("must be MODULE:FUNCTION")
    owner: Any = import_module(module_name)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    fn = getattr(owner, last)
    pattern, options = pattern_and_options(text)
    substitute = conforms(pattern, **options)(fn)
    setattr(owner, last, substitute)
    for module in list(sys.modules.values()):
        names = vars(module) if hasattr(module, "__dict__") else {}
        for key, value in list(names.items()):
            if value is fn:
                setattr(module, key, substitute)


def pattern_and_options(text: str) -> tuple[Pattern, dict[str, Any]]:
    """A pattern, and the options after it: "Lookback(256), heads=8, layout=bhnd".

    >>> pattern_and_options("Sinks(4) | Lookback(8), heads=2, layout=bhnd")
    (Sinks(4) | Lookback(8), {'heads': 2, 'layout': 'bhnd'})
    """
    parts = text.split(",")
    options_at = [at for at, part in enumerate(parts) if _is_option(part)]
    first = min(options_at, default=len(parts))
    options = dict(_option(part) for part in parts[first:])
    pattern: Any = parse(",".join(parts[:first]))
    return pattern, options


def _is_option(part: str) -> bool:
    """Whether a part is name=value outside all parentheses."""
    name, sign, _ = part.partition("=")
    is_inside = part.count(")") > part.count("(")
    return bool(sign) and name.strip().isidentifier() and not is_inside


def _option(part: str) -> tuple[str, Any]:
    """The name and the value of an option; a value that is no literal is text."""
    name, _, value = part.partition("=")
    try:
        return name.strip(), literal_eval(value.strip())
    except (SyntaxError, ValueError):
        return name.strip(), value.strip()
