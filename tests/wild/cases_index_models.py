"""Layers and models whose keys an indexer chooses: those that depend on the past of their own
sequence only, and those that do not.
"""

from functools import partial

import sparse_ref as sr
from wild.index_models import (
    ModelCase,
    deepseek_choice,
    minimax_choice,
    model,
    report_on_native_sparse,
)

INVARIANT = (
    "no change with later tokens, the batch, padding, other documents, a cache, a crop of it, or "
    "the implementation"
)
SHARED = ["full", "full", "shared", "shared"]
NSA = "native-sparse-attention-pytorch"


def case(kind, call, finds=(), n=24, **options):
    """A model of transformers, with the n tokens that verify chooses for it."""

    def judge():
        return sr.verify.check_model(model(kind, **options))

    source = f"transformers/models/{kind}/modeling_{kind}.py"
    return ModelCase("transformers", call, INVARIANT, judge, source, finds, n)


CASES = dict(
    deepseek_v32_model=case("deepseek_v32", "DeepseekV32Model, 2 layers", layers=2),
    glm_moe_dsa_model=case(
        "glm_moe_dsa",
        "GlmMoeDsaModel, layers full, full, shared, shared",
        layers=4,
        indexer_types=SHARED,
    ),
    qwen4_exp_model=case("qwen4_exp", "Qwen4ExpTextModel"),
    minimax_m3_model=case(
        "minimax_m3_vl",
        "MiniMaxM3VLTextModel",
        ("padding", "future", "packing", "document"),
    ),
    glm5_next_model=case("glm5_next", "Glm5NextTextModel", ("packing", "document")),
    glm5_next_no_tail=case(
        "glm5_next",
        "Glm5NextTextModel(index_kpool_always_select_tail=False)",
        ("future", "padding", "packing", "document", "cache", "implementation"),
        index_kpool_always_select_tail=False,
    ),
    glm5_next_shared=case(
        "glm5_next",
        "Glm5NextTextModel, layers full, shared, shared",
        ("error",),
        layers=3,
        indexer_types=["full", "shared", "shared"],
    ),
    deepseek_v4_csa=case(
        "deepseek_v4",
        "DeepseekV4Model, compressed sparse attention",
        ("padding", "packing", "document", "crop"),
    ),
    deepseek_v4_hca=case(
        "deepseek_v4",
        "DeepseekV4Model, heavily compressed attention",
        ("padding", "packing", "document", "crop"),
        n=48,
        layer_types=["heavily_compressed_attention"],
    ),
    deepseek_v4_sliding=case(
        "deepseek_v4",
        "DeepseekV4Model, sliding windows beside compressed attention",
        ("padding", "packing", "document", "crop"),
        layers=2,
        layer_types=["sliding_attention", "compressed_sparse_attention"],
        mlp_layer_types=["moe"] * 2,
    ),
    native_sparse_decoding=ModelCase(
        NSA,
        "SparseAttention, return_cache=True",
        "single tokens through a cache give what forward does",
        report_on_native_sparse,
        "native_sparse_attention_pytorch/native_sparse_attention.py",
        ("cache",),
        n=12,
    ),
    native_sparse_heads=ModelCase(
        NSA,
        "SparseAttention(query_heads_share_selected_kv=False), return_cache=True",
        "single tokens through a cache give what forward does",
        partial(report_on_native_sparse, query_heads_share_selected_kv=False),
        "native_sparse_attention_pytorch/native_sparse_attention.py",
        ("error",),
        n=12,
    ),
    deepseek_v32_indexer=ModelCase(
        "transformers",
        "DeepseekV32Indexer",
        "top 6 of sum_h w_h ReLU(q_h . k_j), cut by the causal mask",
        deepseek_choice,
        "transformers/models/deepseek_v32/modeling_deepseek_v32.py",
    ),
    minimax_m3_indexer=ModelCase(
        "transformers",
        "MiniMaxM3VLIndexer",
        "top 2 of the blocks by their largest q . k, the own block among them",
        minimax_choice,
        "transformers/models/minimax_m3_vl/modeling_minimax_m3_vl.py",
    ),
    minimax_m3_indexer_padding=ModelCase(
        "transformers",
        "MiniMaxM3VLIndexer, 4 tokens of padding on the left",
        "top 2 of the blocks by their largest q . k, the own block among them",
        partial(minimax_choice, 4),
        "transformers/models/minimax_m3_vl/modeling_minimax_m3_vl.py",
        ("forced", "too many", "order"),
        at=(0, 0, 1),
    ),
)
