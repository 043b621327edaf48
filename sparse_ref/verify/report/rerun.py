"""How to get the same report again, as a command and as a line of Python."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from operator import attrgetter

FLAGS = {
    "kv_heads": "--kv-heads",
    "d": "--d",
    "e": "--e",
    "layout": "--layout",
    "framework": "--framework",
    "dtype": "--dtype",
    "device": "--device",
    "seconds": "--seconds",
    "scale": "--scale",
    "gradients": "--gradients",
}


def called(fn) -> str:
    """module:function, where that is what fn can be imported by; its name elsewhere.

    A bound method is module:object.method where the module has the object; a partial is told by what it calls.
    """
    if isinstance(fn, partial):
        return _global(fn, fn.func) or f"partial({called(fn.func)})"
    owner, name = getattr(fn, "__self__", None), getattr(fn, "__name__", "fn")
    if owner is not None and not isinstance(owner, type):
        held = _global(owner, type(owner))
        return f"{held}.{name}" if held else f"{type(owner).__name__}.{name}"
    if not hasattr(fn, "__qualname__"):  # an object that can be called
        return _global(fn, type(fn)) or type(fn).__name__
    module, name = getattr(fn, "__module__", None), fn.__qualname__
    try:
        found = attrgetter(name)(sys.modules[module]) if module and module != "__main__" else None
    except (AttributeError, KeyError):
        found = None
    return f"{module}:{name}" if found == fn else name


def _global(value, maker) -> str:
    """module:name of an object that the module which made it, or what it calls, holds under a name; "" elsewhere."""
    module = getattr(maker, "__module__", None)
    names = (
        vars(sys.modules[module]).items() if module in sys.modules and module != "__main__" else ()
    )
    return next((f"{module}:{name}" for name, held in names if held is value), "")


def command(name: str, patterns, n: tuple[int, int], seed: int, options: dict) -> str:
    """The command line, or for a function that cannot be imported, or options that it lacks, a line of Python."""
    one = len(set(patterns)) == 1
    pattern = repr(patterns[0]) if one else f"({', '.join(map(repr, patterns))})"
    given = {key: value for key, value in options.items() if value is not None and value != ()}
    also = given.pop("also", ())
    if (
        ":" in name
        and "(" not in name
        and one
        and given.keys() <= FLAGS.keys()
        and not callable(given.get("gradients"))
    ):
        flags = [x for key, value in given.items() for x in (FLAGS[key], str(value))]
        more = ["--also", *map(_size, also)] if also else []
        return shlex.join(
            [
                "sparse-ref",
                "verify",
                name,
                "--pattern",
                pattern,
                "-n",
                _size(n),
                "--heads",
                str(len(patterns)),
                *flags,
                *more,
                "--seed",
                str(seed),
            ]
        )
    values = {
        key: value.__name__ if hasattr(value, "__name__") else repr(value)
        for key, value in given.items()
    }
    said = "".join(f", {key}={value}" for key, value in values.items()) + (
        f", also={list(also)!r}" if also else ""
    )
    heads = f", heads={len(patterns)}" if one and len(patterns) > 1 else ""
    return f"sr.verify.check({name if name.isidentifier() else 'fn'}, {pattern}, n={n!r}{heads}, seed={seed}{said})"


def _size(n) -> str:
    """n as the command line has it."""
    return "x".join(map(str, n)) if isinstance(n, (tuple, list)) else str(n)
