"""Sequences that are packed into one array: where each begins, and the sets within each.

Sequence s has the queries cu_seqlens_q[s] to cu_seqlens_q[s + 1] and the keys cu_seqlens_k[s] to
cu_seqlens_k[s + 1], both without the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...sets.types import IntArray

Lengths = Sequence[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Sequences:
    """Where the queries and keys of each sequence begin, (S + 1,) each."""

    queries: IntArray
    keys: IntArray

    @classmethod
    def from_lengths(cls, lengths: Lengths) -> Sequences:
        """The sequences of these (n_q, n_k)."""
        ends = np.cumsum([(0, 0), *lengths], axis=0)
        return cls(*ends.T)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Sequences | None:
        """The sequences of a case, if it has any."""
        if "cu_seqlens_q" not in arrays:
            return None
        return cls(arrays["cu_seqlens_q"], arrays["cu_seqlens_k"])

    @property
    def shape(self) -> tuple[int, int]:
        """The queries and keys of all sequences."""
        return int(self.queries[-1]), int(self.keys[-1])

    @property
    def offsets(self) -> IntArray:
        """n_k - n_q of each sequence, which aligns it at the bottom right."""
        return np.diff(self.keys) - np.diff(self.queries)

    def __iter__(self) -> Iterator[tuple[slice, slice]]:
        """The queries and keys of each sequence."""
        for queries, keys in zip(pairwise(self.queries), pairwise(self.keys)):
            yield slice(*queries), slice(*keys)

    def texts(self, text: str) -> list[str]:
        """A set in notation, for each sequence."""
        return [text.replace("{offset}", str(offset)) for offset in self.offsets]

    def whole(self, masks: Sequence[np.ndarray]) -> np.ndarray:
        """The mask of all, from those of each (n_q, n_k): 0 between sequences."""
        packed = np.zeros(self.shape, masks[0].dtype)
        for (queries, keys), mask in zip(self, masks, strict=True):
            packed[queries, keys] = mask
        return packed
