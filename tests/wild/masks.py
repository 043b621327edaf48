"""Masks, layouts and caches of released packages, each as a function of q, k and v (B, H, n, d)."""

import random

import numpy as np
import pytest
from originals.by_path import by_path, sparsity_config

from wild.handed import merged, parted, torch

flex = pytest.importorskip(
    "torch.nn.attention.flex_attention", reason="torch is missing: make test-originals"
)
hf = pytest.importorskip(
    "transformers.masking_utils", reason="transformers is missing: make test-originals"
)
natten = pytest.importorskip("natten", reason="natten is missing: make test-originals")
# by path: the package itself asks for an older transformers
kv_cache = by_path("attention_sinks", "attention_sink_kv_cache.py")
deepspeed = sparsity_config()
sdpa = torch.nn.functional.scaled_dot_product_attention


def flex_attention(mask_mod):
    """PyTorch's FlexAttention under a mask_mod."""

    def fn(q, k, v):
        mask = flex.create_block_mask(mask_mod, None, None, q.shape[2], k.shape[2], device="cpu")
        return flex.flex_attention(q, k, v, block_mask=mask)

    return fn


def multihead(mask, **options):
    """nn.MultiheadAttention, its projections the identity; True in its mask means masked, and in
    ours attended to.
    """

    def fn(q, k, v):
        width = q.shape[1] * q.shape[3]
        layer = torch.nn.MultiheadAttention(width, q.shape[1], bias=False, batch_first=True)
        layer.in_proj_weight.data = torch.eye(width).repeat(3, 1)
        layer.out_proj.weight.data = torch.eye(width)
        out, _ = layer(
            merged(q), merged(k), merged(v), attn_mask=~torch.from_numpy(mask), **options
        )
        return parted(out, q.shape[1])

    return fn


def transformers_mask(mask_function):
    """PyTorch's attention under the mask that transformers draws for it."""

    def fn(q, k, v):
        mask = hf.sdpa_mask(
            len(q), q.shape[2], k.shape[2], mask_function=mask_function, allow_is_causal_skip=False
        )
        return sdpa(q, k, v, attn_mask=mask)

    return fn


def neighborhood(shape, keys, **options):
    """na1d or na2d."""

    def fn(q, k, v):
        q, k, v = (x.transpose(1, 2).unflatten(1, shape) for x in (q, k, v))
        out = (natten.na1d, natten.na2d)[len(shape) - 1](
            q, k, v, keys, backend="flex-fna", **options
        )
        return out.flatten(1, -3).transpose(1, 2)

    return fn


def layout(name, **arguments):
    """PyTorch's attention under a layout of DeepSpeed's, whose blocks are one token."""

    def fn(q, k, v):
        random.seed(0)
        config = getattr(deepspeed, f"{name}SparsityConfig")(q.shape[1], block=1, **arguments)
        return sdpa(q, k, v, attn_mask=config.make_layout(q.shape[2]).bool()[None])

    return fn


def stream(sinks, keys, coming=1, before=True):
    """Attention to StreamingLLM's cache, `coming` tokens at a time; room for them is made before,
    or it is trimmed after.
    """

    def fn(q, k, v):
        cache, past, out = kv_cache.AttentionSinkKVCache(sinks, keys), None, []
        for i in range(0, q.shape[2], coming):
            past = cache.evict_for_space(past, coming) if before else past
            come = [x[:, :, i : i + coming] for x in (k, v)]
            past = [
                come if past is None else [torch.cat(pair, dim=2) for pair in zip(past[0], come)]
            ]
            queries, seen = q[:, :, i : i + coming], past[0][0].shape[2]
            mask = torch.ones(queries.shape[2], seen, dtype=torch.bool).tril(
                seen - queries.shape[2]
            )
            out.append(sdpa(queries, *past[0], attn_mask=mask))
            past = past if before else cache(past)
        return torch.cat(out, dim=2)

    return fn


def onnx(**attributes):
    """The reference evaluator of ONNX on one Attention node."""
    from originals.test_onnx import attention

    operator = attention(**attributes)
    return lambda q, k, v: torch.from_numpy(
        np.ascontiguousarray(operator(*(x.numpy() for x in (q, k, v))))
    )
