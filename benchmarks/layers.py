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
from .lsh import lsh, reformer_config
from .peers import Peer
from .rows import Row, Target
from .timing import Size
from .torch_peers import first, inference, tensors, torch_on_our_threads

GROUP = "layers of others"
QUICKER = Target("<=", 0.4)
RANDOM = 3  # blocks for each block of queries


def rows(size: Size) -> list[Row]:
    """Time of `attend` over that of the layers that others wrote for the same sets, 8 heads,
    without their projections.

    Longformer, Reformer's local layer: the layer's own `forward`, in evaluation, with projections
    that return queries, keys and values made beforehand, in the layout that a projection has; so
    Longformer's time includes its mask for padding. BigBird: `bigbird_block_sparse_attention` in
    evaluation, where block 0 stands in for the random ones and counts once for each, for us as
    well; cut off before it writes its weights into an (n, n) array, which the output does not need.
    Reformer's LSH layer: `_attend`, given queries, keys and values that are hashed, sorted and
    gathered already; our set is listed and lowered beforehand, and we do gather. local-attention:
    `LocalAttention` with exact windows.
    """
    return peers.rows(GROUP, [longformer, bigbird, reformer_local, lsh, local_attention], size)


def constant_projections(layer, **outputs):
    """The layer, whose projections of these names return a copy of these tensors for any input."""
    for name, tensor in outputs.items():
        delattr(layer, name)
        setattr(layer, name, lambda x, tensor=tensor: tensor.clone())
    return layer.eval()


def heads_last(*arrays):
    """(1, n, heads d), as a projection returns it."""
    rows = [tensor.transpose(1, 2) for tensor in tensors(*arrays)]
    return [tensor.flatten(2).contiguous() for tensor in rows]


def split(out, like) -> np.ndarray:
    """(heads, n, d) of (1, n, heads d)."""
    heads, n, _ = like.shape
    rows = out.numpy().reshape(n, heads, -1)
    return rows.transpose(1, 0, 2)


def longformer(scale: int) -> Peer:
    """A window of 256 keys to each side; the layer has its positions before its batch inside."""
    n, radius = part(16384, scale), part(256, scale)

    def ready(q, k, v):
        torch = torch_on_our_threads()
        from transformers.models.longformer import modeling_longformer as original

        heads, _, d = q.shape
        config = original.LongformerConfig(
            hidden_size=heads * d,
            num_attention_heads=heads,
            num_hidden_layers=1,
            attention_window=[2 * radius],
        )
        query, key, value = heads_last(q, k, v)
        layer = constant_projections(
            original.LongformerSelfAttention(config, 0),
            query=query.transpose(0, 1),
            key=key.transpose(0, 1),
            value=value.transpose(0, 1),
        )
        none = torch.zeros(1, n, dtype=torch.bool)
        options = {
            "is_index_masked": none,
            "is_index_global_attn": none,
            "is_global_attn": False,
        }
        padding = torch.zeros(1, n)
        call = inference(lambda: layer(query, padding, **options)[0])
        return call, lambda out: split(out, q)

    window = sr.Window(radius)
    return Peer("Hugging Face Longformer", repr(window), window, n, ready, QUICKER)


def bigbird(scale: int) -> Peer:
    """Blocks of 64 and three random ones, at the longest length of the published models."""
    n, block = part(4096, scale), part(64, scale)

    def ready(q, k, v):
        call = bigbird_call(q, k, v, block)
        return call, lambda out: first(out.transpose(1, 2))

    sets = sr.bigbird_hf(n, block, RANDOM, 0, training=False)
    return Peer("Hugging Face BigBird", f"bigbird_hf, blocks of {block}", sets, n, ready, QUICKER)


def bigbird_call(q, k, v, block: int):
    """The layer's attention up to its output, without the matrix of weights that it writes next."""
    torch = torch_on_our_threads()
    from transformers.models.big_bird import modeling_big_bird as module

    heads, n, d = q.shape
    config = module.BigBirdConfig(
        hidden_size=heads * d,
        num_attention_heads=heads,
        num_random_blocks=RANDOM,
        block_size=block,
    )
    layer = module.BigBirdBlockSparseAttention(config, 0).eval()
    masks = module.BigBirdModel.create_masks_for_block_sparse_attn(torch.ones(1, n), block)
    blocks, band, rows, keys = masks
    method = layer.bigbird_block_sparse_attention
    core = cut(module, method, "attention_probs = torch.zeros(", "context_layer")
    options = {
        "band_mask": band,
        "from_mask": rows,
        "to_mask": keys,
        "from_blocked_mask": blocks,
        "to_blocked_mask": blocks,
        "n_heads": heads,
        "n_rand_blocks": RANDOM,
        "attention_head_size": d,
        "from_block_size": block,
        "to_block_size": block,
        "batch_size": 1,
        "from_seq_len": n,
        "to_seq_len": n,
        "seed": 0,
        "plan_from_length": None,
        "plan_num_rand_blocks": None,
    }
    inputs = tensors(q, k, v)
    return inference(lambda: core(layer, *inputs, **options))


def cut(module, method, before: str, result: str):
    """The method's own code up to a line, as a function that returns one of its variables."""
    source = textwrap.dedent(inspect.getsource(method))
    head, line, _ = source.partition(before)
    if not line:
        raise ImportError(f"{module.__name__} is another version: it has no line {before!r}")
    names = dict(vars(module))
    exec(compile(f"{head}return {result}\n", module.__file__, "exec"), names)
    return names[method.__name__]


def reformer_local(scale: int) -> Peer:
    """Chunks of 64 that see themselves and the one before, around a circle: no mask is needed."""
    n, keys = part(16384, scale), part(64, scale)

    def ready(q, k, v):
        torch_on_our_threads()
        from transformers.models.reformer.modeling_reformer import LocalSelfAttention

        heads, _, d = q.shape
        config = reformer_config(heads, d, "local", keys)
        query, key, value = heads_last(q, k, v)
        layer = constant_projections(
            LocalSelfAttention(config, 0), query=query, key=key, value=value
        )
        return inference(lambda: layer(query).hidden_states), lambda out: split(out, q)

    sets, name = sr.reformer_local(n, keys), f"reformer_local, chunks of {keys}"
    return Peer("Hugging Face Reformer, local", name, sets, n, ready, QUICKER)


def local_attention(scale: int) -> Peer:
    """A causal window, exact to the key."""
    n, keys = part(16384, scale), part(512, scale)

    def ready(q, k, v):
        torch_on_our_threads()
        from local_attention import LocalAttention

        layer = LocalAttention(keys, causal=True, exact_windowsize=True).eval()
        inputs = tensors(q, k, v)
        return inference(lambda: layer(*inputs)), first

    window = sr.Local(keys)
    return Peer("local-attention", repr(window), window, n, ready, QUICKER)
