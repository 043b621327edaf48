"""A function of drawn arguments, compared within a budget or accepted by a property.

A case is the tuple of arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from ..answer_calls import Fault, Unanswered, call, first_float_error
from ..array_words import place_words, whole_difference
from ..set_words import pair_words
from .kind import Answer, Kind, parameter_names, value_text

MAX_NUMBER = 1e300
MAX_ORDERED = 4  # items of a tuple that may stand in another order
Arguments = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Value(Kind):
    """The answer is a function of the reference's parameters.

    Attributes
    ----------
    draw : callable or None
        (random generator, size) -> a tuple of arguments.
    sizes : range
        The sizes that are tried, the first few in any case; Hypothesis draws the others.
    examples : tuple of tuples
        Arguments that are always tried, before those of `draw`.
    arguments : callable or None
        () -> a Hypothesis strategy of tuples of arguments, in place of `draw`.
    items : tuple of str
        The names of the items of a tuple that is returned.
    rtol, atol : float
        The budget: |actual - wanted| <= atol + rtol |wanted|; integers and bools are compared
        exactly.
    accept : callable or None
        (value, *arguments) -> "" if the value is right, else what is wrong with it; for questions
        with several right answers. None compares with the reference.
    """

    noun = "function"
    draw: Callable[[np.random.Generator, int], Arguments] | None = None
    sizes: range = range(1, 9)
    examples: tuple[Arguments, ...] = ()
    arguments: Callable[[], Any] | None = None
    items: tuple[str, ...] = ()
    rtol: float = 1e-9
    atol: float = 1e-12
    accept: Callable[..., str] | None = None

    @property
    def is_secret(self) -> bool:  # type: ignore[override]
        """Whether there are several right values, of which the reference's is one."""
        return self.accept is not None

    def cases(self) -> Iterator[Arguments]:
        """The examples, and two draws of each of the first four sizes."""
        yield from self.examples
        if self.draw is not None:
            for size in self.sizes[:4]:
                for seed in range(2):
                    yield self.draw(np.random.default_rng(seed), size)

    def strategy(self) -> Any:
        """Sizes and seeds, or what the author gives."""
        from hypothesis import strategies as st

        if self.arguments is not None:
            return self.arguments()
        if self.draw is None:
            return None
        generators = st.integers(0, 2**16).map(np.random.default_rng)
        return st.builds(self.draw, generators, st.sampled_from(self.sizes))

    def value(self, answer: Answer, case: Arguments) -> Any:
        """What the answer returns."""
        value = call(answer, *case)
        if value is None:
            raise Fault("the answer returns nothing: is a `return` missing?")
        return value

    def agrees(self, actual: Any, wanted: Any, case: Arguments) -> bool:
        """Whether two values are equal within the budget."""
        return not self._difference(actual, wanted)

    def accepts(self, actual: Any, wanted: Any, case: Arguments) -> bool:
        """Whether a value is right."""
        return not self.words(actual, wanted, case)

    def words(self, actual: Any, wanted: Any, case: Arguments) -> str:
        """What is wrong with a value; "" if nothing is."""
        if self.accept is not None:
            return str(self._judge(actual, case))
        return self._difference(actual, wanted)

    def cause(self, answer: Answer, reference: Answer, case: Arguments, words: str) -> str:
        """The first line that overflows or computes a NaN; for numbers, what holds in each case."""
        if re.search(r"\b(nan|inf) in place of", words):
            return first_float_error(answer, *case)
        return "" if self.accept is not None else self._relation(answer, reference)

    def _relation(self, answer: Answer, reference: Answer) -> str:
        """What turns the wanted number of each case into the answer's; "" if nothing known does."""
        numbers = []
        for case in self.cases():
            try:
                pair = self.value(answer, case), self.value(reference, case)
            except (Fault, Unanswered):
                return ""
            if not all(map(_is_number, pair)):
                return ""
            numbers.append(pair)
        if not numbers:
            return ""
        actual, wanted = np.array(numbers, float).T
        words = whole_difference(actual, wanted, self.rtol) if len(set(wanted)) > 2 else ""
        return f"{words}, in each case" if words else ""

    def _judge(self, actual: Any, case: Arguments) -> str:
        """What `accept` says of a value; one that it cannot read is wrong."""
        assert self.accept is not None
        try:
            return self.accept(actual, *case)
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            return f"the answer has another form than was asked for: {error}"

    def _difference(self, actual: Any, wanted: Any) -> str:
        """Where two values differ, in words."""
        if isinstance(wanted, tuple | list):
            return self._difference_of_items(actual, wanted)
        if not isinstance(wanted, np.ndarray | np.generic | int | float | bool):
            return "" if _equal(actual, wanted) else "another value than the wanted one"
        return self._difference_of_arrays(actual, np.asarray(wanted))

    def _difference_of_items(self, actual: Any, wanted: Any) -> str:
        """The order of the items, if it is another; else the first item that differs."""
        kind = type(wanted).__name__
        is_array = isinstance(actual, np.ndarray) and actual.ndim > 0
        items = list(actual) if is_array else actual
        if not isinstance(items, tuple | list) or len(items) != len(wanted):
            form = f" ({', '.join(self.items)})" if self.items else ""
            return f"the answer must be a {kind} of {len(wanted)}{form}, got {_kind_text(actual)}"
        words = [self._difference(x, y) for x, y in zip(items, wanted)]
        if not any(words):
            return ""
        names = self.items or tuple(f"item {number}" for number in range(len(wanted)))
        return self._words_on_order(items, wanted) or next(
            f"{name}: {text}" for name, text in zip(names, words) if text
        )

    def _words_on_order(self, actual: Any, wanted: Any) -> str:
        """The order of the items, if they are right and stand in another; "" if they are not."""
        if len(wanted) > MAX_ORDERED:
            return ""
        for order in permutations(range(len(wanted))):
            items = [wanted[place] for place in order]
            if any(map(self._difference, actual, items)):
                continue
            if not self.items:
                return "the items are right, but stand in another order"
            yours = ", ".join(self.items[place] for place in order)
            return f"the order must be ({', '.join(self.items)}), got ({yours})"
        return ""

    def _difference_of_arrays(self, actual: Any, wanted: Any) -> str:
        """Shape, then kind of numbers, then the first entry that differs."""
        try:
            array = np.asarray(actual)
        except ValueError:
            return f"the answer must be an array, got {actual!r:.60}"
        if array.dtype.kind not in "biuf":
            return f"the answer must have numbers, got {actual!r:.60}"
        if array.shape != wanted.shape:
            whole = whole_difference(array, wanted, self.rtol)
            form = f"the shape must be {wanted.shape}, got {array.shape}"
            if not wanted.ndim:
                form = f"it must be one number, got an array of shape {array.shape}"
            return whole or form
        if (array.dtype.kind == "b") != (wanted.dtype.kind == "b"):
            return f"the dtype must be {wanted.dtype}, got {array.dtype}"
        if wanted.dtype.kind == "b" and wanted.ndim == 2 and (array != wanted).any():
            return pair_words(array, wanted)
        exact = wanted.dtype.kind in "biu"
        rtol, atol = (0.0, 0.0) if exact else (self.rtol, self.atol)
        with np.errstate(all="ignore"):
            near = np.isclose(array, wanted, rtol=rtol, atol=atol, equal_nan=True)
        if near.all():
            return ""
        whole = whole_difference(array, wanted, self.rtol)
        index = tuple(np.argwhere(~near)[0].tolist())
        place = f" at {list(index)}" if index else ""
        words = f"{_two_numbers(array[index], wanted[index])}{place}{place_words(near)}"
        return f"{whole}: {words}" if whole else words

    def case_text(self, case: Arguments, reference: Answer) -> str:
        """The arguments by name."""
        names = parameter_names(reference)
        return "\n".join(f"{name} = {value_text(value)}" for name, value in zip(names, case))


def _two_numbers(actual: Any, wanted: Any) -> str:
    """Both numbers, with as many digits as tell them apart; both truth values."""
    if isinstance(wanted, bool | np.bool_):
        return f"{actual} in place of {wanted}"
    for digits in (6, 9, 12, 17):
        texts = [f"{x:.{digits}g}" for x in (actual, wanted)]
        if texts[0] != texts[1]:
            break
    return " in place of ".join(texts)


def _kind_text(value: Any) -> str:
    """What a value is, in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value!r:.60}"


def _is_number(value: Any) -> bool:
    """Whether a value is a finite number that a float can be, and no truth value."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return is_number and abs(value) < MAX_NUMBER


def _equal(x: Any, y: Any) -> bool:
    """Whether two values are equal, as far as they can be compared."""
    try:
        return bool(x == y)
    except Exception:
        return False
