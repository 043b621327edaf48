"""The numbers in the arrays of a suite: indices within bounds, and tolerances that can fail."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..calling.rounded_attention import BITS
from .regular_files import FileError
from .statement import Arrays, Entry

Tolerance = dict[str, float]  # by precision

# In units of the spacing of numbers at 1; the suite has up to 2^16. More than the numbers
# themselves, any output would pass.
TOLERANCE_BITS = 18


def check_numbers(name: str, entry: Entry, arrays: Arrays) -> None:
    """Refuse arrays of a case, named by their file, that cannot be used as what they are."""
    _check_set(name, entry, arrays)
    if entry["topk"]:
        n_k = entry["n"][1]
        _check_range(f"topk in {name}", arrays["topk"], -1, n_k - 1)
    if entry["sequences"]:
        for array, total in zip(("cu_seqlens_q", "cu_seqlens_k"), entry["n"]):
            _check_ends(f"{array} in {name}", arrays[array], total)
    if entry["page_size"]:
        _check_pages(name, entry, arrays)
    for array, tolerances in entry["tolerance"].items():
        if array in arrays:
            _check_tolerances(f"tolerance.{array} of {name}", tolerances, arrays[array])


def _check_range(name: str, x: np.ndarray, least: int, most: int) -> None:
    """Refuse numbers below `least` and above `most`."""
    wrong = x[(x < least) | (x > most)]
    if wrong.size:
        raise FileError(f"{name} must be from {least} to {most}, got {wrong[0]}")


def _check_set(name: str, entry: Entry, arrays: Arrays) -> None:
    """Refuse a mask of other numbers than 0 and 1, and rows that are not those of the mask."""
    mask = arrays["mask"]
    _check_range(f"mask in {name}", mask, 0, 1)
    rows = mask.reshape(-1, mask.shape[2])
    counts = rows.sum(axis=1, dtype=np.int64)
    indptr = np.cumsum([0, *counts])
    if not np.array_equal(arrays["indptr"], indptr):
        raise FileError(f"indptr in {name} must be the rows of mask")
    if not np.array_equal(arrays["indices"], np.nonzero(rows)[1]):
        raise FileError(f"indices in {name} must be the keys of mask")


def _check_ends(name: str, ends: np.ndarray, total: int) -> None:
    """Refuse ends of sequences that do not rise from 0 to the number of all positions."""
    falls = any(start > stop for start, stop in pairwise(ends.tolist()))
    if falls or ends[0] != 0 or ends[-1] != total:
        raise FileError(f"{name} must rise from 0 to {total}, got {ends.tolist()[:8]}")


def _check_pages(name: str, entry: Entry, arrays: Arrays) -> None:
    """Refuse a table that leads out of the pages, or has no room for all keys of a sequence."""
    lengths, size = np.diff(arrays["cu_seqlens_k"]), entry["page_size"]
    if not np.array_equal(arrays["seq_lens"], lengths):
        raise FileError(f"seq_lens in {name} must be the differences of cu_seqlens_k")
    _check_range(f"block_table in {name}", arrays["block_table"], 0, entry["pages"] - 1)
    used = -(-lengths.astype(np.int64) // size)
    if used.max() > entry["blocks"] or used.sum() > entry["pages"]:
        raise FileError(f"block_table in {name} must have {size} keys a page, and all keys")


def _check_tolerances(name: str, tolerances: Tolerance, right: np.ndarray) -> None:
    """Refuse tolerances that are not small next to the numbers."""
    largest = np.abs(right).max(initial=0, where=np.isfinite(right))
    for precision, bits in BITS.items():
        most = float(min(1, 2.0 ** (TOLERANCE_BITS - bits)) * (1 + largest))
        if tolerances[precision] > most:
            raise FileError(
                f"{name}.{precision} must be at most {most:.3g}, got {tolerances[precision]:.3g}"
            )
