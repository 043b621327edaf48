"""A line on stderr if the first use compiles for more than a second."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Timer
from time import perf_counter
from typing import Any

from numba import config
from numba.core import event

from .._text import visible_line
from .compile import PACKAGE

PATIENCE = 1.0  # seconds of compilation before the line


class Notice(event.Listener):
    """Prints where compiled code is kept, once, if this library's functions compile too long."""

    def __init__(self):
        self.depth = 0
        self.seconds = 0.0
        self.began = 0.0
        self.timer: Any = None

    def on_start(self, event):
        """Start the clock at the outermost function."""
        self.depth += 1
        dispatcher = event.data["dispatcher"]
        if self.depth == 1 and self.seconds < PATIENCE and is_ours(dispatcher):
            self.began = perf_counter()
            self.timer = Timer(PATIENCE - self.seconds, print_notice, [folder_of(dispatcher)])
            self.timer.daemon = True
            self.timer.start()

    def on_end(self, event):
        """Stop the clock at the outermost function."""
        self.depth -= 1
        if self.depth == 0 and self.timer is not None:
            self.timer.cancel()
            self.timer = None
            self.seconds += perf_counter() - self.began


def print_notice(folder: str) -> None:
    """Print the line, if there is a stderr that takes it."""
    text = "sparse_ref: compiling the kernels once, about a quarter of a minute"
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"{text}; kept in {visible_line(folder)}", file=sys.stderr, flush=True)


def is_ours(dispatcher) -> bool:
    """Whether a function is this library's."""
    return dispatcher.py_func.__module__.startswith("sparse_ref.")


def folder_of(dispatcher) -> str:
    """The folder under which compiled code is kept, or "memory"."""
    kept = getattr(dispatcher._cache, "cache_path", None)
    if not kept:
        return "memory"
    return (
        str(PACKAGE)
        if PACKAGE in Path(kept).parents
        else config.CACHE_DIR or str(Path(kept).parent)
    )


@cache
def announce_compilation() -> None:
    """Listen for compilations from now on."""
    event.register("numba:compile", Notice())
