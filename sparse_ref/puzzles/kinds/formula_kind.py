"""A set by its formula: [j in A_i] for arrays of queries and keys, in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sets.checks import lengths
from ...sets.run import Run
from ...sets.types import BoolArray
from ..answer_calls import Fault, call
from .kind import Answer, Kind, parameter_names
from .runs_kind import Runs
from .set_kind import SetCase, SetKind


@dataclass(frozen=True, eq=False)
class Formula(SetKind):
    """The answer is formula(i, j, *parameters) -> bool, for int64 arrays i (n_q, 1), j (1, n_k).

    A parameter named n is the number of keys.

    Attributes
    ----------
    runs : callable or None
        The same set solved for j, (i, n, *parameters) -> runs; a reader may give it too, as a
        function of (i, n), or both in a class that is a `Rule`.
    """

    noun = "formula"
    runs: Answer | None = None

    def value(self, answer: Answer, case: SetCase) -> BoolArray:
        """The mask of a formula."""
        n_q, n_k = lengths(case["n"])
        i = np.arange(n_q, dtype=np.int64)[:, None]
        j = np.arange(n_k, dtype=np.int64)[None, :]
        names = _parameters_after_positions(answer, case)
        value = call(answer, i, j, *self.arguments(case, names))
        return _as_mask(value, (n_q, n_k))

    def parts(self, reference: Answer) -> tuple[tuple[Kind, Answer], ...]:
        """The formula, and the runs if there are any."""
        formula: tuple[Kind, Answer] = (self, reference)
        if self.runs is None:
            return (formula,)
        shared = {name: getattr(self, name) for name in SetKind.__dataclass_fields__}
        return formula, (Runs(**shared), self.runs)


def _parameters_after_positions(formula: Answer, case: SetCase) -> tuple[str, ...]:
    """The names of a formula's parameters after i and j, as far as a case has them."""
    return tuple(name for name in parameter_names(formula)[2:] if name in case)


def _as_mask(value: Any, shape: tuple[int, int]) -> BoolArray:
    """The mask that a formula gives. Raises Fault for what is none."""
    if value is None:
        raise Fault("the answer returns nothing: is a `return` missing?")
    if isinstance(value, Run | tuple | list):
        raise Fault("a formula must give True or False for each pair, got runs or a list of keys")
    mask = np.asarray(value)
    if mask.dtype != np.bool_:
        kind = f"{value!r:.60}" if mask.dtype.kind in "OUS" else mask.dtype
        raise Fault(
            f"a formula must give True or False for each pair, got {kind}: compare, as in `j <= i`"
        )
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise Fault(
            f"a formula must give one value for each pair, shape {shape}, got {mask.shape}"
        ) from None
