"""What is taken for a pattern, or for one per head: an error names what is given, and the mend."""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Any

from .branches import Branches
from .checks import integer, lengths
from .factorized import Factorized
from .hints import got
from .listed import Listed
from .pattern import Pattern
from .types import Length


def require_pattern(name: str, p: Any) -> None:
    """Refuse what is no pattern.

    Raises TypeError; the message has the mend for steps, branches, boolean masks, text, and classes
    or functions that make patterns.
    """
    if isinstance(p, Pattern):
        return
    require_one_set(name, p)
    raise TypeError(f"{name} must be a Pattern, {got(p)}")


def check_pattern(p: Pattern, n: Length) -> tuple[int, int]:
    """(n_q, n_k), if p is one pattern that has n_q rows.

    Raises
    ------
    TypeError
        `p` is not a Pattern, or is several of them.
    ValueError
        A length is negative, is 2**31 or more, or is one for which p has no rows.
    """
    n_q, n_k = lengths(n)
    require_pattern("pattern", p)
    if max(n_q, n_k) >= 2**31:
        raise ValueError(f"n must be below 2**31 to be lowered, got {n!r}")
    p.check_length((), n_k)
    if isinstance(p, Listed):
        p.check()
        rows = len(p.indptr) - 1
        if rows != n_q:
            raise ValueError(f"pattern {p!r} needs n_q = {rows}, got n_q = {n_q}")
    return n_q, n_k


def patterns_of_heads(
    name: str,
    pattern: Any,
    heads: int | None = None,
    *,
    lowered: tuple[type, ...] = (),
) -> tuple[Any, ...]:
    """The pattern of each head, from one for all of them or a list or tuple with one for each.

    If `heads` is None, one pattern stands for one head, and a sequence tells how many there are.
    `lowered` are classes of sets that are taken as they are, like a Plan.

    Raises TypeError if it is neither, ValueError for a sequence of another length than `heads`.
    """
    heads = None if heads is None else integer("heads", heads, 1)
    kinds = (Pattern, *lowered)
    if isinstance(pattern, kinds):
        return (pattern,) * (1 if heads is None else heads)
    require_one_set(name, pattern)
    if not isinstance(pattern, list | tuple) or not pattern:
        names = ", ".join(f"a {kind.__name__}" for kind in kinds)
        raise TypeError(
            f"{name} must be {names}, or a sequence with one for each head, {got(pattern)}"
        )
    for h, p in enumerate(pattern):
        if not isinstance(p, lowered):
            require_pattern(f"{name}[{h}]", p)
    if heads is not None and len(pattern) != heads:
        raise ValueError(f"{name} must be one for each of heads = {heads}, got {len(pattern)}")
    return tuple(pattern)


def patterns_of_batch(
    name: str,
    pattern: Any,
    batch: tuple[int, ...],
    heads: int,
    *,
    lowered: tuple[type, ...] = (),
) -> tuple[Any, ...]:
    """The pattern of each head of each sequence, the batch axes folded into the heads.

    One pattern, or a sequence with one for each head, holds for every sequence of the batch. A
    nested sequence has one sequence for each of the batch, pattern[b][h], and one more level for
    each further batch axis.

    Raises as `patterns_of_heads` does, naming pattern[b][h], and ValueError if a level has another
    length than its axis.
    """
    if batch and _is_nested(pattern):
        return _patterns_of_sequences(name, pattern, batch, heads, lowered)
    is_sequence = isinstance(pattern, list | tuple)
    if is_sequence and batch and len(pattern) == batch[0] != heads:
        raise ValueError(
            f"{name} must be one for each of heads = {heads}, got {len(pattern)}: "
            "one for each sequence of the batch is nested, pattern[b][h]"
        )
    return patterns_of_heads(name, pattern, heads, lowered=lowered) * prod(batch)


def _patterns_of_sequences(
    name: str,
    pattern: Any,
    batch: tuple[int, ...],
    heads: int,
    lowered: tuple[type, ...],
) -> tuple[Any, ...]:
    """The patterns of a nested sequence."""
    if not isinstance(pattern, list | tuple):
        raise TypeError(f"{name} must be a sequence, as the pattern of a batch is, {got(pattern)}")
    if not batch:
        return patterns_of_heads(name, pattern, heads, lowered=lowered)
    size, *inner_batch = batch
    if len(pattern) != size:
        raise ValueError(
            f"{name} must be one sequence for each of the batch of {size}, got {len(pattern)}"
        )
    patterns = []
    for b, p in enumerate(pattern):
        inner_name = f"{name}[{b}]"
        patterns.append(_patterns_of_sequences(inner_name, p, tuple(inner_batch), heads, lowered))
    return tuple(chain.from_iterable(patterns))


def _is_nested(pattern: Any) -> bool:
    """Whether it is a sequence that has sequences."""
    is_sequence = isinstance(pattern, list | tuple)
    return is_sequence and any(isinstance(p, list | tuple) for p in pattern)


def require_one_set(name: str, p: Any) -> None:
    """Refuse steps and branches if one set is needed."""
    if isinstance(p, Factorized):
        raise TypeError(
            f"{name} {p!r} is {len(p)} steps, not one set: Merged({p!r}).at(0, 0) is their union"
        )
    if isinstance(p, Branches):
        raise TypeError(
            f"{name} {p!r} is {len(p)} branches, not one set: sr.multiplicity(branches, n) "
            "counts their keys, as sr.verify.probe(fn, n).multiplicity does those of a function"
        )
