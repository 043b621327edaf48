"""The lines of cases.txt: one per case, for programs that read no JSON and no notation.

The set is `kind a b offset`: its name, its parameters, and the offset. Query i has the keys that
the set has for query i + offset. `listed` is any set that two parameters do not say.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ...sets.shifted import Shifted
from .statement import Entry

COLUMNS = (
    "id kind a b offset heads kv_heads n_q n_k d e scale softcap sinks topk backward sequences "
    "page_size pages blocks tolerance"
)


class Kind(NamedTuple):
    """A set in four words."""

    kind: str
    a: int = 0
    b: int = 0
    offset: int = 0


LISTED = Kind("listed")


def kind_of(*patterns: Pattern) -> Kind:
    """The kind of a set; `listed` if there is none, or if heads differ.

    >>> import sparse_ref as sr
    >>> kind_of(sr.Shifted(sr.Lookback(5), 3))
    Kind(kind='lookback', a=5, b=0, offset=3)
    >>> kind_of(sr.Global(1) | sr.Lookback(5)).kind
    'listed'
    """
    kinds = {_kind(p) for p in patterns}
    without_offsets = {kind._replace(offset=0) for kind in kinds}
    if len(kinds) == 1:
        return kinds.pop()
    # sequences differ in their offsets, which are in an array
    return without_offsets.pop() if len(without_offsets) == 1 else LISTED


def _kind(p: Pattern) -> Kind:
    """The kind of one set."""
    if isinstance(p, Shifted):
        inner = _kind(p.pattern)
        return inner if inner == LISTED else inner._replace(offset=p.offset)
    if not isinstance(p, Rule):
        return LISTED
    parameters = [*vars(p).values()]
    are_numbers = all(isinstance(value, int) for value in parameters)
    if len(parameters) > 2 or not are_numbers:
        return LISTED
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(p).__name__).lower()
    return Kind(name, *parameters)


def line(entry: Entry) -> str:
    """A case in cases.txt."""
    values = {
        **entry,
        "n_q": entry["n"][0],
        "n_k": entry["n"][1],
        "tolerance": min(entry["tolerance"][name]["float32"] for name in entry["outputs"]),
        "offset": 0 if entry["sequences"] else entry["offset"],
    }
    return " ".join(_word(values[column]) for column in COLUMNS.split())


def _word(value: str | float) -> str:
    """A name as it is, a number in digits, True and False as 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)
