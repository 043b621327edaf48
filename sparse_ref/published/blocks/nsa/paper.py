"""NSA as the paper states it: blocks are ranked by the attention that compressed keys get.

Yuan et al. 2025, "Native Sparse Attention: Hardware-Aligned and Natively Trainable Sparse
Attention", arXiv 2502.11089, sec. 3.2 and 3.3.

Symbols, from 0:  atom c = phi of the tokens c d <= j < c d + l;  block J = the tokens
J l' <= j < (J + 1) l';  G key heads, H query heads, G dividing H.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from .... import selection
from ....attention.arrays import as_array
from ....patterns import Causal, Complete, Lookback, Sinks, Started
from ....selection import Scores
from ....selection.scores import as_scores
from ....sets.checks import integer
from ....sets.parts import Blockwise
from ....sets.pattern import Pattern
from ....sets.token_pools import pool_count
from ....sets.types import FloatArray
from ..atoms import Sets, check_self_attention, per_query_head, tokens
from .branches import Branch, NSASets, gated_gradients, gated_sum


@dataclass(frozen=True)
class Sizes:
    """The numbers of NSA; those of the paper's models unless given.

    length, stride : of the compressed atoms, l and d.
    block : tokens in a block of the selection, l'.
    top_k : blocks selected, forced ones among them.
    first, local : forced are the first blocks, and the last ones up to the own block.
    keys : the window, the query's own key counted.

    Raises ValueError if the stride divides length or block not, as sec. 3.3.2 requires.
    """

    length: int = 32
    stride: int = 16
    block: int = 64
    top_k: int = 16
    first: int = 1
    local: int = 2
    keys: int = 512

    def __post_init__(self) -> None:
        for field in fields(self):
            least = 0 if field.name in ("top_k", "first") else 1
            integer(field.name, getattr(self, field.name), least)
        for name in ("length", "block"):
            number = getattr(self, name)
            if number % self.stride:
                raise ValueError(
                    f"{name} must be a multiple of the stride (Yuan et al. 2025, sec. 3.3.2), "
                    f"got {number} with stride = {self.stride}"
                )

    @property
    def complete(self) -> Pattern:
        """The atoms that are complete at each query."""
        return Complete(self.length, self.stride)

    @property
    def always(self) -> Pattern:
        """The first blocks and the last ones, over (query, block)."""
        last = Blockwise(Lookback(self.local), (self.block, 1))
        return Sinks(self.first) | last


def block_scores(scores: Scores | ArrayLike, blocks: int, sizes: Sizes) -> Scores:
    """p'_J = sum over m < l'/d and n < l/d of p_c,  c = (l'/d) J + m - n

    The scores of the atoms that reach into each block, an atom as often as strides of it lie there;
    atoms that do not exist count 0. (..., n, blocks) from (..., n, atoms).

    Source: Yuan et al. 2025, eq. 9. Differs: it is printed with c = (l'/d) J - m - n, which is the
    same for J and c from 1; from 0 that formula would score each block by the atoms before it.

    >>> import numpy as np, sparse_ref as sr
    >>> sizes = sr.published.nsa.paper.Sizes(length=32, stride=16, block=64)
    >>> atoms = np.eye(8)[:, None]      # one atom has the score 1
    >>> shares = sr.published.nsa.paper.block_scores(atoms, 2, sizes)
    >>> np.asarray(shares)[:, 0].T
    array([[2., 2., 2., 1., 0., 0., 0., 0.],
           [0., 0., 0., 1., 2., 2., 2., 1.]])
    """
    values = as_scores(scores)
    in_block, in_atom = sizes.block // sizes.stride, sizes.length // sizes.stride
    padding = [(0, 0)] * (len(values.shape) - 1)
    places = in_block * blocks + in_atom
    after = max(places - values.shape[-1], 0)
    ends = (in_atom, after)

    def rows(lo: int, hi: int) -> FloatArray:
        padded = np.pad(values.rows(lo, hi), [*padding, ends])
        total = np.zeros((*padded.shape[:-1], blocks), padded.dtype)
        for m, n in product(range(in_block), range(in_atom)):
            first = in_atom + m - n
            total += padded[..., first : first + in_block * blocks : in_block]
        return total

    return Scores((*values.shape[:-1], blocks), rows)


def choice(scores: Scores | ArrayLike, sizes: Sizes) -> Sets:
    """The top_k best blocks that have begun, the forced ones inside that budget."""
    return selection.top_k(scores, sizes.top_k, Started(sizes.block), forced=sizes.always)


def sets(q: ArrayLike, k_atoms: ArrayLike, sizes: Sizes) -> NSASets:
    """The sets of the three branches: compressed, selected, window.

    Selected are the top_k blocks of p'_J summed over the query heads of a key head, p the softmax
    over the complete atoms of each query head: one set per key head. Then j <= i.

    Parameters
    ----------
    q : float array (H, n, d).
    k_atoms : float array (G, m, d), the compressed keys; m at least the (n - l) // d + 1 that n
        tokens complete.
    sizes : Sizes.

    Raises ValueError for fewer atoms, else as `sr.selection.top_k`.

    Rows i < l - 1 see no atom, so that their blocks are the forced ones and then the earliest.
    """
    queries, atoms = as_array("q", q), as_array("k_atoms", k_atoms)
    n, d = queries.shape[-2:]
    complete = max((n - sizes.length) // sizes.stride + 1, 0)
    if atoms.shape[-2] < complete:
        raise ValueError(
            f"k_atoms must have the {complete} atoms that n = {n} tokens complete, length = "
            f"{sizes.length} and stride = {sizes.stride}, got {atoms.shape[-2]}"
        )
    logits = selection.dot(queries, atoms, scale=d**-0.5)
    shares = selection.probabilities(logits, sizes.complete)
    by_key_head = selection.group_mean(shares, len(atoms))
    blocks = pool_count(n, sizes.block)
    chosen = choice(block_scores(by_key_head, blocks, sizes), sizes)
    selected = per_query_head(tokens(chosen, sizes.block, Causal()), len(queries))
    return NSASets(sizes.complete, selected, Lookback(sizes.keys))


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    atoms: tuple[ArrayLike, ArrayLike],
    gates: ArrayLike,
    sizes: Sizes,
) -> np.ndarray:
    """out_i = sum over the three branches of g_b(i) softmax_j(q_i . k_j / sqrt(d)) v_j

    Parameters
    ----------
    q, k, v : float arrays (H, n, d), (G, n, d), (G, n, e).
    atoms : compressed keys and values, (G, m, d) and (G, m, e). How they come from k and v, the
        learned phi, is left to the caller: `sr.selection.mean_pool` is the simplest.
    gates : (3, H, n), for compressed, selected and window, after the sigmoid.
    sizes : Sizes.

    Returns (H, n, e). A branch gives 0 in rows that it leaves empty, as the compressed one does for
    i < l - 1. Source: Yuan et al. 2025, eq. 5 to 12.
    """
    branches = _branches(q, k, v, atoms, sizes)
    return gated_sum(branches, as_array("gates", gates))


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    atoms: tuple[ArrayLike, ArrayLike],
    gates: ArrayLike,
    sizes: Sizes,
) -> tuple[np.ndarray, ...]:
    """(dq, dk, dv, dk_atoms, dv_atoms, dgates) of sum(grad_out * attention(...)), sets constant.

    The compressed branch is differentiable, so that phi learns from it; the choice of blocks is
    not.
    """
    branches = _branches(q, k, v, atoms, sizes)
    grad = as_array("grad_out", grad_out)
    (of_atoms, selected, window), dgates = gated_gradients(grad, branches, as_array("gates", gates))
    dq = of_atoms[0] + selected[0] + window[0]
    dk = selected[1] + window[1]
    dv = selected[2] + window[2]
    return dq, dk, dv, of_atoms[1], of_atoms[2], dgates


def _branches(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, atoms: tuple[ArrayLike, ArrayLike], sizes: Sizes
) -> list[Branch]:
    """The three branches."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    check_self_attention(q, k)
    k_atoms, v_atoms = (as_array("atoms", x) for x in atoms)
    compressed, selected, window = sets(q, k_atoms, sizes)
    return [
        Branch(q, k_atoms, v_atoms, compressed),
        Branch(q, k, v, selected),
        Branch(q, k, v, window),
    ]
