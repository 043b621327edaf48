"""SciPy's sparse arrays, read without SciPy's compiled loops: those trust every index.

One reader per format gives the stored entries as (rows, columns, values); a name like `a.indptr`
in an error is the attribute that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..attention.arrays import as_array
from ..sets.array_checks import check_bounds, check_rise, int64_vector, repeats, value_text
from ..sets.checks import MAX_LENGTH, int_or_pair
from ..sets.types import IntArray

Pair = tuple[int, int]
Shape = tuple[int, ...]


class Entries(NamedTuple):
    """values[t] is stored at (rows[t], columns[t]); entries of one place add up."""

    rows: IntArray
    columns: IntArray
    values: np.ndarray

    def nonzero(self) -> tuple[IntArray, IntArray]:
        """(rows, columns) of the places whose sum is not 0, row by row, ascending."""
        order = np.lexsort((self.columns, self.rows))
        rows, columns = self.rows[order], self.columns[order]
        first = np.flatnonzero(~repeats(rows, columns))
        if len(first) == 0:
            return rows, columns
        sums = np.add.reduceat(self.values[order], first)
        kept = first[sums != 0]
        return rows[kept], columns[kept]


def entries_of(a: Any) -> tuple[Entries, Pair]:
    """The entries and the shape of a SciPy sparse array of two axes, all of them inside it."""
    from scipy.sparse import issparse

    if not issparse(a) or a.format not in READERS:
        raise TypeError(f"a must be a SciPy sparse array, got {type(a).__name__}")
    if not isinstance(a.shape, tuple) or len(a.shape) != 2:
        raise ValueError(f"a must have axes (n_q, n_k), got shape {a.shape}")
    shape = int_or_pair("a.shape", a.shape, 0, "(n_q, n_k)")
    if max(shape) > MAX_LENGTH:
        raise ValueError(f"a.shape must be below {MAX_LENGTH + 1}, got {shape}")
    entries = READERS[a.format](a, shape)
    for name, x, end in zip(("row", "column"), entries, shape):
        check_bounds(f"a: the {name} of an entry", x, 0, end, f"its number of {name}s")
    return entries, shape


def _read_csr(a: Any, shape: Pair) -> Entries:
    """Compressed rows."""
    rows, columns = _compressed_places(a, shape[0])
    return Entries(rows, columns, _numbers("a.data", a.data, (len(rows),)))


def _read_csc(a: Any, shape: Pair) -> Entries:
    """Compressed columns."""
    columns, rows = _compressed_places(a, shape[1])
    return Entries(rows, columns, _numbers("a.data", a.data, (len(rows),)))


def _read_bsr(a: Any, shape: Pair) -> Entries:
    """Compressed rows of blocks."""
    blocks = as_array("a.data", a.data)
    if blocks.ndim != 3 or 0 in blocks.shape[1:]:
        raise ValueError(f"a.data must have axes (blocks, b_q, b_k), got shape {blocks.shape}")
    _, b_q, b_k = blocks.shape
    if shape[0] % b_q or shape[1] % b_k:
        raise ValueError(f"a.shape must be a multiple of the blocks' {b_q, b_k}, got {shape}")
    block_rows, block_columns = _compressed_places(a, shape[0] // b_q)
    check_bounds("a.indices", block_columns, 0, shape[1] // b_k)
    blocks = _numbers("a.data", blocks, (len(block_rows), b_q, b_k))
    block, row, column = np.nonzero(blocks)
    rows = block_rows[block] * b_q + row
    columns = block_columns[block] * b_k + column
    return Entries(rows, columns, blocks[block, row, column])


def _read_coo(a: Any, shape: Pair) -> Entries:
    """Coordinates."""
    coords = a.coords
    if not isinstance(coords, tuple) or len(coords) != 2:
        raise ValueError(f"a.coords must be a pair of vectors, got {value_text(coords)}")
    rows, columns = (int64_vector("a.coords", x) for x in coords)
    if len(rows) != len(columns):
        raise ValueError(f"a.coords must have one length, got {len(rows)} and {len(columns)}")
    return Entries(rows, columns, _numbers("a.data", a.data, (len(rows),)))


def _read_dia(a: Any, shape: Pair) -> Entries:
    """Diagonals: data[d, j] is at row j - offsets[d], or outside."""
    offsets = int64_vector("a.offsets", a.offsets)
    data = as_array("a.data", a.data)
    if data.ndim != 2:
        raise ValueError(f"a.data must have axes (offsets, columns), got shape {data.shape}")
    diagonals = _numbers("a.data", data, (len(offsets), data.shape[1]))
    columns = np.arange(diagonals.shape[1])
    rows = columns - offsets[:, None]
    in_rows = (rows >= 0) & (rows < shape[0])
    inside = in_rows & (columns < shape[1])
    diagonal, column = np.nonzero(inside)
    return Entries(rows[inside], columns[column], diagonals[diagonal, column])


def _read_lil(a: Any, shape: Pair) -> Entries:
    """Lists of columns and of values, one per row."""
    columns = _lists("a.rows", a.rows, shape[0])
    values = _lists("a.data", a.data, shape[0])
    counts = [len(row) for row in columns]
    if counts != [len(row) for row in values]:
        raise ValueError("a.data must have a value for each entry of a.rows")
    rows = np.repeat(np.arange(len(counts)), counts)
    keys = int64_vector("a.rows", [key for row in columns for key in row])
    numbers = np.array([number for row in values for number in row])
    return Entries(rows, keys, _numbers("a.data", numbers, (len(rows),)))


def _read_dok(a: Any, shape: Pair) -> Entries:
    """A dictionary."""
    places = list(a.keys())
    values = np.array(list(a.values()))
    rows = int64_vector("a.keys()", [row for row, _ in places])
    columns = int64_vector("a.keys()", [column for _, column in places])
    return Entries(rows, columns, _numbers("a.values()", values, (len(rows),)))


READERS: dict[str, Callable[[Any, Pair], Entries]] = {
    "bsr": _read_bsr,
    "coo": _read_coo,
    "csc": _read_csc,
    "csr": _read_csr,
    "dia": _read_dia,
    "dok": _read_dok,
    "lil": _read_lil,
}


def _compressed_places(a: Any, lines: int) -> tuple[IntArray, IntArray]:
    """(line, place in the line) of each entry; what follows the last entry is spare room."""
    indptr, indices = int64_vector("a.indptr", a.indptr), int64_vector("a.indices", a.indices)
    if len(indptr) != lines + 1:
        raise ValueError(f"a.indptr must have {lines + 1} numbers, got {len(indptr)}")
    stored = min(max(int(indptr[-1]), 0), len(indices))
    check_rise("a.indptr", indptr, stored, "indices")
    line = np.repeat(np.arange(lines), np.diff(indptr))
    return line, indices[:stored]


def _numbers(name: str, x: Any, shape: Shape) -> np.ndarray:
    """An array of numbers of this shape, without the spare room along its first axis."""
    array = as_array(name, x)
    if array.dtype.kind not in "biufc" and array.size:
        raise TypeError(f"{name} must be numbers, got {array.dtype}")
    numbers = array[: shape[0]] if array.ndim else array
    if numbers.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, or be longer, got {array.shape}")
    return numbers


def _lists(name: str, x: Any, rows: int) -> list[list[Any]]:
    """A list per row."""
    lists = list(x) if isinstance(x, np.ndarray) and x.ndim == 1 else []
    if len(lists) != rows or not all(isinstance(row, list) for row in lists):
        raise ValueError(f"{name} must be a vector of {rows} lists, got {value_text(x)}")
    return lists
