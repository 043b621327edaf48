"""Text that others wrote, such as the message of an exception, made safe to print.

Control characters would move the cursor of a terminal, and XML and JSON readers refuse some.
"""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tab and newline
    "\u2028-\u202e\u2066-\u2069"  # separators of lines, and changes of direction
    "\ud800-\udfff\ufffe\uffff]"  # halves of pairs, and what is no character
)


def visible(text: str) -> str:
    r"""The text with each unsafe character as Python escapes it, such as \x1b.

    >>> visible("\x1b[2J is a command of terminals")
    '\\x1b[2J is a command of terminals'
    """
    return UNSAFE.sub(lambda match: _escape(match[0]), text)


def _escape(c: str) -> str:
    """The escape of one character."""
    return f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"
