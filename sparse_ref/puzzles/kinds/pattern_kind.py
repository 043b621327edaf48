"""A pattern: the answer is a value of this library, compared as sets.

With an attention, the question is which pattern a piece of code really has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getsource
from textwrap import dedent
from typing import Any

import numpy as np

from ...sets.checks import lengths
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, Length
from ..answer_calls import Fault, call
from .kind import Answer, check_parameters, parameter_names
from .pattern_mask import check_pattern, pattern_mask
from .set_kind import SetCase, SetKind


@dataclass(frozen=True, eq=False)
class PatternAnswer(SetKind):
    """The answer is a Pattern, or a function (*parameters) -> Pattern.

    Attributes
    ----------
    attention : callable or None
        attention(q, k, v) -> out, NumPy arrays (n, d): the code whose pattern is asked for. The
        source is shown with the question.
    """

    noun = "pattern"
    one_line: bool = False  # a pattern may have names for its parts
    attention: Callable[..., Any] | None = None

    def value(self, answer: Any, case: SetCase) -> BoolArray:
        """The mask of the pattern."""
        p = answer
        if not isinstance(answer, Pattern):
            names = parameter_names(answer)
            p = call(answer, *self.arguments(case, names))
        if isinstance(p, np.ndarray):
            raise Fault(
                "the answer must be a pattern, got an array: sr.interop.from_allowed_mask makes "
                "one of a bool mask"
            )
        check_pattern(p)
        mask: BoolArray = call(lambda: pattern_mask(p, case["n"]))
        return mask

    def check_answer(self, answer: Any, reference: Answer) -> None:
        """Raise Fault for what is neither a pattern nor a function of the parameters."""
        if not isinstance(answer, Pattern):
            check_parameters(answer, reference)

    def picture(self, reference: Answer) -> Any:
        """The source of the attention; else the wanted mask."""
        if self.attention is not None:
            return dedent(getsource(self.attention)).rstrip()
        return super().picture(reference)


def attention_mask(attention: Answer, n: Length, seed: int = 0) -> BoolArray:
    """The pairs (i, j) at which attention(q, k, v) reads v_j for out_i, bool (n_q, n_k).

    v is the identity matrix, so that out is the matrix of weights.
    """
    n_q, n_k = lengths(n)
    numbers = np.random.default_rng(seed)
    q = numbers.standard_normal((n_q, 4))
    k = numbers.standard_normal((n_k, 4))
    weights: BoolArray = np.asarray(attention(q, k, np.eye(n_k))) != 0
    return weights
