"""One softmax from two: what attention over some of a row's keys gave, and what it gave over the others."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from .._jit import parallel


@parallel
def merge_into(heads, out, lse, more, more_lse):
    """out and lse of the given heads, (H, n_q, e) and (H, n_q), become those over both sets of keys.

    out = w out + w' more with w = exp(lse - lse''), lse'' = log(exp lse + exp lse'). A part whose lse is -inf adds nothing.
    """
    n = lse.shape[1]
    for x in prange(len(heads) * n):
        h, i = heads[x // n], x % n
        if more_lse[h, i] == -np.inf:
            continue
        top = max(lse[h, i], more_lse[h, i])
        own, other = math.exp(lse[h, i] - top), math.exp(more_lse[h, i] - top)
        total = own + other
        for c in range(out.shape[2]):
            kept = out[h, i, c] * (own / total) if own != 0 else 0.0
            out[h, i, c] = kept + (more[h, i, c] * (other / total) if other != 0 else 0.0)
        lse[h, i] = top + math.log(total)
