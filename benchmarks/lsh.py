"""Reformer's LSH attention after hashing: positions in the order of their buckets, in chunks that
see the one before.
"""

from __future__ import annotations

import numpy as np

import sparse_ref as sr

from .cases import part
from .peers import Peer
from .rows import Target
from .torch_peers import tensors, timed, torch_on_our_threads


def lsh(scale: int) -> Peer:
    """Chunks of 64 of an order that is drawn at random, one for all heads; nobody sees
    themselves.
    """
    n, size = part(16384, scale), part(64, scale)
    order = np.random.default_rng(0).permutation(n)

    def ready(q, k, v):
        torch = torch_on_our_threads()
        from transformers.models.reformer.modeling_reformer import LSHSelfAttention, ReformerConfig

        heads, d = len(q), q.shape[2]
        config = ReformerConfig(
            hidden_size=heads * d,
            num_attention_heads=heads,
            attention_head_size=d,
            attn_layers=["lsh"],
            lsh_attn_chunk_length=size,
            lsh_num_chunks_before=1,
            lsh_num_chunks_after=0,
            is_decoder=False,
        )
        layer = LSHSelfAttention(config, 0).eval()
        chunked = [
            x[:, :, order].unflatten(2, (-1, size)) for x in tensors(q, k / np.float32(d**0.5), v)
        ]
        places = torch.from_numpy(order).expand(1, heads, n)
        return timed(
            lambda: layer._attend(
                *chunked, places, None, do_standard_self_attention=False, use_cache=False
            )[0]
        ), put_back

    def put_back(out):
        own = np.empty(out.shape[1:], np.float32)
        own[:, order] = out[0].numpy()
        return own

    return Peer(
        "Hugging Face Reformer, LSH",
        f"Listed, chunks of {size} and the one before",
        listed(order, size),
        n,
        ready,
        Target("<=", 0.4),
    )


def listed(order: np.ndarray, size: int) -> sr.Listed:
    """Each position sees those of its chunk and of the one before it, around a circle, without
    itself.
    """
    n, chunks = len(order), order.reshape(-1, size)
    seen = np.sort(
        np.concatenate([np.roll(chunks, 1, axis=0), chunks], axis=1), axis=1
    )  # (chunks, 2 size)
    each = np.broadcast_to(seen[:, None], (len(chunks), size, 2 * size))
    keys = np.empty((n, 2 * size - 1), np.int64)
    keys[chunks] = each[each != chunks[:, :, None]].reshape(len(chunks), size, -1)
    return sr.Listed(np.arange(n + 1) * (2 * size - 1), keys.ravel())
