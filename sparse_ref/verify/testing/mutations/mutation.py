"""One known way of computing attention wrong, at any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .attention import Attention, Change, Statement

DTYPES = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, eq=False)
class Mutation:
    """A change of one stage of `Attention`.

    `hint` is what a test must do to notice it. `dtypes` are those of the input at which it is more
    than rounding. `in_lse` says that only lse is wrong.
    """

    name: str
    stage: str
    change: Change
    hint: str
    dtypes: tuple[str, ...] = DTYPES
    in_lse: bool = False

    def function(self, statement: Statement) -> Attention:
        """The wrong attention, new: it remembers no call."""
        return Attention(statement, self.stage, self.change)


def family(
    stage: str,
    hint: str,
    changes: Mapping[str, Change],
    *,
    dtypes: tuple[str, ...] = DTYPES,
    in_lse: bool = False,
) -> tuple[Mutation, ...]:
    """Mutations of one stage that one kind of test notices."""
    return tuple(
        Mutation(name, stage, change, hint, dtypes, in_lse) for name, change in changes.items()
    )
