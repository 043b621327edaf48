"""Whether the arrays of a plan fit one another, so that loops over them stay within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...sets.array_checks import (
    check_array,
    check_bounds,
    check_rise,
    check_shape,
    value_text,
    with_kernel_arrays,
)
from .bitmask import TILE
from .pairs import count_pairs

if TYPE_CHECKING:
    from .plan import Plan


def check_plan(plan: Plan) -> None:
    """`Plan.check`."""
    chain = links(plan)
    pairs = [_check_part(link, plan.shape) for link in chain]
    total = sum(pairs)
    for link, own_pairs in zip(chain, pairs):
        if type(link.nnz) is not int:
            raise TypeError(f"Plan: nnz must be an int, got {value_text(link.nnz)}")
        if link.nnz != total:
            raise ValueError(f"Plan: nnz must be {total}, the number of pairs, got {link.nnz}")
        total -= own_pairs


def links(plan: Plan) -> list[Plan]:
    """The plan, its rest, the rest of that, and so on: each one once."""
    chain: list[Plan] = []
    seen: set[int] = set()
    link: Plan | None = plan
    while link is not None:
        if not isinstance(link, type(plan)):
            raise TypeError(f"Plan: rest must be a Plan or None, got {type(link).__name__}")
        if id(link) in seen:
            raise ValueError("Plan: rest must end in None, got a plan that is its own rest")
        seen.add(id(link))
        chain.append(link)
        link = link.rest
    return chain


def _check_part(plan: Plan, shape: tuple[int, int]) -> int:
    """The number of pairs of a plan without its rest, once its arrays are known to fit."""
    n_q, n_k = check_shape("Plan: shape", plan.shape)
    if plan.shape != shape:
        raise ValueError(f"Plan: rest must have the shape {shape}, got {plan.shape}")
    check_array("Plan: rows", plan.rows, np.int32, (None, TILE))
    tiles = len(plan.rows)
    check_array("Plan: ptr", plan.ptr, np.int64, (tiles + 1,))
    check_array("Plan: start", plan.start, np.int64, (None,))
    chunks = len(plan.start)
    check_array("Plan: keys", plan.keys, np.int32, (None, TILE))
    check_array("Plan: word", plan.word, np.int64, (chunks,))
    check_array("Plan: words", plan.words, np.uint64, (None, TILE))
    check_rise("Plan: ptr", plan.ptr, chunks, "start")
    for name, table in (("keys", plan.keys), ("words", plan.words)):
        if len(table) > chunks:
            raise ValueError(f"Plan: {name} must have at most {chunks} rows, got {len(table)}")
    end = max(n_k - TILE + 1, 0)  # of the starts of 64 consecutive keys
    check_bounds("Plan: start", plan.start, -len(plan.keys), end)
    check_bounds("Plan: keys", plan.keys, 0, n_k, "n_k")
    check_bounds("Plan: word", plan.word, -1, len(plan.words), "len(words)")
    check_bounds("Plan: rows", plan.rows, -1, n_q, "n_q")
    _check_queries(plan.rows, n_q)
    return _count_pairs(plan)


def _check_queries(rows: np.ndarray, n_q: int) -> None:
    """Refuse tiles that have a query twice or not at all."""
    tiles_of_query = np.bincount(rows[rows >= 0], minlength=n_q)
    wrong = np.flatnonzero(tiles_of_query != 1)
    if len(wrong):
        i = int(wrong[0])
        raise ValueError(f"Plan: rows must have each query once, got {i} {tiles_of_query[i]} times")


def _count_pairs(plan: Plan) -> int:
    """The number of pairs of a part. Refuses a tile whose keys do not ascend."""
    part = with_kernel_arrays(plan)
    pairs = np.zeros(len(part.rows), np.int64)
    count_pairs(len(pairs), part.arrays, pairs)
    wrong = np.flatnonzero(pairs < 0)
    if len(wrong):
        t = int(wrong[0])
        chunk = -1 - pairs[t]
        raise ValueError(
            f"Plan: keys of tile {t} must ascend without repeats, "
            f"got one in chunk {chunk} that is not above the keys before it"
        )
    return int(pairs.sum())
