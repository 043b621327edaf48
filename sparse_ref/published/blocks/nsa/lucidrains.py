"""NSA as native-sparse-attention-pytorch has it: memory, strict causality, the own block extra.

The code is native-sparse-attention-pytorch 0.2.3, causal, after Yuan et al. 2025, arXiv 2502.11089.

Symbols:  d the stride, l the length of compressed windows, B the block of the selection, a multiple
of d;  window c holds the tokens (c + 1) d - l <= j < (c + 1) d, zeros before token 0: it ends where
the paper's begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .... import selection
from ....attention.arrays import as_array
from ....patterns import Block, Causal, Local
from ....selection import Scores
from ....selection.largest import softmax
from ....selection.scores import as_scores
from ....sets.checks import integer
from ....sets.heads import PatternTuple
from ....sets.parts import Blockwise
from ....sets.pattern import Pattern
from ....sets.shifted import Shifted
from ....sets.types import FloatArray
from ..atoms import Sets, check_self_attention, per_query_head, tokens
from .branches import Branch, NSASets, gated_gradients, gated_sum

NULL, LEAST_SHARE = -1e3, 1e-10  # a logit beside those of blocks; the share below which none counts
THETA = 10_000.0


@dataclass(frozen=True)
class Sizes:
    """The numbers of the layer.

    stride : between compressed windows, `compress_block_sliding_stride`.
    block : `selection_block_size`, a multiple of the stride.
    top_k : `num_selected_blocks`; the own block comes on top.
    keys : `sliding_window_size`; the window has one key more, the query's own.
    memory : `num_compressed_mem_kv`, learned atoms before all others, which every query sees.
    """

    stride: int
    block: int
    top_k: int
    keys: int
    memory: int = 1

    def __post_init__(self) -> None:
        for name in ("stride", "block", "keys", "memory"):
            integer(name, getattr(self, name), 1)
        integer("top_k", self.top_k, 0)
        if self.block % self.stride:
            raise ValueError(
                "block must be a multiple of the stride (selection_block_size of "
                f"native-sparse-attention-pytorch), got {self.block} with stride = {self.stride}"
            )

    @property
    def past(self) -> Pattern:
        """The memory, and the windows whose last token is before i, not at it."""
        return _earlier(self.stride, self.memory)


def _earlier(length: int, extra: int = 0) -> Pattern:
    """{ e : e < floor(i / length) + extra }, the pools that are full before query i."""
    return Blockwise(Shifted(Causal(), extra - 1), (length, 1))


def compress(
    x: ArrayLike, positions: ArrayLike, layers: tuple[ArrayLike, ...], *, stride: int
) -> FloatArray:
    """phi_c = W_2 max(W_1 y_c + b_1, 0) + b_2,  y_c the tokens of window c plus positions, in a row

    Parameters
    ----------
    x : float array (G, n, d), keys or values without rotation.
    positions : (G, l, d), added inside each window; l is the length.
    layers : W_1 (hidden, l d), b_1, W_2 (d, hidden), b_2, multiplied from the left.
    stride : between windows.

    Returns (G, n // stride, d): a window that the end would cut does not exist.
    """
    values, places = as_array("x", x), as_array("positions", positions)
    length = places.shape[-2]
    first_weight, first_bias, second_weight, second_bias = map(np.asarray, layers)
    before = length - integer("stride", stride, 1)
    no_padding = (0, 0)
    padded = np.pad(values, [no_padding, (before, 0), no_padding])
    windows = values.shape[-2] // stride
    inside = np.arange(windows)[:, None] * stride + np.arange(length)
    tokens_of_windows = padded[:, inside] + places[:, None]
    flat = tokens_of_windows.reshape(len(values), windows, places[0].size)
    hidden = np.maximum(flat @ first_weight.T + first_bias, 0)
    return hidden @ second_weight.T + second_bias


def choice(logits: Scores | ArrayLike, sizes: Sizes) -> Sets:
    """The top_k blocks of the greatest mean logit of their windows, as far as their share counts.

    Parameters
    ----------
    logits : of the windows without the memory, (G, n, m): means over the query heads, as the layer
        shares blocks in a group; or (H, n, m), when it does not.
    sizes : Sizes.

    A block counts only if its last token is before i, and while its share of a softmax over the
    blocks and one logit of -1000 is above 1e-10. Returns patterns over (query, block); the own
    block is not among them.
    """
    values = as_scores(logits)
    in_block = sizes.block // sizes.stride
    blocks = values.shape[-1] // in_block
    visible = _earlier(sizes.block)
    numbers = np.arange(blocks)

    def rows(lo: int, hi: int) -> FloatArray:
        block = values.rows(lo, hi)
        *outer, _ = block.shape
        windows = block[..., : blocks * in_block]
        by_block = windows.reshape(*outer, blocks, in_block)
        means = by_block.mean(axis=-1)
        can_see = visible.contains(np.arange(lo, hi)[:, None], numbers)
        seen = np.where(can_see, means, -np.inf)
        null = np.full_like(seen[..., :1], NULL)
        with_null = np.concatenate([null, seen], axis=-1)
        shares = softmax(with_null)[..., 1:]
        return np.where(shares > LEAST_SHARE, seen, -np.inf)

    scores = Scores((*values.shape[:-1], blocks), rows)
    return selection.top_k(scores, sizes.top_k, visible)


def sets(
    q: ArrayLike,
    k_atoms: ArrayLike,
    sizes: Sizes,
    *,
    per_group: bool = True,
) -> NSASets:
    """The sets of the three branches: compressed, selected, window.

    Selected are the own block, j <= i, and the blocks of `choice`.

    Parameters
    ----------
    q : float array (H, n, d), not rotated.
    k_atoms : float array (G, memory + n // stride, d), the memory first, then the windows.
    sizes : Sizes.
    per_group : one set for the query heads of a key head, by the mean of their logits
        (`query_heads_share_selected_kv`); else one per query head.
    """
    queries, atoms = as_array("q", q), as_array("k_atoms", k_atoms)
    windows = atoms[:, sizes.memory :]
    count = sizes.memory + queries.shape[-2] // sizes.stride
    if atoms.shape[-2] != count:
        raise ValueError(
            f"k_atoms must have memory + n // stride = {count} atoms, got {atoms.shape[-2]}"
        )
    logits = selection.dot(queries, windows, scale=queries.shape[-1] ** -0.5)
    if per_group:
        logits = selection.group_mean(logits, len(windows))
    chosen = tokens(choice(logits, sizes), sizes.block, Causal())
    own = Block(sizes.block)
    with_own = PatternTuple(p | own for p in chosen)  # type: ignore[union-attr]
    selected = per_query_head(with_own, len(queries))
    return NSASets(sizes.past, selected, Local(sizes.keys))


def rotate(x: ArrayLike, sign: int = 1) -> FloatArray:
    """Channels 2 t and 2 t + 1 of position i turned by i / 10000^(2 t / d); back for sign = -1."""
    values = as_array("x", x)
    n, d = values.shape[-2:]
    frequencies = THETA ** (-np.arange(0, d, 2) / d)
    angles = sign * np.arange(n)[:, None] * frequencies
    cos, sin = np.cos(angles), np.sin(angles)
    even, odd = values[..., ::2], values[..., 1::2]
    turned = np.empty_like(values)
    turned[..., ::2] = even * cos - odd * sin
    turned[..., 1::2] = odd * cos + even * sin
    return turned


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    atoms: tuple[ArrayLike, ArrayLike],
    gates: ArrayLike,
    sizes: Sizes,
    *,
    per_group: bool = True,
) -> np.ndarray:
    """out_i = sum over the three branches of g_b(i) softmax_j(q_i . k_j / sqrt(d)) v_j

    Queries and keys of the selected and the window branch are rotated (`rotate`), those of the
    compressed branch are not.

    Parameters
    ----------
    q, k, v : float arrays (H, n, d), (G, n, d), (G, n, d), not rotated.
    atoms : the memory and then the compressed keys, and so the values.
    gates : (3, H, n), for compressed, selected and window, after the sigmoid.
    sizes, per_group : as for `sets`.

    Returns (H, n, d). No row of any branch is empty. The norm, the projections and the networks of
    gates are left to the caller, `compress` is the default network of the atoms.
    """
    branches = _branches((q, k, v), atoms, sizes, per_group)
    return gated_sum(branches, as_array("gates", gates))


def backward(
    grad_out: ArrayLike,
    qkv: tuple[ArrayLike, ArrayLike, ArrayLike],
    atoms: tuple[ArrayLike, ArrayLike],
    gates: ArrayLike,
    sizes: Sizes,
    *,
    per_group: bool = True,
) -> tuple[np.ndarray, ...]:
    """(dq, dk, dv, dk_atoms, dv_atoms, dgates) of sum(grad_out * attention(...)), sets constant."""
    branches = _branches(qkv, atoms, sizes, per_group)
    grad = as_array("grad_out", grad_out)
    (of_atoms, selected, window), dgates = gated_gradients(grad, branches, as_array("gates", gates))
    dq = of_atoms[0] + rotate(selected[0] + window[0], -1)
    dk = rotate(selected[1] + window[1], -1)
    dv = selected[2] + window[2]
    return dq, dk, dv, of_atoms[1], of_atoms[2], dgates


def _branches(
    qkv: tuple[ArrayLike, ArrayLike, ArrayLike],
    atoms: tuple[ArrayLike, ArrayLike],
    sizes: Sizes,
    per_group: bool,
) -> list[Branch]:
    """The three branches."""
    q, k, v = (as_array(name, x) for name, x in zip("qkv", qkv))
    check_self_attention(q, k)
    k_atoms, v_atoms = (as_array("atoms", x) for x in atoms)
    compressed, selected, window = sets(q, k_atoms, sizes, per_group=per_group)
    q_turned, k_turned = rotate(q), rotate(k)
    return [
        Branch(q, k_atoms, v_atoms, compressed),
        Branch(q_turned, k_turned, v, selected),
        Branch(q_turned, k_turned, v, window),
    ]
