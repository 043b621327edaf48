"""What a definition's docstring and code state: its set, its source, its formula.

The first paragraph of the docstring is the set, the second its source, or what the set is.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc, getsource
from textwrap import dedent
from typing import Any, NamedTuple


class Definition(NamedTuple):
    """A set in set-builder notation, its source, and its formula's code; "" if there is none."""

    set: str
    source: str = ""
    code: str = ""


def first_line(definition: Any) -> str:
    """The first line of a docstring: what a module is for."""
    return (definition.__doc__ or "").strip().split("\n")[0]


def set_and_source(definition: Any) -> tuple[str, str]:
    """(set, source) of a definition: the first two paragraphs of its docstring, each in a line."""
    paragraphs = cleandoc(definition.__doc__ or "").split("\n\n")
    set_, source = [*paragraphs, ""][:2]
    return " ".join(set_.split("\n")), " ".join(source.split("\n")).removesuffix(".")


def code_of(method: Callable[..., Any]) -> str:
    """The code of a static method without its decorator; "" if it was not read from a file."""
    try:
        return dedent(getsource(method)).replace("@staticmethod\n", "", 1).strip()
    except OSError:
        return ""
