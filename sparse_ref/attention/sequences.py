"""PyTorch's nested tensors: attention over each sequence of a ragged batch, as it is alone.

Both layouts are taken, torch.jagged and torch.strided, without importing torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from .arrays import is_torch

Doors = Callable[..., tuple[Any, ...]]


def is_nested(x: Any) -> bool:
    """Whether x is a nested tensor of torch."""
    return is_torch(x) and x.is_nested


def over_sequences(
    door: Doors,
    arrays: dict[str, Any],
    likes: Sequence[str],
    pattern: Any,
    options: dict[str, Any],
) -> tuple[Any, ...]:
    """door(*arrays, pattern, **options) of each sequence; its results as nested tensors.

    Result t has the layout of the array named likes[t]: it is ragged where that is. A nested
    sequence of patterns, pattern[b][h], has one for each sequence b.

    Raises TypeError if one of the arrays is not nested, ValueError if they have other numbers of
    sequences. An error of one sequence has a note with its number.
    """
    q = arrays["q"]
    batch = len(q.unbind()) if is_nested(q) else 0
    sequences = [_sequences(name, x, batch) for name, x in arrays.items()]
    patterns = _patterns_of_sequences(pattern, batch)
    results = []
    for b, (p, *own_arrays) in enumerate(zip(patterns, *sequences)):
        try:
            results.append(door(*own_arrays, p, **options))
        except (TypeError, ValueError, IndexError) as error:
            error.add_note(f"This is sequence {b} of {batch}.")
            raise
    nested = []
    for like, *parts in zip(likes, *results):
        nested.append(_nest(parts, arrays[like]))
    return tuple(nested)


def _sequences(name: str, x: Any, batch: int) -> Sequence[Any]:
    """The sequences of a nested tensor, as many as q has."""
    if not is_nested(x):
        raise TypeError(
            f"{name} must be a nested tensor, since another argument is, got {type(x).__name__}"
        )
    sequences = x.unbind()
    if len(sequences) != batch or batch == 0:
        raise ValueError(
            f"{name} must have as many sequences as q, {batch} >= 1, got {len(sequences)}"
        )
    is_jagged = x.layout is _torch().jagged
    if name != "lse" and is_jagged and _ragged_axis(x) > x.dim() - 3:
        raise ValueError(f"{name} must be ragged in heads or positions, got {tuple(x.shape)}")
    return sequences


def _patterns_of_sequences(pattern: Any, batch: int) -> Sequence[Any]:
    """What `attend` takes as the pattern of each sequence."""
    is_sequence = isinstance(pattern, list | tuple)
    if not is_sequence or not any(isinstance(p, list | tuple) for p in pattern):
        return [pattern] * batch
    if len(pattern) != batch:
        raise ValueError(
            f"pattern must be one sequence for each of the batch of {batch}, got {len(pattern)}"
        )
    for b, p in enumerate(pattern):
        if not isinstance(p, list | tuple):
            raise TypeError(
                f"pattern[{b}] must be a sequence, as the pattern of a batch is, got {p!r}"
            )
    return pattern


def _nest(parts: Sequence[Any], like: Any) -> Any:
    """The parts as a nested tensor in the layout of another, which has as many rows in each.

    A jagged one shares its offsets, so that torch knows their ragged sizes for the same.
    """
    torch = _torch()
    if like.layout is not torch.jagged:
        return torch.nested.as_nested_tensor(list(parts), layout=like.layout)
    axis = _ragged_axis(like)
    rows_first = [part.movedim(axis, 0) for part in parts]
    has_holes = like.lengths() is not None
    if has_holes:
        nested = torch.nested.as_nested_tensor(rows_first, layout=like.layout)
    else:
        values = torch.cat(rows_first)
        nested = torch.nested.nested_tensor_from_jagged(values, offsets=like.offsets())
    return nested.transpose(1, axis + 1)


def _ragged_axis(x: Any) -> int:
    """The axis of each sequence whose size differs, from the symbol in the shape of the batch."""
    is_number = [isinstance(size, int) for size in x.shape]
    return is_number.index(False) - 1


def _torch() -> Any:
    """torch, which has made the tensors."""
    return sys.modules["torch"]
