"""How to get the same report again, as a command and as a line of Python."""

from __future__ import annotations

import shlex
import sys
from operator import attrgetter

FLAGS = {"kv_heads": "--kv-heads", "d": "--d", "e": "--e", "layout": "--layout", "framework": "--framework", "dtype": "--dtype",
         "device": "--device", "seconds": "--seconds", "scale": "--scale", "gradients": "--gradients"}


def called(fn) -> str:
    """module:function, where that is what fn can be imported by; its name elsewhere."""
    module, name = getattr(fn, "__module__", None), getattr(fn, "__qualname__", "fn")
    try:
        found = attrgetter(name)(sys.modules[module]) if module and module != "__main__" else None
    except (AttributeError, KeyError):
        found = None
    return f"{module}:{name}" if found is fn else name


def command(name: str, patterns, n: tuple[int, int], seed: int, options: dict) -> str:
    """The command line, or for a function that cannot be imported a line of Python."""
    one = len(set(patterns)) == 1
    pattern = repr(patterns[0]) if one else f"({', '.join(map(repr, patterns))})"
    if ":" in name and one:
        flags = [x for key, value in options.items() if value is not None for x in (FLAGS[key], str(value))]
        return shlex.join(["sparse-ref", "verify", name, "--pattern", pattern, "-n", "x".join(map(str, n)),
                           "--heads", str(len(patterns)), *flags, "--seed", str(seed)])
    said = "".join(f", {key}={value!r}" for key, value in options.items() if value is not None)
    heads = f", heads={len(patterns)}" if one and len(patterns) > 1 else ""
    return f"sr.verify.check({name if name.isidentifier() else 'fn'}, {pattern}, n={n!r}{heads}, seed={seed}{said})"
