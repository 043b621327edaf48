"""Layers whose keys are chosen by hashes and clusters, beside those that others wrote."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparse_ref.published import ReformerAttention, RoutingAttention
from sparse_ref.selection import random_rotations
from sparse_ref.selection.hashing import angular_buckets

from .cases import part, qkv
from .layers import handing_out, heads_last, split
from .rows import Row, ratio, reason
from .timing import Size, interleaved
from .torch_peers import first, tensors, timed, torch_on_our_threads

GROUP = "hashed and clustered"
LENGTH, HEADS = 65536, 8


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
        theirs, put_back = original()
        assert_alike(ours(), put_back(theirs()))
    except (ImportError, AssertionError) as error:
        return Row(GROUP, case, name, missing=reason(error))
    taken = interleaved({"ours": ours, name: theirs}, size, GROUP)
    return ratio(GROUP, case, name, taken["ours"], taken[name])


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """A position that is its own only key loses three digits in the originals, in float32."""
    worst = float(np.abs(found - expected).max())
    assert worst < 0.05, f"other numbers, by {worst:.3g}"


def reformer(scale: int):
    """Chunks of 64 and the one before, one round of 2,048 buckets or fewer."""
    n, keys = part(LENGTH, scale), part(64, scale)
    x, _, v = qkv(n, heads=HEADS)
    count = 2 * n // keys
    factors = (count,) if count < 128 else (32, count // 32)
    rotations = random_rotations(HEADS, 1, x.shape[2], sum(factors), seed=0)
    buckets = angular_buckets(x, rotations.astype(np.float32), factors)
    layer = ReformerAttention(keys, causal=True)

    def original():
        torch = torch_on_our_threads()
        from transformers.models.reformer.modeling_reformer import LSHSelfAttention, ReformerConfig

        config = ReformerConfig(
            hidden_size=HEADS * x.shape[2],
            num_attention_heads=HEADS,
            attention_head_size=x.shape[2],
            attn_layers=["lsh"],
            lsh_attn_chunk_length=keys,
            num_buckets=list(factors) if len(factors) > 1 else factors[0],
            num_hashes=1,
            is_decoder=True,
        )
        query_key, value = heads_last(x, v)
        theirs = handing_out(LSHSelfAttention(config, 0), query_key=query_key, value=value)
        table = torch.from_numpy(buckets[None])
        return timed(lambda: theirs(query_key, buckets=table).hidden_states), lambda out: split(
            out, x
        )

    case = f"ReformerAttention({keys}), n = {n:,}"
    return case, "Hugging Face Reformer, LSH", lambda: layer(x, v, buckets), original


def routing(scale: int):
    """As many clusters as a cluster has members."""
    n, size = part(LENGTH, scale), part(256, scale)
    x, _, v = qkv(n, heads=HEADS)
    means = np.random.default_rng(1).standard_normal((HEADS, n // size, x.shape[2]))
    means = means.astype(np.float32)
    layer = RoutingAttention(size, causal=True, shared=True)

    def original():
        torch = torch_on_our_threads()
        from routing_transformer.routing_transformer import KmeansAttention

        theirs = KmeansAttention(
            n // size, size, HEADS, x.shape[2], causal=True, shared_qk=True
        ).eval()
        theirs.kmeans.means.copy_(torch.from_numpy(means))
        theirs.kmeans.initted.fill_(True)
        own = tensors(x, x, v)
        return timed(lambda: theirs(*own)[0]), first

    case = f"RoutingAttention({size}), n = {n:,}"
    return case, "routing-transformer", lambda: layer(x, x, v, layer.members(x, x, means)), original
