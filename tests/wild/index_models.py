"""Layers and models whose keys an indexer chooses, tiny and random: DeepSeek V3.2 and V4, GLM 5,
MiniMax M3, Qwen 4, native sparse attention.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
import pytest

import sparse_ref as sr
from wild.case import one_thread
from wild.handed import torch

transformers = pytest.importorskip(
    "transformers", reason="transformers is missing: make test-originals"
)
nsa = pytest.importorskip(
    "native_sparse_attention_pytorch",
    reason="native-sparse-attention-pytorch is missing: make test-originals",
)
transformers.utils.logging.set_verbosity_error()

COMMON = dict(vocab_size=50, hidden_size=32, num_attention_heads=2, pad_token_id=0)
LATENT = dict(
    intermediate_size=32,
    num_key_value_heads=2,
    kv_lora_rank=16,
    q_lora_rank=16,
    qk_nope_head_dim=8,
    v_head_dim=8,
    index_head_dim=16,
    index_n_heads=2,
)
SPARSE = dict(moe_intermediate_size=16, num_experts_per_tok=2)
CLASSES = dict(
    deepseek_v32="DeepseekV32",
    deepseek_v4="DeepseekV4",
    glm5_next="Glm5NextText",
    glm_moe_dsa="GlmMoeDsa",
    minimax_m3_vl="MiniMaxM3VLText",
    qwen4_exp="Qwen4ExpText",
)
SIZES = dict(
    deepseek_v32=LATENT | dict(qk_rope_head_dim=8, index_topk=6, moe_intermediate_size=16),
    deepseek_v4=SPARSE
    | dict(
        head_dim=16,
        q_lora_rank=16,
        o_groups=2,
        o_lora_rank=8,
        sliding_window=4,
        n_routed_experts=4,
        index_n_heads=2,
        index_head_dim=16,
        index_topk=2,
        layer_types=["compressed_sparse_attention"],
        compress_rates=dict(compressed_sparse_attention=4, heavily_compressed_attention=8),
        mlp_layer_types=["moe"],
    ),
    glm5_next=LATENT | dict(index_topk=8, index_kpool=4, linear_head_dim=8, linear_num_heads=2),
    glm_moe_dsa=LATENT | dict(qk_rope_head_dim=8, index_topk=6, moe_intermediate_size=16),
    minimax_m3_vl=dict(
        dense_intermediate_size=32,
        num_key_value_heads=1,
        head_dim=16,
        rotary_dim=8,
        index_n_heads=1,
        index_head_dim=16,
        index_block_size=4,
        index_topk_blocks=2,
        layer_types=["minimax_m3_sparse"],
        mlp_layer_types=["dense"],
    ),
    qwen4_exp=SPARSE
    | dict(
        num_key_value_heads=1,
        head_dim=16,
        shared_expert_intermediate_size=16,
        num_experts=4,
        layer_types=["indexed_attention"],
        indexer_n_heads=2,
        indexer_kv_heads=1,
        indexer_head_dim=16,
        indexer_budget=8,
        indexer_compress_ratio=4,
        hc_count=2,
        hc_lowrank=8,
        ngram_vocab_size_base=50,
    ),
)


def randomized(module):
    """The module with large random weights, and without dropout."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module.eval()


def config_of(kind, layers=1, **options):
    """A tiny configuration."""
    sizes = dict(num_hidden_layers=layers, mlp_layer_types=["dense"] * layers)
    if kind == "qwen4_exp":
        del sizes["mlp_layer_types"]
    if kind == "glm5_next":
        sizes["layer_types"] = ["indexed_attention"] * layers
    config = getattr(transformers, f"{CLASSES[kind]}Config")
    return config(**COMMON | sizes | SIZES[kind] | options)


def model(kind, layers=1, **options):
    """A tiny model."""
    config = config_of(kind, layers, **options)
    implementation = dict(attn_implementation="eager") if kind == "deepseek_v4" else {}
    return randomized(transformers.AutoModel.from_config(config, **implementation))


class NsaCache:
    """The cache of native sparse attention, which takes single tokens after its prompt."""

    def __init__(self, layer):
        self.layer, self.cache = layer, None

    def __call__(self, x):
        """The outputs of the next tokens."""
        outputs = []
        for part in [x] if self.cache is None else x.split(1, dim=1):
            out, self.cache = self.layer(part, cache=self.cache, return_cache=True)
            outputs.append(out)
        return torch.cat(outputs, 1)


def native_sparse(**options):
    """Native sparse attention with random weights, memory keys included."""
    sizes = dict(
        dim=16,
        dim_head=8,
        heads=2,
        kv_heads=1,
        sliding_window_size=3,
        compress_block_size=4,
        compress_block_sliding_stride=4,
        selection_block_size=4,
        num_selected_blocks=2,
        causal=True,
    )
    torch.manual_seed(0)
    layer = nsa.SparseAttention(**sizes | options).eval()
    torch.nn.init.normal_(layer.compress_mem_kv)
    return layer


def report_on_native_sparse(**options):
    """What verify says of native sparse attention and its cache."""
    layer = native_sparse(**options)
    torch.manual_seed(1)
    x = torch.randn(1, 12, 16)
    with torch.no_grad():
        return sr.verify.check_invariance(layer, x, cache=lambda: NsaCache(layer))


@dataclass(frozen=True)
class ModelCase:
    """A layer or model that is judged by what must not change its output, or by its choice.

    package, call, claims, source, finds, at : as those of `Case`. judge() is the report; n how many
    tokens it is given.
    """

    package: str
    call: str
    claims: str
    judge: Callable
    source: str
    finds: tuple[str, ...] = ()
    n: int = 24
    pattern: str = ""
    at: tuple[int, ...] | None = None
    called: str = ""
    options: dict = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version that is installed."""
        return version(self.package)

    def report(self):
        """What verify says."""
        with warnings.catch_warnings(), one_thread():
            warnings.simplefilter("ignore")
            return self.judge()


def rotation_of_nothing(n, width):
    """cos = 1, sin = 0."""
    return torch.ones(1, n, width), torch.zeros(1, n, width)


def minimax_choice(padding=0, n=24):
    """The blocks that MiniMax M3 chooses behind some padding, judged by their slots."""
    modeling = transformers.models.minimax_m3_vl.modeling_minimax_m3_vl
    indexer = randomized(modeling.MiniMaxM3VLIndexer(config_of("minimax_m3_vl"), 0))
    torch.manual_seed(1)
    x = torch.randn(1, n, 32)
    positions = (torch.arange(n) - padding).clamp(min=0)[None]
    with torch.no_grad():
        chosen = indexer(x, rotation_of_nothing(n, 16), None, positions)[0, 0]
        q = indexer.q_norm(indexer.q_proj(x))[0].numpy()
        k = indexer.k_norm(indexer.k_proj(x))[0].numpy()
    pairs = np.where(np.tri(n, dtype=bool), q @ k.T, -np.inf)
    scores = pairs.reshape(n, -1, 4).max(axis=-1)
    # rows of padding are of no interest: the choice begins at the first token
    visible, forced = sr.Started(4), sr.Blockwise(sr.Window(0), (4, 1))
    return sr.verify.selection(
        chosen[padding:],
        scores[padding:],
        2,
        sr.Shifted(visible, padding),
        forced=sr.Shifted(forced, padding),
        ulps=64,
    )


def deepseek_choice(n=24):
    """The keys that DeepSeek V3.2 chooses and its mask lets through."""
    modeling = transformers.models.deepseek_v32.modeling_deepseek_v32
    indexer = randomized(modeling.DeepseekV32Indexer(config_of("deepseek_v32"), 0))
    torch.manual_seed(1)
    x, residual = torch.randn(1, n, 32), torch.randn(1, n, 16)
    mask = torch.full((1, n, n), -torch.inf).triu(1)
    with torch.no_grad():
        chosen = indexer(x, residual, rotation_of_nothing(n, 8), mask, None)[0].numpy()
        q = indexer.wq_b(residual)[0].unflatten(-1, (2, 16)).transpose(0, 1).numpy()
        k = indexer.k_norm(indexer.wk(x))[0].numpy()
        w = indexer.weights_proj(x)[0].numpy()
    causal = np.where(chosen <= np.arange(n)[:, None], chosen, -1)
    return sr.verify.selection(
        causal,
        sr.selection.weighted_relu(q, k, w),
        6,
        sr.Causal(),
        ulps=64,
        alternatives=sr.verify.indexer_mistakes(q, k, w),
    )
