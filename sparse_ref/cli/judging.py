"""The commands that judge: somebody else's function, and the page of demonstrations."""

from __future__ import annotations

import importlib
import sys
from contextlib import redirect_stdout
from operator import attrgetter

from .. import notation
from ..factorized import Factorized


def verify(arguments) -> int:
    """Whether module:function attends to exactly the keys of the pattern; exit 1 where it does not."""
    from ..verify import check
    value = notation.read(arguments.pattern)
    if isinstance(value, Factorized):
        raise ValueError(f"--pattern must be one pattern, or one a head, got the {len(value.steps)} steps of {arguments.pattern}")
    with redirect_stdout(sys.stderr):  # what the function prints is not the answer
        report = check(_function(arguments.function), value, n=arguments.n, heads=arguments.heads, scale=arguments.scale,
                       seed=arguments.seed, kv_heads=arguments.kv_heads, d=arguments.d, e=arguments.e,
                       layout=arguments.layout, framework=arguments.framework)
    print(report.to_json() if arguments.json else report)
    return 0 if report.passed else 1


def demo(arguments) -> int:
    """Two patterns on a real image and a real text, their path theorems, and implementations by others judged."""
    from ..demo import page
    print(page(arguments.output))
    return 0


def _function(text: str):
    """What module:function names, looked up in the current folder before the search path."""
    module, colon, name = text.partition(":")
    if not colon or not module or not name or "/" in module or module.endswith(".py"):
        raise ValueError(f"function must be module:function, with the module's name and not its file, got {text!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return attrgetter(name)(importlib.import_module(module))
    except (Exception, SystemExit) as error:
        raise ImportError(f"{text} cannot be imported: {type(error).__name__}: {error}") from error
