"""The rules by which Hypothesis drives a KV cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ..strategies.pictures import picture_text

MAX_CHUNK = 8


class CacheMachine(RuleBasedStateMachine):
    """A KV cache, and what it should return; subclasses have the cache as `new_history`."""

    new_history: Callable[[], Any]

    def __init__(self) -> None:
        super().__init__()
        self.history = type(self).new_history()

    def _feed(self, count: int, act: str) -> None:
        """New tokens, with a picture of the pattern if the output is wrong."""
        __tracebackhide__ = True
        try:
            self.history.feed(min(count, self._room()), act)
        except AssertionError:
            for p in dict.fromkeys(self.history.claim.patterns):
                note(picture_text(p, self.history.count))
            raise

    def _room(self) -> int:
        """How many tokens may come."""
        return int(self.history.limit - self.history.count)

    @precondition(lambda self: self.history.count == 0)
    @rule(tokens=st.integers(1, 2 * MAX_CHUNK))
    def prefill(self, tokens: int) -> None:
        """A prompt."""
        __tracebackhide__ = True
        self._feed(tokens, "of the prompt")

    @precondition(lambda self: self._room() > 0)
    @rule()
    def decode(self) -> None:
        """One token."""
        __tracebackhide__ = True
        self._feed(1, "of a decoding step")

    @precondition(lambda self: self.history.count > 0 and self._room() > 0)
    @rule(tokens=st.integers(2, MAX_CHUNK))
    def chunk(self, tokens: int) -> None:
        """Several tokens after others."""
        __tracebackhide__ = True
        self._feed(tokens, f"of a chunk of {min(tokens, self._room())}")

    @precondition(lambda self: self.history.count > 0)
    @rule()
    def reset(self) -> None:
        """Another sequence."""
        self.history.empty()


def machine_of(new_history: Callable[[], Any]) -> type[CacheMachine]:
    """The machine of a cache."""
    return type("CacheMachine", (CacheMachine,), {"new_history": staticmethod(new_history)})
