"""Calls that may hang: made on a thread of their own, and given up after some seconds.

A thread cannot be stopped, only left behind; one that is left behind is asked for nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Thread


class Worker:
    """One thread that makes one call after the other, which is started by the first."""

    def __init__(self):
        self.asked: SimpleQueue = SimpleQueue()
        self.done: SimpleQueue = SimpleQueue()
        self.thread: Thread | None = None
        self.lost = False

    def __call__(self, call: Callable, seconds: float):
        """What call() returns or raises; TimeoutError where that takes longer, now or in a call before."""
        if self.lost:
            raise TimeoutError(f"was still running {seconds:g} seconds after an earlier call")
        if self.thread is None:
            self.thread = Thread(
                target=copy_context().run, args=(_serve, self.asked, self.done), daemon=True
            )
            self.thread.start()
        self.asked.put(call)
        try:
            value, error = self.done.get(timeout=seconds)
        except Empty:
            self.lost = True
            raise TimeoutError(f"ran for more than {seconds:g} seconds") from None
        if error is not None:
            raise error
        return value

    def __del__(self):
        self.asked.put(None)


def _serve(asked: SimpleQueue, done: SimpleQueue):
    """Make each call that is asked for, until None is."""
    while (call := asked.get()) is not None:
        try:
            done.put((call(), None))
        except BaseException as error:  # whatever it is, it belongs to whoever asked
            done.put((None, error))
        call = None
