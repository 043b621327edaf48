"""Sets that travel as data: the keys of each query, packed as runs of consecutive keys.

A row is the number of its runs, and for each run the gap before it and its length. Each number is
written in bytes of seven bits, the lowest first; the eighth bit says that another byte follows.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np

from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.types import IntArray

Shape = tuple[int, int]
MAX_BYTE = 128


def pack_rows(p: Pattern, shape: Shape) -> dict[str, Any]:
    """The rows of p: the n that it is stated for or null, how many keys they cover, the text.

    The rows of a `Listed` are all that it has, whatever the shape: its keys are positions.
    """
    n_q, n_k = (p.own_length, p.own_length) if p.own_length is not None else shape
    if isinstance(p, Listed):
        n_q = len(p.indptr) - 1
        n_k = max(n_k, int(p.indices.max(initial=-1)) + 1)
    numbers = [_row_numbers(p.row(i, n_k)) for i in range(n_q)]
    nothing = np.zeros(0, np.int64)
    packed = _pack(np.concatenate([nothing, *numbers]))
    covered = None if isinstance(p, Listed) else n_k
    return {"length": p.own_length, "keys": covered, "rows": n_q, "runs": packed}


def _row_numbers(keys: IntArray) -> IntArray:
    """The number of runs of a row, then the gap before each and its length."""
    is_start = np.diff(keys, prepend=-2) > 1
    starts = keys[is_start]
    is_end = np.append(is_start[1:], True)[: len(keys)]
    stops = keys[is_end] + 1
    gaps = starts - np.append(0, stops[:-1])[: len(starts)]
    pairs = np.stack([gaps, stops - starts], axis=1)
    return np.append(len(starts), pairs.ravel())


def _pack(numbers: IntArray) -> str:
    """Numbers below 2^28 in bytes of seven bits, in base 64."""
    digits = (numbers[:, None] >> np.arange(0, 28, 7)) % MAX_BYTE
    bits = np.ceil(np.log2(numbers + 1))
    lengths = np.maximum(1, -(-bits // 7))
    place = np.arange(digits.shape[1])
    is_written = place < lengths[:, None]
    is_last = place == lengths[:, None] - 1
    bytes_of_numbers = np.where(is_last, digits, digits + MAX_BYTE)
    return b64encode(bytes_of_numbers[is_written].astype(np.uint8).tobytes()).decode()
