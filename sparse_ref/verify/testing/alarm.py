"""A limit on the time of the tests of one mutant."""

from __future__ import annotations

import signal
import threading
from time import perf_counter
from typing import Any


class MutantTimeoutError(BaseException):
    """The tests of a mutant took too long. No handler of `Exception` in a test catches it."""


class Alarm:
    """Raises MutantTimeoutError within its block once the time is over.

    Where there are no signals, as on Windows and on other threads, it only remembers that.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.has_signals = (
            hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        )

    @property
    def rang(self) -> bool:
        """Whether the time was over when the block ended, or is now."""
        end = self.end or perf_counter()
        return end - self.start >= self.seconds

    def __enter__(self) -> Alarm:
        self.start, self.end = perf_counter(), 0.0
        if self.has_signals:
            self.handler = signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
        return self

    def __exit__(self, *error: Any) -> bool:
        self.end = perf_counter()
        if self.has_signals:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.handler)
        return isinstance(error[1], MutantTimeoutError)

    def _ring(self, number: int, frame: Any) -> None:
        raise MutantTimeoutError(f"longer than {self.seconds:g} seconds")
