"""What a definition's docstring and code state: its set, its source, its formula."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getsource
from textwrap import dedent
from typing import Any, NamedTuple


class Definition(NamedTuple):
    """A set in set-builder notation, its source, and the code of its formula; "" for what there is not."""

    set: str
    source: str = ""
    code: str = ""


def first_line(definition: Any) -> str:
    """The first line of a docstring: what a module is for, or the set of a pattern."""
    return (definition.__doc__ or "").strip().split("\n")[0]


def set_and_source(definition: Any) -> tuple[str, str]:
    """(set, source) of a definition's first line, which has eight spaces between them."""
    set_, _, source = first_line(definition).partition("        ")
    return set_.strip(), source.strip()


def code_of(method: Callable[..., Any]) -> str:
    """The code of a static method without its decorator; "" if it was typed in, not read from a file."""
    try:
        return dedent(getsource(method)).replace("@staticmethod\n", "", 1).strip()
    except OSError:
        return ""
