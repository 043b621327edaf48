"""Random checksums of what each row attends to: a call or two show every row with a wrong set.

With q = k = 0, values of 1 give each row's sum of weights, s_i, and random values of +1 and -1 give
their mean over the row's keys, times s_i. A key too many or too few, or counted twice, changes all
of these means by about s_i / |A_i|. The chance that they all stay the same is 2^-31 a row, or less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...attention import attend_with_lse
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import softmax, spacing
from ..calling.subject import Subject
from .base import BaseInputs, row_masks

BLOCK_CELLS = 1 << 22  # pairs of a block of rows, if logits are not meant to be equal
MIN_COLUMNS = 32  # sums, that of the weights among them
SMALLEST_SUM = 2.0**-19


class RowMismatch(NamedTuple):
    """The rows of one head compared with a pattern, each (n_q,).

    wrong : rows whose sums are not those of their set.  blind : rows with so many keys, or with
    keys of so little weight, that one would not show.  sizes : |A_i|.
    row_sums : the sums of weights, exact to the dtype's rounding.
    meant_sums : what they should be.
    """

    wrong: BoolArray
    blind: BoolArray
    sizes: FloatArray
    row_sums: FloatArray
    meant_sums: FloatArray


class ExpectedSums(NamedTuple):
    """Of the rows of a pattern, (n_q, s) or (n_q,): the means of the signs by the meant weights,
    |A_i|, what the weights sum to, and the least of them.
    """

    means: FloatArray
    sizes: FloatArray
    meant_sums: FloatArray
    least: FloatArray


class Checksums(NamedTuple):
    """out (H, n_q, s) from the base inputs and signs (n_k, s) as values; row_sums (H, n_q) of
    weights.
    """

    out: FloatArray
    row_sums: FloatArray
    signs: FloatArray
    dtype: str
    base: BaseInputs

    @property
    def finite(self) -> BoolArray:
        """Rows without NaN or inf, bool (H, n_q)."""
        means_finite = np.isfinite(self.out).all(axis=-1)
        return means_finite & np.isfinite(self.row_sums)

    def mismatch(self, head: int, p: Pattern) -> RowMismatch:
        """The rows of a head compared with a pattern."""
        means, sizes, meant, least = self.expected_sums(head, p)
        # rows that are not finite have a finding of their own
        out, row_sums = _finite(self.out[head]), _finite(self.row_sums[head])
        exact = _exact_row_sums(out, row_sums, means, sizes, self.dtype)
        allowed = _allowed_error(means, sizes, exact, self.dtype)
        error = np.abs(out - exact[:, None] * means)
        differs = (error > allowed).any(axis=-1)
        vanishes = (sizes > 0) & (np.abs(row_sums) < SMALLEST_SUM)
        appears = (sizes == 0) & (row_sums != 0)
        wrong = (differs | vanishes | appears) & self.finite[head]
        blind = (sizes > 1) & (least < allowed.min(axis=-1))
        return RowMismatch(wrong, blind, sizes, exact, meant)

    def expected_sums(self, head: int, p: Pattern) -> ExpectedSums:
        """The sums of a head that has this pattern."""
        n_q = self.out.shape[1]
        if self.base.is_flat:
            means, sizes = expected_means(p, n_q, self.signs)
            least = 1 / np.maximum(sizes, 1)
            return ExpectedSums(means, sizes, np.ones(n_q), least)
        rows = max(BLOCK_CELLS // (len(self.signs) * len(self.out)), 1)
        starts = range(0, n_q, rows)
        parts = [np.arange(start, min(start + rows, n_q)) for start in starts]
        blocks = [self._expected_block(head, p, queries) for queries in parts]
        return ExpectedSums(*map(np.concatenate, zip(*blocks)))

    def _expected_block(self, head: int, p: Pattern, queries: IntArray) -> ExpectedSums:
        """The sums of some rows, from the meant logits."""
        base, n_k = self.base, len(self.signs)
        assert base.statement is not None
        x = base.logits(queries)
        assert x is not None
        mask = row_masks(p, queries, n_k)
        sinks = base.statement.meaning.sinks_of(base.statement.heads)
        own_sink = None if sinks is None else sinks[head : head + 1]
        weights, _ = softmax(x[head : head + 1], mask[None], own_sink)
        totals = weights[0].sum(axis=-1)
        nonzero = np.where(totals > 0, totals, 1)
        share = weights[0] / nonzero[:, None]
        least = share.min(axis=-1, initial=1, where=mask)
        sizes = mask.sum(axis=-1).astype(float)
        return ExpectedSums(share @ self.signs, sizes, totals, least)


def read_checksums(subject: Subject, base: BaseInputs, rng: np.random.Generator) -> Checksums:
    """The checksums of an implementation."""
    columns = max(MIN_COLUMNS, subject.e)
    v = random_signs(rng, (subject.n[1], columns))
    v[:, 0] = 1
    out, dtype = subject.attend_wide(base.q, base.k, v)
    if base.statement is not None:
        dtype = base.statement.meaning.precision or dtype
    row_sums, means = out[..., 0], out[..., 1:]
    return Checksums(means, row_sums, v[:, 1:], dtype, base)


def random_signs(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """+1 and -1 at random."""
    return rng.choice(np.array([-1.0, 1.0]), shape)


def fit_factor(actual: FloatArray, expected: FloatArray) -> FloatArray:
    """The factor of the last axis of `expected` that is nearest to `actual`; 0 if it is all 0."""
    squares = (expected * expected).sum(axis=-1)
    products = (actual * expected).sum(axis=-1)
    return products / np.where(squares > 0, squares, 1)


def _finite(x: FloatArray) -> FloatArray:
    """x with 0 for NaN and inf."""
    return np.where(np.isfinite(x), x, 0)


def expected_means(p: Pattern, n_q: int, signs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(the means of the signs over each row's keys (n_q, s), |A_i| (n_q,)) of a pattern."""
    q = np.zeros((n_q, 1))
    k = np.zeros((len(signs), 1))
    means, lse = attend_with_lse(q, k, signs, p)
    return means, np.rint(np.exp(lse))


def _exact_row_sums(
    out: FloatArray, row_sums: FloatArray, means: FloatArray, sizes: FloatArray, dtype: str
) -> FloatArray:
    """The sums of weights, from the means if they agree with the sums that came.

    A running sum of many equal weights is off by up to |A_i| 2^-24 in float32. A sum of random
    signs is not, so that the factor between the actual and the expected means is more exact.
    """
    has_means = means.any(axis=-1)
    factor = np.where(has_means, fit_factor(out, means), row_sums)
    rounding = 8 * spacing(dtype) + 2.0**-24 * sizes
    allowed = rounding * np.abs(row_sums)
    return np.where(np.abs(factor - row_sums) <= allowed, factor, row_sums)


def _allowed_error(
    means: FloatArray, sizes: FloatArray, row_sums: FloatArray, dtype: str
) -> FloatArray:
    """The error of each mean that rounding explains, (n_q, s)."""
    size = np.sqrt((means**2).mean(axis=-1, keepdims=True))
    rounding = spacing(dtype) * (np.abs(means) + size)
    rounding *= np.abs(row_sums)[:, None]
    return rounding + SMALLEST_SUM * (sizes > 0)[:, None]
