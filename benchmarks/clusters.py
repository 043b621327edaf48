"""Layers whose keys are chosen by hashes and clusters, compared with those of other libraries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparse_ref.published import ReformerAttention, RoutingAttention
from sparse_ref.selection import random_rotations
from sparse_ref.selection.hashing import angular_buckets

from .cases import HEADS, label, normal, part, qkv
from .layers import constant_projections, heads_last, split
from .lsh import reformer_config
from .rows import Row, ratio, reason
from .timing import Size, time_rounds
from .torch_peers import first, inference, tensors, torch_on_our_threads

GROUP = "hashed and clustered"
LENGTH = 65536


def rows(size: Size) -> list[Row]:
    """Time of whole layers over that of others, 65,536 tokens, 8 heads, d = 64, float32.

    Reformer: chunks of 64, one round, causal, from the buckets to the output; sorting, listing the
    keys and lowering included, as sorting and gathering are in transformers. Routing Transformer:
    256 clusters of 256 tokens, shared and causal, from the vectors to the output, the choice of
    members included. The numbers are compared first.
    """
    return [row(reformer, size), row(routing, size)]


def row(layer: Callable, size: Size) -> Row:
    """One layer and its original, if that is installed and gives the same numbers."""
    case, name, ours, original = layer(size.scale)
    try:
        theirs, read = original()
        assert_close(ours(), read(theirs()))
    except (ImportError, AssertionError) as error:
        return Row(GROUP, case, name, missing=reason(error))
    seconds = time_rounds({"ours": ours, name: theirs}, size, GROUP)
    return ratio(GROUP, case, name, *seconds.values())


def assert_close(actual: np.ndarray, expected: np.ndarray) -> None:
    """A position that is its own only key loses three digits in the originals, in float32."""
    worst = float(np.abs(actual - expected).max())
    assert worst < 0.05, f"other numbers, by {worst:.3g}"


def reformer(scale: int):
    """Chunks of 64 and the one before, one round of 2,048 buckets or fewer."""
    n, keys = part(LENGTH, scale), part(64, scale)
    x, _, v = qkv(n)
    count = 2 * n // keys
    factors = (count,) if count < 128 else (32, count // 32)
    rotations = random_rotations(HEADS, 1, x.shape[2], sum(factors), seed=0)
    buckets = angular_buckets(x, rotations.astype(np.float32), factors)
    layer = ReformerAttention(keys, causal=True)

    def original():
        torch = torch_on_our_threads()
        from transformers.models.reformer.modeling_reformer import LSHSelfAttention

        counts = list(factors) if len(factors) > 1 else factors[0]
        config = reformer_config(HEADS, x.shape[2], "lsh", keys, is_decoder=True, buckets=counts)
        query_key, value = heads_last(x, v)
        theirs = constant_projections(LSHSelfAttention(config, 0), query_key=query_key, value=value)
        table = torch.from_numpy(buckets[None])
        call = inference(lambda: theirs(query_key, buckets=table).hidden_states)
        return call, lambda out: split(out, x)

    case = label(f"ReformerAttention({keys})", n)
    return case, "Hugging Face Reformer, LSH", lambda: layer(x, v, buckets), original


def routing(scale: int):
    """As many clusters as a cluster has members."""
    n, size = part(LENGTH, scale), part(256, scale)
    x, _, v = qkv(n)
    count = n // size
    means = normal((HEADS, count, x.shape[2]), seed=1)
    layer = RoutingAttention(size, causal=True, shared=True)

    def ours():
        return layer(x, x, v, layer.members(x, x, means))

    def original():
        torch = torch_on_our_threads()
        from routing_transformer.routing_transformer import KmeansAttention

        options = {"causal": True, "shared_qk": True}
        theirs = KmeansAttention(count, size, HEADS, x.shape[2], **options).eval()
        theirs.kmeans.means.copy_(torch.from_numpy(means))
        theirs.kmeans.initted.fill_(True)
        inputs = tensors(x, x, v)
        return inference(lambda: theirs(*inputs)[0]), first

    case = label(f"RoutingAttention({size})", n)
    return case, "routing-transformer", ours, original
