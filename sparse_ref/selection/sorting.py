"""Blocks put in an order that data choose: Sinkhorn balancing, soft, hard and scaled choices.

Tay, Bahri, Yang, Metzler, Juan 2020, "Sparse Sinkhorn Attention", arXiv 2002.11296, sec. 3; the
balancing is that of Sinkhorn 1964, in logarithms.

Symbols:  R (m, B) a sorting matrix: row u says how much of each of the B blocks is in place u.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import flag, integer
from ..sets.listed import Listed
from ..sets.parts import Blockwise
from ..sets.positions import first_index
from ..sets.types import FloatArray


def sinkhorn(scores: ArrayLike, iterations: int = 8, *, causal: bool = False) -> FloatArray:
    """exp(S), S from the scores by so many turns of: rows less their log-sum-exp, then columns

    Doubly stochastic in the limit; after each turn the columns sum to 1, and the rows nearly.

    Parameters
    ----------
    scores : (..., B, B), logarithms. -inf is never chosen.
    iterations : turns; 0 gives exp(scores).
    causal : True for blocks before u in row u only, row 0 being zeros, and for columns that are
        divided by their sum down to row u, not by that of all rows, which later blocks change;
        rows and columns then sum to 1 less exactly.

    A row or column of -inf stays 0. Raises ValueError for other shapes, for NaN and +inf, and for
    iterations below 0.

    Source: Tay et al. 2020, sec. 3. Differs: the sum down to row u is how
    `causal` leaks nothing; scores that are masked by -inf leak by the sums of their columns.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.selection.sinkhorn(np.log([[4, 1], [1, 1]]), 50).round(3)
    array([[0.667, 0.333],
           [0.333, 0.667]])
    >>> sr.selection.sinkhorn(np.zeros((3, 3)), causal=True).round(1)
    array([[0. , 0. , 0. ],
           [1. , 0. , 0. ],
           [0.1, 1. , 0. ]])
    """
    *_, last = _half_turns(scores, iterations, causal)
    return np.exp(last)


def sinkhorn_backward(
    grad: ArrayLike,
    scores: ArrayLike,
    iterations: int = 8,
    *,
    causal: bool = False,
) -> FloatArray:
    """The gradient of sum(grad * sinkhorn(scores, iterations)) at the scores, (..., B, B)

    Each turn is undone: of s - L with L the log-sum-exp of a row, g becomes g - exp(s - L) sum(g).
    0 where the score is -inf, or masked. Raises as `sinkhorn` does.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.selection.sinkhorn_backward([[1, 0], [0, 0]], np.zeros((2, 2)), 100).round(3)
    array([[ 0.125, -0.125],
           [-0.125,  0.125]])
    """
    *states, last = _half_turns(scores, iterations, causal)
    g = np.asarray(grad) * np.exp(last)
    for t, s in reversed(list(enumerate(states))):
        if causal and t % 2:
            g = _running_backward(g, s)
        else:
            axis = -1 - t % 2
            shares = np.exp(_less(s, _log_sums(s, axis)))
            g = g - shares * g.sum(axis=axis, keepdims=True)
    return g


def _half_turns(scores: ArrayLike, iterations: int, causal: bool) -> list[FloatArray]:
    """The logarithms before and after each division: of rows, of columns, in turns."""
    s = _check_scores("sinkhorn", scores)
    turns = integer("sinkhorn: iterations", iterations, 0)
    if s.ndim < 2 or s.shape[-2] != s.shape[-1]:
        raise ValueError(f"sinkhorn: scores must have shape (..., B, B), got {s.shape}")
    if flag("sinkhorn: causal", causal):
        is_past = np.tri(s.shape[-1], k=-1, dtype=bool)
        s = np.where(is_past, s, -np.inf)
    states = [s]
    for _ in range(turns):
        s = _less(s, _log_sums(s, -1))
        states.append(s)
        s = _less(s, _running_log_sums(s) if causal else _log_sums(s, -2))
        states.append(s)
    return states


def top_shares(scores: ArrayLike, count: int = 1, temperature: float = 1.0) -> FloatArray:
    """R_(u, t) = p e_c, the t-th greatest score c of row u and its share p, float (..., m count, B)

    p is the softmax of the scores / temperature over what the choices before left: a hard choice
    that gradients reach through p. The `count` rows of u follow one another. Ties go to the
    smallest block; a row that has nothing left but -inf chooses nothing, and is zeros.

    Source: sinkhorn-transformer, its default instead of balancing.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.selection.top_shares(np.log([[1, 3, 6]]), count=2)
    array([[0.  , 0.  , 0.6 ],
           [0.  , 0.75, 0.  ]])
    """
    s = _check_scores("top_shares", scores)
    count = integer("top_shares: count", count, 1)
    if s.ndim < 2 or count > s.shape[-1]:
        raise ValueError(
            f"top_shares: scores must have shape (..., m, B), B at least count = {count}, "
            f"got {s.shape}"
        )
    s = s / temperature
    choices = []
    for _ in range(count):
        shares = np.exp(_less(s, _log_sums(s, -1)))
        best = one_hot(s) & (shares > 0)
        choices.append(np.where(best, shares, 0))
        s = np.where(best, -np.inf, s)
    *leading, rows, blocks = s.shape
    return np.stack(choices, axis=-2).reshape(*leading, rows * count, blocks)


def one_hot(scores: ArrayLike) -> np.ndarray:
    """Whether each is the greatest of its row, bool (..., m, B): hard sorting of a soft R.

    Ties go to the smallest block. Two rows may choose the same one: no permutation is promised.
    """
    s = np.asarray(scores)
    best = s.argmax(axis=-1)[..., None]
    return best == np.arange(s.shape[-1])


def sort_blocks(x: ArrayLike, matrix: ArrayLike, block: int) -> np.ndarray:
    """y_(u, t) = sum_b R_ub x_(b, t): the sorted blocks, (..., m block, d) of x (..., B block, d)

    In the dtype of x, to which R is rounded.

    Raises ValueError if `block` does not divide the length (Sinkhorn, whole blocks), or R has not
    a column for each block.

    >>> import sparse_ref as sr
    >>> sr.selection.sort_blocks([[1.], [2], [3], [4]], [[0, 1], [1, 0]], block=2).ravel()
    array([3., 4., 1., 2.])
    """
    array, r = np.asarray(x), np.asarray(matrix)
    *leading, n, width = array.shape
    check_blocks("sort_blocks", n, block, r)
    blocks = array.reshape(*leading, n // block, block * width)
    rows = r.shape[-2] * block
    mixed = r.astype(array.dtype) @ blocks
    return mixed.reshape(*r.shape[:-2], rows, width)


def sinkhorn_sets(matrix: ArrayLike, block: int) -> Blockwise:
    """A_i = { j : R_ub != 0 for a row u of floor(i / block), b = floor(j / block) }

    Tay et al. 2020, sec. 3.2.

    The tokens that are in the sorted blocks of each query's block, of one head: R is (B count, B),
    and the rows B' count to (B' + 1) count - 1 are those of block B'. Rows of zeros add nothing.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.selection.sinkhorn_sets([[0, 0, 1], [0.5, 0, 0.5], [0, 0, 0]], 2), 6))
    ····██
    ····██
    ██··██
    ██··██
    ······
    ······
    """
    r = np.asarray(matrix)
    blocks = r.shape[-1] if r.ndim else 0
    block = integer("sinkhorn_sets: block", block, 1)
    if r.ndim != 2 or len(r) % max(blocks, 1):
        raise ValueError(
            f"sinkhorn_sets: matrix must have shape (B count, B), B = {blocks}, got {r.shape}"
        )
    count = len(r) // max(blocks, 1)
    has_part = (r != 0).reshape(blocks, count, blocks).any(axis=1)
    parts = [np.flatnonzero(row) for row in has_part]
    return Blockwise(Listed.of_rows(parts), block)


def check_blocks(name: str, n: int, block: int, matrix: np.ndarray) -> int:
    """n / block, if R has a column for each block."""
    block = integer(f"{name}: block", block, 1)
    if n % block:
        raise ValueError(
            f"{name}: n must be a multiple of block = {block} (Sinkhorn, whole blocks), got {n}"
        )
    if matrix.ndim < 2 or matrix.shape[-1] != n // block:
        raise ValueError(
            f"{name}: matrix must have a column for each of the n / block = {n // block} blocks, "
            f"got {matrix.shape}"
        )
    return n // block


def _check_scores(name: str, scores: ArrayLike) -> FloatArray:
    """The scores in float32 at least, if none is NaN or inf."""
    s = np.asarray(scores)
    is_bounded = s < np.inf
    if not is_bounded.all():
        place = first_index(~is_bounded)
        raise ValueError(f"{name}: scores must be below inf, got {s[place]} at {place}")
    return s.astype(np.promote_types(s.dtype, np.float32))


def _log_sums(s: FloatArray, axis: int) -> FloatArray:
    """The log-sum-exp along an axis, which is kept; -inf of nothing but -inf."""
    return np.logaddexp.reduce(s, axis=axis, keepdims=True)


def _running_log_sums(s: FloatArray) -> FloatArray:
    """The log-sum-exp of each column down to each row."""
    return np.logaddexp.accumulate(s, axis=-2)


def _running_backward(g: FloatArray, s: FloatArray) -> FloatArray:
    """g through s - L, L the log-sum-exp down to each row: a row's share of all sums below it."""
    sums = _running_log_sums(s)
    shares = np.exp(_less(s, sums))
    below = g.copy()  # sum over u >= i of g_u exp(L_i - L_u)
    following = sums[..., 1:, :]
    falls = np.exp(_less(sums[..., :-1, :], following))
    for i in reversed(range(s.shape[-2] - 1)):
        share = falls[..., i, :]
        below[..., i, :] += share * below[..., i + 1, :]
    return g - shares * below


def _less(s: FloatArray, sums: FloatArray) -> FloatArray:
    """s - sums; -inf stays."""
    return s - np.where(sums == -np.inf, 0, sums)
