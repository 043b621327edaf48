"""What kinds whose answers are sets have in common: masks compared, named by verify's words.

A case is a dict: `n`, a length or (n_q, n_k), and the parameters by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from ...sets.checks import lengths
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, Length
from ..answer_source import check_line, check_truth
from ..set_words import difference_in_words, first_pair, pattern_of_rows
from .kind import Answer, Kind, check_parameters

SetCase = dict[str, Any]


@dataclass(frozen=True, eq=False)
class SetKind(Kind):
    """Sets, compared as masks; abstract.

    Attributes
    ----------
    lengths : tuple of lengths
        All of these are tried.
    parameters : mapping of str to range
        The values of each parameter, all tried at each length.
    drawn_lengths : tuple of int
        The least and the greatest n that Hypothesis draws; () to draw none.
    drawn_parameters : mapping of str to range
        The values that Hypothesis draws, if they are others than `parameters`.
    shown : dict
        The case of the picture and of the names; n = 12 and the last parameters if it is empty.
    pattern : callable or None
        (*parameters) -> the library's pattern with these sets, whose missing parts are named.
    one_line : bool
        Whether a function must be one line that returns, under 80 columns.
    """

    case_noun = "smallest failing case"  # all short lengths are tried, in their order
    lengths: tuple[Length, ...] = tuple(range(1, 13))
    parameters: Mapping[str, range] = field(default_factory=dict)
    drawn_lengths: tuple[int, ...] = (13, 40)
    drawn_parameters: Mapping[str, range] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    pattern: Callable[..., Pattern] | None = None
    one_line: bool = True

    def cases(self) -> Iterator[SetCase]:
        """Every length with all parameters."""
        choices = list(product(*self.parameters.values()))
        for n, values in product(self.lengths, choices):
            yield {"n": n, **dict(zip(self.parameters, values))}

    def strategy(self) -> Any:
        """Longer sequences, and larger parameters."""
        from hypothesis import strategies as st

        if not self.drawn_lengths:
            return None
        least, most = self.drawn_lengths
        fields: dict[str, Any] = {"n": st.integers(least, most)}
        for name, values in {**self.parameters, **self.drawn_parameters}.items():
            fields[name] = st.sampled_from(values)
        return st.fixed_dictionaries(fields)

    def check_answer(self, answer: Any, reference: Answer) -> None:
        """Raise Fault for other parameters, and for `and` between arrays."""
        check_parameters(answer, reference)
        if self.one_line:
            check_truth(answer)

    def check_form(self, answer: Any) -> None:
        """Raise Fault for more than one line."""
        if self.one_line:
            check_line(answer)

    @property
    def shown_case(self) -> SetCase:
        """The case of the picture."""
        last = {name: values[-1] for name, values in self.parameters.items()}
        n = 12 if 12 in self.lengths else self.lengths[-1]
        return {"n": n, **last, **self.shown}

    def display_case(self, case: SetCase) -> SetCase:
        """The parameters of a failure, at the length of the picture if that is longer."""
        n = self.shown_case["n"]
        longest = max(lengths(case["n"])) >= max(lengths(n))
        return case if longest else {**case, "n": n}

    def pattern_of(self, case: SetCase, wanted: BoolArray) -> Pattern:
        """The library's pattern of a case, or one of these rows."""
        if self.pattern is not None:
            return self.pattern(*(case[name] for name in self.parameters))
        return pattern_of_rows(wanted)

    def agrees(self, actual: BoolArray, wanted: BoolArray, case: SetCase) -> bool:
        """Whether the masks are equal."""
        return np.array_equal(actual, wanted)

    def words(self, actual: BoolArray, wanted: BoolArray, case: SetCase) -> str:
        """The difference in verify's words."""
        return difference_in_words(self.pattern_of(case, wanted), wanted, actual)

    def first_difference(self, actual: BoolArray, wanted: BoolArray) -> str:
        """The first pair of a query and a key that differs."""
        return first_pair(actual, wanted)

    def case_text(self, case: SetCase, reference: Answer) -> str:
        """The length and the parameters."""
        return ", ".join(f"{name} = {_length_text(value)}" for name, value in case.items())

    def arguments(self, case: SetCase, names: Iterable[str]) -> list[Any]:
        """The values of parameters by name; n is the number of keys."""
        values = {**case, "n": lengths(case["n"])[1]}
        return [values[name] for name in names]

    def picture(self, reference: Answer) -> BoolArray:
        """The wanted mask."""
        mask: BoolArray = self.value(reference, self.shown_case)
        return mask


def _length_text(value: Any) -> str:
    """A length or a parameter: 12, or `4 queries x 12 keys`."""
    if isinstance(value, tuple) and len(value) == 2:
        return f"{value[0]} queries x {value[1]} keys"
    return repr(value)
