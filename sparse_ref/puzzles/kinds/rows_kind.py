"""A set as compressed sparse rows: arrays that must have the form, and then the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sets.pattern import Pattern
from ..answer_calls import Fault
from ..set_words import difference_in_words
from .array_kind import ArrayValue
from .value_kind import Arguments


@dataclass(frozen=True, eq=False)
class SparseRows(ArrayValue):
    """The answer is a function of n that returns (indptr, indices).

    Attributes
    ----------
    pattern : callable or None
        () -> the library's pattern with these sets.
    """

    noun = "sparse rows"
    items: tuple[str, ...] = ("indptr", "indices")
    pattern: Callable[[], Pattern] | None = None

    def words(self, actual: Any, wanted: Any, case: Arguments) -> str:
        """What is wrong with the form of the arrays; else with the set."""
        (n,) = case
        try:
            mask = mask_of_rows(actual, n)
        except Fault as fault:
            return str(fault)
        wanted_mask = mask_of_rows(wanted, n)
        if np.array_equal(mask, wanted_mask) or self.pattern is None:
            return super().words(actual, wanted, case)
        return difference_in_words(self.pattern(), wanted_mask, mask)

    def display_value(self, value: Any, case: Arguments) -> Any:
        """The mask, if the arrays have the form."""
        try:
            return mask_of_rows(value, case[0])
        except Fault:
            return value


def mask_of_rows(value: Any, n: int) -> np.ndarray:
    """The mask of (indptr, indices), bool (n, n). Raises Fault for arrays of another form."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Fault("the answer must be (indptr, indices)")
    indptr, indices = map(np.asarray, value)
    for name, array in (("indptr", indptr), ("indices", indices)):
        if array.dtype.kind not in "iu" or array.ndim != 1:
            raise Fault(f"{name} must be a vector of integers, got {_form(array)}")
    if len(indptr) != n + 1:
        raise Fault(f"indptr must have n + 1 = {n + 1} entries, got {len(indptr)}")
    if indptr[0] != 0:
        raise Fault(f"indptr must begin with 0, got {indptr[0]}")
    if (np.diff(indptr) < 0).any():
        i = int(np.argmax(np.diff(indptr) < 0))
        raise Fault(f"indptr must never fall: row {i} ends at {indptr[i + 1]}, before its start")
    if indptr[-1] != len(indices):
        raise Fault(f"indptr must end at len(indices) = {len(indices)}, got {indptr[-1]}")
    return _mask_of_keys(indptr, indices, n)


def _mask_of_keys(indptr: np.ndarray, indices: np.ndarray, n: int) -> np.ndarray:
    """The mask of rows that have the form. Raises Fault for keys that do not exist, or not once."""
    mask = np.zeros((n, n), bool)
    for i in range(n):
        keys = indices[indptr[i] : indptr[i + 1]]
        outside = keys[(keys < 0) | (keys >= n)]
        if len(outside):
            raise Fault(f"row {i} has key {outside[0]}, but keys are from 0 to {n - 1}")
        if (np.diff(keys) <= 0).any():
            raise Fault(f"row {i} must ascend, each key once, got {keys.tolist()}")
        mask[i, keys] = True
    return mask


def _form(array: np.ndarray) -> str:
    """The dtype and shape of an array, in words."""
    return f"{array.dtype} of shape {array.shape}"
