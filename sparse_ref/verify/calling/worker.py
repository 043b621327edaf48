"""Calls that may hang: they run on a thread of their own, and are given up after some seconds.

A thread cannot be stopped, only left behind. A worker whose thread was left behind makes no more
calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any


class Worker:
    """One thread that makes one call after the other; the first call starts it."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self.results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self.thread: Thread | None = None
        self.stuck = False

    def __call__(self, call: Callable[[], Any], seconds: float) -> Any:
        """What call() returns or raises; TimeoutError if this call or an earlier one hangs."""
        if self.stuck:
            raise TimeoutError(f"was still running {seconds:g} seconds after an earlier call")
        if self.thread is None:
            arguments = _serve, self.calls, self.results
            self.thread = Thread(target=copy_context().run, args=arguments, daemon=True)
            self.thread.start()
        self.calls.put(call)
        try:
            value, error = self.results.get(timeout=seconds)
        except Empty:
            self.stuck = True
            raise TimeoutError(f"ran for more than {seconds:g} seconds") from None
        if error is not None:
            raise error
        return value

    def __del__(self) -> None:
        self.calls.put(None)


def _serve(calls: SimpleQueue[Any], results: SimpleQueue[Any]) -> None:
    """Make each call in the queue, until None comes."""
    while (call := calls.get()) is not None:
        try:
            results.put((call(), None))
        except BaseException as error:  # any error belongs to the thread that asked
            results.put((None, error))
        call = None
