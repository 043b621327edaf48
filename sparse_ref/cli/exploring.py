"""The command that writes a page to play with a pattern, and opens it in the browser."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from pathlib import Path

from ..catalogue.entries import catalogue
from .streams import note, say


def explore(arguments) -> int:
    """Write a page on which a pattern is drawn, changed and compared, and open it in the browser.

    The page is one file that loads nothing: it works without a network, and can be sent to others.
    A name from the catalogue, such as longformer, stands for its example. The path is printed.
    """
    from ..explorer import explore as page_of

    entry = next((entry for entry in catalogue() if entry.name == arguments.expression), None)
    expression = entry.text() if entry else arguments.expression
    n = arguments.n
    if n is None and entry:
        n = entry.shape()
    page = page_of(expression, n, title=arguments.title)
    target = page.save(arguments.output or _temporary_file())
    say(str(target))
    if arguments.open and not webbrowser.open(target.resolve().as_uri()):
        note("no browser was found to open it with")
    return 0


def _temporary_file() -> Path:
    """A new file that stays."""
    handle, path = tempfile.mkstemp(prefix="sparse-ref-", suffix=".html")
    os.close(handle)
    return Path(path)
