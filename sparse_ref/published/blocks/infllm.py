"""InfLLM-V2: blocks by the best of the compressed keys that reach into them, and a window forced.

Zhao et al. 2025, "InfLLM-V2: Dense-Sparse Switchable Attention for Seamless Short-to-Long
Adaptation", arXiv 2509.24663, sec. 3; the code is infllmv2_cuda_impl f908e73. It was read, not
executed: its kernels need a GPU.

Symbols:  atom c = the mean key of the tokens c d <= j < c d + l;  block J = the tokens
J B <= j < (J + 1) B;  p_i(c) the attention that atoms get, the sum over a key head.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal, Complete, Lookback, Sinks, Started
from ...selection import Scores
from ...selection.scores import as_scores
from ...sets.checks import integer
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.token_pools import pool_count
from ...sets.types import FloatArray
from ..constant_sets import Gradients, gradients
from .atoms import Sets, check_self_attention, per_query_head, tokens


@dataclass(frozen=True)
class Sizes:
    """The numbers of InfLLM-V2; those of the code unless given.

    length, stride : of the atoms, l and d.
    block : B, a multiple of the stride.
    top_k : blocks selected, forced ones among them.
    first : blocks from the start that are forced.
    local : blocks before the own block that are forced, in addition to it.
    """

    length: int = 32
    stride: int = 16
    block: int = 64
    top_k: int = 64
    first: int = 1
    local: int = 32

    def __post_init__(self) -> None:
        for field in fields(self):
            least = 0 if field.name in ("top_k", "first", "local") else 1
            integer(field.name, getattr(self, field.name), least)
        if self.block % self.stride:
            raise ValueError(
                "block must be a multiple of the stride (max_pooling_1d of infllm_v2), got "
                f"{self.block} with stride = {self.stride}"
            )

    @property
    def always(self) -> Pattern:
        """The first blocks, the own one and `local` before it, over (query, block)."""
        last = Blockwise(Lookback(self.local + 1), (self.block, 1))
        return Sinks(self.first) | last


def block_scores(scores: Scores | ArrayLike, blocks: int, sizes: Sizes) -> Scores:
    """s(J) = max of s(c) over  (B / d) J - 1 <= c <= (B / d) (J + 1) - 1

    The atoms that begin in block J, and the one before them. A block without an atom has 0, as one
    whose atoms get no attention.

    >>> import numpy as np, sparse_ref as sr
    >>> infllm = sr.published.infllm
    >>> sizes = infllm.Sizes(length=4, stride=2, block=4)
    >>> np.asarray(infllm.block_scores(np.array([[1, 2, 3, 4, 5.0]]), 3, sizes))
    array([[2., 4., 5.]])
    """
    values = as_scores(scores)
    in_block = sizes.block // sizes.stride
    firsts = np.arange(blocks) * in_block  # of each block, and one atom before it
    places = firsts[:, None] + np.arange(in_block + 1)
    width = min(values.shape[-1], in_block * blocks)

    def rows(lo: int, hi: int) -> FloatArray:
        shares = values.rows(lo, hi)[..., :width]
        shape = *shares.shape[:-1], in_block * blocks + 1
        padded = np.zeros(shape, shares.dtype)
        padded[..., 1 : width + 1] = shares
        greatest: FloatArray = padded[..., places].max(axis=-1)
        return greatest

    return Scores((*values.shape[:-1], blocks), rows)


def choice(scores: Scores | ArrayLike, sizes: Sizes) -> Sets:
    """The top_k best blocks that have begun, the forced ones inside that budget."""
    return selection.top_k(scores, sizes.top_k, Started(sizes.block), forced=sizes.always)


def sets(q: ArrayLike, k: ArrayLike, sizes: Sizes) -> Sets:
    """A_i = { j <= i : block(j) among the top_k best }, one set per key head

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H.
    sizes : Sizes.

    Returns a tuple of patterns over tokens, one per query head; those of one key head are equal.
    The own token is always in. Atoms are seen when they are complete. Differs: the kernel estimates
    the softmax's denominator from a coarser tier of atoms, which scales all scores of a head alike
    before they are added up over the group; here it is exact.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    check_self_attention(queries, keys)
    n, d = queries.shape[-2:]
    atoms = selection.mean_pool(keys, sizes.length, sizes.stride)
    logits = selection.dot(queries, atoms, scale=d**-0.5)
    complete = Complete(sizes.length, sizes.stride)
    shares = selection.probabilities(logits, complete)
    by_key_head = selection.group_mean(shares, len(keys))
    scores = block_scores(by_key_head, pool_count(n, sizes.block), sizes)
    chosen = tokens(choice(scores, sizes), sizes.block, Causal())
    return per_query_head(chosen, len(queries))


def attention(q: ArrayLike, k: ArrayLike, v: ArrayLike, sizes: Sizes) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i, one softmax.

    Parameters and errors are those of `sets` and of `sr.attend`. Short inputs are dense in the
    models that use it; the caller decides.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    return attend(q, k, v, sets(q, k, sizes))


def backward(
    grad_out: ArrayLike, q: ArrayLike, k: ArrayLike, v: ArrayLike, sizes: Sizes
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attention(q, k, v)), the sets constant: no atom learns."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    return gradients(as_array("grad_out", grad_out), q, k, v, sets(q, k, sizes))
