"""Tokens that a cache must not read: of another sequence, of padding, of the sequence before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..calling.arrays import to_float64
from ..checks.finding import Finding, count_noun
from .arrays import filled
from .feed import Feed

VALUE = 7.0  # of every token that must not be read
TEXTS = {
    "state": "{} that attend to no token of the sequence, but to a stale page, to an entry that "
    "was not written yet, or to the sequence before",
    "batch": "{} that attend to another sequence of the batch",
    "ghost": "{} that attend to the padding of shorter sequences",
}


def stranger_findings(feed: Feed) -> Iterator[tuple[Finding, list[int]]]:
    """Rows that are not 0 although every value of their sequence is, and their queries.

    The cache is called with equal logits; the values are 7 in the sequence before, in the other
    sequence of the batch, or in the padding. Nothing if fn cannot be called.
    """
    try:
        rows = {kind: _rows(feed, kind) for kind in TEXTS if kind == "state" or feed.lengths}
    except Exception:  # check reports what fn raises
        return
    if rows["state"]:
        rows = {"state": rows["state"]}
    for kind, queries in rows.items():
        if queries:
            text = TEXTS[kind].format(count_noun(len(queries), "row"))
            yield Finding(kind, text, len(queries)), queries


def _rows(feed: Feed, kind: str) -> list[int]:
    """The queries that read values which must not reach them."""
    if not feed.example:
        return []
    q, k, v = (filled(x, 0.0) for x in feed.example)
    companion, padding = VALUE * (kind == "batch"), VALUE * (kind == "ghost")
    probe = replace(feed, companion=companion, padding=padding)
    if kind == "state":
        probe(q, k, filled(v, VALUE))
    result = probe(q, k, v)
    out: Any = to_float64(result[0] if isinstance(result, tuple) else result)
    other_axes = tuple(axis for axis in range(out.ndim) if axis != feed.axis)
    return list(map(int, np.flatnonzero((out != 0).any(axis=other_axes))))
