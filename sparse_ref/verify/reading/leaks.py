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
from ..calling.rounded_attention import bits_of, spacing
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from .checksums import fit_factor, random_signs
from .evidence import Evidence, Leaks
from .hostile import hostile_logit, hostile_side
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
    leaks, overflow = np.zeros_like(conforming), np.zeros_like(conforming)
    tested = 0
    statement, sets = evidence.base.statement, _sets(patterns, members, n_k)
    if statement is None or _is_too_coarse(statement, evidence.totals.dtype):
        return Leaks(leaks, overflow, 0)
    logit, _ = hostile_logit(statement)
    side = hostile_side(subject, logit)
    for key_head_patterns in _rounds(patterns, subject.group):
        q, k = _hostile(subject, key_head_patterns, members, rows, side)
        out, dtype = subject.attend(q, k, v)
        expected, _ = statement.attend(Inputs(q, k, v), sets, rows)
        for head, p in enumerate(patterns):
            if p != key_head_patterns[head // subject.group]:
                continue
            tested_rows = conforming[head, rows]
            queries = rows[tested_rows]
            finite = np.isfinite(out[head, queries]).all(axis=-1)
            overflow[head, queries] = ~finite
            meant = expected[head][tested_rows]
            differs = _differs(out[head, queries], meant, dtype, logit)
            leaks[head, queries] = finite & differs
            tested += len(queries)
    return Leaks(leaks, overflow, tested, logit)


def _rows_of(p: Pattern, rows: IntArray, n: int) -> list[IntArray]:
    """The keys of each row."""
    lists = (p.row(int(i), n) for i in rows)
    return [np.asarray(keys, int) for keys in lists]


def _sets(patterns: Sequence[Pattern], members: Members, n: int) -> BoolArray:
    """The keys of each row that is tested, (H, rows, n)."""
    masks = {}
    for p, rows in members.items():
        masks[p] = np.zeros((len(rows), n), bool)
        for row, keys in enumerate(rows):
            masks[p][row, keys] = True
    return np.stack([masks[p] for p in patterns])


def _is_too_coarse(statement: Statement, dtype: str) -> bool:
    """Whether a bias vanishes next to logits of 1e5, which half precision may keep in its bits."""
    return statement.meaning.has_bias and bits_of(dtype) < 24


def _rounds(patterns: Sequence[Pattern], group: int) -> Iterator[Round]:
    """One pattern for each key head at a time, until each of its query heads has had its own."""
    starts = range(0, len(patterns), group)
    slices = [slice(start, start + group) for start in starts]
    distinct = [list(dict.fromkeys(patterns[own])) for own in slices]
    yield from map(list, zip_longest(*distinct))


def _hostile(
    subject: Subject, key_head_patterns: Round, members: Members, rows: IntArray, side: float
) -> tuple[FloatArray, FloatArray]:
    """q and k at which the keys of each row tested are far below all others."""
    q, _ = subject.equal_logits
    _, k = subject.constant(side)
    q[:, rows, np.arange(len(rows))] = side
    for key_head, p in enumerate(key_head_patterns):
        if p is not None:
            for column, keys in enumerate(members[p]):
                k[key_head, keys, column] = -side
    return subject.round_input(q), subject.round_input(k)


def _differs(out: FloatArray, means: FloatArray, dtype: str, logit: float) -> BoolArray:
    """Rows that are no multiple, from 0 to 1, of the mean over their keys; ghosts make it less."""
    with np.errstate(invalid="ignore"):
        factor = np.clip(fit_factor(out, means), 0, 1)[:, None]
        size = np.sqrt((means**2).mean(axis=-1, keepdims=True))
        # rounding of the output, and of logits that large
        rounding = 2 * (spacing(dtype) + spacing("float32") * logit)
        allowed = rounding * factor * (np.abs(means) + size) + 2.0**-18
        return ~(np.abs(out - factor * means) <= allowed).all(axis=-1)
