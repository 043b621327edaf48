"""Text within Markdown, as GitHub reads it."""

from __future__ import annotations

import re

from ..._text import visible, visible_line

SYNTAX = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")  # _ within a word is none
BEGINNINGS = re.compile(r"(\d*)([+=-]|[.)](?=\s|$))")  # of lists and underlines
REFERENCES = re.compile(r"[@#](?=\w)")  # which GitHub links, and tells whom they name


def markdown_text(text: str) -> str:
    r"""The text in one line of Markdown, or in the cell of a table, where it means itself.

    >>> print(markdown_text("1. a|b <b> __init__"))
    1\. a\|b \<b\> \_\_init\_\_
    """
    line = " ".join(visible(text).split())
    escaped = SYNTAX.sub(lambda match: f"\\{match[0]}", line)
    if beginning := BEGINNINGS.match(escaped):
        escaped = f"{beginning[1]}\\{escaped[beginning.start(2) :]}"
    return REFERENCES.sub(lambda match: f"{match[0]}<!-- -->", escaped)


def code_span(text: str) -> str:
    """The text as code within a line of Markdown.

    >>> print(code_span("a`b"))
    ``a`b``
    """
    line = visible_line(text)
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if not line or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"
