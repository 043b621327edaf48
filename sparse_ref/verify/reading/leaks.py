"""Finite masks in a large implementation, read in as many rows as q is wide.

Each of these rows has a coordinate of its own, on which the keys of its set are far below all
others. If the query heads of a key head have several patterns, each pattern takes one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from .evidence import Evidence, Leaks
from .probe import HOSTILE_LOGIT, hostile_side

Members = Mapping[Pattern, list[IntArray]]  # of each pattern, the keys of each row that is tested


def read_leaks(subject: Subject, evidence: Evidence, seed: int) -> Leaks:
    """The rows that let in keys outside their pattern, of the conforming ones."""
    patterns, conforming = evidence.patterns, evidence.conforming
    rng = np.random.default_rng(seed)
    n_q, n_k = subject.n
    rows = np.unique(np.linspace(0, n_q - 1, min(subject.d, n_q), dtype=int))
    signs = rng.choice(np.array([-1.0, 1.0]), (n_k, subject.e))
    v = np.broadcast_to(signs, (subject.kv_heads, *signs.shape))
    distinct = dict.fromkeys(patterns)
    members = {p: [np.asarray(p.row(int(i), n_k), int) for i in rows] for p in distinct}
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
            leaks[head, queries] = finite & _differs(out[head, queries], means[p][some], dtype)
            tested += len(queries)
    return Leaks(leaks, overflow, tested)


def _rounds(patterns: Sequence[Pattern], group: int) -> Iterator[list[Pattern | None]]:
    """One pattern for each key head at a time, until each of its query heads has had its own."""
    key_heads = range(len(patterns) // group)
    distinct = [list(dict.fromkeys(patterns[g * group : (g + 1) * group])) for g in key_heads]
    for turn in range(max(map(len, distinct))):
        yield [own[turn] if turn < len(own) else None for own in distinct]


def _hostile(
    subject: Subject, key_head_patterns: list[Pattern | None], members: Members, rows: IntArray
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
    squares = (means * means).sum(axis=-1)
    products = (out * means).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        factor = np.clip(products / np.where(squares > 0, squares, 1), 0, 1)[:, None]
        size = np.sqrt((means**2).mean(axis=-1, keepdims=True))
        # rounding of the output, and of logits that large
        rounding = 2 * (spacing(dtype) + spacing("float32") * HOSTILE_LOGIT)
        allowed = rounding * factor * (np.abs(means) + size) + 2.0**-18
        return ~(np.abs(out - factor * means) <= allowed).all(axis=-1)
