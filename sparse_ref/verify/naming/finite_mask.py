"""The value of a finite mask: which number masked logits get, and whether it replaces or is added.

A row has members with the logit -L and masked keys that would have L. The log of a masked key's
weight over a member's is F + L if F replaces logits, and F + 2 L if it is added. The L at which
neither weight vanishes is found by bisection, and there F is read off. Moving the two logits one
at a time says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...sets.types import FloatArray, IntArray
from ..calling.subject import Subject
from ..reading.evidence import Evidence, Leaks
from ..reading.hostile import HOSTILE_LOGIT, MAX_FLOAT16_PRODUCT

LogOdds = Callable[[float, float], float]  # of (member logit, masked logit)
HALVINGS = 40
GREATEST_FILL = -1.0  # a number above that masks nothing
STEP = 3.0  # by which logits are moved to see what a mask does
SLOPE_ERROR = 0.1
PARTS = 3  # of a logit


class FiniteMask(NamedTuple):
    """What masked logits get: `value` replaces them, is added to them, or, as the log of a weight
    relative to the row's largest, is the least that any key gets (`manner` "clipped").
    """

    value: float
    manner: str


def find_fill(log_odds: LogOdds, limit: float) -> FiniteMask | None:
    """The finite mask that explains the log odds of a masked key over a member; None if none does.

    `log_odds(member, masked)` has -inf if the masked key has no weight, inf if the member has
    none, NaN if neither has. `limit` is the largest logit that can be asked for.
    """
    L = limit
    odds = log_odds(-L, L)
    if odds == -np.inf:
        return None
    low, high = 0.0, limit
    for _ in range(HALVINGS):
        if np.isfinite(odds):
            break
        if np.isnan(odds):
            return None
        low, high = (L, high) if odds < 0 else (low, L)
        L = (low + high) / 2
        odds = log_odds(-L, L)
    return _fill_at(log_odds, L, odds) if np.isfinite(odds) else None


def _fill_at(log_odds: LogOdds, L: float, odds: float) -> FiniteMask | None:
    """The finite mask by three log odds near (-L, L), the first of which is given."""
    step = -STEP if odds > 0 else STEP  # towards equal weights
    with_member = log_odds(-L - step, L) - odds
    with_masked = log_odds(-L, L + step) - odds
    member_slope, masked_slope = with_member / step, with_masked / step

    def is_near(slope: float, expected: float) -> bool:
        return abs(slope - expected) <= SLOPE_ERROR

    if is_near(member_slope, 0) and is_near(masked_slope, 0):
        return FiniteMask(odds, "clipped")
    if not is_near(member_slope, 1):
        return None
    if is_near(masked_slope, 0):
        return FiniteMask(odds - L, "replaced")
    if is_near(masked_slope, 1):
        return FiniteMask(odds - 2 * L, "added")
    return None


def read_finite_mask(subject: Subject, evidence: Evidence, leaks: Leaks) -> FiniteMask | None:
    """The finite mask of the first row that leaks and has a key; None if its value has no name.

    About 20 calls. Nothing is read under a declared bias, sinks, soft cap or transform.
    """
    statement = evidence.base.statement
    if statement is None or not statement.is_plain or statement.meaning.softcap is not None:
        return None
    is_key = leaks.leaks.ndim == 3
    rows = np.any(leaks.leaks, axis=-1) if is_key else leaks.leaks
    for head, query in np.argwhere(rows).tolist():
        if is_key:
            members = np.flatnonzero(evidence.actual[head, query])
            others = np.flatnonzero(leaks.leaks[head, query])
        else:
            members = evidence.patterns[head].row(query, subject.n[1])
            others = _nearest_others(members, subject.n[1])
        if len(members) and len(others):
            others = others[: max(subject.e - 1, 1)]
            place = head, query
            log_odds = MaskedOdds(subject, statement.scale, place, members, others)
            mask = find_fill(log_odds, log_odds.limit)
            return mask if mask is not None and mask.value < GREATEST_FILL else None
    return None


def _nearest_others(members: IntArray, n: int) -> IntArray:
    """The keys outside a set, those next to its ends first."""
    if not len(members):
        return members
    others = np.setdiff1d(np.arange(n), members)
    ends = members[[0, -1]]
    distance = abs(others[:, None] - ends).min(axis=1)
    return others[np.argsort(distance, kind="stable")]


class MaskedOdds:
    """The log of the largest weight of some masked keys over that of a member, of one row."""

    def __init__(
        self,
        subject: Subject,
        scale: float,
        place: tuple[int, int],
        members: IntArray,
        others: IntArray,
    ):
        self.subject = subject
        self.scale = scale
        self.place = place
        self.members = members
        self.others = others

    @property
    def limit(self) -> float:
        """The largest logit that is asked for."""
        if self.subject.form.dtype != "float16":
            return HOSTILE_LOGIT
        return min(HOSTILE_LOGIT, MAX_FLOAT16_PRODUCT * abs(self.scale))

    def __call__(self, member: float, masked: float) -> float:
        """The log odds. Each logit is a sum of parts, which the input's dtype has exactly."""
        subject = self.subject
        side = 2.0 ** round(np.log2(HOSTILE_LOGIT / abs(self.scale)) / 2)  # exact in any dtype
        rest = np.array([member, masked]) / (side * self.scale)
        q, k = subject.equal_logits
        for part in range(min(PARTS, subject.d)):
            rounded = subject.round_input(rest)
            rest = rest - rounded
            q[..., part] = side
            k[..., part] = rounded[1]
            k[:, self.members, part] = rounded[0]  # after all keys have the other logit
        return self._read(q, k)

    def _read(self, q: FloatArray, k: FloatArray) -> float:
        """The log odds at q and k."""
        member = self.members[:1]
        keys = np.concatenate([self.others, member])
        parts = [keys] if self.subject.e > 1 else [self.others, member]  # one key a call
        weights = [self._weights(q, k, part) for part in parts]
        *masked, member_weight = np.concatenate(weights)
        masked_weight = max(masked)
        if not np.isfinite(masked_weight + member_weight):
            return np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.log(masked_weight) - np.log(member_weight))

    def _weights(self, q: FloatArray, k: FloatArray, keys: IntArray) -> FloatArray:
        """The weights of some keys in the row."""
        out, _ = self.subject.attend(q, k, self.subject.one_hot(keys))
        return np.abs(out[self.place][: len(keys)])


def describe_finite_mask(mask: FiniteMask) -> str:
    """The value, the manner and the option that declares it."""
    value = _number(mask.value)
    if mask.manner == "clipped":
        return f"masked keys keep e^{mask.value:.4g} of a member's weight (exp clipped?), not 0"
    manner = "is added to them" if mask.manner == "added" else "replaces them"
    return (
        f"masked logits get about {value}, not -inf ({value} {manner}); "
        f"declare fill={value} if that is meant"
    )


def _number(x: float) -> str:
    """A number of few digits, such as -1e4, -9984 or -64."""
    rounded = float(f"{x:.4g}")
    text = f"{rounded:g}" if abs(rounded) < 1e4 else f"{rounded:.3e}"
    digits, e, exponent = text.partition("e")
    return f"{float(digits):g}e{int(exponent)}" if e else text
