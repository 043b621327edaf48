"""CSA, compressed sparse attention: a window of tokens, and the best entries before i.

DeepSeek V4, sec. 2.3.1; Hugging Face transformers, `deepseek_v4`.

A_i = { i - keys < j <= i },  and the top_k best entries of { e : e r + r <= i + 1 } by a lightning
indexer, e pooling (e - 1) r <= j < e r + r
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Lookback
from ...selection import Scores
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from .entries import (
    WindowAndEntries,
    attend_entries,
    block_arrays,
    check_entries,
    pool_blocks,
    pool_blocks_backward,
)
from .entries import attend_entries_backward as backward
from .indexer import Index, best_pools
from .indexer import indexer_scores as scores

__all__ = ["attention", "backward", "choice", "pool", "pool_backward", "scores", "sets"]


def pool(kv: ArrayLike, gates: ArrayLike, *, block: int) -> FloatArray:
    """c_e = sum_j a_j x_j over the tokens of blocks e - 1 and e, a one softmax of their gates

    A token has two vectors: the first d channels go into the entry after that of its
    block, the last d into that of its block. Entry 0 pools only block 0.

    Parameters
    ----------
    kv, gates : float arrays (n, 2 d). The source adds a bias b (r, 2 d) to the gates, that of token
        j being b[j mod r].
    block : r, the tokens of a block; 4 in the release. The last n mod r tokens are in none.

    Returns (floor(n / r), d). Norm and the rotation of token e r follow; they are the caller's. The
    indexer pools its own keys in the same way.

    >>> import numpy as np
    >>> from sparse_ref.published import csa
    >>> kv = np.array([[8.0, 1], [8, 3], [8, 5], [8, 7]])
    >>> csa.pool(kv, np.zeros((4, 2)), block=2).ravel()    # (1 + 3) / 2,  (8 + 8 + 5 + 7) / 4
    array([2., 7.])
    """
    values, gates = _two_blocks(kv, gates, integer("block", block, 1))
    return pool_blocks(values, gates)


def pool_backward(
    grad: ArrayLike,
    kv: ArrayLike,
    gates: ArrayLike,
    *,
    block: int,
) -> tuple[FloatArray, FloatArray]:
    """(dkv, dgates), (n, 2 d) each, of sum(grad * pool(kv, gates)); 0 for tokens of no entry"""
    block = integer("block", block, 1)
    blocks = _two_blocks(kv, gates, block)
    gradients = pool_blocks_backward(as_array("grad", grad), *blocks)
    dkv = np.zeros_like(as_array("kv", kv))
    dgates = np.zeros_like(as_array("gates", gates))
    for whole, part in zip((dkv, dgates), gradients):
        m, _, width = part.shape
        used = whole[: m * block].reshape(m, block, 2 * width)
        used[:-1, :, :width] = part[1:, :block]
        used[:, :, width:] = part[:, block:]
    return dkv, dgates


def _two_blocks(kv: ArrayLike, gates: ArrayLike, block: int) -> tuple[FloatArray, FloatArray]:
    """Values and gates of each entry, (m, 2 r, d): the block before, and its own."""
    values, logits = block_arrays(kv, gates, block)
    m, _, channels = values.shape
    if channels % 2:
        raise ValueError(f"kv must have shape (n, 2 d), got {np.shape(kv)}")
    width = channels // 2
    before = np.zeros((m, block, width), values.dtype)
    closed = np.full((m, block, width), -np.inf, logits.dtype)
    before[1:] = values[:-1, :, :width]
    closed[1:] = logits[:-1, :, :width]
    both_values = np.concatenate([before, values[..., width:]], axis=1)
    both_gates = np.concatenate([closed, logits[..., width:]], axis=1)
    return both_values, both_gates


def choice(scores: Scores | ArrayLike, *, top_k: int, block: int) -> Pattern:
    """The top_k best of the entries whose block is full at i, over (query, entry)

    Parameters
    ----------
    scores : (n, m) of `scores`, or an array, over the entries.
    top_k, block : as for `sets`.
    """
    return best_pools(scores, integer("top_k", top_k, 0), block)


def sets(
    q: ArrayLike,
    k: ArrayLike,
    w: ArrayLike,
    *,
    top_k: int,
    block: int,
    keys: int,
) -> WindowAndEntries:
    """The window of `keys` tokens, and the top_k best entries of those whose block is full at i

    One set for all heads.

    Parameters
    ----------
    q, k, w : of the indexer, (H_I, n, d_I), (floor(n / r), d_I) and (n, H_I), its keys pooled by
        `pool`, with norm and rotation.
    top_k : how many entries, 0 or more; 512 in the release.
    block : r, an entry for each r tokens; 4 in the release.
    keys : the tokens of the sliding window, i included, 1 or more; 128 in the release.

    Raises ValueError for another number of entries, else as `sr.selection.top_k` does.

    >>> import numpy as np, sparse_ref as sr
    >>> rng = np.random.default_rng(0)
    >>> q, k, w = (rng.standard_normal(shape) for shape in ((2, 10, 4), (5, 4), (10, 2)))
    >>> window, entries = sr.published.csa.sets(q, k, w, top_k=1, block=2, keys=3)
    >>> print(sr.picture(entries, (10, 5)))
    ·····
    █····
    █····
    █····
    █····
    █····
    ·█···
    ··█··
    ··█··
    ··█··
    """
    window = Lookback(integer("keys", keys, 1))
    entries = choice(scores(q, k, w), top_k=top_k, block=block)
    return WindowAndEntries(window, entries)


def attention(
    q: ArrayLike,
    kv: ArrayLike,
    entries: ArrayLike,
    index: Index,
    sink: ArrayLike,
    *,
    top_k: int,
    block: int,
    keys: int,
) -> np.ndarray:
    """out_i of `sr.published.hca.attention`, over the sets of `sets`

    Parameters
    ----------
    q, kv, entries, sink : as for `sr.published.hca.attention`; entries from `pool` of this module.
    index : the arrays of `sets`, (q, k, w) of the indexer.
    top_k, block, keys : as for `sets`.

    Returns and raises as `sr.published.hca.attention` does.
    `backward(grad_out, q, kv, entries, sink, sets(...))` gives (dq, dkv, dentries, dsink).
    """
    chosen = sets(*index, top_k=top_k, block=block, keys=keys)
    check_entries(q, entries, block)
    out, _ = attend_entries(q, kv, entries, sink, chosen)
    return out
