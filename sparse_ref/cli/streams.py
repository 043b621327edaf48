"""What the command prints, for every terminal, encoding and pipe.

Text of others is escaped. A glyph that is not in an encoding is replaced by a similar one in ASCII.
If the reader of a pipe has ended, as `head` does, there is no traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TextIO

from .._text import PLAIN, json_text, visible


def say(*texts: str) -> None:
    """Print texts, one below the other."""
    print("\n".join(map(visible, texts)))


def say_json(value: Any, indent: int | None = None) -> None:
    """Print plain values as JSON."""
    print(json_text(value, indent))


def write(text: str) -> None:
    """Print a text in a format of reports, which has escaped what others wrote."""
    print(text)


def note(text: str) -> None:
    """Print a text that is no result."""
    if sys.stderr is not None:  # print would take stdout for it
        print(visible(text), file=sys.stderr)


def complain(text: str) -> None:
    """Print what is wrong with the input."""
    note(f"sparse-ref: {text}")


def prepare_streams() -> None:
    """From now on a glyph that is not in the encoding is printed as a similar one in ASCII."""
    for stream in _streams():
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)


def flush_streams() -> None:
    """Print what is still in buffers. Raises BrokenPipeError if nobody reads it."""
    for stream in _streams():
        stream.flush()


def discard_broken_streams() -> None:
    """Drop what cannot be printed: Python would try again at its end, and print a traceback."""
    for stream in _streams():
        try:
            stream.flush()
        except OSError:
            with suppress(OSError), open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _streams() -> Iterator[TextIO]:
    """Standard output and standard error, those of them that are open."""
    return (stream for stream in (sys.stdout, sys.stderr) if stream is not None)
