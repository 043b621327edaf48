"""Prove or refute: the answer is True, or a counterexample, which is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..answer_calls import Fault, call
from .kind import Answer, OneCaseKind


@dataclass(frozen=True, eq=False)
class Claim(OneCaseKind):
    """The answer is a function of nothing that returns True, or a counterexample.

    Attributes
    ----------
    holds : bool
        Whether the claim is true.
    names : tuple of str
        What a counterexample is made of, such as ("n", "i", "j").
    refutes : callable
        (*counterexample) -> "" if it refutes the claim, else why not, such as
        `i = 5 reaches j = 3 in two steps`.
    size : callable or None
        (*counterexample) -> a number; if given, only counterexamples of the reference's size are
        accepted.
    """

    noun = "claim"
    is_secret = True
    holds: bool = True
    names: tuple[str, ...] = ("n", "i", "j")
    refutes: Callable[..., str] = lambda *_: "there is no counterexample"
    size: Callable[..., int] | None = None

    def value(self, answer: Answer, case: tuple[()]) -> Any:
        """True, or the counterexample as a tuple."""
        value = call(answer)
        form = f"True, or a counterexample ({', '.join(self.names)})"
        if value is True:
            return value
        if not isinstance(value, tuple | list) or len(value) != len(self.names):
            raise Fault(f"the answer must be {form}, got {value!r:.60}")
        return tuple(value)

    def agrees(self, actual: Any, wanted: Any, case: tuple[()]) -> bool:
        """Whether two answers are equal."""
        return bool(actual == wanted)

    def accepts(self, actual: Any, wanted: Any, case: tuple[()]) -> bool:
        """Whether an answer is right."""
        return not self.words(actual, wanted, case)

    def words(self, actual: Any, wanted: Any, case: tuple[()]) -> str:
        """What is wrong with an answer; "" if nothing is."""
        if actual is True:
            return "" if self.holds else "the claim is false: there is a counterexample"
        text = ", ".join(f"{name} = {x!r}" for name, x in zip(self.names, actual))
        try:
            reason = self.refutes(*actual)
        except (TypeError, ValueError, IndexError) as error:
            reason = str(error)
        if reason:
            return f"{text} is no counterexample: {reason}"
        if self.size is not None and self.size(*actual) > self.size(*wanted):
            return f"{text} refutes the claim, but there is a smaller counterexample"
        return ""
