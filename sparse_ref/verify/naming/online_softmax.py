"""Faults of online softmax, confirmed by running the wrong recurrence tile by tile.

For each tile of keys:  m' = max(m, max x),  p = e^(x - m'),  a = e^(m - m'),
l' = a l + sum p,  acc' = a acc + p v;  the output is acc / l.

Symbols:  x logits, (H, rows, n_k);  m running maximum, l running sum, acc accumulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from .number_case import NumberCase

POWERS = tuple(2**k for k in range(3, 10))
TILES = (*POWERS, 2, 3, 4, 5, 24, 48, 96, 112, 192)
MAX_TILES = 256  # of a row


class Fault(NamedTuple):
    """What a wrong recurrence leaves out.

    scale_acc, scale_sum : whether acc and l are rescaled.
    is_local : p is relative to the maximum of its own tile, not to m'.
    is_last : only the last tile of each row goes wrong.
    """

    words: str
    scale_acc: bool = True
    scale_sum: bool = True
    is_local: bool = False
    is_last: bool = False


FAULTS = (
    Fault("missing rescale of the accumulator", scale_acc=False),
    Fault("missing rescale of the row sum", scale_sum=False),
    Fault("missing rescale of the accumulator and of the row sum", False, False),
    Fault("weights relative to the maximum of their own tile", is_local=True),
    Fault("missing rescale of the accumulator at the last tile", scale_acc=False, is_last=True),
    Fault("missing rescale of the row sum at the last tile", scale_sum=False, is_last=True),
    Fault("last maximum not used: weights of the last tile", is_local=True, is_last=True),
)


class Recurrence(NamedTuple):
    """A fault, the size of the tiles, and whether the last tile comes first."""

    fault: Fault
    tile: int
    backward: bool


def recurrences(n_k: int) -> Iterator[Recurrence]:
    """Every wrong recurrence to try, the likeliest first."""
    tiles = [tile for tile in TILES if n_k / MAX_TILES <= tile < n_k]
    for fault, backward, tile in product(FAULTS, (False, True), tiles):
        yield Recurrence(fault, tile, backward)


def outputs(case: NumberCase, wrong: Recurrence) -> FloatArray:
    """The output of a recurrence, (H, rows, e); 0 in rows without keys."""
    rows = case.x.shape[:2]
    m = np.full((*rows, 1), -np.inf)
    l = np.zeros((*rows, 1))
    acc = np.zeros((*rows, case.values.shape[2]))
    starts = np.arange(0, case.x.shape[2], wrong.tile)
    starts = starts[::-1] if wrong.backward else starts
    last = _last_steps(case.members, starts, wrong.tile)
    for step, start in enumerate(starts.tolist()):
        keys = slice(start, start + wrong.tile)
        x = case.x[..., keys]
        top = x.max(axis=-1, keepdims=True)
        new = np.maximum(m, top)
        base = np.where(np.isneginf(new), 0, new)
        keep = np.exp(m - base)
        reference, keep_sum, keep_acc = _faulty_factors(wrong.fault, last == step, top, base, keep)
        p = case.sets[..., keys] * np.exp(x - reference)
        l = l * keep_sum + p.sum(axis=-1, keepdims=True)
        acc = acc * keep_acc + p @ case.values[:, keys]
        m = new
    return acc / np.where(l == 0, 1, l)


def _faulty_factors(
    fault: Fault, is_last: BoolArray, top: FloatArray, base: FloatArray, keep: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(what p is relative to, what l is rescaled by, what acc is rescaled by) at one tile."""
    goes_wrong = is_last[..., None] | (not fault.is_last)
    unscaled = np.where(goes_wrong, 1.0, keep)
    is_local = goes_wrong & fault.is_local & np.isfinite(top)
    reference = np.where(is_local, top, base)
    keep_sum = keep if fault.scale_sum else unscaled
    return reference, keep_sum, keep if fault.scale_acc else unscaled


def _last_steps(members: BoolArray, starts: IntArray, tile: int) -> IntArray:
    """The last step at which each row has keys, (H, rows)."""
    parts = [members[..., start : start + tile] for start in starts]
    has_keys = np.stack([part.any(axis=-1) for part in parts])
    steps = np.arange(len(starts))[:, None, None]
    return np.where(has_keys, steps, -1).max(axis=0)


def wrong_recurrence(case: NumberCase) -> Recurrence | None:
    """The first wrong recurrence that gives the output; None if none does."""
    for wrong in recurrences(case.x.shape[2]):
        if case.is_output_of(partial(outputs, wrong=wrong)):
            return wrong
    return None


def describe_recurrence(case: NumberCase, wrong: Recurrence) -> str:
    """The fault in words, and the rows that are right in spite of it."""
    order = ", the last tile first" if wrong.backward else ""
    text = f"{wrong.fault.words} in online softmax, tiles of {wrong.tile} keys{order}"
    beyond = case.members[..., wrong.tile :].any(axis=(0, 2))
    first = int(case.queries[beyond.argmax()])
    if first == 0 or wrong.backward:
        return text
    return f"{text}; rows < {first} are right: the first tile is right, later ones are not"
