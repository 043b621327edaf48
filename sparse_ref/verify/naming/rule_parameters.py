"""The parameters of a rule, read off a mask: those that the mask would have to come from, if it came from that rule.

Symbols:  i query, as the rule counts it;  j key;  left, right how far the keys reach before and after i.
"""

from __future__ import annotations

import numpy as np


def read_off(mask, shift: int) -> dict[str, tuple]:
    """By the name of each rule the parameters to try on a mask (n_q, n_k) that holds a key; its rows are i = shift, ...

    If any parameters up to n fit, then these do, and no others that fit come before them in lexicographic order of their
    absolute values; of GlobalAt's positions, all others that fit hold these and more. They may be out of bounds where none fit.
    """
    n_q, n_k = mask.shape
    i, most, some = np.arange(n_q) + shift, max(mask.shape), mask.any(axis=1)
    left, right = (i - mask.argmax(axis=1))[some].max(), (_last(mask) - i)[some].max()
    before, after = mask & (np.arange(n_k) < i[:, None]), mask & (np.arange(n_k) > i[:, None])
    behind = (i - _last(before))[before.any(axis=1)].min(initial=most)
    ahead = (after.argmax(axis=1) - i)[after.any(axis=1)].min(initial=most)
    reach, held = max(left, right), mask.any(axis=0)
    step = min(behind, ahead) if reach else 1
    count = min(
        mask.sum(axis=1).min(), n_q + shift
    )  # of a row that is not global; where all are, of all rows
    seen = held[: n_q + shift]  # what no query may see says nothing about l and c
    return dict(
        Full=(),
        Causal=(),
        Window=(reach,),
        Lookback=(left + 1,),
        Local=(max(left, 1),),
        Strided=(min(behind, n_q + shift),),
        Block=(_block(mask.argmax(axis=1)[some], left, most),),
        Sinks=(held.sum(),),
        Prefix=(held.sum(),),
        Global=(count,),
        Band=(left, right),
        Dilated=(reach // step, step),
        Chunk=_chunk(mask, shift),
        Summary=_summary(seen),
        SubBlock=_sub_block(seen),
        GlobalAt=(range(count) if mask.all() else _full(mask, i),),
    )


def _last(mask) -> np.ndarray:
    """The last key of each row."""
    return mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)


def _block(first, left, most) -> int:
    """The least l > left, up to n, that divides the first key of every row; 0 if there is none."""
    common = int(np.gcd.reduce(first))
    return min((l for l in range(max(left, 0) + 1, most + 1) if common % l == 0), default=0)


def _chunk(mask, shift: int) -> tuple[int, int]:
    """(keys, offset) from the cuts: positions at which rows or columns change, which is where a chunk with keys ends."""
    rows = np.flatnonzero((mask[1:] != mask[:-1]).any(axis=1)) + 1 + shift
    columns = np.flatnonzero((mask[:, 1:] != mask[:, :-1]).any(axis=0)) + 1
    held = np.union1d(np.flatnonzero(mask.any(axis=1)) + shift, np.flatnonzero(mask.any(axis=0)))
    cuts = np.unique(
        [held[0], *rows, *columns, held[-1] + 1]
    )  # the outer two need not be cuts, but none is beyond
    keys = np.diff(cuts).max()
    return keys, (cuts[1] if len(cuts) > 2 else cuts[0]) % keys


def _full(mask, i) -> np.ndarray:
    """The positions that see all or are seen by all."""
    return np.union1d(i[mask.all(axis=1)], np.flatnonzero(mask.all(axis=0)))


def _summary(seen) -> tuple[int, int]:
    """(l, c) from the columns that hold any key: the first of them are l - c <= j < l."""
    if seen.all():
        return 1, 1
    start = int(seen.argmax())
    l = start + int((~seen[start:]).argmax()) if not seen[start:].all() else len(seen)
    return l, l - start


def _sub_block(seen) -> tuple[int, int, int]:
    """(l, c, number) from the columns that hold any key: runs of c, from l - number c, one in every l."""
    if seen.all():
        return 1, 1, 1
    starts = np.flatnonzero(seen & ~np.concatenate([[False], seen[:-1]]))
    if len(starts) == 0:
        return 0, 0, 0
    first, n = int(starts[0]), len(seen)
    c = int((~seen[first:]).argmax()) or n - first
    if len(starts) > 1:
        l = int(starts[1]) - first
        return (l, c, (l - first) // c) if (l - first) % c == 0 else (0, 0, 0)
    number = max(
        -(-(n - 2 * first) // c), 1
    )  # the least that puts the next run beyond the last column
    return first + number * c, c, number
