"""Reformer's LSH attention after hashing: positions in the order of their buckets, in chunks that
see the one before.
"""

from __future__ import annotations

import numpy as np

import sparse_ref as sr

from .cases import part
from .peers import Peer
from .rows import Target
from .torch_peers import inference, tensors, torch_on_our_threads


def reformer_config(heads, d, kind, keys, *, is_decoder=False, buckets=None):
    """The configuration of one layer, "lsh" or "local", in chunks of `keys` that see the one
    before, by the library's default.
    """
    from transformers.models.reformer.modeling_reformer import ReformerConfig

    return ReformerConfig(
        hidden_size=heads * d,
        num_attention_heads=heads,
        attention_head_size=d,
        attn_layers=[kind],
        lsh_attn_chunk_length=keys,
        local_attn_chunk_length=keys,
        num_buckets=buckets,
        num_hashes=1,
        is_decoder=is_decoder,
    )


def lsh(scale: int) -> Peer:
    """Chunks of 64 of an order that is drawn at random, one for all heads; no position sees
    itself.
    """
    n, size = part(16384, scale), part(64, scale)
    order = np.random.default_rng(0).permutation(n)

    def ready(q, k, v):
        return lsh_call(q, k, v, order, size), restore

    def restore(out):
        heads = np.empty(out.shape[1:], np.float32)
        heads[:, order] = out[0].numpy()
        return heads

    name = f"Listed, chunks of {size} and the one before"
    p = chunk_sets(order, size)
    return Peer("Hugging Face Reformer, LSH", name, p, n, ready, Target("<=", 0.4))


def lsh_call(q, k, v, order: np.ndarray, size: int):
    """The layer's attention on chunks that are sorted and gathered beforehand."""
    torch = torch_on_our_threads()
    from transformers.models.reformer.modeling_reformer import LSHSelfAttention

    heads, n, d = q.shape
    layer = LSHSelfAttention(reformer_config(heads, d, "lsh", size), 0).eval()
    inputs = tensors(q, k / np.float32(d**0.5), v)
    ordered = [x[:, :, order] for x in inputs]
    chunks = [x.unflatten(2, (-1, size)) for x in ordered]
    places = torch.from_numpy(order).expand(1, heads, n)
    options = {"do_standard_self_attention": False, "use_cache": False}
    return inference(lambda: layer._attend(*chunks, places, None, **options)[0])


def chunk_sets(order: np.ndarray, size: int) -> sr.Listed:
    """Each position sees those of its chunk and of the one before it, around a circle, without
    itself.
    """
    n, chunks = len(order), order.reshape(-1, size)
    before = np.roll(chunks, 1, axis=0)
    pairs = np.concatenate([before, chunks], axis=1)
    members = np.sort(pairs, axis=1)[:, None]  # (chunks, 1, 2 size)
    rows = np.broadcast_to(members, (len(chunks), size, 2 * size))
    others = rows[rows != chunks[:, :, None]]
    count = 2 * size - 1  # of keys per row
    keys = np.empty((n, count), np.int64)
    keys[chunks] = others.reshape(len(chunks), size, count)
    return sr.Listed(np.arange(n + 1) * count, keys.ravel())
