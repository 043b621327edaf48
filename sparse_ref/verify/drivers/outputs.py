"""Outputs of a layer compared row by row, and findings about rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.frameworks import dtype_name, to_float64
from ..calling.rounded_attention import spacing
from ..checks.finding import Finding, count_noun

ROOM = 1 << 10  # spacings of the dtype, times the largest output, that rounding may take
MAX_NAMED = 8  # queries that a finding lists one by one


@dataclass(frozen=True, eq=False)
class Outputs:
    """Outputs (B, n, e), and by how much others may differ from them."""

    out: FloatArray
    allowed: float

    @classmethod
    def from_array(cls, out: Any) -> Outputs:
        """What a layer returned."""
        values = to_float64(out)
        largest = np.abs(values).max(initial=0, where=np.isfinite(values))
        share = ROOM * spacing(dtype_name(out))
        return cls(values, share * float(largest))

    def differs(self, out: Any, start: int = 0) -> BoolArray:
        """Which rows of another output differ from those from `start` on; NaN equals NaN."""
        values = to_float64(out)
        own = self.out[: len(values), start : start + values.shape[1]]
        with np.errstate(invalid="ignore"):
            is_near = np.abs(values - own) <= self.allowed
        is_both_nan = np.isnan(values) & np.isnan(own)
        same = is_near | (values == own) | is_both_nan
        axes = (0, *range(2, same.ndim))
        return ~same.all(axis=axes)


def rows_finding(
    kind: str,
    rows: BoolArray,
    text: str,
    verb: str = "change",
) -> Iterator[Finding]:
    """The finding of some rows, if any; the text has places for how many and for which."""
    count = int(rows.sum())
    if count:
        singular = "differs" if verb == "differ" else f"{verb}s"
        subject = f"{count_noun(count, 'row')} {singular if count == 1 else verb}"
        yield Finding(kind, text.format(subject, queries_in_words(rows)), count)


def queries_in_words(rows: BoolArray) -> str:
    """`query 3`, `queries 0 to 6`, `queries 3, 7, 11`."""
    numbers = list(map(int, np.flatnonzero(rows)))
    first, last = numbers[0], numbers[-1]
    if len(numbers) == 1:
        return f"query {first}"
    if last - first == len(numbers) - 1:
        return f"queries {first} to {last}"
    names = ", ".join(map(str, numbers[:MAX_NAMED]))
    return f"queries {names}{', ...' if len(numbers) > MAX_NAMED else ''}"
