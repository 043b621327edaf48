"""What watches a reader's code: it ends a call after its time, or at a stored answer.

It does not end functions of other files: an import or a compilation would be left half done, for
the whole session. Nothing in this process can end one long call in C, such as sum(range(10**12)):
Python runs no code of ours until it returns.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from inspect import unwrap
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOM = str(Path(__file__).parent)
DATA = tuple(Path(ROOM) / folder for folder in ("thirty", "lessons"))  # where answers are stored
TIME_LIMIT = 5.0  # seconds for one call, without those in functions of other files
LONGEST_CALL = 60.0  # seconds for one call in all: the library may have to compile its kernels
RETRY_SECONDS = 0.1  # seconds after which code that has caught its Stop gets another one


class Stop(BaseException):
    """A fault that ends a reader's code, past its `except Exception`."""


class Watch:
    """The time of a call, and the Stop that ended it: the reader's code may have caught that.

    A Stop that is caught is raised again, at the next line of the reader's code or by the alarm.
    """

    def __init__(self, home: str) -> None:
        self.home = home
        self.stop: Stop | None = None
        self.begin = time.perf_counter()
        self.outside = 0.0  # seconds in functions of other files
        self.departure = 0.0  # when the reader's code called such a function; 0 if none runs

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Trace a new call: the reader's line by line, one of another file for its time."""
        path = frame.f_code.co_filename
        if is_stored_file(path):
            self.end("the answer calls the stored one: write your own")
        if _is_own(path, self.home):
            return self.trace_line
        if self.departure:
            return None
        self.departure = time.perf_counter()
        frame.f_trace_lines = False
        return self.trace_return

    def trace_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """End a call on a line of the reader's that is too late.

        Not as an exception is raised, which is before an `except` catches it.
        """
        if event != "exception":
            self.check_time(frame)
        return self.trace_line

    def trace_return(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Add the time of a function of another file."""
        if event == "return":
            self.outside += time.perf_counter() - self.departure
            self.departure = 0.0
        return self.trace_return

    def check_time(self, frame: FrameType | None) -> None:
        """End a call that runs too long, or that has caught its Stop."""
        if self.stop:
            raise self.stop
        now = time.perf_counter()
        own = (self.departure or now) - self.begin - self.outside
        for limit, seconds in ((LONGEST_CALL, now - self.begin), (TIME_LIMIT, own)):
            if seconds > limit:
                place = "" if frame is None else f", at line {frame.f_lineno}"
                self.end(
                    f"it was still running after {limit:g} seconds{place}: "
                    "does each loop come to its end?"
                )

    def ring(self, number: int, frame: FrameType | None) -> None:
        """What the alarm does: end a call that no trace ends.

        Python drops a trace function that has raised. If the call goes on, it is traced again, so
        that the Stop that is raised here is raised at the line of the `except` that catches it too.
        """
        frames = list(_frames_of_call(frame))
        if not frames:  # the call has just ended
            return
        own = [frame for frame in frames if _is_own(frame.f_code.co_filename, self.home)]
        if self.stop is None:
            return self.check_time(own[0] if own else None)
        sys.settrace(self.trace)
        for frame in own:
            frame.f_trace = self.trace_line
        if frames[0] in own:
            raise self.stop

    def end(self, text: str) -> None:
        """Raise a Stop, and keep it."""
        self.stop = Stop(text)
        raise self.stop


@contextlib.contextmanager
def watch(answer: Callable[..., Any]) -> Iterator[Watch]:
    """A block in which a reader's code is watched."""
    code = getattr(unwrap(answer), "__code__", None)
    keeper = Watch(code.co_filename if isinstance(code, CodeType) else "")
    before = sys.gettrace()
    sys.settrace(keeper.trace)
    try:
        with _alarm(keeper):
            yield keeper
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def _alarm(keeper: Watch) -> Iterator[None]:
    """End what no trace ends: loops on one line, `while True: pass`, and those that catch it.

    Only where a program has a timer, in its main thread, and nobody else uses it.
    """
    has_timer = hasattr(signal, "setitimer") and sys.platform != "emscripten"
    is_main = threading.current_thread() is threading.main_thread()
    if not has_timer or not is_main or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    before = signal.signal(signal.SIGALRM, keeper.ring)
    seconds = TIME_LIMIT + 0.5  # after the trace, which knows the line of the answer
    signal.setitimer(signal.ITIMER_REAL, seconds, RETRY_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _frames_of_call(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of a reader's call, from the innermost; none while the watch begins or ends."""
    while frame is not None and not frame.f_code.co_filename.startswith(ROOM):
        if frame.f_code.co_filename != contextlib.__file__:
            yield frame
        frame = frame.f_back


@cache  # it is asked at each call that an answer makes
def _is_own(path: str, home: str) -> bool:
    """Whether a file is the reader's: theirs, or another cell of the same notebook."""
    is_file = not path.startswith("<")  # "<string>" is generated code
    return path == home or (is_file and Path(path).parent == Path(home).parent)


@cache  # it is asked at each call that an answer makes
def is_stored_file(path: str) -> bool:
    """Whether a file is data of this room."""
    return Path(path).parent in DATA
