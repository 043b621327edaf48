"""Peers from libraries of models: the attention of Longformer, BigBird and Reformer in Hugging
Face, and local-attention.
"""

from __future__ import annotations

import inspect
import textwrap

import numpy as np

import sparse_ref as sr

from . import peers
from .cases import part
from .lsh import lsh
from .peers import Peer
from .rows import Row, Target
from .timing import Size
from .torch_peers import first, tensors, timed, torch_on_our_threads

GROUP = "layers of others"
QUICKER = Target("<=", 0.4)


def rows(size: Size) -> list[Row]:
    """Time of `attend` over that of the layers that others wrote for the same sets, 8 heads,
    without their projections.

    Longformer, Reformer's local layer: the layer's own `forward`, in evaluation, with projections
    that hand out queries, keys and values made beforehand, in the layout that a projection has; so
    Longformer's time includes its mask for padding. BigBird: `bigbird_block_sparse_attention` in
    evaluation, where block 0 stands in for the random ones and counts once for each, for us as
    well; cut off before it writes its weights into an (n, n) array, which the output does not need.
    Reformer's LSH layer: `_attend`, given queries, keys and values that are hashed, sorted and
    gathered already; our set is listed and lowered beforehand, and we do gather. local-attention:
    `LocalAttention` with exact windows.
    """
    return peers.rows(GROUP, [longformer, bigbird, reformer_local, lsh, local_attention], size)


def handing_out(layer, **given):
    """The layer, whose projections of these names hand out a copy of what is given, whatever they
    are called with.
    """
    for name, tensor in given.items():
        delattr(layer, name)
        setattr(layer, name, lambda x, tensor=tensor: tensor.clone())
    return layer.eval()


def heads_last(*arrays):
    """(1, n, heads d), as a projection returns it."""
    return [tensor.transpose(1, 2).flatten(2).contiguous() for tensor in tensors(*arrays)]


def split(out, like) -> np.ndarray:
    """(heads, n, d) of (1, n, heads d)."""
    return out.numpy().reshape(like.shape[1], like.shape[0], -1).transpose(1, 0, 2)


def longformer(scale: int) -> Peer:
    """A window of 256 keys to each side; the layer has its positions before its batch inside."""
    n, radius = part(16384, scale), part(256, scale)

    def ready(q, k, v):
        torch = torch_on_our_threads()
        from transformers.models.longformer.modeling_longformer import (
            LongformerConfig,
            LongformerSelfAttention,
        )

        config = LongformerConfig(
            hidden_size=q.shape[0] * q.shape[2],
            num_attention_heads=len(q),
            num_hidden_layers=1,
            attention_window=[2 * radius],
        )
        query, key, value = heads_last(q, k, v)
        layer = handing_out(
            LongformerSelfAttention(config, 0),
            query=query.transpose(0, 1),
            key=key.transpose(0, 1),
            value=value.transpose(0, 1),
        )
        none = torch.zeros(1, n, dtype=torch.bool)
        return timed(
            lambda: layer(
                query,
                torch.zeros(1, n),
                is_index_masked=none,
                is_index_global_attn=none,
                is_global_attn=False,
            )[0]
        ), lambda out: split(out, q)

    return Peer(
        "Hugging Face Longformer", f"Window({radius})", sr.Window(radius), n, ready, QUICKER
    )


def bigbird(scale: int) -> Peer:
    """Blocks of 64 and three random ones, at the longest length of the published models."""
    n, block = part(4096, scale), part(64, scale)

    def ready(q, k, v):
        torch = torch_on_our_threads()
        from transformers.models.big_bird import modeling_big_bird as module

        heads, d = len(q), q.shape[2]
        config = module.BigBirdConfig(
            hidden_size=heads * d, num_attention_heads=heads, num_random_blocks=3, block_size=block
        )
        layer = module.BigBirdBlockSparseAttention(config, 0).eval()
        blocked, band, rows, keys = module.BigBirdModel.create_masks_for_block_sparse_attn(
            torch.ones(1, n), block
        )
        core = cut(
            module,
            layer.bigbird_block_sparse_attention,
            "attention_probs = torch.zeros(",
            "context_layer",
        )
        own = tensors(q, k, v)
        return timed(
            lambda: core(
                layer,
                *own,
                band,
                rows,
                keys,
                blocked,
                blocked,
                heads,
                3,
                d,
                block,
                block,
                1,
                n,
                n,
                seed=0,
                plan_from_length=None,
                plan_num_rand_blocks=None,
            )
        ), lambda out: first(out.transpose(1, 2))

    sets = sr.bigbird_hf(n, block, 3, 0, training=False)
    return Peer("Hugging Face BigBird", f"bigbird_hf, blocks of {block}", sets, n, ready, QUICKER)


def cut(module, method, before: str, result: str):
    """The method's own code up to a line, as a function of its module that returns what it has by
    then.
    """
    source = textwrap.dedent(inspect.getsource(method))
    head, found, _ = source.partition(before)
    if not found:
        raise ImportError(f"{module.__name__} is another version: it has no line {before!r}")
    room = dict(vars(module))
    exec(compile(f"{head}return {result}\n", module.__file__, "exec"), room)
    return room[method.__name__]


def reformer_local(scale: int) -> Peer:
    """Chunks of 64 that see themselves and the one before, around a circle: no mask is needed."""
    n, keys = part(16384, scale), part(64, scale)

    def ready(q, k, v):
        torch_on_our_threads()
        from transformers.models.reformer.modeling_reformer import (
            LocalSelfAttention,
            ReformerConfig,
        )

        heads, d = len(q), q.shape[2]
        config = ReformerConfig(
            hidden_size=heads * d,
            num_attention_heads=heads,
            attention_head_size=d,
            attn_layers=["local"],
            local_attn_chunk_length=keys,
            local_num_chunks_before=1,
            local_num_chunks_after=0,
            is_decoder=False,
        )
        query, key, value = heads_last(q, k, v)
        layer = handing_out(LocalSelfAttention(config, 0), query=query, key=key, value=value)
        return timed(lambda: layer(query).hidden_states), lambda out: split(out, q)

    return Peer(
        "Hugging Face Reformer, local",
        f"reformer_local, chunks of {keys}",
        sr.reformer_local(n, keys),
        n,
        ready,
        QUICKER,
    )


def local_attention(scale: int) -> Peer:
    """A causal window, exact to the key."""
    n, keys = part(16384, scale), part(512, scale)

    def ready(q, k, v):
        torch_on_our_threads()
        from local_attention import LocalAttention

        layer, own = (
            LocalAttention(keys, causal=True, exact_windowsize=True).eval(),
            tensors(q, k, v),
        )
        return timed(lambda: layer(*own)), first

    return Peer("local-attention", f"Local({keys})", sr.Local(keys), n, ready, QUICKER)
