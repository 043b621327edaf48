"""Finite masks in a large implementation, read in as many rows as q is wide.

Each of these rows has a coordinate of its own, on which the keys of its set are far below all
others. If the query heads of a key head have several patterns, each pattern takes one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from .checksums import fit_factor, random_signs
from .evidence import Evidence, Leaks
from .probe import HOSTILE_LOGIT, hostile_side
from .sample import spread_over

Round = list[Pattern | None]  # one pattern of each key head
Members = Mapping[Pattern, list[IntArray]]  # of each pattern, the keys of each row that is tested


def read_leaks(subject: Subject, evidence: Evidence, seed: int) -> Leaks:
    """The rows that let in keys outside their pattern, of the conforming ones."""
    patterns, conforming = evidence.patterns, evidence.conforming
    rng = np.random.default_rng(seed)
    n_q, n_k = subject.n
    rows = spread_over(n_q, subject.d)
    signs = random_signs(rng, (n_k, subject.e))
    v = np.broadcast_to(signs, (subject.kv_heads, *signs.shape))
    distinct = dict.fromkeys(patterns)
    members = {p: _rows_of(p, rows, n_k) for p in distinct}
    means = {p: _means(signs, keys) for p, keys in members.items()}
    leaks, overflow = np.zeros_like(conforming), np.zeros_like(conforming)
    tested = 0
    for key_head_patterns in _rounds(patterns, subject.group):
        out, dtype = subject.attend(*_hostile(subject, key_head_patterns, members, rows), v)
        for head, p in enumerate(patterns):
            if p != key_head_patterns[head // subject.group]:
                continue
            some = conforming[head, rows]
            queries = rows[some]
            finite = np.isfinite(out[head, queries]).all(axis=-1)
            overflow[head, queries] = ~finite
            differs = _differs(out[head, queries], means[p][some], dtype)
            leaks[head, queries] = finite & differs
            tested += len(queries)
    return Leaks(leaks, overflow, tested)


def _rows_of(p: Pattern, rows: IntArray, n: int) -> list[IntArray]:
    """The keys of each row."""
    lists = (p.row(int(i), n) for i in rows)
    return [np.asarray(keys, int) for keys in lists]


def _rounds(patterns: Sequence[Pattern], group: int) -> Iterator[Round]:
    """One pattern for each key head at a time, until each of its query heads has had its own."""
    starts = range(0, len(patterns), group)
    slices = [slice(start, start + group) for start in starts]
    distinct = [list(dict.fromkeys(patterns[own])) for own in slices]
    yield from map(list, zip_longest(*distinct))


def _hostile(
    subject: Subject, key_head_patterns: Round, members: Members, rows: IntArray
) -> tuple[FloatArray, FloatArray]:
    """q and k at which the keys of each row tested have logits of -4e4, and all others +4e4."""
    side = hostile_side(subject)
    q, _ = subject.equal_logits
    _, k = subject.constant(side)
    q[:, rows, np.arange(len(rows))] = side
    for key_head, p in enumerate(key_head_patterns):
        if p is not None:
            for column, keys in enumerate(members[p]):
                k[key_head, keys, column] = -side
    return q, k


def _means(signs: FloatArray, members: list[IntArray]) -> FloatArray:
    """The mean of the signs over each row's keys, (rows, e); 0 in empty rows."""
    sums = np.stack([signs[keys].sum(axis=0) for keys in members])
    sizes = np.array([len(keys) for keys in members])
    return sums / np.maximum(sizes, 1)[:, None]


def _differs(out: FloatArray, means: FloatArray, dtype: str) -> BoolArray:
    """Rows that are no multiple, from 0 to 1, of the mean over their keys; ghosts make it less than
    1.
    """
    with np.errstate(invalid="ignore"):
        factor = np.clip(fit_factor(out, means), 0, 1)[:, None]
        size = np.sqrt((means**2).mean(axis=-1, keepdims=True))
        # rounding of the output, and of logits that large
        rounding = 2 * (spacing(dtype) + spacing("float32") * HOSTILE_LOGIT)
        allowed = rounding * factor * (np.abs(means) + size) + 2.0**-18
        return ~(np.abs(out - factor * means) <= allowed).all(axis=-1)
