"""HCA, heavily compressed attention: a window of tokens, and every compressed entry before i.

DeepSeek V4, sec. 2.3.2; Hugging Face transformers, `deepseek_v4`.

A_i = { i - keys < j <= i },  and the entries { e : e r + r <= i + 1 }, e pooling e r <= j < e r + r
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Complete, Lookback
from ...sets.checks import integer
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

__all__ = ["attention", "backward", "pool", "pool_backward", "sets"]


def pool(kv: ArrayLike, gates: ArrayLike, *, block: int) -> FloatArray:
    """c_e = sum_j a_j x_j over the tokens of block e, a = softmax(gates), channel by channel

    Parameters
    ----------
    kv, gates : float arrays (n, d). The source adds a bias b (r, d) to the gates, that of token j
        being b[j mod r].
    block : r, the tokens of a block; 128 in the release. The last n mod r tokens are in none.

    Returns (floor(n / r), d). Norm and the rotation of token e r follow; they are the caller's.

    >>> import numpy as np
    >>> from sparse_ref.published import hca
    >>> hca.pool(np.arange(5.0)[:, None], np.zeros((5, 1)), block=2).ravel()
    array([0.5, 2.5])
    """
    values, logits = block_arrays(kv, gates, integer("block", block, 1))
    return pool_blocks(values, logits)


def pool_backward(
    grad: ArrayLike,
    kv: ArrayLike,
    gates: ArrayLike,
    *,
    block: int,
) -> tuple[FloatArray, FloatArray]:
    """(dkv, dgates), (n, d) each, of sum(grad * pool(kv, gates)); 0 for tokens of no block"""
    blocks = block_arrays(kv, gates, integer("block", block, 1))
    gradients = pool_blocks_backward(as_array("grad", grad), *blocks)
    dkv = np.zeros_like(as_array("kv", kv))
    dgates = np.zeros_like(as_array("gates", gates))
    for whole, part in zip((dkv, dgates), gradients):
        tokens = part.reshape(-1, part.shape[-1])
        whole[: len(tokens)] = tokens
    return dkv, dgates


def sets(*, block: int, keys: int) -> WindowAndEntries:
    """The window of `keys` tokens, and the entries of all blocks of r that are full at i

    Static: nothing is chosen. An entry is unseen until its last token; the tokens of a block
    that is not full are seen while they are in the window.

    Parameters
    ----------
    block : r, the tokens of an entry; 128 in the release.
    keys : the tokens of the sliding window, i included, 1 or more; 128 in the release.

    >>> import sparse_ref as sr
    >>> from sparse_ref.published import hca
    >>> window, entries = hca.sets(block=3, keys=2)
    >>> print(sr.picture(entries, (8, 2)))
    ··
    ··
    █·
    █·
    █·
    ██
    ██
    ██
    """
    window = Lookback(integer("keys", keys, 1))
    return WindowAndEntries(window, Complete(integer("block", block, 1)))


def attention(
    q: ArrayLike,
    kv: ArrayLike,
    entries: ArrayLike,
    sink: ArrayLike,
    *,
    block: int,
    keys: int,
) -> np.ndarray:
    """out_i = sum_a exp(q_i . y_a / sqrt(d)) y_a / (exp(s_h) + sum_a exp(q_i . y_a / sqrt(d)))

    over the tokens y_j = kv_j and the entries y_e of `sets`, one softmax for both.

    Parameters
    ----------
    q : float array (H, n, d), with norm and rotation.
    kv : float array (n, d), keys and values at once, shared by all heads, with norm and rotation.
    entries : float array (floor(n / r), d), from `pool`, with norm and rotation.
    sink : float array (H,), a logit per head.
    block, keys : as for `sets`.

    Returns (H, n, d), in the dtype of q. The source then turns the output back by the rotation of
    i. `backward(grad_out, q, kv, entries, sink, sets(...))` gives (dq, dkv, dentries,
    dsink). Raises ValueError for another number of entries, or shapes that disagree.

    Differs: the code counts entries in slots and their visibility in positions, so that packed
    documents read one another.
    """
    chosen = sets(block=block, keys=keys)
    check_entries(q, entries, block)
    out, _ = attend_entries(q, kv, entries, sink, chosen)
    return out
