"""Calls of a reader's code: on copies, within a limit of time, with faults in words.

Stored answers of this room cannot be called from a reader's code, so that nothing passes by them.
"""

from __future__ import annotations

import linecache
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from .._text import error_text, visible_line

ROOM = str(Path(__file__).parent)
DATA = tuple(Path(ROOM) / folder for folder in ("thirty", "lessons"))  # where answers are stored
TIME_LIMIT = 5.0  # seconds for one call
MAX_MESSAGE = 300  # characters of an exception's message
TRUTH = (
    "`and`, `or`, `not` and chained comparisons such as `a < j <= b` ask for one truth value, "
    "but i and j are arrays: write & and |, with parentheses around each comparison, and "
    "np.maximum for `max`"
)


class Fault(Exception):
    """What keeps an answer from being compared at all, in words for its author."""


class Stop(BaseException):
    """A fault that ends a reader's code, past its `except Exception`."""


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
    stops: list[Stop] = []
    try:
        with _watch(stops), _alarm(stops):
            value = answer(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        stops += [error] if isinstance(error, Stop) else []
        text = str(stops[0]) if stops else _describe(error)
        raise Fault(text) from None
    if stops:  # the code has caught it, and gone on unwatched
        raise Fault(str(stops[0]))
    return value


@contextmanager
def _watch(stops: list[Stop]) -> Iterator[None]:
    """Stop code that runs too long, or that calls the stored answers of this room."""
    end = time.perf_counter() + TIME_LIMIT

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "call" and _is_stored_file(frame.f_code.co_filename):
            _stop(stops, "the answer calls the stored one: write your own")
        if time.perf_counter() > end:
            _stop(stops, _endless(frame))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def _alarm(stops: list[Stop]) -> Iterator[None]:
    """Stop a loop that stands on one line, such as `while True: pass`, which no trace sees.

    Only where a program has a timer, in its main thread, and nobody else uses it.
    """
    has_timer = hasattr(signal, "setitimer") and sys.platform != "emscripten"
    is_main = threading.current_thread() is threading.main_thread()
    if not has_timer or not is_main or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        _stop(stops, _endless(frame))

    before = signal.signal(signal.SIGALRM, ring)
    seconds = TIME_LIMIT + 0.5  # after the trace, which knows the line of the answer
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(stops: list[Stop], text: str) -> None:
    """Raise a Stop, and keep it: an `except:` of the reader's code may catch it."""
    stops.append(Stop(text))
    raise stops[-1]


def _endless(frame: FrameType | None) -> str:
    """What is said of code that runs too long."""
    place = "" if frame is None else f", at line {frame.f_lineno}"
    return (
        f"it was still running after {TIME_LIMIT:g} seconds{place}: does each loop come to its end?"
    )


@cache  # it is asked at each call that an answer makes
def _is_stored_file(path: str) -> bool:
    """Whether a file is data of this room."""
    return Path(path).parent in DATA


def _describe(error: BaseException) -> str:
    """An exception of a reader's code: its line, and what is wrong with it."""
    words = error_text(error)
    if len(words) > MAX_MESSAGE:
        words = f"{words[:MAX_MESSAGE]} ..."
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
