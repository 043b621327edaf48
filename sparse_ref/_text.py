r"""Text that others wrote, such as the message of an exception, made safe to print and to write.

Control characters move the cursor of a terminal, some characters turn the direction of text or show
nothing, XML forbids some, and no encoding has halves of pairs: each is shown as Python escapes it,
such as \x1b. Each format writes what others wrote by one of these functions.
"""

from __future__ import annotations

import codecs
import json
import re
from html import escape
from typing import Any

UNUSUAL = re.compile(r"[^ -~\n\t]")  # what may be unprintable
# the log of a job reads a line that begins with :: as a command, and ##[ and ##word[ anywhere
COMMANDS = re.compile(r"^([ \t]*):(?=:)|()#(?=#\w*\[)", re.M)
PLAIN_GLYPHS = {"█": "#", "·": ".", "×": "x", "−": "-", "→": "->", "±": "+-"}
PLAIN = "sparse_ref.plain"  # the name of a way to encode, for `errors=`


def visible(text: str) -> str:
    r"""The text with each character that does not print as Python escapes it, lines kept.

    Lines that the log of a job would take as a command get an escape, too.

    >>> visible("\x1b[2J is a command of terminals")
    '\\x1b[2J is a command of terminals'
    >>> visible("::error::is one of GitHub")
    '\\x3a:error::is one of GitHub'
    """
    printable = UNUSUAL.sub(lambda match: _printable(match[0]), text)
    return COMMANDS.sub(lambda match: f"{match[1] or ''}{_escape(match[0][-1])}", printable)


def visible_line(text: str) -> str:
    r"""The same in one line: breaks of lines and tabs are escaped as well.

    >>> visible_line("one\ntwo")
    'one\\ntwo'
    """
    return visible(text.replace("\n", "\\n").replace("\t", "\\t"))


def visible_ascii(text: str) -> str:
    r"""The same in one line of ASCII, so that a column of it is where it seems to be.

    >>> visible_ascii("Stridéd")
    'Strid\\xe9d'
    """
    return visible_line(text).encode("ascii", "backslashreplace").decode()


def visible_values(value: Any) -> Any:
    """Lists, tuples and dicts with the texts in them visible, keys included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible_values(key): visible_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [visible_values(item) for item in value]
    return value


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON of plain values, in ASCII; NaN and inf, which are not JSON, raise ValueError."""
    return json.dumps(visible_values(value), indent=indent, allow_nan=False)


def html_text(text: str) -> str:
    """The text in HTML."""
    return escape(visible(text))


def error_text(error: BaseException) -> str:
    """The type of an exception and its message, `ValueError: no`, visible."""
    try:
        message = str(error)
    except Exception as other:  # __str__ of somebody else's exception
        message = f"no message, since __str__ raised {type(other).__name__}"
    return visible(f"{type(error).__name__}: {message}")


def _printable(c: str) -> str:
    """The character, or its escape if it does not print."""
    return c if c.isprintable() else _escape(c)


def _escape(c: str) -> str:
    r"""The escape of one character, such as \x1b."""
    return f"\\x{ord(c):02x}" if c.isascii() else c.encode("unicode_escape").decode()


def _plain_glyphs(error: UnicodeError) -> tuple[str | bytes, int]:
    """What a stream prints that cannot encode a glyph: the like of it in ASCII, or its escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    return "".join(PLAIN_GLYPHS.get(c, visible_ascii(c)) for c in part), error.end


codecs.register_error(PLAIN, _plain_glyphs)
