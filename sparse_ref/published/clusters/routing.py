"""Routing Transformer's attention: within clusters of tokens, averaged over a token's clusters.

Roy, Saffar, Vaswani, Grangier 2020, arXiv 2003.05997, sec. 4.1; the code published with it
("google"), and routing-transformer ("lucidrains") after it.

Symbols:  mu_c the centroid of cluster c, of C;  w how many members a cluster has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Window
from ...selection.clustering import (
    ClusterOrder,
    OwnKey,
    cluster_members,
    cluster_rows,
    cluster_sets,
    cosine_scores,
)
from ...sets.checks import flag, integer
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.types import IntArray
from ..softmax_parts import Part, attend_to_parts, parts_backward
from .norms import center, center_backward, unit, unit_backward

RoutingRule = Literal["google", "lucidrains"]
Members = tuple[IntArray, IntArray]  # of queries and of keys, each (heads, clusters, w)
Null = tuple[np.ndarray, np.ndarray]
COUNT_EPSILON = {"google": 1e-2, "lucidrains": 1e-5}


@dataclass(frozen=True)
class RoutingAttention:
    """out_i = sum_{c : i in c} out_ic / (|{ c : i in c }| + e),  out_ic attention inside c

    Each cluster takes the w queries and the w keys that score its centroid highest. A token may be
    in several clusters, whose outputs are averaged, or in none: its output is 0.

    "google": q and k are layer-normed, without scale and bias, before scores and logits; logits
    are q . k, without 1 / sqrt(d), which the norm takes off again; e = 1e-2, so that a token of one
    cluster gets out / 1.01; keys whose value is 0 are padding, and left out.
    "lucidrains": scores are cosines; logits are q . k / sqrt(d), with `shared` keys of length 1,
    and a shared token is its own key only if it sees nothing else in that cluster; e = 1e-5; each
    cluster may have null keys and values of its own, at least one if causal and not shared.

    Parameters
    ----------
    size : w; n must be at least that, "lucidrains" takes min(w, n).
    rule : "google" or "lucidrains".
    causal : "lucidrains" compares positions, j <= i. "google" compares ranks among the members,
        which leaks the future unless `shared`.
    shared : True if queries and keys are the same vectors, with the same members.

    Causality is that of keys: who is a member depends on all positions, later ones too.

    >>> import numpy as np, sparse_ref as sr
    >>> rng = np.random.default_rng(0)
    >>> x, mu = rng.standard_normal((1, 12, 8)), rng.standard_normal((1, 3, 8))
    >>> layer = sr.published.RoutingAttention(size=4, causal=True, shared=True)
    >>> members = layer.members(x, x, mu)
    >>> layer(x, x, x, members).shape
    (1, 12, 8)
    >>> print(sr.picture(layer.sets(members, 12)[0], 12))     # 8 and 11 are in no cluster
    █···········
    ·█··········
    ·█··········
    ·███········
    █···········
    █···█·······
    ···█········
    ···█··█·····
    ············
    █···██······
    ·███··██····
    ············
    """

    size: int
    rule: RoutingRule = "lucidrains"
    causal: bool = False
    shared: bool = False

    def __post_init__(self):
        integer("RoutingAttention: size", self.size, 1)
        if self.rule not in COUNT_EPSILON:
            names = ", ".join(map(repr, COUNT_EPSILON))
            raise ValueError(f"RoutingAttention: rule must be one of {names}, got {self.rule!r}")
        flag("RoutingAttention: causal", self.causal)
        flag("RoutingAttention: shared", self.shared)

    def members(self, q: ArrayLike, k: ArrayLike, centroids: ArrayLike) -> Members:
        """The members of each cluster, ascending positions: of queries, and of keys.

        q (H, n, d), k (H, n_k, d) and centroids (H, C, d). Raises as
        `sr.selection.cluster_members` does.
        """
        queries = self._nearest_of_heads(as_array("q", q), centroids)
        if self.shared:
            return queries, queries
        return queries, self._nearest_of_heads(as_array("k", k), centroids)

    def _nearest_of_heads(self, x, centroids):
        """The members of each cluster, of queries or of keys, one head after the other."""
        pairs = zip(x, np.asarray(centroids), strict=True)
        return np.stack([self._nearest(vectors, mu) for vectors, mu in pairs])

    def _nearest(self, x, centroids):
        """The members of each cluster of one head."""
        if self.rule == "google":
            normed = center(x).swapaxes(-1, -2)
            return cluster_members(np.asarray(centroids) @ normed, self.size)
        size = min(self.size, x.shape[-2])
        if not size:
            return np.zeros((len(centroids), 0), np.int64)
        return cluster_members(cosine_scores(x, centroids), size)

    def sets(self, members: Members, n: int) -> tuple[Listed, ...]:
        """A_i of each head, for n tokens: the keys of i in all its clusters, each once.

        A set has no mean over clusters: a key that i meets in two of them is there once. Null keys
        are left out.
        """
        return tuple(
            cluster_sets(self._rows(queries, keys), queries, keys, n)
            for queries, keys in zip(*members, strict=True)
        )

    def __call__(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        members: Members,
        null: Null | None = None,
    ) -> np.ndarray:
        """(H, n, e) from q (H, n, d), k (H, n_k, d), v (H, n_k, e) and the members.

        `null` is (keys, values) of each cluster, (H, C, m, d) and (H, C, m, e), of "lucidrains"
        only. With `shared`, k is q. One head is worked on at a time, in O(n w) memory.
        Raises ValueError if null keys are missing or not taken; else as `sr.attend` does.
        """
        heads = self._heads(q, k, v, members, null)
        return np.stack([head.forward() for head in heads])

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        members: Members,
        null: Null | None = None,
    ) -> tuple[np.ndarray, ...]:
        """(dq, dk, dv), and (dnull keys, dnull values) after them if there are any: the gradients
        of sum(grad_out * layer(q, k, v, members, null)), the members constant.
        """
        heads = self._heads(q, k, v, members, null)
        grads = as_array("grad_out", grad_out)
        pairs = zip(grads, heads, strict=True)
        parts = [head.backward(grad) for grad, head in pairs]
        return tuple(map(np.stack, zip(*parts)))

    def _rows(self, queries, keys, absent=None, has_null=False):
        """The keys of each member of each cluster of one head."""
        own: OwnKey = "member"
        if self.rule == "google":
            order: ClusterOrder | None = "rank"
        else:
            order = "position"
            if self.shared:
                own = "never" if has_null else "last"
        if not self.causal:
            order = None
        return cluster_rows(queries, keys, order, own=own, absent=absent)

    def _heads(self, q, k, v, members, null):
        """The heads, one after the other."""
        qkv = as_array("q", q), as_array("k", k), as_array("v", v)
        arrays = *qkv, *members
        if null is not None:
            arrays += tuple(as_array("null", part) for part in null)
        self._check(arrays, null)
        for q, k, v, queries, keys, *head_null in zip(*arrays, strict=True):
            absent = ~v.any(axis=-1) if self.rule == "google" else None
            rows = self._rows(queries, keys, absent, bool(head_null))
            yield _Head(self, q, k, v, queries, keys, rows, head_null)

    def _check(self, arrays, null):
        """Refuse axes that are not three or of other numbers of heads, and null keys misplaced."""
        shapes = [array.shape for array in arrays]
        axes = {len(shape) for shape in shapes[:5]}
        heads = {shape[:1] for shape in shapes}
        if axes != {3} or len(heads) > 1:
            raise ValueError(
                "RoutingAttention: q, k, v and members must have three axes, heads first, "
                f"got {', '.join(map(str, shapes))}"
            )
        needs_null = self.causal and not self.shared and self.rule == "lucidrains"
        if null is None and needs_null:
            raise ValueError(
                "RoutingAttention: null must be given if causal and not shared "
                "(routing-transformer, at least 1 null key), got None"
            )
        if null is not None and self.rule == "google":
            raise ValueError("RoutingAttention: null must be None (google has no null keys)")


@dataclass(frozen=True)
class _Head:
    """One head: a query for each member of each cluster, and each token the mean of its queries."""

    layer: RoutingAttention
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    queries: IntArray
    keys: IntArray
    rows: Listed
    null: list[np.ndarray]

    def forward(self):
        """(n, e)"""
        out, _ = attend_to_parts(self._parts(), self._scale())
        n, width = len(self.q), out.shape[1]
        sums = np.zeros((n, width), out.dtype)
        np.add.at(sums, self.queries.ravel(), out)
        return sums * self._shares()

    def backward(self, grad):
        """(dq, dk, dv), and the gradients of the null keys and values."""
        tokens, members = self.queries.ravel(), self.keys.ravel()
        grad_rows = (grad * self._shares())[tokens]
        gradients = parts_backward(grad_rows, self._parts(), self._scale())
        dq_rows = reduce(np.add, [dq for dq, *_ in gradients])
        (_, dk_rows, dv_rows), *of_nulls = gradients
        dq = _scatter(dq_rows, tokens, self.q)
        dk = _scatter(dk_rows, members, self.k)
        dv = _scatter(dv_rows, members, self.v)
        shapes = [x.shape for x in self.null]
        null_gradients = [x for _, *pair in of_nulls for x in pair]
        nulls = list(map(np.reshape, null_gradients, shapes))
        return *self._norm_backward(dq, dk), dv, *nulls

    def _parts(self) -> list[Part]:
        """A query for each member; the keys of the members, and each cluster's null keys."""
        q, k = self._norm()
        q_rows, members = q[self.queries.ravel()], self.keys.ravel()
        tokens = q_rows, k[members], self.v[members], self.rows
        if not self.null:
            return [tokens]
        null_k, null_v = (np.concatenate(part) for part in self.null)
        size = max(self.queries.shape[1], 1)  # no members if n = 0
        sides = size, self.null[0].shape[1]
        return [tokens, (q_rows, null_k, null_v, Blockwise(Window(0), sides))]

    def _shares(self):
        """1 / (how many clusters contain a token + e), (n, 1)."""
        counts = np.bincount(self.queries.ravel(), minlength=len(self.q))
        shares = 1 / (counts + COUNT_EPSILON[self.layer.rule])
        return shares[:, None].astype(self.v.dtype)

    def _scale(self):
        """The factor of the logits."""
        return 1 if self.layer.rule == "google" else 1 / sqrt(self.q.shape[1])

    def _norm(self):
        """Queries and keys as the logits take them."""
        if self.layer.rule == "google":
            return center(self.q), center(self.k)
        return self.q, unit(self.k) if self.layer.shared else self.k

    def _norm_backward(self, dq, dk):
        """The gradients before `_norm`."""
        if self.layer.rule == "google":
            return center_backward(dq, self.q), center_backward(dk, self.k)
        return dq, unit_backward(dk, self.k) if self.layer.shared else dk


def _scatter(rows: np.ndarray, places: IntArray, x: np.ndarray) -> np.ndarray:
    """The sum of the rows of each place, in the shape of x."""
    sums = np.zeros_like(x)
    np.add.at(sums, places, rows)
    return sums
