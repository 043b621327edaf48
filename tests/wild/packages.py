"""Packages for PyTorch, each as a function of q, k and v (B, H, n, d): litgpt, x-transformers,
memory-efficient-attention-pytorch, ring-attention-pytorch, Megatron, xformers, fla, torchtune,
SpeechBrain, diffusers.
"""

from types import ModuleType
from unittest.mock import patch

import pytest
from originals.by_path import by_path

from wild.handed import Passed, hand, numbered, parted, torch

TorchFunctionMode = torch.overrides.TorchFunctionMode

litgpt, xt, mea, mea_flash, ring, megatron, megatron_enums, megatron_utils = (
    pytest.importorskip(name, reason=f"{name} is missing: make test-originals")
    for name in (
        "litgpt",
        "x_transformers.attend",
        "memory_efficient_attention_pytorch.memory_efficient_attention",
        "memory_efficient_attention_pytorch.flash_attention",
        "ring_attention_pytorch",
        "megatron.core.fusions.fused_softmax",
        "megatron.core.transformer.enums",
        "megatron.core.transformer.utils",
    )
)
diffusers = pytest.importorskip(
    "diffusers.models.attention_processor", reason="diffusers is missing: make test-originals"
)
fla = by_path("fla", "ops/attn/naive.py")
xformers = by_path("xformers", "ops/fmha/attn_bias.py")


class Nothing(torch.nn.Module):
    """In place of a class or function that is not used: takes anything."""

    def __init__(self, *anything):
        super().__init__()


class Stub(ModuleType):
    """A module in place of one that asks for what is not installed."""

    def __getattr__(self, name):
        return False if name.isupper() else Nothing


speechbrain_chunks = by_path("speechbrain", "utils/dynamic_chunk_training.py", Stub("speechbrain"))
speechbrain = by_path(
    "speechbrain",
    "lobes/models/transformer/TransformerASR.py",
    *(
        Stub(f"speechbrain.{name}")
        for name in (
            "dataio.dataio",
            "lobes.models.transformer.Transformer",
            "nnet.activations",
            "nnet.containers",
            "nnet.linear",
            "utils.dynamic_chunk_training",
            "utils.logger",
        )
    ),
)
torchtune = by_path(
    "torchtune",
    "modules/attention_utils.py",
    *(Stub(f"torchtune.utils.{name}") for name in ("_import_guard", "_logging")),
)
sdpa = torch.nn.functional.scaled_dot_product_attention


class OnCPU(TorchFunctionMode):
    """Reads device="cuda" as the CPU."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if kwargs.get("device") == "cuda":
            kwargs["device"] = "cpu"
        return function(*args, **kwargs)


def litgpt_model(chunk=None, **config):
    """A GPT of one layer without rotation; through its cache, `chunk` tokens at a time."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        shape = dict(n_layer=1, n_head=heads, n_embd=heads * d, block_size=n, padded_vocab_size=8)
        model = litgpt.GPT(litgpt.Config(rotary_percentage=1.0, **shape, **config)).eval()
        model.cos = torch.ones_like(model.cos)
        model.sin = torch.zeros_like(model.sin)
        model.transformer.wte = torch.nn.Identity()
        block = model.transformer.h[0]
        block.norm_1 = torch.nn.Identity()
        block.attn.proj = Passed()
        hand(block.attn, qkv=(q, k, v))
        if chunk is None:
            model(numbered(q))
            return parted(block.attn.proj.x, heads)
        model.set_kv_cache(len(q))
        out = []
        for positions in torch.arange(n).split(chunk):
            model(numbered(q)[:, positions], positions)
            out.append(block.attn.proj.x)
        return parted(torch.cat(out, dim=1), heads)

    return fn


def attend(call=None, **options):
    """The Attend of x-transformers; `call` is what its call is handed."""

    def fn(q, k, v):
        return xt.Attend(heads=q.shape[1], **options)(q, k, v, **(call or {}))[0]

    return fn


def mea_flash_attention(q, k, v):
    """FlashAttentionFunction of memory-efficient-attention-pytorch, causal, its own buckets."""
    return mea_flash.FlashAttentionFunction.apply(q, k, v, None, True, 512, 1024)


def mea_attention(q, k, v):
    """memory_efficient_attention, causal, in buckets of 4."""
    return mea.memory_efficient_attention(q, k, v, causal=True, q_bucket_size=4, k_bucket_size=4)


def ring_attention(name, *rest):
    """An attention of ring-attention-pytorch on one machine; `rest` follows v in its call."""

    def fn(q, k, v):
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        return getattr(ring, name)(q, k, v, *rest).transpose(1, 2)

    return fn


def ring_attention_of_padded(name, padding, causal):
    """The same, told by a mask that the first `padding` keys are none."""

    def fn(q, k, v):
        mask = (torch.arange(k.shape[2]) >= padding).expand(len(k), -1)
        return ring_attention(name, mask, causal)(q, k, v)

    return fn


def megatron_softmax(kind, window=None, mask=None):
    """Megatron's FusedScaleMaskSoftmax on PyTorch's path; True in its mask means masked."""

    def fn(q, k, v):
        softmax = megatron.FusedScaleMaskSoftmax(
            False,
            False,
            getattr(megatron_enums.AttnMaskType, kind),
            False,
            megatron_utils.attention_mask_func,
            True,
            None,
            window,
        )
        scores = q @ k.mT / q.shape[-1] ** 0.5
        with patch("torch.cuda.current_device", lambda: "cpu"), OnCPU():
            return softmax(scores, mask) @ v

    return fn


def bias(mask):
    """PyTorch's attention under a mask of xformers."""

    def fn(q, k, v):
        return sdpa(q, k, v, attn_mask=mask.materialize((q.shape[2], k.shape[2])))

    return fn


def fla_attention(**options):
    """fla's naive attention, without the largest logits that it also returns."""

    def fn(q, k, v):
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        return fla.naive_parallel_attn(q, k, v, **options)[0].transpose(1, 2)

    return fn


def mask_attention(mask):
    """PyTorch's attention under a mask, a function of n."""

    def fn(q, k, v):
        return sdpa(q, k, v, attn_mask=mask(q.shape[2]))

    return fn


def diffusers_layer(processor):
    """A self-attention of diffusers."""

    def fn(q, k, v):
        heads, _, d = q.shape[1:]
        layer = diffusers.Attention(heads * d, heads=heads, dim_head=d, bias=False)
        layer.set_processor(getattr(diffusers, processor)())
        layer.to_out = torch.nn.ModuleList([torch.nn.Identity(), torch.nn.Identity()])
        return parted(hand(layer.eval(), to_q=(q,), to_k=(k,), to_v=(v,))(numbered(q)), heads)

    return fn


def padded_window(n, keys, padding):
    """The mask of the last `keys` keys without the first `padding`; True means masked."""
    mask = torch.ones(n, n, dtype=torch.bool).triu(1)
    mask |= torch.ones(n, n, dtype=torch.bool).tril(-keys)
    mask[:, :padding] = True
    return mask


def torchtune_mask(lengths):
    """torchtune's mask of packed sequences, as a function of n."""
    mask = torchtune.create_block_causal_mask([torch.tensor(lengths)])
    return lambda n: mask


def speechbrain_mask(chunk, before):
    """SpeechBrain's mask of chunks, True where it is attended to, as a function of n."""
    config = speechbrain_chunks.DynChunkTrainConfig(chunk, before)
    source = speechbrain.make_transformer_src_mask
    return lambda n: ~source(torch.zeros(1, n, 1), dynchunktrain_config=config)
