"""VSA, video sparse attention: tiles of a video that see their best tiles, and all tile means.

Zhang et al. 2025, "VSA: Faster Video Diffusion with Trainable Sparse Attention", arXiv 2505.13389,
sec. 2.2; the rules are those of attn-gym 0.0.17's `masks/vsa.py`, after FastVideo.

Symbols:  token i of a video (frames, height, width) in row-major order;  T(i) its tile, a box of
the grid, those at the far sides cut;  means over the real tokens of a tile. Nothing is causal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend, attend_backward, attend_with_lse
from ...attention.arrays import as_array
from ...patterns import Full, Window
from ...selection import Scores
from ...selection.scores import as_scores
from ...sets.checks import int_tuple
from ...sets.heads import PatternTuple
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.types import FloatArray, IntArray
from ..constant_sets import Gradients, gradients
from .atoms import Sets, check_self_attention


def tiles(shape: Sequence[int], tile: Sequence[int]) -> IntArray:
    """The tile of each token, int64 (n,): boxes of the grid in row-major order.

    Parameters
    ----------
    shape, tile : as many sides each, of the video and of a tile; tiles at the far sides are cut.

    >>> import sparse_ref as sr
    >>> sr.published.vsa.tiles((2, 3), (1, 2))
    array([0, 0, 1, 2, 2, 3])
    """
    sides, box = int_tuple("shape", shape, 1), int_tuple("tile", tile, 1)
    if len(sides) != len(box):
        raise ValueError(f"tile must have as many sides as shape, {len(sides)}, got {len(box)}")
    numbers = np.zeros(sides, np.int64)
    for axis, place in enumerate(np.indices(sides)):
        boxes = -(-sides[axis] // box[axis])
        numbers = numbers * boxes + place // box[axis]
    return numbers.ravel()


def choice(scores: Scores | ArrayLike, *, top_k: int, own: bool = False) -> Sets:
    """The top_k best tiles of each tile; own: its own one among them, in place of the weakest.

    Parameters
    ----------
    scores : (m, m) or (H, m, m).
    top_k : from 1 to m, as attn-gym requires.
    own : `include_self`. Without it a tile need not see itself.

    Returns a pattern over (tile, tile), or one per head.
    """
    m = as_scores(scores).shape[-1]
    if m and not 1 <= top_k <= m:
        raise ValueError(f"top_k must be from 1 to the number of tiles, {m}, got {top_k}")
    return selection.top_k(scores, top_k, Full(), forced=Window(0) if own else None)


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    shape: Sequence[int],
    tile: Sequence[int],
    top_k: int,
    own: bool = False,
) -> Sets:
    """A_i = { j : T(j) among the top_k best of T(i) },  by mean(q over T(i)) . mean(k over T(j))

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H, or (n, d); n = the product of shape.
    shape, tile : of the video, as for `tiles`.
    top_k, own : as for `choice`.

    Returns a pattern over tokens, listed, or a tuple with one per head. No row is empty. The coarse
    branch sees all tiles.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    tile_of_token = _tile_of_token(queries, keys, shape, tile)
    scores = selection.dot(_means(queries, tile_of_token), _means(keys, tile_of_token))
    chosen = choice(scores, top_k=top_k, own=own)
    if isinstance(chosen, tuple):
        return PatternTuple(_tokens(p, tile_of_token) for p in chosen)
    return _tokens(chosen, tile_of_token)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    gate: ArrayLike,
    *,
    shape: Sequence[int],
    tile: Sequence[int],
    top_k: int,
    own: bool = False,
) -> np.ndarray:
    """out_i = fine_i + gate_i coarse_T(i), two softmaxes with scale 1 / sqrt(d)

    fine is attention over `sets`; coarse that of the means of q, k and v over all tiles, each
    counted once, whatever its size.

    Parameters
    ----------
    gate : broadcasts to (H, n, e): the weight of the coarse branch, 0 for none.
    q, k, v and the rest : as for `sets` and `sr.attend`.

    Source: Zhang et al. 2025, eq. 3, with the gate of the fine branch 1, as FastVideo has it.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, shape=shape, tile=tile, top_k=top_k, own=own)
    tile_of_token = tiles(shape, tile)
    q_mean, k_mean, v_mean = (_means(x, tile_of_token) for x in (q, k, v))
    coarse = attend(q_mean, k_mean, v_mean, Full())
    weight = as_array("gate", gate)
    return attend(q, k, v, pattern) + weight * coarse[..., tile_of_token, :]


def backward(
    grad_out: ArrayLike,
    qkv: tuple[ArrayLike, ArrayLike, ArrayLike],
    gate: ArrayLike,
    *,
    shape: Sequence[int],
    tile: Sequence[int],
    top_k: int,
    own: bool = False,
) -> tuple[Gradients, np.ndarray]:
    """((dq, dk, dv), dgate) of sum(grad_out * attention(...)), the sets constant.

    The means pass their gradient on to their tokens. dgate has the shape of grad_out: sum it over
    the axes along which the gate was broadcast.
    """
    q, k, v = (as_array(name, x) for name, x in zip("qkv", qkv))
    grad, weight = as_array("grad_out", grad_out), as_array("gate", gate)
    tile_of_token = tiles(shape, tile)
    pattern = sets(q, k, shape=shape, tile=tile, top_k=top_k, own=own)
    fine = gradients(grad, q, k, v, pattern)
    q_mean, k_mean, v_mean = (_means(x, tile_of_token) for x in (q, k, v))
    out, lse = attend_with_lse(q_mean, k_mean, v_mean, Full())
    grad_of_tiles = _sums(weight * grad, tile_of_token)
    coarse = attend_backward(grad_of_tiles, q_mean, k_mean, v_mean, out, lse, Full())
    counts = np.bincount(tile_of_token)[:, None].astype(q.dtype)
    spread = [(slope / counts)[..., tile_of_token, :] for slope in coarse]
    dq, dk, dv = (a + b for a, b in zip(fine, spread))
    return (dq, dk, dv), grad * out[..., tile_of_token, :]


def _tile_of_token(
    q: np.ndarray,
    k: np.ndarray,
    shape: Sequence[int],
    tile: Sequence[int],
) -> IntArray:
    """`tiles`, once n is the number of tokens of the video."""
    check_self_attention(q, k)
    tile_of_token = tiles(shape, tile)
    if q.shape[-2] != len(tile_of_token):
        raise ValueError(f"shape must have as many tokens as q, {q.shape[-2]}, got {tuple(shape)}")
    return tile_of_token


def _sums(x: FloatArray, tile_of_token: IntArray) -> FloatArray:
    """The sums over the tokens of each tile, (..., m, d)."""
    order = np.argsort(tile_of_token, kind="stable")
    firsts = np.searchsorted(tile_of_token[order], np.arange(tile_of_token.max() + 1))
    tile_major = x[..., order, :]
    sums: FloatArray = np.add.reduceat(tile_major, firsts, axis=-2)
    return sums


def _means(x: FloatArray, tile_of_token: IntArray) -> FloatArray:
    """The means over the tokens of each tile, (..., m, d)."""
    counts = np.bincount(tile_of_token)[:, None].astype(x.dtype)
    return _sums(x, tile_of_token) / counts


def _tokens(chosen: Pattern, tile_of_token: IntArray) -> Listed:
    """The tokens of the tiles of each token's tile."""
    m = int(tile_of_token.max()) + 1
    rows = [chosen.row(t, m) for t in range(m)]
    keys = [np.flatnonzero(np.isin(tile_of_token, row)) for row in rows]
    counts = np.array([len(row) for row in keys])
    ends = np.cumsum(counts[tile_of_token])
    indptr = np.concatenate([[0], ends])
    return Listed(indptr, np.concatenate([keys[t] for t in tile_of_token]))
