"""Strategies for lengths, and for q, k and v."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import DTypeLike

from ...sets.checks import lengths
from ...sets.types import Length

MAX_SEED = 2**32 - 1
TILE_EDGES = (0, 1, 2, 63, 64, 65, 128)  # lengths at which kernels go wrong

QKV = tuple[np.ndarray, np.ndarray, np.ndarray]
Shapes = SearchStrategy[tuple[int, int]]


def shapes(*, least: int = 0, most: int = 150) -> Shapes:
    """(n_q, n_k), each from `least` to `most`, often 0, 1, 2 and the edges of a tile of 64."""
    edges = [length for length in TILE_EDGES if least <= length <= most]
    frequent = st.sampled_from(edges) if edges else st.nothing()
    length = frequent | st.integers(least, most)
    return st.tuples(length, length)


@st.composite
def qkv(
    draw,
    n: Length | None = None,
    *,
    heads: int = 4,
    width: int = 8,
    dtypes: Sequence[DTypeLike] = (np.float32,),
) -> QKV:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), where G divides H.

    H is at most `heads`; d and e are at most `width`, and may differ. Every head, position and
    feature differs: the numbers are normal. Or the logits are so large that exp overflows float32.
    Or q = 0, so that all members weigh the same. n is a length, (n_q, n_k), or drawn from `shapes`;
    the dtype is one of `dtypes`.
    """
    n_q, n_k = draw(shapes()) if n is None else lengths(n)
    groups = draw(st.integers(1, heads))
    group_size = draw(st.integers(1, heads // groups))
    d = draw(st.integers(1, width))
    e = draw(st.integers(1, width))
    dtype = draw(st.sampled_from(list(dtypes)))
    factor = draw(st.sampled_from([1, 16, 0]))
    rng = np.random.default_rng(draw(st.integers(0, MAX_SEED)))
    q = rng.standard_normal((groups * group_size, n_q, d)) * factor
    k = rng.standard_normal((groups, n_k, d)) * max(factor, 1)
    v = rng.standard_normal((groups, n_k, e))
    return q.astype(dtype), k.astype(dtype), v.astype(dtype)
