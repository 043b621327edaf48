"""Masks packed to one bit a pair, set where it attends: 64 MiB hold (23,170, 23,170) of them. Never unpacked as a whole.

`bitorder` is that of `np.packbits`: "little" puts the first key into the lowest bit of a byte.
"""

from __future__ import annotations

import numpy as np

from ..attention.arrays import as_array
from ..lower.runs.lowering import check_pattern
from ..lower.runs.runs_of import runs_of
from ..lower.runs.table import keys_of, normalise
from ..sets.checks import integer, lengths
from ..sets.pattern import Pattern
from .heads import listed, slabs_of, stacked, unstacked


def packed_bits(p, n, *, bitorder="little") -> np.ndarray:
    """The mask read row by row as one string of bits, uint8 (ceil(n_q n_k / 8),); (H, ...) for a sequence of patterns.

    Rows begin where the last ended, at any bit; bits past the last pair are 0. FlashInfer's `packed_custom_mask` is this
    with bitorder "little", for one sequence; a batch of them has each at a byte of its own, so concatenate the strings.

    Raises TypeError where p is none, ValueError for a bad n or bitorder.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.packed_bits(sr.Causal(), 3)            # 100 110 111
    array([217,   1], dtype=uint8)
    """
    order = _order(bitorder)
    return stacked(
        lambda each: np.concatenate(
            [
                np.zeros(0, np.uint8),
                *(np.packbits(slab.ravel(), bitorder=order) for slab in _slabs(each, n)),
            ]
        ),
        p,
    )


def packed_rows(p, n, *, bitorder="little") -> np.ndarray:
    """The mask with each row packed by itself, uint8 (n_q, ceil(n_k / 8)); (H, ...) for a sequence of patterns.

    Each row begins at a byte; bits past n_k are 0. Raises as `packed_bits` does.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.packed_rows(sr.Causal(), 3)
    array([[1],
           [3],
           [7]], dtype=uint8)
    """
    width, order = -(-lengths(n)[1] // 8), _order(bitorder)
    return stacked(
        lambda each: np.concatenate(
            [
                np.zeros((0, width), np.uint8),
                *(np.packbits(slab, axis=1, bitorder=order) for slab in _slabs(each, n)),
            ]
        ),
        p,
    )


def from_packed_bits(bits, n, *, bitorder="little") -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of what `packed_bits` makes at n; a tuple of them for (H, ...).

    Raises TypeError where the bits are not uint8, ValueError for another number of them than n has, or bits that are set
    past the last pair.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_packed_bits(np.array([217, 1], np.uint8), 3)
    Listed(<3 rows, 6 keys>)
    """
    n_q, n_k = shape = lengths(n)
    bits = _bytes("bits", bits, (-(-n_q * n_k // 8),), f"of n_q n_k = {n_q * n_k} pairs")
    order = _order(bitorder)

    def read(string):
        spare = np.unpackbits(string[n_q * n_k // 8 :], bitorder=order)[n_q * n_k % 8 :]
        if spare.any():
            raise ValueError(
                f"bits must be 0 past the last of n_q n_k = {n_q * n_k} pairs, got {string[-1]} in the last byte"
            )
        return listed(
            np.unpackbits(string[lo * n_k // 8 :], count=(hi - lo) * n_k, bitorder=order)
            .reshape(hi - lo, n_k)
            .view(bool)
            for lo, hi in slabs_of(shape)
        )

    return unstacked(read, "bits", bits, ("bytes",))


def from_packed_rows(rows, n_k: int, *, bitorder="little") -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of what `packed_rows` makes for n_k keys; a tuple of them for (H, ...).

    Raises TypeError where the rows are not uint8, ValueError for other lengths than n_k has, or bits set past it.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_packed_rows(np.array([[1], [3], [7]], np.uint8), 3)
    Listed(<3 rows, 6 keys>)
    """
    n_k = integer("n_k", n_k, 0)
    rows, order = (
        _bytes("rows", rows, (None, -(-n_k // 8)), f"of n_k = {n_k} keys"),
        _order(bitorder),
    )

    def read(matrix):
        spare = np.unpackbits(matrix[:, n_k // 8 :], axis=1, bitorder=order)[:, n_k % 8 :].any(
            axis=1
        )
        if spare.any():
            raise ValueError(
                f"rows must be 0 past bit n_k = {n_k}, got others in row {int(spare.argmax())}"
            )
        return listed(
            np.unpackbits(matrix[lo:hi], axis=1, count=n_k, bitorder=order).view(bool)
            for lo, hi in slabs_of((len(matrix), n_k))
        )

    return unstacked(read, "rows", rows, ("n_q", "bytes"))


def _slabs(p: Pattern, n):
    """The mask of p, bool, some rows at a time."""
    shape = check_pattern(p, n)
    for lo, hi in slabs_of(shape):
        indptr, keys = keys_of(normalise(runs_of(p, np.arange(lo, hi), shape[1])))
        slab = np.zeros((hi - lo, shape[1]), bool)
        slab[np.repeat(np.arange(hi - lo), np.diff(indptr)), keys] = True
        yield slab


def _bytes(name: str, x, shape: tuple[int | None, ...], what: str) -> np.ndarray:
    """An array of uint8 whose last axes are of this shape."""
    x = as_array(name, x)
    if x.dtype != np.uint8:
        raise TypeError(f"{name} must be uint8, got {x.dtype}")
    if x.ndim >= len(shape) and x.shape[-1] != shape[-1]:
        raise ValueError(f"{name} must have {shape[-1]} bytes, those {what}, got {x.shape[-1]}")
    return x


def _order(bitorder: str):
    """The order of bits in a byte, known to be one."""
    if bitorder not in ("little", "big"):
        raise ValueError(f"bitorder must be 'little' or 'big', got {bitorder!r}")
    return bitorder
