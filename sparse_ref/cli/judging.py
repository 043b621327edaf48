"""The commands that check a function from outside, and the page of demonstrations."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from operator import attrgetter
from typing import Any

import numpy as np

from .._text import error_text
from ..catalogue import notation
from ..picture import difference
from ..sets.factorized import Factorized
from .streams import say, say_json, write

EXIT_CODES = {"PASS": 0, "FAIL": 1, "UNTESTED": 3}  # 2 is a wrong argument
SHOWN = 64  # rows and columns of a set without a name
CALL_OPTIONS = (
    *("kv_heads", "layout", "framework", "dtype", "device"),
    *("d", "e", "seconds", "shared_qk"),
)
MEANING_OPTIONS = ("align", "scale", "softcap", "fill", "lse", "precision")


def verify(arguments) -> int:
    """Check that a function attends to exactly the keys of a pattern.

    Exit 0: it does. 1: it does not. 2: an argument is wrong. 3: nothing wrong was found, but n
    cannot tell the pattern from another one.
    """
    from ..verify import check

    pattern: Any = notation.read(arguments.pattern)
    if isinstance(pattern, Factorized):
        raise ValueError(
            "--pattern must be one pattern, or one per head, "
            f"got the {len(pattern.steps)} steps of {arguments.pattern}"
        )
    with redirect_stdout(sys.stderr):  # stdout is for the report, not for what the function prints
        report = check(
            _function(arguments.function),
            pattern,
            n=arguments.n,
            heads=arguments.heads,
            seed=arguments.seed,
            gradients=arguments.gradients,
            also=arguments.also,
            ragged=arguments.ragged,
            **_meaning(arguments),
            **_call_options(arguments),
        )
    write(FORMATS["json" if arguments.json else arguments.format](report))
    return EXIT_CODES[report.status]


def identify(arguments) -> int:
    """Find out which pattern a function implements; exit 1 if the set of some head has no name."""
    from .. import verify
    from ..verify.reading.probe import MAX_PROBE_N

    heads = arguments.heads or 1
    if max(np.atleast_1d(arguments.n)) > MAX_PROBE_N:
        return _identify_large(arguments, heads)
    with redirect_stdout(sys.stderr):
        function = _function(arguments.function)
        probe = verify.probe(function, arguments.n, heads, **_call_options(arguments))
    names = [_notation(verify.identify(mask)) for mask in probe.mask]
    key_counts = probe.mask.sum(axis=(1, 2)).tolist()
    leak_counts = probe.leaks.sum(axis=(1, 2)).tolist()
    if arguments.json:
        fields = ("names", "keys", "leaks")
        columns = zip(names, key_counts, leak_counts)
        entries = [dict(zip(fields, values)) for values in columns]
        say_json({"n": probe.mask.shape[1:], "heads": entries})
        return 0 if all(names) else 1
    for head, texts in enumerate(names):
        leaks = f", and {leak_counts[head]:,} that leak" if leak_counts[head] else ""
        text = " = ".join(texts) or "no pattern of this library"
        say(f"head {head}: {text}; {key_counts[head]:,} keys{leaks}")
        if not texts:
            corner = probe.mask[head, :SHOWN, :SHOWN]
            say(difference(corner, corner))
    return 0 if all(names) else 1


def _identify_large(arguments, heads: int) -> int:
    """`identify` by random sums, at an n at which not every pair is probed."""
    from ..verify.calling.subject import CallOptions, Subject
    from ..verify.naming.large_names import names
    from ..verify.reading.probe import MAX_PROBE_N

    with redirect_stdout(sys.stderr):
        function = _function(arguments.function)
        options = CallOptions(**_call_options(arguments))
        subject = Subject.new(function, arguments.n, heads, options)
        survey = names(subject)
    texts_by_head = [_notation(patterns) for patterns in survey.names]
    is_complete = all(texts_by_head)
    if arguments.json:
        heads_and_rows = zip(texts_by_head, survey.rows)
        entries = [dict(names=texts, rows=dict(rows)) for texts, rows in heads_and_rows]
        say_json({"n": subject.n, "heads": entries})
        return 0 if is_complete else 1
    for head, (texts, rows) in enumerate(zip(texts_by_head, survey.rows)):
        text = " = ".join(texts) or "none of the patterns that were tried"
        say(f"head {head}: {text}, by random sums of all {subject.n[0]:,} rows")
        if not texts:
            say(*(f"  i = {i}: {keys}" for i, keys in rows))
    if not is_complete:
        say(
            "sets without a name are shown by some of their rows; "
            f"up to n = {MAX_PROBE_N} every pair is probed and more names are tried"
        )
    return 0 if is_complete else 1


def _notation(patterns) -> list[str]:
    """The notation of each pattern."""
    return [repr(p) for p in patterns]


def _meaning(arguments) -> dict[str, Any]:
    """What the function is meant to compute."""
    meaning = {name: getattr(arguments, name) for name in MEANING_OPTIONS}
    sinks, alibi = arguments.sinks, arguments.alibi
    meaning["sinks"] = sinks[0] if sinks and len(sinks) == 1 else sinks
    meaning["alibi"] = True if alibi == [] else alibi
    for name in ("bias", "transform"):
        text = getattr(arguments, name)
        meaning[name] = None if text is None else _function(text)
    return meaning


def _call_options(arguments) -> dict[str, Any]:
    """How the function is called."""
    return {name: getattr(arguments, name) for name in CALL_OPTIONS}


def github(report) -> str:
    """The annotations; the Markdown goes to the file that GITHUB_STEP_SUMMARY names."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(report.to_markdown())
    return report.to_github()


FORMATS: dict[str, Callable] = {
    "text": str,
    "json": lambda report: report.to_json(),
    "html": lambda report: report._repr_html_(),
    "junit": lambda report: report.to_junit(),
    "markdown": lambda report: report.to_markdown(),
    "github": github,
}


def demo(arguments) -> int:
    """Write a page: patterns on a photograph and a text, their theorems, and functions checked."""
    from .demo import page

    say(str(page(arguments.output)))
    return 0


def _function(text: str) -> Callable:
    """The function that module:function names; the current folder is searched first."""
    module, _, name = text.partition(":")
    is_file = "/" in module or module.endswith(".py")
    if not module or not name or is_file:
        raise ValueError(
            "function must be module:function, with the module's name and not its file, "
            f"got {text!r}"
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return attrgetter(name)(importlib.import_module(module))
    except (Exception, SystemExit) as error:
        raise ImportError(f"{text} cannot be imported: {error_text(error)}") from error
