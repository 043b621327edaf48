"""How to get the same report again: a command line, or a line of Python."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from ..._text import visible_line
from ...sets.pattern import Pattern
from ...sets.types import Length
from ..calling.subject import CallOptions
from .function_name import import_path, is_importable
from .python_text import Text, function_text, option_text, pattern_text

FLAGS = {
    "kv_heads": "--kv-heads",
    "d": "--d",
    "e": "--e",
    "layout": "--layout",
    "framework": "--framework",
    "dtype": "--dtype",
    "device": "--device",
    "seconds": "--seconds",
    "align": "--align",
    "scale": "--scale",
    "softcap": "--softcap",
    "sinks": "--sinks",
    "alibi": "--alibi",
    "fill": "--fill",
    "lse": "--lse",
    "precision": "--precision",
    "gradients": "--gradients",
    "also": "--also",
    "ragged": "--no-ragged",
}
CALL_DEFAULTS = {
    option.name: option.default for option in fields(CallOptions) if option.name != "choice"
}
FOUND = ("layout", "framework")  # by trying, if they are not given
DEFAULTS = {
    **CALL_DEFAULTS,
    "d": 16,
    "layout": "auto",
    "framework": "auto",
    "lse": "natural",
    "also": (),
    "ragged": True,
}  # None is that of all others, and of these, too


class Question(NamedTuple):
    """What a report answers. n is (n_q, n_k); options are those of a check by name."""

    fn: Callable[..., Any]
    patterns: Sequence[Pattern]
    n: tuple[int, int]
    seed: int
    options: Mapping[str, Any]

    def declarations(self) -> dict[str, Any]:
        """The options that differ from the defaults, without what was found by trying."""
        found = self.options.get("choice") or ""
        usual = {"kv_heads": len(self.patterns), "choice": found}
        return {
            name: value
            for name, value in self.options.items()
            if not is_default(name, value)
            and not (name in usual and value == usual[name])
            and not (name in FOUND and f"{name} {value}" in found)
        }


def rerun_command(question: Question) -> str:
    """The command line with all that differs from the defaults, or a line of Python.

    The command needs a function that can be imported, one pattern for all heads, and options that
    it has. A comment in the line of Python says what it needs: imports, arrays, functions.
    """
    path, options = import_path(question.fn), question.declarations()
    pattern = pattern_text(question.patterns[0]).text
    has_notation = not pattern.startswith(("pattern", "sr.Listed"))
    one_pattern = len(set(question.patterns)) == 1 and has_notation
    has_flags = all(map(_has_flag, options, options.values()))
    if is_importable(path) and one_pattern and has_flags:
        return visible_line(_shell_line(path, question, options))
    return visible_line(_python_line(question, options))


def is_default(name: str, value: Any) -> bool:
    """Whether an option is what a check takes unless it is given."""
    if value is None:
        return True
    is_plain = isinstance(value, (bool, int, float, str, tuple))
    return is_plain and name in DEFAULTS and value == DEFAULTS[name]


def _has_flag(name: str, value: Any) -> bool:
    """Whether the command line has an option, and can write its value."""
    return name in FLAGS and not callable(value) and len(getattr(value, "shape", ())) < 2


def _shell_line(path: str, question: Question, options: Mapping[str, Any]) -> str:
    """The command line."""
    pattern, n = repr(question.patterns[0]), _size_word(question.n)
    words = ["sparse-ref", "verify", path, "--pattern", pattern, "-n", n]
    if len(question.patterns) > 1:
        words += ["--heads", str(len(question.patterns))]
    for name, flag in FLAGS.items():
        if name in options:
            words += [flag, *_flag_words(name, options[name])]
    if question.seed:
        words += ["--seed", str(question.seed)]
    return shlex.join(words)


def _flag_words(name: str, value: Any) -> list[str]:
    """The words after the flag of an option."""
    if isinstance(value, bool):
        return []
    if name == "also":
        return [*map(_size_word, value)]
    value = value.tolist() if hasattr(value, "tolist") else value
    values = value if isinstance(value, (list, tuple)) else [value]
    return [*map(str, values)]


def _python_line(question: Question, options: Mapping[str, Any]) -> str:
    """The line of Python, for `import sparse_ref as sr`."""
    n_q, n_k = question.n
    patterns = [pattern_text(p) for p in question.patterns]
    one_pattern = len(set(question.patterns)) == 1
    pattern = patterns[0].text
    if not one_pattern:
        pattern = f"({', '.join(text.text for text in patterns)})"
    texts = [function_text(question.fn, "fn"), *patterns]
    length = n_q if n_q == n_k else question.n
    arguments = [texts[0].text, pattern, f"n={length}"]
    if one_pattern and len(patterns) > 1:
        arguments.append(f"heads={len(patterns)}")
    if question.seed:
        arguments.append(f"seed={question.seed}")
    for name, value in options.items():
        texts.append(option_text(name, value))
        arguments.append(f"{name}={texts[-1].text}")
    return f"sr.verify.check({', '.join(arguments)}){_comment(texts)}"


def _comment(texts: Sequence[Text]) -> str:
    """What the line needs before it."""
    needs = dict.fromkeys(text.needs for text in texts if text.needs)
    return f"  # {'; '.join(needs)}" if needs else ""


def _size_word(n: Length) -> str:
    """n as the command line reads it."""
    if isinstance(n, int):
        return str(n)
    return str(n[0]) if n[0] == n[1] else f"{n[0]}x{n[1]}"
