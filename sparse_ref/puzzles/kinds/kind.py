"""The methods that all kinds of puzzles have; a kind knows nothing of sessions and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import Parameter, signature
from typing import Any, ClassVar

import numpy as np

from ..answer_calls import Fault

Answer = Callable[..., Any]
Case = Any


class Kind:
    """How answers are run, on which cases, and how they are compared; abstract."""

    noun: ClassVar[str] = ""  # what the answer is, in a table of puzzles
    case_noun: ClassVar[str] = "failing case"  # what a verdict calls the case that it names
    is_secret: bool = False  # whether the reference's value gives the answer away

    def cases(self) -> Iterable[Case]:
        """The cases that are always tried, the smallest first."""
        raise NotImplementedError

    def strategy(self) -> Any:
        """What Hypothesis draws more cases from; None if `cases` are all there are."""
        return None

    def value(self, answer: Any, case: Case) -> Any:
        """What an answer gives for a case. Raises Fault or Unanswered, see `answer_calls.call`."""
        raise NotImplementedError

    def agrees(self, actual: Any, wanted: Any, case: Case) -> bool:
        """Whether two values are equal: an answer's, and the reference's or a stored answer's."""
        raise NotImplementedError

    def accepts(self, actual: Any, wanted: Any, case: Case) -> bool:
        """Whether the value of an answer is right; `wanted` is the reference's."""
        return self.agrees(actual, wanted, case)

    def words(self, actual: Any, wanted: Any, case: Case) -> str:
        """What is wrong with a value, if no stored wrong answer has it."""
        raise NotImplementedError

    def cause(self, answer: Any, reference: Answer, case: Case, words: str) -> str:
        """The likely cause of `words`, what is wrong with a value; "" if none is known."""
        return ""

    def display_case(self, case: Case) -> Case:
        """The case at which a failure is named and shown; the smallest one says too little."""
        return case

    def display_value(self, value: Any, case: Case) -> Any:
        """What a verdict shows of a value."""
        return value

    def first_difference(self, actual: Any, wanted: Any) -> str:
        """Where two values differ first, in words; "" if the case says it."""
        return ""

    def case_text(self, case: Case, reference: Answer) -> str:
        """A case in words, such as `n = 4, keys = 2`."""
        raise NotImplementedError

    def parts(self, reference: Answer) -> tuple[tuple[Kind, Answer], ...]:
        """The ways to answer: each a kind with the reference that it is compared with."""
        return ((self, reference),)

    def check_answer(self, answer: Any, reference: Answer) -> None:
        """Raise Fault for an answer that takes other parameters than the reference."""
        check_parameters(answer, reference)

    def check_form(self, answer: Any) -> None:
        """Raise Fault for an answer that is right, but not written as the question asks."""

    def picture(self, reference: Answer) -> Any:
        """What is shown with the question: a bool mask, a text, or None."""
        return None


class OneCaseKind(Kind):
    """A kind whose answers are functions of nothing: there is one case, ()."""

    def cases(self) -> Iterable[tuple[()]]:
        """There is one."""
        yield ()

    def case_text(self, case: tuple[()], reference: Answer) -> str:
        """Nothing is given."""
        return ""


def parameter_names(answer: Any) -> tuple[str, ...]:
    """The names of the parameters that a call must give; () for what has no signature."""
    try:
        parameters = signature(answer).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in parameters if p.default is Parameter.empty)


def check_parameters(answer: Any, reference: Answer) -> None:
    """Raise Fault for what is not a function of the reference's parameters."""
    wanted = ", ".join(parameter_names(reference))
    if not callable(answer):
        raise Fault(f"the answer must be a function of ({wanted}), got {answer!r:.80}")
    actual = ", ".join(parameter_names(answer))
    if actual != wanted:
        raise Fault(f"the parameters must be ({wanted}), in this order, got ({actual})")


def value_text(value: Any) -> str:
    """A value in a few lines, arrays with four decimals."""
    if isinstance(value, np.ndarray):
        with np.printoptions(precision=4, suppress=True, threshold=60, linewidth=76):
            return f"{value}" if value.ndim else f"{value[()]}"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple) and type(value) is tuple:
        gap = ",\n " if any(isinstance(item, np.ndarray) for item in value) else ", "
        return f"({gap.join(map(value_text, value))})"
    if isinstance(value, float):
        return f"{value:.6g}"
    try:
        return f"{value!r:.400}"
    except Exception:  # of a reader's own class
        return f"<a {type(value).__name__} without a text>"
