"""Tokens that a cache must not read: of another sequence, of padding, of the sequence before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..calling.frameworks import to_float64
from ..checks.finding import Finding, count_noun
from .arrays import full_like
from .feed import Feed

VALUE = 7.0  # of every token that must not be read
TEXTS = {
    "state": "{} that attend to stale or unwritten entries; a page of an earlier use, the tail of "
    "the last page, or the sequence before",
    "batch": "{} that attend to another sequence of the batch",
    "ghost": "{} that attend to the padding of shorter sequences",
}


def stranger_findings(feed: Feed) -> Iterator[tuple[Finding, list[int]]]:
    """Rows that are not 0 although every value of their sequence is, and their queries.

    The cache is called with equal logits; the values are 7 in the sequence before, in the other
    sequence of the batch, or in the padding. Nothing if fn cannot be called.
    """
    kinds = tuple(TEXTS) if feed.lengths else ("state",)
    for kind in kinds:
        try:
            queries = _rows_of_strangers(feed, kind)
        except Exception:  # check reports what fn raises
            return
        if queries:
            text = TEXTS[kind].format(count_noun(len(queries), "row"))
            yield Finding(kind, text, len(queries)), queries
            if kind == "state":  # the other kinds cannot be seen behind it
                return


def _rows_of_strangers(feed: Feed, kind: str) -> list[int]:
    """The queries that read values which must not reach them."""
    if not feed.example:
        return []
    q, k, v = (full_like(x, 0.0) for x in feed.example)
    companion, padding = VALUE * (kind == "batch"), VALUE * (kind == "ghost")
    probe = replace(feed, companion=companion, padding=padding)
    if kind == "state":
        probe(q, k, full_like(v, VALUE))
    result = probe(q, k, v)
    out = to_float64(result[0] if isinstance(result, tuple) else result)
    other_axes = tuple(axis for axis in range(out.ndim) if axis != feed.axis)
    is_read = np.any(out != 0, axis=other_axes)
    return np.flatnonzero(is_read).tolist()
