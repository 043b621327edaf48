"""What each row holds at equal logits: how many keys, and what their weights sum to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..calling.frameworks import spacing
from .probe import Probe


class Held(NamedTuple):
    """Of each row, (H, n_q): whether it has keys that are looked at here, how many, each as often as it counts, and its sum of
    weights; and the name of the dtype that came back."""

    some: np.ndarray
    many: np.ndarray
    row_sums: np.ndarray
    dtype: str

    @classmethod
    def of(cls, found: Probe) -> Held:
        """From what a probe saw."""
        return cls(
            np.any(found.mask, axis=-1),
            found.multiplicity.sum(axis=-1),
            found.row_sums,
            found.dtype,
        )

    @property
    def unnormalised(self) -> np.ndarray:
        """Rows with keys whose weights do not sum to 1, but for the rounding of the dtype that came back, and of long sums."""
        allowed = 6 * spacing(self.dtype) + 2.0**-24 * np.sqrt(self.many)
        return np.logical_and(self.some, np.abs(self.row_sums - 1) > allowed)
