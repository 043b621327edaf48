"""The parameters of a rule that a mask implies, if it came from that rule at all.

Symbols:  i query, as the rule counts it;  j key;  left, right how far the keys reach before and
after i.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...sets.types import BoolArray, IntArray


def rule_parameters(mask: BoolArray, shift: int) -> dict[str, tuple[Any, ...]]:
    """By the name of each rule the parameters to try on a mask (n_q, n_k) that has a key.

    The rows of the mask are i = shift, shift + 1, ... If any parameters up to n fit, then these do,
    and no others that fit come before them in lexicographic order of their absolute values; any
    other positions of GlobalAt that fit contain these. If none fit, these may be out of bounds, or
    the rule may be left out.
    """
    n_q, n_k = mask.shape
    i = np.arange(n_q) + shift
    longest = max(n_q, n_k)
    left, right = _reach(mask, i)
    behind, ahead = _nearest(mask, i)
    step = min(behind, ahead) if max(left, right) else 1
    columns = np.any(mask, axis=0)
    queries = n_q + shift
    # Of a row that is not global; if all rows are, their number.
    smallest = min(mask.sum(axis=1).min(), queries)
    visible = columns[:queries]  # columns after the last query say nothing about l and c
    first_keys = mask.argmax(axis=1)[np.any(mask, axis=1)]
    parameters: dict[str, tuple[Any, ...]] = dict(
        Full=(),
        Causal=(),
        Window=(max(left, right),),
        Lookback=(left + 1,),
        Local=(max(left, 1),),
        Strided=(min(behind, queries),),
        Block=(_block(first_keys, left, longest),),
        Sinks=(columns.sum(),),
        Prefix=(columns.sum(),),
        Global=(smallest,),
        Band=(left, right),
        Dilated=(max(left, right) // step, step),
        Chunk=_chunk(mask, shift),
        Summary=_summary(visible),
        SubBlock=_sub_block(visible),
    )
    positions = range(smallest) if mask.all() else _global_positions(mask, i)
    if len(positions):
        parameters["GlobalAt"] = (tuple(map(int, positions)),)
    return parameters


def _reach(mask: BoolArray, i: IntArray) -> tuple[int, int]:
    """(left, right): the farthest keys before and after a query; below 0 if there are none."""
    some = np.any(mask, axis=1)
    left, right = i - mask.argmax(axis=1), _last_keys(mask) - i
    return left[some].max(), right[some].max()


def _nearest(mask: BoolArray, i: IntArray) -> tuple[int, int]:
    """(behind, ahead): the least distance to a key before and after a query; n if there is none."""
    distances = np.arange(mask.shape[1]) - i[:, None]
    before = mask & (distances < 0)
    after = mask & (distances > 0)
    has_before = np.any(before, axis=1)
    has_after = np.any(after, axis=1)
    behind = (i - _last_keys(before))[has_before]
    ahead = (after.argmax(axis=1) - i)[has_after]
    longest = max(mask.shape)
    return behind.min(initial=longest), ahead.min(initial=longest)


def _last_keys(mask: BoolArray) -> IntArray:
    """The last key of each row."""
    reversed_keys = mask[:, ::-1]
    return mask.shape[1] - 1 - reversed_keys.argmax(axis=1)


def _block(first_keys: IntArray, left: int, longest: int) -> int:
    """The least l > left, up to n, that divides the first key of every row; 0 if there is none."""
    common = int(np.gcd.reduce(first_keys))
    lengths = range(max(left, 0) + 1, longest + 1)
    return next((l for l in lengths if common % l == 0), 0)


def _chunk(mask: BoolArray, shift: int) -> tuple[int, int]:
    """(keys, offset) from the cuts: positions at which rows or columns change.

    A chunk with keys ends there.
    """
    rows = _row_changes(mask) + shift
    columns = _row_changes(mask.T)
    queries_with_keys = np.flatnonzero(np.any(mask, axis=1)) + shift
    positions = np.union1d(queries_with_keys, np.flatnonzero(np.any(mask, axis=0)))
    # The outer two need not be cuts, but no cut lies beyond them.
    outer = positions[0], positions[-1] + 1
    cuts = np.unique([*outer, *rows, *columns])
    keys = np.diff(cuts).max()
    first_cut = cuts[1] if len(cuts) > 2 else cuts[0]
    return keys, first_cut % keys


def _row_changes(mask: BoolArray) -> IntArray:
    """The rows that differ from the one before."""
    changes = np.any(mask[1:] != mask[:-1], axis=1)
    return np.flatnonzero(changes) + 1


def _global_positions(mask: BoolArray, i: IntArray) -> IntArray:
    """The positions that attend to all keys or that all queries attend to."""
    full_rows = np.all(mask, axis=1)
    full_columns = np.all(mask, axis=0)
    return np.union1d(i[full_rows], np.flatnonzero(full_columns))


def _summary(columns: BoolArray) -> tuple[int, int]:
    """(l, c) from the columns that contain any key: the first of them are l - c <= j < l."""
    if columns.all():
        return 1, 1
    start = int(columns.argmax())
    rest = ~columns[start:]
    l = start + int(rest.argmax()) if rest.any() else len(columns)
    return l, l - start


def _sub_block(columns: BoolArray) -> tuple[int, int, int]:
    """(l, c, number) from the columns with keys: runs of c, from l - number c, one in every l."""
    if columns.all():
        return 1, 1, 1
    column_before = np.concatenate([[False], columns[:-1]])
    starts = np.flatnonzero(columns & ~column_before)
    if len(starts) == 0:
        return 0, 0, 0
    first, n = int(starts[0]), len(columns)
    c = int((~columns[first:]).argmax()) or n - first
    if len(starts) == 1:
        # The least number that puts the next run beyond the last column.
        number = max(-(-(n - 2 * first) // c), 1)
        return first + number * c, c, number
    l = int(starts[1]) - first
    number, remainder = divmod(l - first, c)
    return (0, 0, 0) if remainder else (l, c, number)
