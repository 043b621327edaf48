"""The q and k at which sets are read, and the logits that are meant there.

Without a bias q = k = 0, so that all logits are equal. ALiBi is cancelled: with slope m, q = -m and
k = j in some coordinates, the logits of a row are equal again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import bits_of, digits_of, round_to
from ..calling.subject import Subject
from ..meaning.statement import Statement

OTHER_SIDE = 1.0  # of q = k, if rows are dead at 0
COMMON_BITS = 5  # of weights such as 1/4, which every dtype has
DIGIT = 256  # key positions are written in digits that every dtype has
FAINT_MARGIN = 2.0  # of logits, above those whose weight is at the least
MEMBER = 2.0**-20  # the least weight of a key that is attended to, of the greatest of its row


@dataclass(frozen=True, eq=False)
class BaseInputs:
    """q and k at which sets are read.

    Attributes
    ----------
    q, k : FloatArray
        (H, n_q, d) and (G, n_k, d).
    side : float
        All entries of q and k, if they are equal; NaN otherwise.
    statement : Statement or None
        What is meant; None if nothing is, and weights are taken as they are.
    is_given : bool
        Whether q and k were asked for.
    broken_at_0, dead_at_0 : bool (H, n_q) or None
        If sets are not read at 0: the rows with NaN or inf there, and those without any weight.
    inner_precision : str
        The dtype in which fn computes, if it has fewer bits than the output; else "".
    """

    q: FloatArray
    k: FloatArray
    side: float = np.nan
    statement: Statement | None = None
    is_given: bool = False
    broken_at_0: BoolArray | None = None
    dead_at_0: BoolArray | None = None
    inner_precision: str = ""

    @property
    def is_flat(self) -> bool:
        """Whether all logits are meant to be equal, or nothing is meant."""
        if self.statement is None:
            return True
        return np.isfinite(self.side) and self.statement.is_plain

    def logits(self, queries: IntArray) -> FloatArray | None:
        """x (H, rows, n_k) of some queries; None if all are equal."""
        if self.is_flat or self.statement is None:
            return None
        return self.statement.logits(self.q, self.k, queries)


def base_inputs(
    subject: Subject,
    statement: Statement | None = None,
    inputs: tuple[FloatArray, FloatArray] | None = None,
) -> BaseInputs:
    """The q and k given, those that cancel ALiBi, or 0; if rows are dead at 0, 1.

    If fn computes in fewer bits than it returns, that is the precision it is judged by.
    """
    base = _inputs(subject, statement, inputs)
    if statement is None or statement.meaning.precision is not None:
        return base
    inner = _inner_precision(subject, base)
    if not inner:
        return base
    meaning = replace(statement.meaning, precision=inner)
    return replace(base, statement=replace(statement, meaning=meaning), inner_precision=inner)


def _inner_precision(subject: Subject, base: BaseInputs) -> str:
    """The dtype in whose few bits all weights are written, though the output has more; or ""."""
    last = subject.n[1] - 1
    keys = np.linspace(0, last, subject.e, dtype=int)
    weights, dtype = subject.attend(base.q, base.k, subject.one_hot(keys))
    finite = np.isfinite(weights)
    weights = weights[finite].astype(np.float32)
    tell_nothing = np.array_equal(round_to(weights, COMMON_BITS), weights)
    return "" if bits_of(dtype) < 24 or tell_nothing else digits_of(weights)


def _inputs(
    subject: Subject,
    statement: Statement | None,
    inputs: tuple[FloatArray, FloatArray] | None,
) -> BaseInputs:
    """The q and k given, those that cancel ALiBi, or constant ones."""
    if inputs is not None:
        return BaseInputs(*inputs, statement=statement, is_given=True)
    if statement is not None and _can_cancel(statement):
        return BaseInputs(*_cancelling(subject, statement), statement=statement)
    finite, nonzero = _rows_at(subject, 0.0)
    at_0 = BaseInputs(*subject.constant(0.0), side=0.0, statement=statement)
    dead = ~(finite & nonzero)
    if not dead.any():
        return at_0
    other_finite, other_nonzero = _rows_at(subject, OTHER_SIDE)
    revived = dead & other_finite & other_nonzero
    if not revived.any():
        return at_0
    q, k = subject.constant(OTHER_SIDE)
    rows = revived & ~finite, revived & finite
    return BaseInputs(q, k, OTHER_SIDE, statement, False, *rows)


def _can_cancel(statement: Statement) -> bool:
    """Whether some q and k take ALiBi away from the logits."""
    meaning = statement.meaning
    has_alibi = meaning.slopes_of(statement.heads) is not None
    return has_alibi and meaning.softcap is None and meaning.transform is None


def _rows_at(subject: Subject, side: float) -> tuple[BoolArray, BoolArray]:
    """Which rows are finite at q = k = side, and which have weights, (H, n_q)."""
    ones = np.ones((subject.kv_heads, subject.n[1], subject.e))
    q, k = subject.constant(side)
    out, _ = subject.attend(q, k, ones)
    finite = np.all(np.isfinite(out), axis=-1)
    return finite, out[..., 0] != 0


def _cancelling(subject: Subject, statement: Statement) -> tuple[FloatArray, FloatArray]:
    """q and k whose products add slope j to the logits, less what ALiBi takes away."""
    q, k = subject.constant(0.0)
    slopes = statement.meaning.slopes_of(subject.heads)
    assert slopes is not None
    # the level of a row counts next to a sink
    positions = np.arange(subject.n[0]) + statement.offset
    k[..., -1] = 1
    q[..., -1] = slopes[:, None] * positions / statement.scale
    j, factor, coordinate = np.arange(subject.n[1]), 1.0, 0
    while j.any() and coordinate < subject.d - 1:
        k[..., coordinate] = j % DIGIT
        q[..., coordinate] = -(slopes * factor / statement.scale)[:, None]
        j, factor, coordinate = j // DIGIT, factor * DIGIT, coordinate + 1
    coarsest = bits_of("bfloat16")  # exact in whatever dtype fn computes in
    return round_to(q, coarsest), k


def row_masks(p: Pattern, rows: Sequence[int] | IntArray, n: int) -> BoolArray:
    """The sets of some queries, bool (rows, n)."""
    p.check_length((), n)
    queries = np.asarray(rows)[:, None]
    try:
        mask = p.contains(queries, np.arange(n))
    except NotImplementedError:  # a pattern that only lists the keys of a query
        mask = np.zeros((len(queries), n), bool)
        for row, i in enumerate(queries[:, 0].tolist()):
            keys = np.asarray(p.row(i, n), int)
            mask[row, keys] = True
    shape = len(queries), n
    return np.array(np.broadcast_to(mask, shape), bool)


def relative_sizes(
    weights: FloatArray, x: FloatArray | None, sets: BoolArray | None = None
) -> FloatArray:
    """|weights|, less what the logits x explain: equal for all keys that count once.

    They are relative to the largest logit of `sets`, or of all keys.
    """
    size = np.abs(weights)
    if x is None:
        return size
    top = x.max(axis=-1, keepdims=True)
    if sets is not None:
        top_member = _top_logits(x, sets)
        top = np.where(np.isfinite(top_member), top_member, top)
    return size * np.exp(np.minimum(top - x, 80.0))


def member_keys(sizes: FloatArray) -> BoolArray:
    """The keys with at least MEMBER of the greatest size of their row."""
    sizes = np.where(np.isfinite(sizes), sizes, 0)
    top = sizes.max(axis=-1, keepdims=True, initial=0)
    return (sizes > 0) & (sizes >= MEMBER * top)


def faint_keys(x: FloatArray | None, sets: BoolArray) -> BoolArray:
    """The keys whose weight is meant to be too small to be read next to the largest of `sets`."""
    if x is None:
        return np.zeros(sets.shape, bool)
    return x < _top_logits(x, sets) + np.log(MEMBER) + FAINT_MARGIN


def _top_logits(x: FloatArray, sets: BoolArray) -> FloatArray:
    """The largest logit of each row among its keys, (H, rows, 1); -inf for rows without any."""
    members = np.where(sets, x, -np.inf)
    return members.max(axis=-1, keepdims=True)
