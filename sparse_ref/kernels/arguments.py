"""Arrays that kernels take together: vectors, the tiles of a plan, and which heads read which."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Vectors(NamedTuple):
    """q (H, n_q, d), k (G, n_k, d) and v (G, n_k, e)."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray


class Tiles(NamedTuple):
    """The arrays of a Plan's part."""

    rows: np.ndarray
    ptr: np.ndarray
    start: np.ndarray
    keys: np.ndarray
    word: np.ndarray
    words: np.ndarray


class Heads(NamedTuple):
    """Query head query[y] reads key head key[y], whose values are all finite if finite[y]."""

    query: np.ndarray
    key: np.ndarray
    finite: np.ndarray


class KeyHeads(NamedTuple):
    """Key head y is number `key[y]`, and the query heads queries[first[y]:first[y + 1]] read it.

    Its gradients are dk[place[y]] and dv[place[y]]; its keys are all finite if finite[y].
    """

    key: np.ndarray
    place: np.ndarray
    first: np.ndarray
    queries: np.ndarray
    finite: np.ndarray


class Forward(NamedTuple):
    """What the gradients of a query head are made from, delta_i = g_i . out_i; or of all heads."""

    grad: np.ndarray
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    delta: np.ndarray
    lse: np.ndarray


class ForwardPass(NamedTuple):
    """The same with the output itself, from which the gradients over tiles make delta."""

    grad: np.ndarray
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    out: np.ndarray
    lse: np.ndarray


class Slabs(NamedTuple):
    """Slab s has the tiles from bounds[s] on; its key j is in row offset[s] + j - low[s]."""

    bounds: np.ndarray
    low: np.ndarray
    offset: np.ndarray


class Factors(NamedTuple):
    """Two products for each pair, a . b and a2 . b2, and the vectors whose weighted sum is made.

    For dq these are q . k and g . v, and the vectors are k; for dk and dv k . q and v . g, and the
    vectors are q and g.
    """

    a: np.ndarray
    b: np.ndarray
    a2: np.ndarray
    b2: np.ndarray
    source: np.ndarray


class Statistics(NamedTuple):
    """Of each query: lse_i and what its dtype rounds off, and mean_i = g_i . out_i."""

    lse: np.ndarray
    lse_rest: np.ndarray
    mean: np.ndarray


class HeadTriples(NamedTuple):
    """Head h of a gradient sums over triples[first[h]:first[h + 1]].

    A triple is which head of a, of b, and of the statistics a kernel reads.
    """

    triples: np.ndarray
    first: np.ndarray
