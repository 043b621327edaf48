"""The mask of a pattern by brute force: its formula for every pair of a query and a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .checks import lengths
from .types import BoolArray, Length

if TYPE_CHECKING:
    from .pattern import Pattern

MAX_MASK = 4096


def brute_mask(p: Pattern, n: Length) -> BoolArray:
    """[j in A_i], bool (n_q, n_k), by `contains` of every pair: n_q n_k memory, for small n;
    read-only.
    """
    n_q, n_k = lengths(n)
    p.check_length((), n_k)
    if p.own_length is not None:
        for end in {0, n_q - 1} if n_q else ():
            p.row(end, n_k)  # refuses queries beyond those that the sets are stated for
    i = np.arange(n_q)[:, None]
    j = np.arange(n_k)[None, :]
    mask = np.asarray(p.contains(i, j), bool)
    return np.broadcast_to(mask, (n_q, n_k))
