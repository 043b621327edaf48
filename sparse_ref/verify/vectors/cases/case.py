"""One case of the suite.

Sets are in the notation of `sr.parse`. Semicolons separate the sets of several heads, and the
several sets that one bug may turn a set into. flags.py explains the flags, inputs.py the values of
`values`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ....sets.types import Length


@dataclass(frozen=True)
class Case:
    """One input, and what is known of it before anything is computed.

    id : the name, also of its files.
    sets : one set for all heads, or one per head, separated by semicolons.
    n : a length, or (n_q, n_k).
    comment : what the case is about.
    wrong : by flag, the sets that an implementation with that bug attends to.
    heads, groups : H heads of q, G heads of k and v.
    d, e : the widths of q and k, and of v.
    scale : the scale of the logits; None for 1 / sqrt(d).
    values : how q, k and v are filled.
    expected : "valid" if every sound implementation gives this result, "acceptable" if some of them
        give NaN too.
    """

    id: str
    sets: str
    n: Length
    comment: str
    wrong: dict[str, str] = field(default_factory=dict)
    heads: int = 2
    groups: int = 2
    d: int = 8
    e: int = 4
    scale: float | None = None
    values: str = "plain"
    expected: str = "valid"
