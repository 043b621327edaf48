"""The commands that judge: somebody else's function, and the page of demonstrations."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from operator import attrgetter

import numpy as np

from ..catalogue import notation
from ..picture import difference
from ..sets.factorized import Factorized

MOST = 4096  # queries and keys, up to which `identify` looks at every pair


def verify(arguments) -> int:
    """Whether module:function attends to exactly the keys of the pattern; exit 1 where it does not."""
    from ..verify import check

    value = notation.read(arguments.pattern)
    if isinstance(value, Factorized):
        raise ValueError(
            f"--pattern must be one pattern, or one a head, got the {len(value.steps)} steps of {arguments.pattern}"
        )
    with redirect_stdout(sys.stderr):  # what the function prints is not the answer
        report = check(
            _function(arguments.function),
            value,
            n=arguments.n,
            heads=arguments.heads,
            scale=arguments.scale,
            seed=arguments.seed,
            gradients=arguments.gradients,
            also=arguments.also,
            **_options(arguments),
        )
    print(FORMATS["json" if arguments.json else arguments.format](report))
    return 0 if report.passed else 1


def identify(arguments) -> int:
    """The sets that module:function attends to, and what they are called; exit 1 where a head's has no name here."""
    from .. import verify

    heads = arguments.heads or 1
    if max(np.atleast_1d(arguments.n)) > MOST:
        return _identified(arguments, heads)
    with redirect_stdout(sys.stderr):
        found = verify.probe(
            _function(arguments.function), arguments.n, heads, **_options(arguments)
        )
    names = [[repr(p) for p in verify.identify(mask)] for mask in found.mask]
    if arguments.json:
        print(
            json.dumps(
                {
                    "n": found.mask.shape[1:],
                    "heads": [
                        dict(names=named, keys=int(mask.sum()), leaks=int(leak.sum()))
                        for named, mask, leak in zip(names, found.mask, found.leaks)
                    ],
                }
            )
        )
        return 0 if all(names) else 1
    for h, (named, mask, leak) in enumerate(zip(names, found.mask, found.leaks)):
        print(
            f"head {h}: {' = '.join(named) or 'no pattern of this library'}; {int(mask.sum()):,} keys"
            + (f", and {int(leak.sum()):,} that leak" if leak.any() else "")
        )
        if not named:
            print(difference(mask[:64, :64], mask[:64, :64]))
    return 0 if all(names) else 1


def _identified(arguments, heads: int) -> int:
    """The names at an n where not every pair is looked at."""
    from ..verify.calling.subject import subject
    from ..verify.naming.large_names import names

    with redirect_stdout(sys.stderr):
        call = subject(_function(arguments.function), arguments.n, heads, **_options(arguments))
        found = names(call)
    each = [([repr(p) for p in named], rows) for named, rows in zip(found.names, found.rows)]
    if arguments.json:
        print(
            json.dumps(
                {"n": call.n, "heads": [dict(names=named, rows=dict(rows)) for named, rows in each]}
            )
        )
        return 0 if all(found.names) else 1
    for h, (named, rows) in enumerate(each):
        print(
            f"head {h}: {' = '.join(named) or 'none of the patterns that were tried'}, by random sums of all {call.n[0]:,} rows"
        )
        if not named:
            print("\n".join(f"  i = {i}: {keys}" for i, keys in rows))
    if not all(found.names):
        print(
            f"what has no name is shown by some of its rows; every pair is looked at, and more names are tried, up to n = {MOST}"
        )
    return 0 if all(found.names) else 1


def _options(arguments) -> dict:
    """How the function is called."""
    return {
        name: getattr(arguments, name)
        for name in ("kv_heads", "layout", "framework", "dtype", "device", "d", "e", "seconds")
    }


def github(report) -> str:
    """An annotation for each finding; the Markdown goes to the file that GITHUB_STEP_SUMMARY names."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8") as file:
            file.write(report.to_markdown())
    said = [
        f"::error title={finding.kind}::{_escaped(str(finding))}" for finding in report.findings
    ]
    return "\n".join(said or [f"::notice title=sparse-ref verify::{_escaped(report.verdict)}"])


def _escaped(text: str) -> str:
    """The text as a workflow command has it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


FORMATS: dict[str, Callable] = {
    "text": str,
    "json": lambda report: report.to_json(),
    "html": lambda report: report._repr_html_(),
    "junit": lambda report: report.to_junit(),
    "markdown": lambda report: report.to_markdown(),
    "github": github,
}


def demo(arguments) -> int:
    """Two patterns on a real image and a real text, their path theorems, and implementations by others judged."""
    from .demo import page

    print(page(arguments.output))
    return 0


def _function(text: str):
    """What module:function names, looked up in the current folder before the search path."""
    module, colon, name = text.partition(":")
    if not colon or not module or not name or "/" in module or module.endswith(".py"):
        raise ValueError(
            f"function must be module:function, with the module's name and not its file, got {text!r}"
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return attrgetter(name)(importlib.import_module(module))
    except (Exception, SystemExit) as error:
        raise ImportError(f"{text} cannot be imported: {type(error).__name__}: {error}") from error
