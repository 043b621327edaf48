"""CSA, compressed sparse attention: a window of tokens, and the best entries before i.

DeepSeek V4, sec. 2.3.1; Hugging Face transformers, `deepseek_v4`.

A_i = { i - keys < j <= i },  and the topk best entries of { e : e r + r <= i + 1 } by a lightning
indexer, e pooling (e - 1) r <= j < e r + r
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..patterns import Lookback
from ..selection import Scores
from ..sets.checks import integer
from ..sets.types import FloatArray
from .entries import (
    WindowAndEntries,
    attend_entries,
    check_entries,
    pool_windows,
    pool_windows_backward,
    window_arrays,
)
from .entries import attend_entries_backward as attention_backward
from .indexer import best_pools
from .indexer import indexer_scores as scores

__all__ = ["attention", "attention_backward", "pool", "pool_backward", "scores", "sets"]


def pool(kv: ArrayLike, gates: ArrayLike, *, length: int) -> FloatArray:
    """c_e = sum_j a_j x_j over the tokens of windows e - 1 and e, a one softmax of their gates

    A token has two vectors: the first d channels go into the entry after its own window, the last
    d into that of its own. Entry 0 pools its own window alone.

    Parameters
    ----------
    kv, gates : float arrays (n, 2 d). The source adds a bias b (r, 2 d) to the gates, that of token
        j being b[j mod r].
    length : r, the tokens of a window; 4 in the release. The last n mod r tokens are in none.

    Returns (floor(n / r), d). Norm and the rotation of token e r follow; they are the caller's. The
    indexer pools its own keys in the same way.

    >>> import numpy as np
    >>> from sparse_ref.published import csa
    >>> kv = np.array([[8.0, 1], [8, 3], [8, 5], [8, 7]])
    >>> csa.pool(kv, np.zeros((4, 2)), length=2).ravel()    # (1 + 3) / 2,  (8 + 8 + 5 + 7) / 4
    array([2., 7.])
    """
    values, gates = _two_windows(kv, gates, integer("length", length, 1))
    return pool_windows(values, gates)


def pool_backward(
    grad: ArrayLike,
    kv: ArrayLike,
    gates: ArrayLike,
    *,
    length: int,
) -> tuple[FloatArray, FloatArray]:
    """(dkv, dgates), (n, 2 d) each, of sum(grad * pool(kv, gates)); 0 for tokens of no entry"""
    length = integer("length", length, 1)
    windows = _two_windows(kv, gates, length)
    gradients = pool_windows_backward(np.asarray(grad), *windows)
    dkv, dgates = np.zeros_like(kv), np.zeros_like(gates)
    for whole, part in zip((dkv, dgates), gradients):
        m, _, width = part.shape
        used = whole[: m * length].reshape(m, length, 2 * width)
        used[:-1, :, :width] = part[1:, :length]
        used[:, :, width:] = part[:, length:]
    return dkv, dgates


def _two_windows(kv: ArrayLike, gates: ArrayLike, length: int) -> tuple[FloatArray, FloatArray]:
    """Values and gates of each entry, (m, 2 r, d): the window before, and its own."""
    values, logits = window_arrays(kv, gates, length)
    m, _, channels = values.shape
    if channels % 2:
        raise ValueError(f"kv must have shape (n, 2 d), got {np.shape(kv)}")
    width = channels // 2
    before = np.zeros((m, length, width), values.dtype)
    closed = np.full((m, length, width), -np.inf, logits.dtype)
    before[1:] = values[:-1, :, :width]
    closed[1:] = logits[:-1, :, :width]
    both_values = np.concatenate([before, values[..., width:]], axis=1)
    both_gates = np.concatenate([closed, logits[..., width:]], axis=1)
    return both_values, both_gates


def sets(
    scores: Scores | ArrayLike,
    *,
    topk: int,
    length: int,
    keys: int,
) -> WindowAndEntries:
    """The window of `keys` tokens, and the topk best entries of those that are closed at i

    Parameters
    ----------
    scores : (n, m) of `scores`, or an array, over the entries.
    topk : how many entries, 0 or more; 512 in the release.
    length : r, an entry for each r tokens; 4 in the release.
    keys : the tokens of the sliding window, i included, 1 or more; 128 in the release.

    Raises ValueError for another number of entries, else as `sr.selection.top_k` does.

    >>> import numpy as np, sparse_ref as sr
    >>> from sparse_ref.published import csa
    >>> s = np.random.default_rng(0).standard_normal((9, 4))
    >>> window, entries = csa.sets(s, topk=1, length=2, keys=3)
    >>> print(sr.picture(entries, (9, 4)))
    ····
    █···
    █···
    ·█··
    ·█··
    ·█··
    █···
    ·█··
    ·█··
    """
    budget, window = integer("topk", topk, 0), Lookback(integer("keys", keys, 1))
    return WindowAndEntries(window, best_pools(scores, budget, length))


def attention(
    q: ArrayLike,
    kv: ArrayLike,
    entries: ArrayLike,
    scores: Scores | ArrayLike,
    sink: ArrayLike,
    *,
    topk: int,
    length: int,
    keys: int,
) -> np.ndarray:
    """out_i of `sr.published.hca.attention`, over the sets of `sets`

    Parameters
    ----------
    q, kv, entries, sink : as for `sr.published.hca.attention`; entries from `pool` of this module.
    scores, topk, length, keys : as for `sets`.

    Returns and raises as `sr.published.hca.attention` does.
    `attention_backward(grad_out, q, kv, entries, sink, sets(...))` gives (dq, dkv, dentries,
    dsink).
    """
    chosen = sets(scores, topk=topk, length=length, keys=keys)
    check_entries(q, entries, length)
    out, _ = attend_entries(q, kv, entries, sink, chosen)
    return out
