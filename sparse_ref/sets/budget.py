"""What building may cost: seconds and bytes, refused before they are spent.

A short text can ask for a lot: llama4(8, 300000000) is 300 million layers. Constructors whose size
the length of their arguments does not bound `spend` an estimate before they build. `sr.parse` sets
the limit. Where none is set, as in Python's own calls, nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

PART_SECONDS, PART_BYTES = 1e-5, 500  # of one pattern without parts, on a laptop
T = TypeVar("T")


class BudgetError(ValueError):
    """What is about to be built costs more than is allowed."""


@dataclass
class Budget:
    """What may still be spent: estimated seconds and bytes, and the time when it ends.

    `outer` is the budget that this one is a part of, which pays as well.
    """

    seconds: float
    bytes: int
    outer: Budget | None

    def __post_init__(self) -> None:
        self._allowed = self.seconds, self.bytes
        self._start = monotonic()

    def pay(self, seconds: float, bytes: int) -> None:
        """Take an estimate from what is left."""
        allowed_seconds, allowed_bytes = self._allowed
        elapsed = monotonic() - self._start
        if seconds > self.seconds:
            number = f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.2g}"
            raise BudgetError(
                f"needs about {number} seconds, more than seconds = {allowed_seconds:g} allow"
            )
        if bytes > self.bytes:
            raise BudgetError(
                f"needs about {bytes:,} bytes, more than bytes = {allowed_bytes:,} allow"
            )
        if elapsed > allowed_seconds:
            raise BudgetError(f"takes longer than seconds = {allowed_seconds:g} allow")
        self.seconds -= seconds
        self.bytes -= bytes
        if self.outer is not None:
            self.outer.pay(seconds, bytes)


_BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def limit(seconds: float, bytes: int) -> Iterator[None]:
    """Within this context, refuse to build what needs more seconds or more bytes.

    It holds for this thread only. Inside another limit, both hold.
    """
    token = _BUDGET.set(Budget(seconds, bytes, _BUDGET.get()))
    try:
        yield
    finally:
        _BUDGET.reset(token)


def spend(seconds: float = 0.0, bytes: int = 0) -> None:
    """Raise BudgetError if so much is not left, or the time is over; else take it."""
    budget = _BUDGET.get()
    if budget is not None:
        budget.pay(seconds, bytes)


def spend_on_parts(count: int) -> None:
    """`spend` what so many small patterns take."""
    spend(count * PART_SECONDS, count * PART_BYTES)


def stopwatch(items: Iterable[T]) -> Iterator[T]:
    """The items; raises BudgetError at the first one after the time is over."""
    for item in items:
        spend()
        yield item
