"""Random sums of what each row attends to, which tell all rows that differ from their sets in a call or two.

With q = k = 0, values of 1 give each row's sum of weights, s_i, and values of +1 and -1 drawn at random the mean of those
of its keys, times s_i. A key too many or too few, or counted twice, moves all of these means by about s_i / |A_i|; that they
stay the same by chance has a probability of 2^-31 or less a row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...attention import attend_with_lse
from ..calling.frameworks import spacing
from ..calling.subject import Subject

COLUMNS = 32  # sums at least, that of the weights among them


class Sums(NamedTuple):
    """out (H, n_q, s) from q = k = 0 and these signs (n_k, s) as values of all heads; row_sums (H, n_q), those of the weights."""

    out: np.ndarray
    row_sums: np.ndarray
    signs: np.ndarray
    dtype: str

    @property
    def finite(self) -> np.ndarray:
        """Rows without NaN or inf, bool (H, n_q)."""
        return np.isfinite(self.out).all(axis=-1) & np.isfinite(self.row_sums)

    def unlike(self, h: int, p) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of head h, each (n_q,): rows whose sums are not those of p, rows where one key would not show, |A_i|, sums of weights."""
        expected, many = stated(p, self.out.shape[1], self.signs)
        off, blind, row_sums = unlike(self.out[h], self.row_sums[h], expected, many, self.dtype)
        return off & self.finite[h], blind, many, row_sums


def summed(call: Subject, rng) -> Sums:
    """The sums of an implementation."""
    v = rng.choice(np.array([-1.0, 1.0]), (call.n[1], max(COLUMNS, call.e)))
    v[:, 0] = 1
    out, dtype = call.wide(*call.equal, v)
    return Sums(out[..., 1:], out[..., 0], v[:, 1:], dtype)


def stated(p, n_q: int, signs) -> tuple[np.ndarray, np.ndarray]:
    """(the means of the signs of each row's keys (n_q, s), |A_i| (n_q,)) of a pattern."""
    means, lse = attend_with_lse(np.zeros((n_q, 1)), np.zeros((len(signs), 1)), signs, p)
    return means, np.rint(np.exp(lse))


def unlike(out, row_sums, expected, many, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows whose sums are not those expected times the sum of their weights; rows where one key would not show; these sums).

    A sum of many equal weights, one after the other, is off by up to |A_i| 2^-24 in float32; that of random signs is not, so
    that the factor between the means that came and those expected is the better one."""
    out, row_sums = (
        np.where(np.isfinite(x), x, 0) for x in (out, row_sums)
    )  # what is not finite is told elsewhere
    own, both = (out * expected).sum(axis=-1), (expected * expected).sum(axis=-1)
    factor = np.where(both > 0, own / np.where(both > 0, both, 1), row_sums)
    near = np.abs(factor - row_sums) <= (8 * spacing(dtype) + 2.0**-24 * many) * np.abs(row_sums)
    factor = np.where(near, factor, row_sums)
    size = np.sqrt((expected**2).mean(axis=-1, keepdims=True))
    allowed = (
        spacing(dtype) * (np.abs(expected) + size) * np.abs(factor)[..., None]
        + 2.0**-19 * (many > 0)[..., None]
    )
    off = (np.abs(out - factor[..., None] * expected) > allowed).any(axis=-1)
    none = (many > 0) & (np.abs(row_sums) < 2.0**-19)
    blind = (many > 1) & (1 / np.maximum(many, 1) < allowed.min(axis=-1))
    return off | none | (many == 0) & (row_sums != 0), blind, factor
