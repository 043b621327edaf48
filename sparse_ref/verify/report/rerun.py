"""How to get the same report again: a command line, or a line of Python."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from ...catalogue import notation
from ...sets.pattern import Pattern
from ...sets.types import Length

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
DEFAULTS = {
    "d": 16,
    "layout": "hnd",
    "framework": "numpy",
    "dtype": "float32",
    "device": "cpu",
    "seconds": 60.0,
    "also": (),
    "lse": "natural",
    "shared_qk": False,
    "choice": "",
}  # None is that of all others


def import_path(fn: Callable[..., object]) -> str:
    """module:function if fn can be imported so, and otherwise its name.

    A bound method is module:object.method if the module contains the object; a partial is named
    after its function.
    """
    if isinstance(fn, partial):
        return _path_of_object(fn, fn.func) or f"partial({import_path(fn.func)})"
    owner = getattr(fn, "__self__", None)
    if owner is not None and not isinstance(owner, type):
        path = _path_of_object(owner, type(owner)) or type(owner).__name__
        return f"{path}.{getattr(fn, '__name__', 'fn')}"
    if not hasattr(fn, "__qualname__"):  # an object that can be called
        return _path_of_object(fn, type(fn)) or type(fn).__name__
    module, name = getattr(fn, "__module__", None), fn.__qualname__
    if not module or module == "__main__":
        return name
    try:
        same = attrgetter(name)(sys.modules[module]) == fn
    except (AttributeError, KeyError):
        return name
    return f"{module}:{name}" if same else name


def short_name(path: str) -> str:
    """The name of a function for people: without the functions that it was defined in."""
    return path.rpartition("<locals>.")[2]


def rerun_command(
    path: str,
    patterns: Sequence[Pattern],
    n: tuple[int, int],
    seed: int,
    options: Mapping[str, Any],
) -> str:
    """The command line with all that differs from the defaults, or a line of Python.

    `path` is that of `import_path`. The command needs a function that can be imported, one pattern
    for all heads, and options that it has.
    """
    options = dict(options)
    for key, value in (*options.items(),):
        if _is_default(key, value) or (key == "kv_heads" and value == len(patterns)):
            del options[key]
    one_pattern = len(set(patterns)) == 1
    importable = ":" in path and "(" not in path
    has_flags = options.keys() <= FLAGS.keys() | {"also"}
    if importable and one_pattern and has_flags and not callable(options.get("gradients")):
        return _shell_line(path, patterns, n, seed, options)
    return _python_line(path, patterns, n, seed, options)


def _path_of_object(value: object, maker: object) -> str:
    """module:name of an object that the module of its maker has under a name; "" otherwise."""
    module = getattr(maker, "__module__", None)
    if module not in sys.modules or module == "__main__":
        return ""
    for name, attribute in vars(sys.modules[module]).items():
        if attribute is value:
            return f"{module}:{name}"
    return ""


def _is_default(key: str, value: Any) -> bool:
    """Whether an option is what a check takes unless it is given."""
    return value is None or (not callable(value) and value == DEFAULTS.get(key))


def _shell_line(
    path: str,
    patterns: Sequence[Pattern],
    n: tuple[int, int],
    seed: int,
    options: Mapping[str, Any],
) -> str:
    """The command line."""
    words = ["sparse-ref", "verify", path, "--pattern", repr(patterns[0]), "-n", _size_word(n)]
    if len(patterns) > 1:
        words += ["--heads", str(len(patterns))]
    for key, flag in FLAGS.items():
        if key in options:
            words += [flag, str(options[key])]
    if "also" in options:
        words += ["--also", *map(_size_word, options["also"])]
    if seed:
        words += ["--seed", str(seed)]
    return shlex.join(words)


def _python_line(
    path: str,
    patterns: Sequence[Pattern],
    n: tuple[int, int],
    seed: int,
    options: Mapping[str, Any],
) -> str:
    """The line of Python, for `import sparse_ref as sr`."""
    texts = [python_text(p) for p in patterns]
    one_pattern = len(set(patterns)) == 1
    arguments = [short_name(path), texts[0] if one_pattern else f"({', '.join(texts)})"]
    if not arguments[0].isidentifier():
        arguments[0] = "fn"
    arguments.append(f"n={n[0] if n[0] == n[1] else n!r}")
    if one_pattern and len(patterns) > 1:
        arguments.append(f"heads={len(patterns)}")
    if seed:
        arguments.append(f"seed={seed}")
    for key, value in options.items():
        text = repr(list(value)) if key == "also" else getattr(value, "__name__", repr(value))
        arguments.append(f"{key}={text}")
    return f"sr.verify.check({', '.join(arguments)})"


def python_text(p: Pattern) -> str:
    """The notation of a pattern in Python, after `import sparse_ref as sr`: `sr.Lookback(4)`."""
    names = re.compile(r"\b[A-Za-z_]\w*(?=\()")
    return names.sub(
        lambda match: f"sr.{match[0]}" if match[0] in notation.NAMES else match[0], repr(p)
    )


def _size_word(n: Length) -> str:
    """n as the command line reads it."""
    if isinstance(n, int):
        return str(n)
    return str(n[0]) if n[0] == n[1] else f"{n[0]}x{n[1]}"
