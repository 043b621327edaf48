"""Calls that may hang: they run on a thread of their own, and are given up after some seconds.

A thread cannot be stopped, only left behind. A worker whose thread was left behind makes no more
calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from weakref import finalize

from .ambient import ambient_contexts


@dataclass(eq=False)
class Worker:
    """One thread that makes one call after the other; the first call starts it.

    It has the caller's context variables, and what `ambient_contexts` carries over.
    """

    calls: SimpleQueue[Callable[[], Any] | None] = field(default_factory=SimpleQueue)
    results: SimpleQueue[tuple[Any, BaseException | None]] = field(default_factory=SimpleQueue)
    thread: Thread | None = None
    stuck: bool = False

    def __call__(self, call: Callable[[], Any], seconds: float) -> Any:
        """What call() returns or raises; TimeoutError if this call or an earlier one hangs."""
        if self.stuck:
            raise TimeoutError(f"was still running {seconds:g} seconds after an earlier call")
        if self.thread is None:
            arguments = _serve, self.calls, self.results, ambient_contexts()
            self.thread = Thread(target=copy_context().run, args=arguments, daemon=True)
            self.thread.start()
            finalize(self, self.calls.put, None)  # ends the thread with the worker
        self.calls.put(call)
        try:
            value, error = self.results.get(timeout=seconds)
        except Empty:
            self.stuck = True
            raise TimeoutError(f"ran for more than {seconds:g} seconds") from None
        if error is not None:
            raise error
        return value


def _serve(
    calls: SimpleQueue[Any],
    results: SimpleQueue[Any],
    contexts: Sequence[AbstractContextManager[Any]],
) -> None:
    """Make each call in the queue within these contexts, until None comes."""
    with ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        while (call := calls.get()) is not None:
            try:
                results.put((call(), None))
            except BaseException as error:  # any error belongs to the thread that asked
                results.put((None, error))
            call = None
