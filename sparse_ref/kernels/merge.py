"""One softmax from two: attention over some of a row's keys, and attention over the others."""

from __future__ import annotations

import math

import numpy as np

from .._jit import multithread
from .._jit.vectors import next_item

ROWS = 64  # of a piece


def merge_into(heads, out, lse, more, more_lse):
    """out and lse of these heads, (H, n_q, e) and (H, n_q), become those over both sets of keys.

    out = w out + w' more with w = exp(lse - lse''), lse'' = log(exp lse + exp lse'). A part whose
    lse is -inf adds nothing. Both lse are float64.
    """
    pieces = len(heads) * -(-lse.shape[1] // ROWS)
    merge_rows(pieces, heads, out, lse, more, more_lse)


@multithread
def merge_rows(queue, pieces, heads, out, lse, more, more_lse):
    """`merge_into`, ROWS rows of a head at a time."""
    n = lse.shape[1]
    slices = (n + ROWS - 1) // ROWS
    piece = next_item(queue)
    while piece < pieces:
        h, begin = heads[piece // slices], piece % slices * ROWS
        for i in range(begin, min(begin + ROWS, n)):
            if more_lse[h, i] == -np.inf:
                continue
            top = max(lse[h, i], more_lse[h, i])
            weight = math.exp(lse[h, i] - top)
            more_weight = math.exp(more_lse[h, i] - top)
            total = weight + more_weight
            share, more_share = weight / total, more_weight / total
            for c in range(out.shape[2]):
                term = np.float64(out[h, i, c]) * share if weight != 0 else 0.0
                more_term = np.float64(more[h, i, c]) * more_share if more_weight != 0 else 0.0
                out[h, i, c] = term + more_term
            lse[h, i] = top + math.log(total)
        piece = next_item(queue)
