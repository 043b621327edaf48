"""Calls of a reader's code: on copies, within a limit of time, with faults in words.

Stored answers of this room cannot be called from a reader's code, so that nothing passes by them.
"""

from __future__ import annotations

import linecache
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from inspect import unwrap
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from .._text import error_text, visible_line

ROOM = str(Path(__file__).parent)
DATA = tuple(Path(ROOM) / folder for folder in ("thirty", "lessons"))  # where answers are stored
TIME_LIMIT = 5.0  # seconds for one call, without those in functions of other files
LONGEST_CALL = 60.0  # seconds for one call in all: the library may have to compile its kernels
TRUTH = (
    "`and`, `or`, `not` and chained comparisons such as `a < j <= b` ask for one truth value, "
    "but i and j are arrays: write & and |, with parentheses around each comparison, and "
    "np.maximum for `max`"
)


class Fault(Exception):
    """What keeps an answer from being compared at all, in words for its author."""


class Unanswered(Exception):
    """The answer returns `...`, as a stub does."""


def is_stored(answer: Any) -> bool:
    """Whether a function is data of this room: a reference, or a stored wrong answer."""
    code = getattr(answer, "__code__", None)
    return isinstance(code, CodeType) and _is_stored_file(code.co_filename)


def call(answer: Callable[..., Any], *arguments: Any) -> Any:
    """What an answer returns for copies of the arguments.

    Raises Unanswered for `...`, Fault for an exception, for a call that does not end, and for one
    that writes to its arguments.
    """
    copies = deepcopy(arguments)
    with np.errstate(all="ignore"):  # a NaN is judged; a warning tells its author nothing more
        value = answer(*copies) if is_stored(answer) else _guarded_call(answer, copies)
    if value is Ellipsis:
        raise Unanswered
    for position, (copy, argument) in enumerate(zip(copies, arguments)):
        if not same(copy, argument):
            raise Fault(
                f"the answer writes to its argument {_parameter(answer, position)}: "
                "make a copy first"
            )
    return value


def same(x: Any, y: Any) -> bool:
    """Whether two values are equal: type by type, NaN equal to NaN, arrays by dtype and shape."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        is_inexact = x.dtype.kind in "fc"
        return x.dtype == y.dtype and np.array_equal(x, y, equal_nan=is_inexact)
    if type(x) is not type(y):
        return False
    if isinstance(x, (list, tuple)):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, dict):
        return same(list(x.items()), list(y.items()))
    return bool(x == y) or (x != x and y != y)


def _parameter(answer: Callable[..., Any], position: int) -> str:
    """The name of a positional parameter, quoted."""
    names = answer.__code__.co_varnames if hasattr(answer, "__code__") else ()
    return f"`{names[position]}`" if position < len(names) else str(position)


def _guarded_call(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The result of a reader's code, its exceptions in words."""
    try:
        with _watch(_home(answer)):
            return answer(*arguments)
    except Fault:
        raise
    except (Exception, SystemExit) as error:
        raise Fault(_describe(error)) from None


@contextmanager
def _watch(home: str) -> Iterator[None]:
    """Stop code that runs too long, or that calls the stored answers of this room."""
    before = sys.gettrace()
    sys.settrace(Clock(home).trace)
    try:
        yield
    finally:
        sys.settrace(before)


class Clock:
    """A trace that ends a call after its time, on one of the reader's own lines.

    It does not end functions of other files: an import or a compilation would be left half done,
    for the whole session.
    """

    def __init__(self, home: str) -> None:
        self.home = home
        self.begin = time.perf_counter()
        self.outside = 0.0  # seconds in functions of other files
        self.leave = 0.0  # when the reader's code called such a function; 0 if none runs

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """What watches a new call."""
        path = frame.f_code.co_filename
        if _is_stored_file(path):
            raise Fault("the answer calls the stored one: write your own")
        if _is_own(path, self.home):
            return self.watch_line
        if self.leave:
            return None
        self.leave = time.perf_counter()
        frame.f_trace_lines = False
        return self.watch_return

    def watch_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Raise Fault on a line of the reader's that is too late."""
        seconds = time.perf_counter() - self.begin
        for limit, spent in ((LONGEST_CALL, seconds), (TIME_LIMIT, seconds - self.outside)):
            if spent > limit:
                raise Fault(
                    f"it was still running after {limit:g} seconds, at line {frame.f_lineno}: "
                    "does each loop come to its end?"
                )
        return self.watch_line

    def watch_return(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Add the time of a function of another file."""
        if event == "return":
            self.outside += time.perf_counter() - self.leave
            self.leave = 0.0
        return self.watch_return


def _home(answer: Callable[..., Any]) -> str:
    """The file of the reader's code, "" if it is unknown."""
    code = getattr(unwrap(answer), "__code__", None)
    return code.co_filename if isinstance(code, CodeType) else ""


@cache  # it is asked at each call that an answer makes
def _is_own(path: str, home: str) -> bool:
    """Whether a file is the reader's: theirs, or another cell of the same notebook."""
    is_file = not path.startswith("<")  # "<string>" is generated code
    return path == home or (is_file and Path(path).parent == Path(home).parent)


@cache  # it is asked at each call that an answer makes
def _is_stored_file(path: str) -> bool:
    """Whether a file is data of this room."""
    return Path(path).parent in DATA


def _describe(error: BaseException) -> str:
    """An exception of a reader's code: its line, and what is wrong with it."""
    words = error_text(error)
    if isinstance(error, ValueError) and "truth value" in str(error):
        words = TRUTH
    return f"{_place(error)}{words}"


def _place(error: BaseException) -> str:
    """The last line of the reader's code that an exception passed through."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    others = [(path, line) for path, line in frames if not path.startswith(ROOM)]
    if not others:
        return ""
    path = others[0][0]
    number = max(line for file, line in others if file == path)
    text = linecache.getline(path, number).strip()
    return f"line {number}, `{visible_line(text)}`: " if text else f"line {number}: "
