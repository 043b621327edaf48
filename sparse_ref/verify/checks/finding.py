"""One thing that is wrong with an implementation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..calling.subject import first

KINDS = (
    "error",
    "timeout",
    "shape",
    "dtype",
    "random",
    "state",
    "not linear",
    "batch",
    "nan",
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
    "scale",
    "curve",
    "lse",
    "gradient",
    "future",
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: how many keys or rows, and the first of them, (head, i, j) or (head, i). `kind` is one of KINDS."""

    kind: str
    message: str
    count: int = 1
    at: tuple[int, ...] | None = None

    def __str__(self):
        at = (
            ""
            if self.at is None
            else "; first at "
            + ", ".join(f"{x} {value}" for x, value in zip(("head", "i", "j"), self.at))
        )
        return f"{self.kind}: {self.message}{at}"


def found_in(kind: str, wrong, text: str, noun: str = "key", values=None) -> Iterator[Finding]:
    """The finding of a bool table (H, n_q) or (H, n_q, n_k), if anything in it is True; `values` has one to tell for each."""
    if wrong.any():
        at, count = first(wrong), int(wrong.sum())
        yield Finding(
            kind, text.format(counted(count, noun), 0 if values is None else values[at]), count, at
        )


def counted(count: int, noun: str) -> str:
    """How many of what."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
