"""The arrays that a case has, by its numbers: which there are, their shapes, dtypes and files."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from .content import DTYPES, GRADIENTS
from .statement import Entry

MAX_CASE_BYTES = 2**24  # of all arrays of a case; the suite has 24 kB
SHAPES = {
    "q": "heads n_q d",
    "k": "kv_heads n_k d",
    "v": "kv_heads n_k e",
    "sinks": "heads",
    "grad_out": "heads n_q e",
    "k_pages": "pages kv_heads page_size d",
    "v_pages": "pages kv_heads page_size e",
    "block_table": "sequences blocks",
    "seq_lens": "sequences",
    "cu_seqlens_q": "sequences+1",
    "cu_seqlens_k": "sequences+1",
    "offsets": "sequences",
    "topk": "heads n_q selected",
    "mask": "heads n_q n_k",
    "indptr": "rows+1",
    "out": "heads n_q e",
    "lse": "heads n_q",
    "dq": "heads n_q d",
    "dk": "kv_heads n_k d",
    "dv": "kv_heads n_k e",
}


def output_names(entry: Entry) -> tuple[list[str], list[str]]:
    """What an implementation must write for a case, and what it may write."""
    return (GRADIENTS, ["out", "lse"]) if entry["backward"] else (["out"], ["lse"])


def array_entries(entry: Entry) -> dict[str, dict[str, Any]]:
    """The entry of each array; without the shape of `indices`, which depends on the set."""
    n_q, n_k = entry["n"]
    sizes = {
        **{name: entry[name] for name in ("heads", "kv_heads", "d", "e")},
        **{name: entry[name] for name in ("sequences", "page_size", "pages", "blocks")},
        "n_q": n_q,
        "n_k": n_k,
        "selected": min(entry["topk"], n_k),
        "sequences+1": entry["sequences"] + 1,
        "rows+1": entry["heads"] * n_q + 1,
    }
    entries: dict[str, dict[str, Any]] = {}
    for name in _array_names(entry):
        dtype = np.dtype(DTYPES[name]).name
        entries[name] = {"dtype": dtype, "file": f"{entry['id']}.{name}.bin"}
        if name in SHAPES:
            entries[name]["shape"] = [sizes[size] for size in SHAPES[name].split()]
    return entries


def array_bytes(entry: Entry) -> int:
    """The bytes of the numbers of all arrays of a case."""
    size = 0
    for array in entry["arrays"].values():
        size += prod(array["shape"]) * np.dtype(array["dtype"]).itemsize
    return size


def _array_names(entry: Entry) -> Iterator[str]:
    """The arrays of a case with these options."""
    yield from ("q", "mask", "indptr", "indices", "out", "lse")
    yield from ("k_pages", "v_pages", "block_table", "seq_lens") if entry["page_size"] else "kv"
    if entry["sequences"]:
        yield from ("cu_seqlens_q", "cu_seqlens_k", "offsets")
    if entry["sinks"]:
        yield "sinks"
    if entry["topk"]:
        yield "topk"
    if entry["backward"]:
        yield from ("grad_out", *GRADIENTS)
