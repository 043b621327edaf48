"""Each method that chooses keys by data, on normal data made from a seed: what there is to draw.

The sets of these methods have no notation, as they depend on q and k. An example has small sizes,
so that a picture of some dozens of tokens shows the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import getdoc
from types import ModuleType
from typing import NamedTuple

import numpy as np

from .. import selection
from ..sets.checks import integer
from ..sets.pattern import Pattern
from .blocks import flexprefill, infllm, minference, moba, nsa, quest, seer, topk, vsa, xattention
from .clusters import reformer, routing, sinkhorn
from .coarse import htransformer
from .index import csa, dsa, hca, indexshare, kpool, msa, qsa

WIDTH = 8  # of the vectors
HEADS = 2


class Part(NamedTuple):
    """Sets to draw and what they are; how many queries and keys, if not the n tokens."""

    name: str
    pattern: Pattern
    queries: int | None = None
    keys: int | None = None

    def shape(self, n: int) -> tuple[int, int]:
        """(n_q, n_k) for n tokens."""
        n_q = n if self.queries is None else self.queries
        return n_q, n if self.keys is None else self.keys


Parts = list[Part]


class Data:
    """Normal vectors of n tokens from a seed: each call gives new ones, in the same order."""

    def __init__(self, n: int, seed: int):
        self.n = n
        self.generator = np.random.default_rng(seed)

    def vectors(self, *shape: int) -> np.ndarray:
        """(..., WIDTH) for these axes."""
        return self.generator.standard_normal((*shape, WIDTH))

    def heads(self) -> np.ndarray:
        """(HEADS, n, WIDTH)."""
        return self.vectors(HEADS, self.n)

    def indexer(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(q, k, w) of an indexer: (HEADS, n, WIDTH), (n, WIDTH), (n, HEADS)."""
        weights = self.generator.standard_normal((self.n, HEADS))
        return self.heads(), self.vectors(self.n), weights


@dataclass(frozen=True)
class Example:
    """A method by its name, the sizes in its call, and what draws its sets on data of a seed."""

    name: str
    module: ModuleType
    sizes: str
    draw: Callable[[Data], Parts]
    n: int = 24

    @property
    def paragraphs(self) -> list[str]:
        """The docstring of the module: what the method is, its source, its symbols and sets."""
        return (getdoc(self.module) or "").split("\n\n")

    def parts(self, n: int | None = None, seed: int = 0) -> Parts:
        """The sets for n tokens, its own number unless given.

        Raises ValueError for n or a seed below 0, and for lengths that the method refuses.
        """
        n = self.n if n is None else integer("n", n, 0)
        return self.draw(Data(n, integer("seed", seed, 0)))


def heads_of(patterns: Pattern | Sequence[Pattern], name: str = "head") -> Parts:
    """The sets of each head over the tokens, or one for all heads."""
    if isinstance(patterns, Pattern):
        return [Part("all heads", patterns)]
    return [Part(f"{name} {h}", p) for h, p in enumerate(patterns)]


def with_entries(sets: tuple[Pattern, Pattern], n: int) -> Parts:
    """The tokens and the entries of 4 tokens of CSA and HCA."""
    window, entries = sets
    pools = Part("entries of 4 tokens", entries, keys=n // 4)
    return [Part("tokens", window), pools]


def branches_of(sets: nsa.NSASets, atoms: int) -> Parts:
    """The three branches of NSA; all heads share the selected ones here."""
    first, *_ = heads_of(sets.selected)
    return [
        Part("compressed keys", sets.compressed, keys=atoms),
        Part("selected tokens", first.pattern),
        Part("window", sets.window),
    ]


def _dsa(data: Data) -> Parts:
    return heads_of(dsa.sets(*data.indexer(), top_k=4))


def _indexshare(data: Data) -> Parts:
    full, other = data.indexer(), data.indexer()
    layers = indexshare.sets([full, None, other], top_k=4)
    return heads_of(layers, "layer")


def _kpool(data: Data) -> Parts:
    index, gates = data.indexer(), data.vectors(data.n)
    return heads_of(kpool.sets(*index, gates, top_k=8, block=4))


def _qsa(data: Data) -> Parts:
    q, k = data.heads(), data.vectors(data.n)
    pools = selection.mean_pool(k, 4)
    return heads_of(qsa.sets(q, pools, top_k=8, block=4))


def _msa(data: Data) -> Parts:
    q, k = data.heads(), data.vectors(data.n)
    return heads_of(msa.sets(q, k, top_k=2, block=4))


def _csa(data: Data) -> Parts:
    q, k, w = data.indexer()
    pools = selection.mean_pool(k, 4)
    sets = csa.sets(q, pools, w, top_k=2, block=4, keys=4)
    return with_entries(sets, data.n)


def _hca(data: Data) -> Parts:
    return with_entries(hca.sets(block=4, keys=4), data.n)


def _nsa_paper(data: Data) -> Parts:
    compression = {"length": 4, "stride": 2}
    selected = {"block": 4, "top_k": 3, "local": 1}
    sizes = nsa.paper.Sizes(**compression, **selected, keys=4)
    q, k = data.heads(), data.vectors(1, data.n)
    atoms = selection.mean_pool(k, sizes.length, sizes.stride)
    return branches_of(nsa.paper.sets(q, atoms, sizes), atoms.shape[1])


def _nsa_fla(data: Data) -> Parts:
    q, k = data.heads(), data.vectors(1, data.n)
    sets = nsa.fla.sets(q, k, block=4, top_k=4, keys=4)
    return branches_of(sets, data.n // 4)


def _nsa_lucidrains(data: Data) -> Parts:
    sizes = nsa.lucidrains.Sizes(stride=4, block=4, top_k=1, keys=4)
    count = sizes.memory + data.n // sizes.stride
    q, atoms = data.heads(), data.vectors(1, count)
    return branches_of(nsa.lucidrains.sets(q, atoms, sizes), count)


def _moba(data: Data) -> Parts:
    q, k = data.heads(), data.heads()
    return heads_of(moba.sets(q, k, block=4, top_k=2))


def _quest(data: Data) -> Parts:
    q, k = data.vectors(HEADS, 1), data.heads()
    heads = heads_of(quest.sets(q, k, page=4, pages=2))
    return [part._replace(queries=1) for part in heads]


def _minference(data: Data) -> Parts:
    q, k = data.heads(), data.heads()
    return heads_of(minference.sets(q, k, verticals=34, slashes=50, near=8))


def _topk(data: Data) -> Parts:
    q, k = data.heads(), data.heads()
    return heads_of(topk.sets(q, k, top_k=4))


def _vsa(data: Data) -> Parts:
    _check_fours("vsa", data.n)
    video = 1, 4, data.n // 4
    tile = 1, 2, 2
    q, k = data.heads(), data.heads()
    return heads_of(vsa.sets(q, k, shape=video, tile=tile, top_k=2))


def _xattention(data: Data) -> Parts:
    q, k = data.heads(), data.heads()
    sizes = {"block": 4, "stride": 2, "chunk": 8}
    return heads_of(xattention.sets(q, k, threshold=0.4, **sizes))


def _flexprefill(data: Data) -> Parts:
    q, k = data.heads(), data.heads()
    return heads_of(flexprefill.sets(q, k, share=0.6, block=4, divergence=1.0))


def _infllm(data: Data) -> Parts:
    compression = {"length": 4, "stride": 2}
    sizes = infllm.Sizes(**compression, block=4, top_k=4, local=1)
    q, k = data.heads(), data.heads()
    return heads_of(infllm.sets(q, k, sizes))


def _seer(data: Data) -> Parts:
    q, k = data.heads(), data.heads()
    q_pools = seer.pool_channels(q, ["avg"], block=4)
    k_pools = seer.pool_channels(k, ["avg"], block=4)
    W_q, W_k = data.vectors(2, HEADS, WIDTH)
    scores = seer.gate_scores(q_pools, k_pools, W_q, W_k)
    return heads_of(seer.sets(seer.ratio_choice(scores, 0.6), block=4))


def _reformer(data: Data) -> Parts:
    directions = data.vectors(2, 2)  # two rounds of two, either sign of which is a bucket
    rotations = directions.swapaxes(-1, -2)
    x = data.vectors(data.n)
    buckets = selection.angular_buckets(x, rotations)
    rounds = selection.lsh_sets(buckets, 4, 1, 0, causal=True)
    return heads_of(rounds.patterns, "round")


def _routing(data: Data) -> Parts:
    if data.n < 3:
        raise ValueError(f"n must be at least 3 for routing, got {data.n}")
    x, centroids = data.vectors(1, data.n), data.vectors(1, 3)
    layer = routing.RoutingAttention(size=data.n // 3, causal=True, shared=True)
    members = layer.members(x, x, centroids)
    return heads_of(layer.sets(members, data.n))


def _check_fours(name: str, n: int) -> None:
    """Refuse tokens that do not fill tiles or blocks of 4."""
    if n % 4 or not n:
        raise ValueError(f"n must be a multiple of 4 above 0 for {name}, got {n}")


def _sinkhorn(data: Data) -> Parts:
    _check_fours("sinkhorn", data.n)
    blocks = data.n // 4
    scores = data.generator.standard_normal((blocks, blocks))
    layer = sinkhorn.SinkhornAttention(block=4)
    return heads_of(layer.sets(selection.top_shares(scores)))


def _htransformer(data: Data) -> Parts:
    layer = htransformer.HTransformer1D(clusters=2, causal=True)
    return heads_of(layer.level_sets(data.n), "level")


EXAMPLES = (
    Example("dsa", dsa, "top_k = 4", _dsa),
    Example("indexshare", indexshare, "top_k = 4, layers full, shared, full", _indexshare),
    Example("kpool", kpool, "top_k = 8, block = 4", _kpool),
    Example("qsa", qsa, "top_k = 8, block = 4", _qsa),
    Example("msa", msa, "top_k = 2, block = 4", _msa),
    Example("csa", csa, "top_k = 2, block = 4, keys = 4", _csa),
    Example("hca", hca, "block = 4, keys = 4", _hca),
    Example(
        "nsa_paper",
        nsa.paper,
        "length = 4, stride = 2, block = 4, top_k = 3, local = 1, keys = 4",
        _nsa_paper,
    ),
    Example("nsa_fla", nsa.fla, "block = 4, top_k = 4, keys = 4", _nsa_fla),
    Example(
        "nsa_lucidrains", nsa.lucidrains, "stride = block = 4, top_k = 1, keys = 4", _nsa_lucidrains
    ),
    Example("moba", moba, "block = 4, top_k = 2", _moba),
    Example("quest", quest, "page = 4, pages = 2", _quest),
    Example("minference", minference, "verticals = 34, slashes = 50, near = 8", _minference, 80),
    Example("topk", topk, "top_k = 4", _topk),
    Example("vsa", vsa, "tile = (1, 2, 2), top_k = 2", _vsa),
    Example(
        "xattention", xattention, "block = 4, stride = 2, threshold = 0.4, chunk = 8", _xattention
    ),
    Example("flexprefill", flexprefill, "share = 0.6, block = 4, divergence = 1", _flexprefill),
    Example("infllm", infllm, "length = 4, stride = 2, block = 4, top_k = 4, local = 1", _infllm),
    Example("seer", seer, "block = 4, ratio = 0.6", _seer),
    Example("reformer", reformer, "keys = 4, two rounds", _reformer),
    Example("routing", routing, "three clusters", _routing),
    Example("sinkhorn", sinkhorn, "block = 4, one choice a block", _sinkhorn),
    Example("htransformer", htransformer, "clusters = 2", _htransformer, 16),
)
