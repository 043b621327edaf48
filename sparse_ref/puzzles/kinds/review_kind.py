"""Find the bug: the sets that a piece of code really has, or what else is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import getsource
from textwrap import dedent
from typing import Any

import numpy as np

from ... import patterns
from ...sets.checks import lengths
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, Length
from ..answer_calls import Fault, call
from ..set_words import difference_in_words, first_pair, pattern_of_rows
from .kind import Answer, OneCaseKind, check_parameters
from .pattern_mask import check_pattern, pattern_mask

Sets = Pattern | tuple[Pattern, ...]
FORM = """\
What does it compute? If its sets are others, return the pattern that it has,
or a tuple with one pattern for each head. If its sets are right, return the
word for what else is wrong:"""
ANSWER = "the answer must be a pattern, a tuple with a pattern per head, or a word"
OPTIONS = {
    "key heads": "a query head reads the keys and values of a wrong key head",
    "finite mask": "a key outside the set gets a number, which large logits beat",
    "ghost": "a key that does not exist takes a part of the weight",
    "twice": "a key counts twice in the sums of its row",
    "rescale": "what was summed before is not rescaled when the maximum grows",
    "scale": "the logits are not q . k / sqrt(d)",
    "overflow": "exp of a large logit is infinite",
}


@dataclass(frozen=True, eq=False)
class Review(OneCaseKind):
    """The answer is a function of nothing that returns a pattern, one per head, or a word.

    Attributes
    ----------
    attention : callable or None
        attention(q, k, v) -> out, (heads, n, d): the code, whose source is shown.
    target : Pattern or tuple of Pattern
        The sets that it should have, all heads alike or one per head.
    n : int or (int, int)
        The length at which sets are compared, or (n_q, n_k).
    heads, kv_heads : int
        The heads of queries, and of keys and values.
    options : mapping of str to str
        The words for mistakes that are none of the set, with what each means.
    """

    noun = "bug"
    is_secret = True
    attention: Callable[..., Any] | None = None
    target: Sets = ()
    n: Length = 16
    heads: int = 1
    kv_heads: int = 1
    options: Mapping[str, str] = field(default_factory=lambda: OPTIONS)

    def check_answer(self, answer: Any, reference: Answer) -> None:
        """Raise Fault for what is neither an answer itself nor a function of nothing."""
        if not isinstance(answer, str | tuple | Pattern):
            check_parameters(answer, reference)

    def value(self, answer: Any, case: tuple[()]) -> Any:
        """The word, or the mask: (n_q, n_k) if all heads have the same, else (heads, n_q, n_k)."""
        value = answer if isinstance(answer, str | tuple | Pattern) else call(answer)
        return self._word(value) if isinstance(value, str) else self.masks(value)

    def _word(self, value: str) -> str:
        """The word. Raises Fault for one that is not an option."""
        if "(" in value:
            raise Fault(f"write a pattern without quotes: sr.{value:.60}")
        if value in patterns.__all__:
            raise Fault(f"write a pattern without quotes, and with parentheses: sr.{value}(...)")
        if value not in self.options:
            words = ", ".join(map(repr, self.options))
            raise Fault(f"a word must be one of {words}, got {value!r:.60}")
        return value

    def masks(self, sets: Any) -> BoolArray:
        """The mask of sets, one for all heads if they are alike. Raises Fault for what is none."""
        patterns = sets if isinstance(sets, tuple | list) else (sets,)
        for pattern in patterns:
            check_pattern(pattern, ANSWER)
        if len(patterns) not in (1, self.heads):
            raise Fault(f"the answer must be 1 pattern or {self.heads}, got {len(patterns)}")
        masks = np.stack([pattern_mask(pattern, self.n) for pattern in patterns])
        return masks[0] if (masks == masks[0]).all() else masks

    def agrees(self, actual: Any, wanted: Any, case: tuple[()]) -> bool:
        """Whether two answers are equal: words, or sets."""
        if isinstance(actual, str) or isinstance(wanted, str):
            return isinstance(actual, str) and isinstance(wanted, str) and actual == wanted
        x, y = self._of_heads(actual, wanted)
        return np.array_equal(x, y)

    def words(self, actual: Any, wanted: Any, case: tuple[()]) -> str:
        """What is wrong with an answer."""
        if isinstance(actual, str):
            if isinstance(wanted, str):
                return f"it is not {actual!r} ({self.options[actual]})"
            return f"it is not {actual!r}: the sets are not those that were asked for; state them"
        if self.agrees(actual, self.masks(self.target), case):
            return self._words_on_target(wanted)
        if isinstance(wanted, str):
            return "the code has the sets that were asked for: choose a word for what is wrong"
        return self._difference(actual, wanted)

    def _words_on_target(self, wanted: Any) -> str:
        """What is wrong with the answer that the sets are those asked for."""
        if isinstance(wanted, str):
            return "these sets are right, as asked for, but something else is wrong: choose a word"
        return "that is what was asked for, and not what the code does: try a query by hand"

    def _difference(self, actual: Any, wanted: Any) -> str:
        """The first head whose set is another, in verify's words."""
        heads = zip(*self._of_heads(actual, wanted))
        for head, (x, y) in enumerate(heads):
            if np.array_equal(x, y):
                continue
            words = difference_in_words(pattern_of_rows(y), y, x)
            return f"head {head}: {words}" if self.heads > 1 else words
        return ""

    def _of_heads(self, *masks: Any) -> list[BoolArray]:
        """Masks as (heads, n_q, n_k) each."""
        shape = (self.heads, *lengths(self.n))
        return [np.broadcast_to(mask, shape) for mask in masks]

    def first_difference(self, actual: Any, wanted: Any) -> str:
        """The first query and key that differ, if both are sets of one head."""
        if isinstance(actual, str) or isinstance(wanted, str):
            return ""
        return first_pair(actual, wanted) if actual.ndim == wanted.ndim == 2 else ""

    def picture(self, reference: Answer) -> str:
        """The code, and the words."""
        code = dedent(getsource(self.attention)).rstrip() if self.attention else ""
        words = [f"{word!r}: {meaning}" for word, meaning in self.options.items()]
        return "\n".join([code, "", FORM, *words])
