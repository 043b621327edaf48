"""What an explorer shows: a pattern, or several of them with a tab each, and their length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..catalogue import notation
from ..interop import from_allowed_mask
from ..lower import CSR
from ..sets.branches import Branches
from ..sets.checks import MAX_LAYERS, integer, lengths
from ..sets.factorized import Factorized, Scheme
from ..sets.hints import got, is_boolean_array
from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.require import check_pattern, patterns_of_heads
from ..sets.types import BoolArray, Length
from .listed_rows import Shape

MAX_LENGTH = 4096  # queries or keys of a page
MAX_TABS = 256
DEFAULT_LENGTH = 64
Heads = Sequence[Pattern]
Explorable = Pattern | Factorized | Branches | Scheme | CSR | BoolArray | Heads | Sequence[Heads]
Count = int | None


class Tab(NamedTuple):
    """A pattern and what it is: "step 1", "head 0", or its notation if it is the only one."""

    label: str
    pattern: Pattern


Tabs = tuple[str, list[Tab]]  # their kind, and they


class Subject(NamedTuple):
    """What is explored: its kind, its tabs and their shape, and a name for the heading."""

    kind: str
    tabs: tuple[Tab, ...]
    shape: Shape
    name: str


def subject_of(
    p: Explorable | str,
    n: Length | None,
    layers: Count,
    heads: Count,
) -> Subject:
    """What to show of p. Raises as `explore` does."""
    value = notation.read(p) if isinstance(p, str) else p
    if isinstance(value, Scheme):
        kind, tabs = _scheme_tabs(value, layers, heads)
    else:
        _refuse_counts(value, layers, heads)
        kind, tabs = _tabs(value)
    if len(tabs) > MAX_TABS:
        raise ValueError(f"p must be at most {MAX_TABS} patterns, a tab for each, got {len(tabs)}")
    patterns = [tab.pattern for tab in tabs]
    shape = _shape(n, value, patterns)
    for pattern in patterns:
        _check_rows(pattern, shape)
    return Subject(kind, tuple(tabs), shape, _name(value))


def _check_rows(p: Pattern, shape: Shape) -> None:
    """Refuse a shape that p has no rows for: its first and its last row are asked for."""
    n_q, n_k = check_pattern(p, shape)
    p.row(0, n_k)
    p.row(n_q - 1, n_k)


def _tabs(value: Any) -> Tabs:
    """(kind, tabs) of what is no scheme."""
    if is_boolean_array(value):
        value = from_allowed_mask(value)
    elif isinstance(value, CSR):
        value.check()
        value = Listed(value.indptr, value.indices)
    if isinstance(value, Pattern):
        return "pattern", [Tab(repr(value), value)]
    if isinstance(value, Factorized):
        return "step", [Tab(f"step {m}", p) for m, p in enumerate(value, 1)]
    if isinstance(value, Branches):
        return "branch", [Tab(f"branch {b}", p) for b, p in enumerate(value)]
    patterns = patterns_of_heads("p", _heads(value))
    return "head", [Tab(f"head {h}", p) for h, p in enumerate(patterns)]


def _heads(value: Any) -> Any:
    """One pattern per head; of pattern[b][h], those of the first sequence."""
    names = getattr(value, "_fields", None)
    if names is not None:
        raise TypeError(
            f"p must be one of the sets {', '.join(names)} of a {type(value).__name__}: "
            f"write p.{names[0]}"
        )
    is_batch = isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple)
    if is_batch:
        return value[0]
    if isinstance(value, Pattern | list | tuple):
        return value
    kinds = "a pattern, steps, branches, a scheme, a bool array, a CSR, or patterns per head"
    raise TypeError(f"p must be {kinds}, {got(value)}")


def _scheme_tabs(p: Scheme, layers: Count, heads: Count) -> Tabs:
    """(kind, tabs) of a scheme, layer by layer."""
    steps = len(p.factorized)
    first = p.at(0, 0)
    is_by_layer = any(p.at(layer, 0) != first for layer in range(steps))
    is_by_head = any(p.at(0, head) != first for head in range(steps))
    layer_count = _count("layers", layers, steps if is_by_layer else 1)
    head_count = _count("heads", heads, steps if is_by_head else 1)
    kind = "head" if head_count > 1 else "layer"
    tabs = []
    for layer in range(layer_count):
        for head in range(head_count):
            label = f"layer {layer}" if kind == "layer" else f"head {head}"
            if layer_count > 1 and head_count > 1:
                label = f"layer {layer}, head {head}"
            tabs.append(Tab(label, p.at(layer, head)))
    return kind, tabs


def _count(name: str, value: Count, default: int) -> int:
    """A number of layers or heads."""
    return default if value is None else integer(name, value, 1, MAX_LAYERS)


def _refuse_counts(p: Any, layers: Count, heads: Count) -> None:
    """Refuse layers and heads of what is no scheme."""
    for name, count in (("layers", layers), ("heads", heads)):
        if count is not None:
            raise TypeError(f"{name} is for a scheme such as sr.Interleaved, got {p!r}")


def _shape(n: Length | None, value: Any, patterns: list[Pattern]) -> Shape:
    """(n_q, n_k), each from 1 to 4096."""
    shape = _own_shape(value, patterns) if n is None else lengths(n)
    for length in shape:
        integer("n", length, 1, MAX_LENGTH)
    return shape


def _own_shape(value: Any, patterns: list[Pattern]) -> Shape:
    """The shape of a mask or a CSR, the length that a pattern is stated for, or 64."""
    if is_boolean_array(value) or isinstance(value, CSR):
        *_, n_q, n_k = value.shape
        return n_q, n_k
    own_lengths = (p.own_length for p in patterns)
    length = next((n for n in own_lengths if n is not None), None)
    if length is not None:
        return length, length
    rows = [p for p in patterns if isinstance(p, Listed)]
    if rows:
        n_q = len(rows[0].indptr) - 1
        last_keys = [int(p.indices.max(initial=-1)) for p in rows]
        return n_q, max(n_q, *(key + 1 for key in last_keys))
    return DEFAULT_LENGTH, DEFAULT_LENGTH


def _name(value: Any) -> str:
    """The notation of what is shown; nothing for an array or patterns per head."""
    is_value = isinstance(value, Pattern | Factorized | Branches | Scheme)
    return repr(value) if is_value and not isinstance(value, Listed) else ""
