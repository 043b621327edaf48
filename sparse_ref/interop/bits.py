"""Masks packed to one bit a pair, set if the query attends to the key.

64 MiB hold the mask of 23,170 queries and keys. It is never unpacked as a whole.
`bitorder` is that of `np.packbits`: "little" puts the first key into the lowest bit of a byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..attention.arrays import as_array
from ..lower import check_pattern, keys_of, normalise, runs_of
from ..sets.checks import integer, lengths
from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.types import BoolArray, Length
from .heads import PatternPerHead, pattern_of_slabs, read_heads, slab_bounds, stack_heads

BitOrder = Literal["little", "big"]
ByteArray = NDArray[np.uint8]


def packed_bits(p: PatternPerHead, n: Length, *, bitorder: BitOrder = "little") -> ByteArray:
    """The mask as one string of bits, row by row, uint8 (ceil(n_q n_k / 8),); (H, ...) if per head.

    A row begins at the bit after the row before it; bits past the last pair are 0. FlashInfer's
    `packed_custom_mask` is this string with bitorder "little", for one sequence. In a batch each
    sequence begins at a byte of its own, so concatenate the strings.

    Raises TypeError if p is no pattern, ValueError for a bad n or bitorder.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.packed_bits(sr.Causal(), 3)            # 100 110 111
    array([217,   1], dtype=uint8)
    """
    _check_order(bitorder)

    def pack(pattern: Pattern) -> ByteArray:
        slabs = _mask_slabs(pattern, n)
        strings = [np.packbits(slab.ravel(), bitorder=bitorder) for slab in slabs]
        return np.concatenate([np.zeros(0, np.uint8), *strings])

    return stack_heads(pack, p)


def packed_rows(p: PatternPerHead, n: Length, *, bitorder: BitOrder = "little") -> ByteArray:
    """The mask with each row packed by itself, uint8 (n_q, ceil(n_k / 8)); (H, ...) if per head.

    Each row begins at a byte; bits past n_k are 0. Raises as `packed_bits` does.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.packed_rows(sr.Causal(), 3)
    array([[1],
           [3],
           [7]], dtype=uint8)
    """
    row_bytes = -(-lengths(n)[1] // 8)
    _check_order(bitorder)

    def pack(pattern: Pattern) -> ByteArray:
        slabs = _mask_slabs(pattern, n)
        matrices = [np.packbits(slab, axis=1, bitorder=bitorder) for slab in slabs]
        no_rows = np.zeros((0, row_bytes), np.uint8)  # for n_q = 0
        return np.concatenate([no_rows, *matrices])

    return stack_heads(pack, p)


def from_packed_bits(
    bits: ArrayLike, n: Length, *, bitorder: BitOrder = "little"
) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern whose `packed_bits` at n these are; a tuple of them for (H, ...).

    Raises TypeError if the bits are not uint8, ValueError if their number is not that of n, or if a
    bit past the last pair is set.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_packed_bits(np.array([217, 1], np.uint8), 3)
    Listed(<3 rows, 6 keys>)
    """
    n_q, n_k = lengths(n)
    pairs = n_q * n_k
    strings = _check_bytes("bits", bits, 1, -(-pairs // 8), f"of n_q n_k = {pairs} pairs")
    _check_order(bitorder)

    def read(string: ByteArray) -> Listed:
        last_byte = np.unpackbits(string[pairs // 8 :], bitorder=bitorder)
        if last_byte[pairs % 8 :].any():
            raise ValueError(
                f"bits must be 0 past the last of n_q n_k = {pairs} pairs, "
                f"got {string[-1]} in the last byte"
            )
        return pattern_of_slabs(slabs(string))

    def slabs(string: ByteArray) -> Iterator[BoolArray]:
        for lo, hi in slab_bounds((n_q, n_k)):
            tail = string[lo * n_k // 8 :]
            cells = np.unpackbits(tail, count=(hi - lo) * n_k, bitorder=bitorder)
            yield cells.reshape(hi - lo, n_k).view(bool)

    return read_heads(read, "bits", strings, ("bytes",))


def from_packed_rows(
    rows: ArrayLike, n_k: int, *, bitorder: BitOrder = "little"
) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern whose `packed_rows` for n_k keys these are; a tuple of them for (H, ...).

    Raises TypeError if the rows are not uint8, ValueError if their length is not that of n_k, or if
    a bit past n_k is set.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_packed_rows(np.array([[1], [3], [7]], np.uint8), 3)
    Listed(<3 rows, 6 keys>)
    """
    n_k = integer("n_k", n_k, 0)
    matrices = _check_bytes("rows", rows, 2, -(-n_k // 8), f"of n_k = {n_k} keys")
    _check_order(bitorder)

    def read(matrix: ByteArray) -> Listed:
        last_bytes = np.unpackbits(matrix[:, n_k // 8 :], axis=1, bitorder=bitorder)
        wrong = last_bytes[:, n_k % 8 :].any(axis=1)
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"rows must be 0 past bit n_k = {n_k}, got others in row {row}")
        return pattern_of_slabs(slabs(matrix))

    def slabs(matrix: ByteArray) -> Iterator[BoolArray]:
        for lo, hi in slab_bounds((len(matrix), n_k)):
            slab = matrix[lo:hi]
            yield np.unpackbits(slab, axis=1, count=n_k, bitorder=bitorder).view(bool)

    return read_heads(read, "rows", matrices, ("n_q", "bytes"))


def _mask_slabs(p: Pattern, n: Length) -> Iterator[BoolArray]:
    """The mask of p, bool, some rows at a time."""
    n_q, n_k = check_pattern(p, n)
    for lo, hi in slab_bounds((n_q, n_k)):
        runs = runs_of(p, np.arange(lo, hi), n_k)
        indptr, keys = keys_of(normalise(runs))
        rows = np.repeat(np.arange(hi - lo), np.diff(indptr))
        slab = np.zeros((hi - lo, n_k), bool)
        slab[rows, keys] = True
        yield slab


def _check_bytes(
    name: str,
    x: ArrayLike,
    axes: int,
    row_bytes: int,
    content: str,
) -> ByteArray:
    """An array of uint8 (..., row_bytes), with at least so many axes."""
    x = as_array(name, x)
    if x.dtype != np.uint8:
        raise TypeError(f"{name} must be uint8, got {x.dtype}")
    if x.ndim >= axes and x.shape[-1] != row_bytes:
        raise ValueError(f"{name} must have {row_bytes} bytes, those {content}, got {x.shape[-1]}")
    return x


def _check_order(bitorder: str) -> None:
    """Refuse an order of the bits in a byte that NumPy does not know."""
    if bitorder not in ("little", "big"):
        raise ValueError(f"bitorder must be 'little' or 'big', got {bitorder!r}")
