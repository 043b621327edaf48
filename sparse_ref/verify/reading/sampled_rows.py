"""Some rows of a large implementation: stretches of keys are weighed first, then single keys.

Each stretch has eight sums, with small random integers as values. A row has no key of a stretch if
all sums are 0. It has all of the stretch, or its expected keys, if the sums are in proportion to
the sums of those. Any other stretch is cut in 16, down to 16 keys, which are read one by one. If
there are too many such stretches, only the first and the last are followed up.
"""

from __future__ import annotations

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from .checksums import Checksums

LEAF_KEYS = 16
SMALL_INTEGERS = np.array([-2.0, -1.0, 1.0, 2.0])
COLUMNS = 8  # sums of each stretch


def read_rows(
    subject: Subject,
    expected: BoolArray,
    wanted: BoolArray,
    rows: IntArray,
    sums: Checksums,
    rng: np.random.Generator,
) -> tuple[FloatArray, BoolArray]:
    """(weights at the base inputs, which are known), both (H, rows, n_k), of the rows wanted.

    wanted is bool (H, rows). expected, bool (H, rows, n_k), are sets that a stretch is compared
    with before it is cut.
    """
    reader = RowReader(subject, expected, rows, sums)
    reader.read(wanted, rng)
    return reader.weights, reader.known


class RowReader:
    """Reads rows at the base inputs: weights and known fill up; a weight is 0 until it is known."""

    def __init__(self, subject: Subject, expected: BoolArray, rows: IntArray, sums: Checksums):
        self.subject = subject
        self.expected = expected
        self.rows = rows
        self.dtype = sums.dtype
        self.base = sums.base
        self.weights = np.zeros(expected.shape, np.float32)
        self.known = np.zeros(expected.shape, bool)

    def read(self, wanted: BoolArray, rng: np.random.Generator) -> None:
        """Read the rows wanted, bool (H, rows)."""
        n_k = self.subject.n[1]
        values = rng.choice(SMALL_INTEGERS, (n_k, COLUMNS))
        size = LEAF_KEYS
        while n_k >= 16 * LEAF_KEYS * size:
            size *= LEAF_KEYS
        starts = np.arange(0, n_k, size)
        while size > 1 and len(starts):
            unclear: list[int] = []
            for some in _batches(starts, max(self.subject.e // COLUMNS, 1)):
                weighed = self._weigh_stretches(some, size, values)
                unclear += [x for x in weighed if not self._is_clear(wanted, x, size)]
            starts, size = self._parts(unclear, size), size // LEAF_KEYS
        for keys in _batches(starts, self.subject.e):
            self._read_keys(keys)

    def _is_clear(self, wanted: BoolArray, start: int, size: int) -> bool:
        """Whether the rows wanted are known in a stretch."""
        return bool(self.known[wanted, start : start + size].all())

    def _weigh_stretches(self, starts: IntArray, size: int, values: FloatArray) -> list[int]:
        """Fill in the rows that a stretch's sums settle. Returns the starts."""
        n_k = self.subject.n[1]
        stretches = [slice(start, min(start + size, n_k)) for start in starts]
        v = np.zeros((n_k, len(starts), COLUMNS))
        for column, keys in enumerate(stretches):
            v[keys, column] = values[keys]
        out = self._attend(v.reshape(n_k, -1))
        sums = out.reshape(*self.expected.shape[:2], len(starts), COLUMNS)
        for column, keys in enumerate(stretches):
            self._settle(keys, sums[:, :, column], values[keys])
        return [keys.start for keys in stretches]

    def _settle(self, keys: slice, sums: FloatArray, values: FloatArray) -> None:
        """Fill in the rows whose sums (H, rows, COLUMNS) fit no key, all, or the expected ones."""
        expected, weights = self.expected[..., keys], self.weights[..., keys]
        settled = (sums == 0).all(axis=-1)
        if not self.base.is_flat:  # unequal weights fit no guess
            self.known[..., keys] = settled[..., None]
            return
        for guess in (np.ones_like(expected), expected):
            guess_sums = guess @ values
            weight, fits = _fit(sums, guess_sums, self.dtype)
            fits &= ~settled
            weights[fits] = np.where(guess, weight[..., None], 0)[fits]
            settled |= fits
        self.known[..., keys] = settled[..., None]

    def _parts(self, starts: list[int], size: int) -> IntArray:
        """The starts of the sixteenths of these stretches, or of the first and the last of them."""
        most = min(max(self.subject.e // 4, 1), LEAF_KEYS)
        if len(starts) > 2 * most:
            starts = starts[:most] + starts[-most:]
        offsets = size // LEAF_KEYS * np.arange(LEAF_KEYS)
        parts = np.add.outer(np.array(starts, int), offsets).ravel()
        return parts[parts < self.subject.n[1]]

    def _read_keys(self, keys: IntArray) -> None:
        """Read these keys one by one."""
        v = np.zeros((self.subject.n[1], len(keys)))
        v[keys, np.arange(len(keys))] = 1
        self.weights[..., keys] = self._attend(v)
        self.known[..., keys] = True

    def _attend(self, v: FloatArray) -> FloatArray:
        """The outputs of these rows, for values v (n_k, columns)."""
        base = self.base
        out, _ = self.subject.attend_wide(base.q, base.k, v, self.rows)
        return out


def _fit(sums: FloatArray, guess_sums: FloatArray, dtype: str) -> tuple[FloatArray, BoolArray]:
    """(the weight of each key, whether the sums fit a guess with that weight), both (H, rows)."""
    squares = np.maximum((guess_sums * guess_sums).sum(axis=-1), 1)
    weight = (sums * guess_sums).sum(axis=-1) / squares
    with np.errstate(invalid="ignore"):
        error = np.abs(sums - weight[..., None] * guess_sums)
        allowed = 0.4 * np.abs(weight)
        near = (error <= allowed[..., None]).all(axis=-1)
    exact = spacing(dtype) * np.abs(guess_sums).max(axis=-1) < 0.6  # a single key would show
    return weight, near & (weight > 0) & exact


def _batches(starts: IntArray, size: int) -> list[IntArray]:
    """The starts, so many at a time."""
    firsts = range(0, len(starts), size)
    return [starts[first : first + size] for first in firsts]
