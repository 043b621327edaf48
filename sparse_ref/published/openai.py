"""The attention functions published with the Sparse Transformer, on arrays (B, L, E): batch, positions, width.

Child et al. 2019, arXiv 1904.10509; the code is `attention.py` of openai/sparse_attention. Its modes are sets:
"all" is Causal(), "local" Lookback(l), "strided" Strided(l), and "fixed" openai_fixed(l, ...), with l = local_attn_ctx.

The functions have the published names and arguments. An argument that a mode has no use for is left unread, as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..attention.arrays import as_array
from ..patterns import Block, Causal, Lookback, Strided, Summary, openai_fixed
from ..sets.checks import integer
from ..sets.pattern import Pattern
from .heads import attend_in_parts

MODES = ("all", "local", "strided", "fixed")


def attention_impl(q, k, v, heads, attn_mode, local_attn_ctx=None, *, c=1) -> np.ndarray:
    """softmax(q_i . k_j / sqrt(d)) v_j over the j that `dense_pattern` allows, in each head:  (B, L, E), d = E / heads

    Parameters
    ----------
    q, k, v : (B, L, E), of one shape and dtype; head h is the part h d <= e < (h + 1) d of the last axis.
    heads : how many; divides E.
    attn_mode, local_attn_ctx, c : see `dense_pattern`.

    Every mode keeps j = i, so no row is empty; L = 0 gives (B, 0, E).
    Raises TypeError or ValueError naming argument, value and bound.
    Differs: the published function adds -1e9 to the logits of other keys, here they are left out; it refuses "fixed".

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.ones((1, 4, 2)); v = np.arange(8.).reshape(1, 4, 2)
    >>> sr.published.attention_impl(x, x, v, 1, "strided", 2)[0]
    array([[0., 1.],
           [2., 3.],
           [2., 3.],
           [4., 5.]])
    """
    q, k, v = _checked(q, k, v)
    return attend_in_parts(q, k, v, heads, dense_pattern(attn_mode, local_attn_ctx, c=c))


def blocksparse_attention_impl(
    q, k, v, heads, attn_mode, local_attn_ctx=None, blocksize=32, num_verts=None, vertsize=None
) -> np.ndarray:
    """`attention_impl` with a pattern for each head, those of `blocksparse_patterns`:  (B, L, E)

    Where the published function works in blocks and fails on lengths that are no whole number of them, this one raises:
    "strided" needs l to divide L and blocksize to divide L / l. Otherwise as `attention_impl` and `blocksparse_patterns`.
    """
    q, k, v = _checked(q, k, v)
    patterns = blocksparse_patterns(
        heads, attn_mode, local_attn_ctx, blocksize, num_verts, vertsize
    )
    if attn_mode == "strided":
        _divides("local_attn_ctx", local_attn_ctx, "L", q.shape[1])
        _divides("blocksize", blocksize, "L / local_attn_ctx", q.shape[1] // local_attn_ctx)
    return attend_in_parts(q, k, v, heads, patterns)


def dense_pattern(attn_mode, local_attn_ctx=None, *, c=1) -> Pattern:
    """The set of each mode of `attention_impl`: l keys back, every l-th key, ..., with l = local_attn_ctx

    "all" is Causal(), "local" Lookback(l), "strided" Strided(l), "fixed" Block(l) | Summary(l, c): the paper's steps merged.
    Differs: the paper's local step keeps l + 1 keys, sr.Local(l). Raises ValueError for another mode, where l is needed
    and is no integer of at least 1, and for a c other than 1 outside "fixed".

    >>> import sparse_ref as sr
    >>> sr.published.dense_pattern("fixed", 8, c=2)
    Block(8) | Summary(8, 2)
    """
    if _known(attn_mode) != "fixed" and c != 1:
        raise ValueError(
            f"c must be 1 for attn_mode {attn_mode!r}, got {c!r}: it is the summary width of 'fixed'"
        )
    if attn_mode == "all":
        return Causal()
    l = integer("local_attn_ctx", local_attn_ctx, 1)
    if attn_mode == "local":
        return Lookback(l)
    return Strided(l) if attn_mode == "strided" else Block(l) | Summary(l, c)


def blocksparse_patterns(
    heads, attn_mode, local_attn_ctx=None, blocksize=32, num_verts=None, vertsize=None
) -> tuple[Pattern, ...]:
    """The set of each head of `blocksparse_attention_impl`: as `dense_pattern`, but "fixed" is sr.openai_fixed

    Parameters
    ----------
    heads : how many patterns; for "fixed" a multiple of num_verts.
    attn_mode, local_attn_ctx : the mode and l, as for `dense_pattern`.
    blocksize : the block length in positions; for "local" it must divide l.
    num_verts, vertsize : for "fixed", how many distinct sub-blocks the heads take in turn, and their length in blocks.

    Raises ValueError naming argument, value and bound. Differs: the published defaults num_verts = vertsize = None
    fail for "fixed" there too, but by a TypeError.

    >>> import sparse_ref as sr
    >>> sr.published.blocksparse_patterns(2, "fixed", 8, blocksize=2, num_verts=2, vertsize=1)
    (Block(8) | Summary(8, 2), Block(8) | SubBlock(8, 2, 2))
    """
    heads, blocksize = integer("heads", heads, 1), integer("blocksize", blocksize, 1)
    if _known(attn_mode) == "fixed":
        l, num_verts, vertsize = (
            integer(name, value, 1)
            for name, value in (
                ("local_attn_ctx", local_attn_ctx),
                ("num_verts", num_verts),
                ("vertsize", vertsize),
            )
        )
        return openai_fixed(l, blocksize, num_verts, vertsize, heads)
    if attn_mode == "local":
        _divides(
            "blocksize", blocksize, "local_attn_ctx", integer("local_attn_ctx", local_attn_ctx, 1)
        )
    return (dense_pattern(attn_mode, local_attn_ctx),) * heads


def strided_by_permutation(q, k, v, heads, l) -> np.ndarray:
    """Mode "strided" the way the published code reaches it: permute, attend in blocks, put back.  (B, L, E)

    Position t is put at nu(t) = (t mod l) (L / l) + floor(t / l), which brings each residue class mod l together in
    order; there Strided(l) is Block(L / l). Raises as `attention_impl`, and ValueError where l does not divide L.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.random.default_rng(0).standard_normal((1, 6, 4))
    >>> np.allclose(sr.published.strided_by_permutation(x, x, x, 2, 3), sr.published.attention_impl(x, x, x, 2, "strided", 3))
    True
    """
    (q, k, v), l = _checked(q, k, v), integer("l", l, 1)
    n = q.shape[1]
    _divides("l", l, "L", n)
    here, there = _nu(n, n // l), _nu(n, l)  # nu with l and with L / l undo each other
    return attend_in_parts(q[:, here], k[:, here], v[:, here], heads, Block(max(n // l, 1)))[
        :, there
    ]


@dataclass(frozen=True)
class SparseAttention:
    """`blocksparse_attention_impl` as a value: the arguments once, then called on (q, k, v), each (B, L, E)

    The arguments are checked when the value is made, the shapes when it is called.

    >>> import numpy as np, sparse_ref as sr
    >>> layer = sr.published.SparseAttention(block_size=2, heads=2, attn_mode="local", local_attn_ctx=4)
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
        _ = self.patterns

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """One for each head."""
        return blocksparse_patterns(self.heads, *self._rest)

    @property
    def _rest(self):
        """The arguments after `heads`, as the published function orders them."""
        return self.attn_mode, self.local_attn_ctx, self.block_size, self.num_verts, self.vertsize

    def __call__(self, q, k, v) -> np.ndarray:
        return blocksparse_attention_impl(q, k, v, self.heads, *self._rest)


def _checked(q, k, v):
    """q, k, v as arrays of one shape (B, L, E)."""
    q, k, v = (as_array(name, x) for name, x in (("q", q), ("k", k), ("v", v)))
    if q.ndim != 3:
        raise ValueError(f"q must have the axes (B, L, E), got shape {q.shape}")
    for name, x in (("k", k), ("v", v)):
        if x.shape != q.shape:
            raise ValueError(f"{name} must have the shape of q, {q.shape}, got {x.shape}")
    return q, k, v


def _nu(n, l):
    """Where each position t goes."""
    t = np.arange(n)
    return t % max(l, 1) * (n // max(l, 1)) + t // max(l, 1)


def _known(mode):
    """The mode, if it is one."""
    if mode not in MODES:
        raise ValueError(f"attn_mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")
    return mode


def _divides(name, value, of, length):
    """Refuse what leaves a rest."""
    if length % value:
        raise ValueError(f"{name} must divide {of} = {length}, got {value}")
