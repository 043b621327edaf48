"""A set solved for j: the runs of keys of a query, or of an array of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sets.checks import lengths
from ...sets.run import Run, check_runs, keys_of_run
from ...sets.types import BoolArray
from ..answer_calls import Fault, call
from .kind import Answer, parameter_names
from .set_kind import SetCase, SetKind

MEND = ": write span(start, stop), or every(step, start, stop)"


@dataclass(frozen=True, eq=False)
class Runs(SetKind):
    """The answer is solution(i, n, *parameters) -> a Run or a tuple of them.

    It is called with an int i, and with an int64 array of all queries: both must have the same
    keys. Keys may reach outside 0 <= j < n.
    """

    noun = "runs"

    def value(self, answer: Answer, case: SetCase) -> BoolArray:
        """The mask that the runs give."""
        if parameter_names(answer)[:2] == ("i", "j"):  # a stored wrong answer of a formula
            from .formula_kind import Formula

            return Formula().value(answer, case)
        n_q, n_k = lengths(case["n"])
        parameters = self.arguments(case, parameter_names(answer)[2:])
        i = np.arange(n_q, dtype=np.int64)
        mask = np.zeros((n_q, n_k), bool)
        for query in i.tolist():
            for run in _runs(call(answer, query, n_k, *parameters), query):
                mask[query, keys_of_run(run, n_k)] = True
        runs = _runs(call(answer, i, n_k, *parameters), i)
        if not np.array_equal(_mask_of_arrays(runs, i, n_k), mask):
            raise Fault("for an array of queries the answer has other keys than query by query")
        return mask


def _runs(value: Any, i: Any) -> tuple[Run, ...]:
    """The runs of an answer. Raises Fault for what is none."""
    if value is None:
        raise Fault("the answer returns nothing: is a `return` missing?")
    try:
        return check_runs("the answer", value, i)
    except (TypeError, ValueError) as error:
        kind = "an array" if isinstance(i, np.ndarray) else "an int"
        words = str(error).replace("the answer: solution", "the answer")
        form = "" if isinstance(value, tuple | Run) else MEND
        raise Fault(f"for {kind} i, {words}{form}") from None


def _mask_of_arrays(runs: tuple[Run, ...], i: Any, n: int) -> BoolArray:
    """The mask of runs whose fields are ints, or arrays with one entry per query."""
    mask = np.zeros((len(i), n), bool)
    for run in runs:
        fields = [np.broadcast_to(field, i.shape) for field in run]
        for row, numbers in enumerate(zip(*fields)):
            mask[row, keys_of_run(Run(*map(int, numbers)), n)] = True
    return mask
