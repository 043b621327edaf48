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
from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject

MIN_COLUMNS = 32  # sums, that of the weights among them
SMALLEST_SUM = 2.0**-19


class RowMismatch(NamedTuple):
    """The rows of one head compared with a pattern, each (n_q,).

    wrong : rows whose sums are not those of their set.  blind : rows with so many keys that one
    would not show. sizes : |A_i|.  row_sums : the sums of weights, exact to the dtype's rounding.
    """

    wrong: BoolArray
    blind: BoolArray
    sizes: FloatArray
    row_sums: FloatArray


class Checksums(NamedTuple):
    """out (H, n_q, s) from q = k = 0 and signs (n_k, s) as values; row_sums (H, n_q) of weights."""

    out: FloatArray
    row_sums: FloatArray
    signs: FloatArray
    dtype: str

    @property
    def finite(self) -> BoolArray:
        """Rows without NaN or inf, bool (H, n_q)."""
        means_finite = np.isfinite(self.out).all(axis=-1)
        return means_finite & np.isfinite(self.row_sums)

    def mismatch(self, head: int, p: Pattern) -> RowMismatch:
        """The rows of a head compared with a pattern."""
        means, sizes = expected_means(p, self.out.shape[1], self.signs)
        # rows that are not finite have a finding of their own
        out, row_sums = _finite(self.out[head]), _finite(self.row_sums[head])
        exact = _exact_row_sums(out, row_sums, means, sizes, self.dtype)
        allowed = _allowed_error(means, sizes, exact, self.dtype)
        error = np.abs(out - exact[:, None] * means)
        differs = (error > allowed).any(axis=-1)
        vanishes = (sizes > 0) & (np.abs(row_sums) < SMALLEST_SUM)
        appears = (sizes == 0) & (row_sums != 0)
        wrong = (differs | vanishes | appears) & self.finite[head]
        one_key = 1 / np.maximum(sizes, 1)
        blind = (sizes > 1) & (one_key < allowed.min(axis=-1))
        return RowMismatch(wrong, blind, sizes, exact)


def read_checksums(subject: Subject, rng: np.random.Generator) -> Checksums:
    """The checksums of an implementation."""
    columns = max(MIN_COLUMNS, subject.e)
    v = random_signs(rng, (subject.n[1], columns))
    v[:, 0] = 1
    out, dtype = subject.attend_wide(*subject.equal_logits, v)
    row_sums = out[..., 0]
    return Checksums(out[..., 1:], row_sums, v[:, 1:], dtype)


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
