"""The index family of transformers, executed: tiny layers with random weights, and what goes in and
out of their attention.
"""

from contextlib import contextmanager
from importlib import import_module
from typing import NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")


class Run(NamedTuple):
    """What one layer computed for one sequence of n tokens, and the slopes of a random sum of it.

    q (H, n, d), k, v: what its attention got, of tokens and entries; mask bool (1 or H, n, m),
    True where it attends; out (H, n, e), the output; slopes: the gradients at q, k, v and out;
    arrays: what its indexer and its pools worked with.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    mask: np.ndarray
    out: np.ndarray
    slopes: list
    arrays: dict


def modeling(name):
    return import_module(f"transformers.models.{name}.modeling_{name}")


def array(x):
    """A tensor (1, ...) as an array (...)."""
    return x.detach()[0].numpy()


@contextmanager
def recording(module):
    """A list of (query, key, value, mask, out), which the module's eager attention gets, gives."""
    tensors, eager = [], module.eager_attention_forward

    def attention(layer, query, key, value, attention_mask, *args, **options):
        out, weights = eager(layer, query, key, value, attention_mask, *args, **options)
        for tensor in (query, key, value, out):
            tensor.retain_grad()
        tensors.append((query, key, value, attention_mask, out))
        return out, weights

    module.eager_attention_forward = attention
    try:
        yield tensors
    finally:
        module.eager_attention_forward = eager


def run_of(tensors, arrays):
    """The Run of what was recorded of a call, after the backward pass."""
    query, key, value, mask, out = tensors
    heads_first = array(out.transpose(1, 2))
    slopes = [array(tensor.grad) for tensor in (query, key, value)]
    slopes.append(array(out.grad.transpose(1, 2)))
    is_member = array(mask) == 0
    arrays = {name: array(x) for name, x in arrays.items()}
    return Run(*map(array, (query, key, value)), is_member, heads_first, slopes, arrays)


def backward(output, seed):
    """The backward pass of a random sum of an output."""
    weights = hidden(*output.shape[1:], seed)
    (output * weights).sum().backward()


@contextmanager
def calls_of(layer, *names):
    """{name: (inputs, output)} of the submodules of these names, each at its last call."""
    calls = {}

    def keeper(name):
        return lambda _, inputs, output: calls.update({name: (inputs, output)})

    hooks = [layer.get_submodule(name).register_forward_hook(keeper(name)) for name in names]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def outputs(calls):
    """What the submodules gave, in the order of their calls."""
    return [output for _, output in calls.values()]


def randomized(layer, seed):
    """The layer in evaluation, all its parameters normal with standard deviation 0.5."""
    torch.manual_seed(seed)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return layer.eval()


def causal_mask(n):
    """The additive mask that the models pass, (1, 1, n, n)."""
    least = torch.finfo(torch.float32).min
    return torch.full((n, n), least).triu(1)[None, None]


def hidden(n, width, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, n, width, generator=generator)


def angles(n, pairs, copies=2):
    """(cos, sin) of a rotation, (1, n, copies pairs)."""
    turns = torch.arange(n)[:, None] * torch.linspace(0.1, 1.0, pairs)
    twice = torch.cat([turns] * copies, dim=-1)[None]
    return twice.cos(), twice.sin()


SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "attn_implementation": "eager",
}
LATENT = {
    **SIZES,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "index_head_dim": 8,
}


def dsa(name, n, top_k, heads, seed):
    """A layer of deepseek_v32 or of glm_moe_dsa, which rotates its indexer in another way."""
    module = modeling(name)
    kind = {"deepseek_v32": "DeepseekV32", "glm_moe_dsa": "GlmMoeDsa"}[name]
    sizes = {**LATENT, "qk_rope_head_dim": 4, "index_topk": top_k, "index_n_heads": heads}
    config = getattr(module, f"{kind}Config")(**sizes)
    layer = randomized(getattr(module, f"{kind}Attention")(config, 0), seed)
    rotation = angles(n, 2)
    submodules = "indexer.wq_b", "indexer.k_norm", "indexer.weights_proj"
    with recording(module) as runs, calls_of(layer, *submodules) as calls:
        out, *_ = layer(hidden(n, 32, seed), rotation, causal_mask(n))
    backward(out, seed)
    return run_of(runs[0], dsa_arrays(module, calls, heads, rotation))


def dsa_arrays(module, calls, heads, rotation):
    """q, k and w of an indexer, turned as its own code does."""
    q, k, w = outputs(calls)
    q = q.unflatten(-1, (heads, -1))
    is_glm = "glm" in module.__name__
    turn = module.apply_rotary_pos_emb_interleave if is_glm else module.apply_rotary_pos_emb
    k = k.unsqueeze(2)
    turned = turn(q[..., :4], k[..., :4], *rotation, unsqueeze_dim=2)
    q, k = (torch.cat([rot, x[..., 4:]], dim=-1) for rot, x in zip(turned, (q, k)))
    return {"q": q.transpose(1, 2), "k": k.squeeze(2), "w": w}


def kpool(n, top_k, block, tail, seed):
    """A layer of glm5_next."""
    module = modeling("glm5_next")
    config = module.Glm5NextTextConfig(
        **LATENT,
        index_topk=top_k,
        index_kpool=block,
        index_n_heads=3,
        index_kpool_always_select_tail=tail,
        layer_types=["indexed_attention"],
        mlp_layer_types=["dense"],
    )
    layer = randomized(module.Glm5NextTextAttention(config, 0), seed)
    x, indexer = hidden(n, 32, seed), layer.indexer
    submodules = "indexer.wq_b", "indexer.k_norm", "indexer.weights_proj"
    with recording(module) as runs, calls_of(layer, *submodules) as calls:
        out, *_ = layer(x, torch.ones(1, n, dtype=torch.bool))
        gates = x @ indexer.index_kpool_compress_gate.T
        gates = gates + indexer.index_kpool_compress_ape[torch.arange(n) % block]
    q, k, w = outputs(calls)
    q = q.unflatten(-1, (3, -1)).transpose(1, 2)
    backward(out, seed)
    return run_of(runs[0], {"q": q, "k": k, "w": w, "gates": gates})


def qsa(n, top_k, block, seed):
    """A layer of qwen4_exp; `k` are the keys of its full blocks."""
    module = modeling("qwen4_exp")
    config = module.Qwen4ExpTextConfig(
        **SIZES,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        indexer_n_heads=3,
        indexer_kv_heads=1,
        indexer_head_dim=8,
        indexer_budget=top_k,
        indexer_compress_ratio=block,
        layer_types=["indexed_attention"],
    )
    layer = randomized(module.Qwen4ExpTextAttention(config, 0), seed)
    rotation = angles(n, 2)
    submodules = "indexer.index_qk_proj", "indexer.q_layernorm"
    with recording(module) as runs, calls_of(layer, *submodules) as calls:
        out, *_ = layer(hidden(n, 32, seed), rotation, causal_mask(n))
        qk, q = outputs(calls)
        full = n - n % block
        means = qk[:, :full, -8:].unflatten(1, (-1, block)).mean(2)
        k = layer.indexer.k_layernorm(means)
        cos, sin = (x[:, :full:block] for x in rotation)
        q = module.apply_rotary_pos_emb(q, cos=rotation[0], sin=rotation[1], unsqueeze_dim=2)
        k = module.apply_rotary_pos_emb(k.unsqueeze(2), cos=cos, sin=sin, unsqueeze_dim=2)
    backward(out, seed)
    return run_of(runs[0], {"q": q.transpose(1, 2), "k": k.squeeze(2)})


def msa(n, heads, index_heads, top_k, block, local, seed):
    """A layer of minimax_m3_vl, two key heads."""
    module = modeling("minimax_m3_vl")
    config = module.MiniMaxM3VLTextConfig(
        **SIZES,
        num_attention_heads=heads,
        num_key_value_heads=2,
        head_dim=8,
        rotary_dim=4,
        index_n_heads=index_heads,
        index_head_dim=8,
        index_block_size=block,
        index_topk_blocks=top_k,
        index_local_blocks=local,
        layer_types=["minimax_m3_sparse"],
        mlp_layer_types=["dense"],
    )
    layer = randomized(module.MiniMaxM3VLAttention(config, 0), seed)
    rotation = angles(n, 2)
    submodules = "indexer.q_norm", "indexer.k_norm"
    with recording(module) as runs, calls_of(layer, *submodules) as calls:
        positions = torch.arange(n)[None]
        out, _ = layer(hidden(n, 32, seed), rotation, causal_mask(n), position_ids=positions)
    q, k = (x.transpose(1, 2) for x in outputs(calls))
    q, k = module.apply_rotary_pos_emb(q, k, *rotation)
    backward(out, seed)
    return run_of(runs[0], {"q": q, "k": k[:, 0]})


V4 = {
    **SIZES,
    "num_attention_heads": 4,
    "head_dim": 8,
    "q_lora_rank": 16,
    "o_groups": 2,
    "o_lora_rank": 8,
    "index_n_heads": 3,
    "index_head_dim": 8,
    "mlp_layer_types": ["moe"],
}
KINDS = {"csa": "compressed_sparse_attention", "hca": "heavily_compressed_attention"}


def v4(kind, n, top_k, block, keys, seed):
    """A layer of deepseek_v4, "csa" or "hca", its sinks, and what its compressors pool."""
    layer, module = v4_layer(kind, top_k, block, keys, seed)
    compressor = layer.compressor
    names = ["compressor.kv_proj", "compressor.gate_proj", "compressor.kv_norm"]
    if kind == "csa":
        names += ["compressor.indexer.scorer", "compressor.indexer.scorer.weights_proj"]
    with recording(module) as runs, calls_of(layer, *names) as calls:
        out, _ = layer(*v4_inputs(layer, n, keys, seed))
    kv, gates = (calls[name][1] for name in names[:2])
    arrays = {"kv": kv, "gates": gates + compressor.position_bias[torch.arange(n) % block]}
    tensors = {"dkv": kv, "dgates": gates}
    if "compressor.kv_norm" in calls:  # there are entries
        arrays["pools"] = tensors["dpools"] = calls["compressor.kv_norm"][0][0]
    if kind == "csa":
        (q, k, _), _ = calls["compressor.indexer.scorer"]
        w = calls["compressor.indexer.scorer.weights_proj"][1]
        arrays |= {"index_q": q.transpose(1, 2), "index_k": k, "index_w": w}
    for tensor in tensors.values():
        tensor.retain_grad()
    backward(out, seed)
    gradients = {name: x.grad for name, x in tensors.items() if x.grad is not None}
    sinks = {"sink": layer.sinks[None], "dsink": layer.sinks.grad[None]}
    return run_of(runs[0], arrays | gradients | sinks)


def v4_layer(kind, top_k, block, keys, seed):
    """The layer, and the module it is from."""
    module = modeling("deepseek_v4")
    config = module.DeepseekV4Config(
        **V4,
        index_topk=top_k,
        sliding_window=keys,
        compress_rates={KINDS[kind]: block},
        layer_types=[KINDS[kind]],
    )
    return randomized(module.DeepseekV4Attention(config, 0), seed), module


def v4_inputs(layer, n, keys, seed):
    """Hidden states, rotations, positions and the mask of the sliding window, as the model has."""
    x, positions = hidden(n, 32, seed), torch.arange(n)[None]
    rotate = layer.compressor.rotary_emb
    rotations = {name: rotate(x, positions, layer_type=name) for name in ("main", "compress")}
    i, j = torch.arange(n)[:, None], torch.arange(n)
    is_outside = (j > i) | (j <= i - keys)
    mask = torch.zeros(n, n).masked_fill(is_outside, torch.finfo(torch.float32).min)
    return x, rotations, positions, mask[None, None]


def indexshare(n, top_k, types, seed):
    """The attention of each layer of a glm_moe_dsa model; `types` is a letter a layer, F or S."""
    module = modeling("glm_moe_dsa")
    sizes = LATENT | {"num_hidden_layers": len(types)}
    config = module.GlmMoeDsaConfig(
        **sizes,
        vocab_size=50,
        intermediate_size=16,
        qk_rope_head_dim=4,
        index_topk=top_k,
        index_n_heads=3,
        index_topk_pattern=types,
        mlp_layer_types=["dense"] * len(types),
        pad_token_id=0,
    )
    model = randomized(module.GlmMoeDsaModel(config), seed)
    ends = "wq_b", "k_norm", "weights_proj"
    full = [layer for layer, kind in enumerate(types) if kind == "F"]
    names = {l: [f"layers.{l}.self_attn.indexer.{end}" for end in ends] for l in full}
    tokens = hidden(n, 1, seed).argsort(dim=1)[:, :, 0] + 1
    submodules = [name for layer in full for name in names[layer]]
    with recording(module) as runs, calls_of(model, *submodules) as calls:
        out = model(tokens).last_hidden_state
        rotation = model.rotary_emb(out, torch.arange(n)[None])
    backward(out, seed)
    of_layer = {l: {name: calls[name] for name in names[l]} for l in full}
    arrays = {l: dsa_arrays(module, of_layer[l], 3, rotation) for l in full}
    return [run_of(tensors, arrays.get(l, {})) for l, tensors in enumerate(runs)]
