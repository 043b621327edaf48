"""One thing that is wrong with an implementation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..._text import visible
from ...sets.types import BoolArray, IntArray

KINDS = (
    "error",
    "timeout",
    "layout",
    "shared",
    "shape",
    "dtype",
    "random",
    "state",
    "not linear",
    "batch",
    "clip",
    "nan",
    "alignment",
    "extra",
    "missing",
    "empty row",
    "multiplicity",
    "bias",
    "row sum",
    "ghost",
    "leak",
    "overflow",
    "poison",
    "kv map",
    "numerics",
    "precision",
    "factor",
    "scale",
    "curve",
    "lse",
    "gradient",
    "future",
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    kind : str
        One of KINDS.
    message : str
    count : int
        How many keys or rows are wrong.
    at : tuple of int or None
        The first of them, (head, query, key) or (head, query).
    """

    kind: str
    message: str
    count: int = 1
    at: tuple[int, ...] | None = None

    def __str__(self) -> str:
        if self.at is None:
            return visible(f"{self.kind}: {self.message}")
        place = ", ".join(f"{axis} {x}" for axis, x in zip(("head", "query", "key"), self.at))
        return visible(f"{self.kind}: {self.message}; first: {place}")


class Outcome(NamedTuple):
    """What a probe found, and what is worth knowing, such as why it could not be made."""

    findings: list[Finding]
    remarks: list[str]


def findings_in(
    kind: str,
    wrong: BoolArray,
    text: str,
    noun: str = "key",
    values: Any = None,
    rows: IntArray | None = None,
) -> Iterator[Finding]:
    """The finding of a bool table (H, rows) or (H, rows, n_k), if anything in it is True.

    The text has a place for the count, and one for the first of `values`, a table like `wrong`.
    `rows` are the queries of the table's rows, all of them unless given.
    """
    if not wrong.any():
        return
    count = int(wrong.sum())
    value = 0 if values is None else values[wrong][0]
    message = text.format(count_noun(count, noun), value)
    yield Finding(kind, message, count, first_place(wrong, rows))


def first_place(wrong: BoolArray, rows: IntArray | None = None) -> tuple[int, ...]:
    """(head, query) or (head, query, key) of the first True of a table, of its corner if none is.

    `rows` are the queries of the table's rows, all of them unless given.
    """
    place = np.unravel_index(int(wrong.argmax()), wrong.shape)
    head, row, *key = map(int, place)
    query = row if rows is None else int(rows[row])
    return head, query, *key


def count_noun(count: int, noun: str) -> str:
    """How many of what: 1 row, 2,048 rows."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
