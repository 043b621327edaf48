"""Logits that are hostile to masks: masked keys have the largest ones, or bias is cancelled.

A key that is masked with a finite number gets more weight once the other logits are below the
number. Keys outside the set get a logit of +1e5 and those inside -1e5. No number that replaces a
logit and is above -1e5 withstands this, and none that is added to it and is above -2e5.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.subject import Subject
from ..meaning.statement import Statement
from .base import BaseInputs, member_keys
from .progress import progress

HOSTILE_LOGIT = 1e5  # beyond the least number of float16, -65504, a usual fill
MAX_FLOAT16_PRODUCT = 4e4  # of q . k, below the largest number, 65504
LEAST_SHARE = 1e-3  # of a key that is attended to, among some keys

QueriesAndKeys = tuple[FloatArray, FloatArray]  # q and k


def read_hostile_weights(
    subject: Subject, mask: BoolArray, logit: float
) -> tuple[FloatArray, BoolArray]:
    """(|P_ij| of keys outside `mask` if their logits are the largest, 0 for others; rows that are
    not finite then).

    Each key of a call has a coordinate of its own, on which row i has `logit` if the key is not in
    its set. All other keys share the last coordinate, on which every row has minus that.
    """
    side = hostile_side(subject, logit)
    hostile = np.zeros(mask.shape)
    overflow = np.zeros(mask.shape[:2], bool)
    for keys in _key_batches(subject, "reading finite masks"):
        columns = np.arange(len(keys))
        q, k = _single_coordinates(subject, keys, side)
        q[..., columns] = np.where(mask[..., keys], -side, side)
        out, _ = subject.attend(q, k, subject.one_hot(keys))
        finite = np.isfinite(out)
        weights = np.where(finite, np.abs(out), 0)[..., columns]
        hostile[..., keys] = np.where(mask[..., keys], 0, weights)
        overflow |= ~np.all(finite, axis=-1)
    return hostile, overflow


def _key_batches(subject: Subject, text: str) -> Iterator[IntArray]:
    """The keys of one call after the other, as many as have a coordinate of their own."""
    n_k = subject.n[1]
    starts = range(0, n_k, min(subject.d - 1, subject.e))
    with progress(len(starts), text) as bar:
        for first in starts:
            yield np.arange(first, min(first + starts.step, n_k))
            bar.update()


def hostile_logit(statement: Statement) -> tuple[float, float]:
    """(how far from 0 hostile logits are, the weight that a masked key may have).

    Next to a declared fill, logits stay well above it, so that masked keys have almost no weight.
    """
    fill = statement.meaning.fill
    if fill is None:
        return HOSTILE_LOGIT, 0.0
    usual = statement.d**-0.5 / abs(statement.scale)  # next to the scale of `hostile_side`
    logit = min(-fill / 4, HOSTILE_LOGIT) * min(usual, 1.0)
    return logit, 4 * float(np.exp(fill / 2))


def read_faint_keys(subject: Subject, base: BaseInputs, faint: BoolArray) -> BoolArray | None:
    """Which of the faint keys are attended to; None if the meant logits cannot be cancelled.

    Each key of a call has a coordinate of its own, on which row i has minus its bias. All other
    keys are far below.
    """
    statement = base.statement
    if statement is None or base.is_given or not _can_cancel_bias(statement):
        return None
    meaning = statement.meaning
    side = hostile_side(subject, hostile_logit(statement)[0])
    attended, queries = np.zeros_like(faint), np.arange(subject.n[0])
    for keys in _key_batches(subject, "reading biased keys"):
        if not faint[..., keys].any():
            continue
        columns = np.arange(len(keys))
        bias = meaning.bias_at(subject.heads, queries, keys, statement.offset)
        q, k = _single_coordinates(subject, keys, side)
        q[..., columns] = -np.asarray(bias) / (statement.scale * side)
        out, _ = subject.attend(q, k, subject.one_hot(keys))
        shares = out[..., columns]
        attended[..., keys] = member_keys(shares) & (shares > LEAST_SHARE)
    return attended & faint


def _can_cancel_bias(statement: Statement) -> bool:
    """Whether some q and k take the bias away from the logits."""
    meaning = statement.meaning
    return meaning.has_bias and meaning.softcap is None and meaning.transform is None


def _single_coordinates(subject: Subject, keys: IntArray, side: float) -> QueriesAndKeys:
    """q and k that give each of these keys a coordinate of its own; all others have the last one,
    on which every row has -side.
    """
    q, _ = subject.constant(-side)
    _, k = subject.equal_logits
    k[..., -1] = side
    k[:, keys, -1] = 0
    k[:, keys, np.arange(len(keys))] = side
    return q, k


def hostile_side(subject: Subject, logit: float) -> float:
    """The entry of q and k whose product is this logit at the usual scale.

    float16 has no q . k above 65504, so there q . k itself is at most MAX_FLOAT16_PRODUCT.
    """
    product = logit * np.sqrt(subject.d)
    if subject.form.dtype == "float16":
        product = min(product, MAX_FLOAT16_PRODUCT)
    return float(np.sqrt(product))
