"""What a declaration says, as the statement that mutants are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._claims import Claim
from ..meaning.meaning import alibi_slopes
from .mutations import Statement

DATA_OPTIONS = ("q", "k")  # of sets that depend on data
UNSUPPORTED_LAYOUTS = ("thd",)


def statement_of(claim: Claim) -> Statement:
    """The right attention of a claim.

    Raises ValueError for sets that depend on data, and for packed lengths.
    """
    options: dict[str, Any] = dict(claim.options)
    for name in DATA_OPTIONS:
        if options.get(name) is not None:
            raise ValueError(f"mutants need sets that do not depend on data, got {name}=")
    if options.get("layout") in UNSUPPORTED_LAYOUTS:
        raise ValueError(f"mutants need one sequence an entry, got layout {options['layout']!r}")
    fill = options.get("fill")
    return Statement(
        claim.patterns,
        options.get("kv_heads") or claim.heads,
        scale=options.get("scale"),
        softcap=options.get("softcap"),
        sinks=_per_head(options.get("sinks"), claim.heads),
        bias=options.get("bias"),
        slopes=_slopes(options.get("alibi"), claim.heads),
        align=options.get("align"),
        fill=-np.inf if fill is None else fill,
        lse_base=2.0 if options.get("lse") == "base2" else np.e,
        transform=options.get("transform"),
    )


def _per_head(value: Any, heads: int) -> Any:
    """A number for each head."""
    numbers = np.asarray(value, np.float64)
    return None if value is None else np.broadcast_to(numbers, (heads,))


def _slopes(alibi: Any, heads: int) -> Any:
    """The slopes of ALiBi; True stands for the usual ones."""
    if alibi is None or alibi is False:
        return None
    return alibi_slopes(heads) if alibi is True else _per_head(alibi, heads)
