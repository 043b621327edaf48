"""The attention functions published with the Sparse Transformer, on arrays (B, L, E).

Child et al. 2019, arXiv 1904.10509; the code is `attention.py` of openai/sparse_attention. B is the
batch, L the positions, E the width. Its modes are sets: "all" is Causal(), "local" Lookback(l),
"strided" Strided(l), and "fixed" openai_fixed(l, ...), with l = local_attn_ctx.

The functions have the published names and arguments. An argument that a mode does not use is not
checked, as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..attention.arrays import as_array
from ..patterns import Block, Causal, Lookback, Strided, Summary, openai_fixed
from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.types import IntArray
from .heads import attend_per_head

MODES = ("all", "local", "strided", "fixed")


def attention_impl(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    heads: int,
    attn_mode: str,
    local_attn_ctx: int | None = None,
    *,
    c: int = 1,
) -> np.ndarray:
    """softmax(q_i . k_j / sqrt(d)) v_j over j in `dense_pattern`, in each head, d = E / heads

    Parameters
    ----------
    q, k, v : (B, L, E), of one shape and dtype; head h is the slice h d <= e < (h + 1) d of the
        last axis.
    heads : how many; divides E.
    attn_mode, local_attn_ctx, c : see `dense_pattern`.

    Returns (B, L, E). Every mode contains j = i, so no row is empty; L = 0 gives (B, 0, E).
    Raises TypeError or ValueError naming argument, value and bound.
    Differs: the published function adds -1e9 to the logits of other keys, while here they are left
    out; it refuses "fixed".

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.ones((1, 4, 2)); v = np.arange(8.).reshape(1, 4, 2)
    >>> sr.published.attention_impl(x, x, v, 1, "strided", 2)[0]
    array([[0., 1.],
           [2., 3.],
           [2., 3.],
           [4., 5.]])
    """
    inputs = _check_inputs(q, k, v)
    return attend_per_head(*inputs, heads, dense_pattern(attn_mode, local_attn_ctx, c=c))


def blocksparse_attention_impl(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    heads: int,
    attn_mode: str,
    local_attn_ctx: int | None = None,
    blocksize: int = 32,
    num_verts: int | None = None,
    vertsize: int | None = None,
) -> np.ndarray:
    """`attention_impl` with one pattern per head, those of `blocksparse_patterns`:  (B, L, E)

    The published function works in blocks and fails on lengths that are no whole number of them;
    this one raises: "strided" needs l to divide L and blocksize to divide L / l. Otherwise as
    `attention_impl` and `blocksparse_patterns`.
    """
    inputs = _check_inputs(q, k, v)
    patterns = blocksparse_patterns(
        heads, attn_mode, local_attn_ctx, blocksize, num_verts, vertsize
    )
    if attn_mode == "strided":
        l = integer("local_attn_ctx", local_attn_ctx, 1)
        length = inputs.q.shape[1]
        _check_divides("local_attn_ctx", l, "L", length)
        _check_divides("blocksize", blocksize, "L / local_attn_ctx", length // l)
    return attend_per_head(*inputs, heads, patterns)


def dense_pattern(
    attn_mode: str,
    local_attn_ctx: int | None = None,
    *,
    c: int = 1,
) -> Pattern:
    """The set of each mode of `attention_impl`, with l = local_attn_ctx

    "all" is Causal(), "local" Lookback(l), "strided" Strided(l), "fixed" Block(l) | Summary(l, c):
    the paper's steps merged.

    Differs: the paper's local step keeps l + 1 keys, sr.Local(l). Raises ValueError for another
    mode, for an l below 1 if the mode uses it, and for a c other than 1 outside "fixed"; TypeError
    for an l that is no integer.

    >>> import sparse_ref as sr
    >>> sr.published.dense_pattern("fixed", 8, c=2)
    Block(8) | Summary(8, 2)
    """
    _check_mode(attn_mode)
    if attn_mode != "fixed" and c != 1:
        raise ValueError(
            f"c must be 1 for attn_mode {attn_mode!r}, got {c!r}: it is the summary width of "
            "'fixed'"
        )
    if attn_mode == "all":
        return Causal()
    l = integer("local_attn_ctx", local_attn_ctx, 1)
    if attn_mode == "local":
        return Lookback(l)
    if attn_mode == "strided":
        return Strided(l)
    return Block(l) | Summary(l, c)


def blocksparse_patterns(
    heads: int,
    attn_mode: str,
    local_attn_ctx: int | None = None,
    blocksize: int = 32,
    num_verts: int | None = None,
    vertsize: int | None = None,
) -> tuple[Pattern, ...]:
    """The set of each head of `blocksparse_attention_impl`: that of `dense_pattern`, except for
    "fixed"

    Parameters
    ----------
    heads : how many patterns; for "fixed" a multiple of num_verts.
    attn_mode, local_attn_ctx : the mode and l, as for `dense_pattern`; "fixed" is sr.openai_fixed.
    blocksize : the block length in positions; for "local" it must divide l.
    num_verts, vertsize : for "fixed", how many distinct sub-blocks the heads take in turn, and
        their length in blocks.

    Raises ValueError naming argument, value and bound. Differs: the published defaults
    num_verts = vertsize = None fail for "fixed" there too, but by a TypeError.

    >>> import sparse_ref as sr
    >>> sr.published.blocksparse_patterns(2, "fixed", 8, blocksize=2, num_verts=2, vertsize=1)
    (Block(8) | Summary(8, 2), Block(8) | SubBlock(8, 2, 2))
    """
    heads = integer("heads", heads, 1)
    blocksize = integer("blocksize", blocksize, 1)
    _check_mode(attn_mode)
    if attn_mode == "fixed":
        l = integer("local_attn_ctx", local_attn_ctx, 1)
        num_verts = integer("num_verts", num_verts, 1)
        vertsize = integer("vertsize", vertsize, 1)
        return openai_fixed(l, blocksize, num_verts, vertsize, heads)
    if attn_mode == "local":
        l = integer("local_attn_ctx", local_attn_ctx, 1)
        _check_divides("blocksize", blocksize, "local_attn_ctx", l)
    return (dense_pattern(attn_mode, local_attn_ctx),) * heads


def strided_by_permutation(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, heads: int, l: int
) -> np.ndarray:
    """Mode "strided" as the published code computes it: permute, attend in blocks, permute back.

    nu(t) = (t mod l) (L / l) + floor(t / l) is the new position of t. It makes each residue class
    mod l contiguous, in order; there Strided(l) is Block(L / l). Returns (B, L, E). Raises as
    `attention_impl`, and ValueError if l does not divide L.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.random.default_rng(0).standard_normal((1, 6, 4))
    >>> direct = sr.published.attention_impl(x, x, x, 2, "strided", 3)
    >>> np.allclose(sr.published.strided_by_permutation(x, x, x, 2, 3), direct)
    True
    """
    inputs = _check_inputs(q, k, v)
    l = integer("l", l, 1)
    n = inputs.q.shape[1]
    _check_divides("l", l, "L", n)
    blocks = n // l
    permutation, inverse = _nu(n, blocks), _nu(n, l)  # nu with l undoes nu with L / l
    q, k, v = (x[:, permutation] for x in inputs)
    out = attend_per_head(q, k, v, heads, Block(max(blocks, 1)))
    return out[:, inverse]


@dataclass(frozen=True)
class SparseAttention:
    """`blocksparse_attention_impl` with its arguments fixed, a function of q, k, v (B, L, E)

    The arguments are checked when the value is made, the shapes when it is called.

    >>> import numpy as np, sparse_ref as sr
    >>> layer = sr.published.SparseAttention(2, heads=2, attn_mode="local", local_attn_ctx=4)
    >>> layer.patterns
    (Lookback(4), Lookback(4))
    >>> layer(*np.zeros((3, 1, 8, 6), np.float32)).shape
    (1, 8, 6)
    """

    block_size: int = 32
    heads: int = 4
    attn_mode: str = "all"
    local_attn_ctx: int | None = None
    num_verts: int | None = None
    vertsize: int | None = None

    def __post_init__(self):
        blocksparse_patterns(**self._arguments)  # raises for bad arguments

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """One per head."""
        return blocksparse_patterns(**self._arguments)

    @property
    def _arguments(self) -> dict[str, Any]:
        """The arguments of the published function after q, k and v."""
        return {
            "heads": self.heads,
            "attn_mode": self.attn_mode,
            "local_attn_ctx": self.local_attn_ctx,
            "blocksize": self.block_size,
            "num_verts": self.num_verts,
            "vertsize": self.vertsize,
        }

    def __call__(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        return blocksparse_attention_impl(q, k, v, **self._arguments)


class _Inputs(NamedTuple):
    """q, k and v, each (B, L, E)."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray


def _check_inputs(q: ArrayLike, k: ArrayLike, v: ArrayLike) -> _Inputs:
    """q, k, v as arrays of one shape (B, L, E)."""
    inputs = _Inputs(as_array("q", q), as_array("k", k), as_array("v", v))
    shape = inputs.q.shape
    if len(shape) != 3:
        raise ValueError(f"q must have the axes (B, L, E), got shape {shape}")
    for name, x in (("k", inputs.k), ("v", inputs.v)):
        if x.shape != shape:
            raise ValueError(f"{name} must have the shape of q, {shape}, got {x.shape}")
    return inputs


def _nu(n: int, l: int) -> IntArray:
    """nu(t) for each position t < n; l = 0 stands for 1, as n = 0 gives it."""
    l = max(l, 1)
    t = np.arange(n)
    return t % l * (n // l) + t // l


def _check_mode(mode: str) -> None:
    """Refuse an unknown mode."""
    if mode not in MODES:
        raise ValueError(f"attn_mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")


def _check_divides(name: str, divisor: int, length_name: str, length: int) -> None:
    """Refuse a divisor that leaves a remainder."""
    if length % divisor:
        raise ValueError(f"{name} must divide {length_name} = {length}, got {divisor}")
