"""Masks, layouts and caches: attn-gym, PyTorch, transformers' mask functions, NATTEN, ONNX, DeepSpeed, attention-sinks."""

import pytest

import sparse_ref as sr
from wild.case import Case
from wild.masks import flex_attention, hf, layout, multihead, neighborhood, onnx, sdpa, stream, torch, transformers_mask

gym = pytest.importorskip("attn_gym.masks", reason="attn-gym is missing: make test-originals")
gym_natten = pytest.importorskip("attn_gym.masks.natten", reason="attn-gym is missing: make test-originals")
document = pytest.importorskip("attn_gym.masks.document_mask", reason="attn-gym is missing: make test-originals")

EMPTY = sr.dense(sr.Causal() - sr.Prefix(2), 8)  # two rows of it have no key

CASES = dict(
    attn_gym_even_kernel=Case(
        "attn-gym", "generate_natten(5, 5, 2, 2)", "a neighborhood of 2 by 2 on a canvas of 5 by 5",
        "natten_nd((5, 5), 2)", 25, flex_attention(gym_natten.generate_natten(5, 5, 2, 2)), "attn_gym/masks/natten.py",
        finds=("extra",), at=(0, 0, 2), called="Grid((5, 5), (Neighborhood(5, 3, 1, 1), Neighborhood(5, 3, 1, 1)))"),
    attn_gym_kernel_sides=Case(
        "attn-gym", "generate_natten(5, 5, kernel_w=3, kernel_h=1)", "a neighborhood 3 wide and 1 high",
        "natten_nd((5, 5), (1, 3))", 25, flex_attention(gym_natten.generate_natten(5, 5, kernel_w=3, kernel_h=1)),
        "attn_gym/masks/natten.py", finds=("extra", "missing"), at=(0, 0, 5), called="Neighborhood(25, 3, 1, 5)"),
    attn_gym_oblong_canvas=Case(
        "attn-gym", "generate_natten(canvas_w=6, canvas_h=3, kernel_w=3, kernel_h=3)",
        "a neighborhood of 3 by 3 on a canvas 6 wide and 3 high", "natten_nd((3, 6), 3)", 18,
        flex_attention(gym_natten.generate_natten(6, 3, 3, 3)), "attn_gym/masks/natten.py",
        finds=("extra", "missing"), at=(0, 2, 0)),
    attn_gym_window=Case(
        "attn-gym", "generate_sliding_window(4)", "a window that looks 4 keys back", "Local(4)", 12,
        flex_attention(gym.generate_sliding_window(4)), "attn_gym/masks/sliding_window.py"),
    attn_gym_dilated=Case(
        "attn-gym", "generate_dilated_sliding_window(4, 2)", "|i - j| <= 4, every second key", "Window(4) & Dilated(2, 2)", 12,
        flex_attention(gym.generate_dilated_sliding_window(4, 2)), "attn_gym/masks/dilated_sliding_window.py"),
    attn_gym_prefix=Case(
        "attn-gym", "generate_prefix_lm_mask(5)", "a prefix of 5 that all see, causal behind it", "prefix_lm(5)", 12,
        flex_attention(gym.generate_prefix_lm_mask(5)), "attn_gym/masks/prefix_lm.py"),
    attn_gym_diffusion=Case(
        "attn-gym", "generate_block_diffusion_mask(8, 4)", "block diffusion: noised blocks beside clean ones",
        "block_diffusion(8, 4)", 16, flex_attention(gym.generate_block_diffusion_mask(8, 4)), "attn_gym/masks/block_diffusion.py"),
    attn_gym_documents=Case(
        "attn-gym", "generate_packed_causal_doc_mask_mod(offsets)", "packed documents, causal each",
        "Documents((5, 4, 3), Causal())", 12,
        flex_attention(document.generate_packed_causal_doc_mask_mod(document.length_to_offsets([5, 4, 3], "cpu"))),
        "attn_gym/masks/document_mask.py"),
    torch_weights_of_empty_rows=Case(
        "torch", "nn.MultiheadAttention, need_weights=True", "what it computes with need_weights=False", "Causal() - Prefix(2)", 8,
        multihead(EMPTY, need_weights=True), "pytorch/pytorch#41508", finds=("nan",), at=(0, 0)),
    torch_empty_rows=Case(
        "torch", "nn.MultiheadAttention, need_weights=False", "a mask, two of whose rows have no key", "Causal() - Prefix(2)", 8,
        multihead(EMPTY, need_weights=False), "pytorch/pytorch#41508"),
    torch_is_causal=Case(
        "torch", "scaled_dot_product_attention, is_causal=True", "causal, aligned at the upper left", "Causal()", (3, 7),
        lambda q, k, v: sdpa(q, k, v, is_causal=True), "torch/nn/functional.py"),
    transformers_mistral=Case(
        "transformers", "sliding_window_causal_mask_function(4)", "a window of 4 keys", "Lookback(4)", 12,
        transformers_mask(hf.sliding_window_causal_mask_function(4)), "transformers/masking_utils.py"),
    transformers_bidirectional=Case(
        "transformers", "sliding_window_bidirectional_mask_function(4)", "|i - j| <= 4", "Window(4)", 12,
        transformers_mask(hf.sliding_window_bidirectional_mask_function(4)), "transformers/masking_utils.py"),
    transformers_llama4=Case(
        "transformers", "chunked_causal_mask_function(4, left_padding)", "chunks of 4 that begin behind the padding",
        "llama4_chunked(4, 3)", 12, transformers_mask(hf.chunked_causal_mask_function(4, torch.tensor([3]))),
        "transformers/masking_utils.py"),
    natten_1d=Case(
        "natten", "na1d(q, k, v, 5)", "the 5 nearest keys, at the borders too", "natten(12, 5)", 12, neighborhood((12,), 5),
        "Hassani et al. 2025, sec. 3"),
    natten_causal_rows=Case(
        "natten", "na2d(q, k, v, 3, is_causal=(True, False))", "a neighborhood of 3 by 3, causal from row to row",
        "natten_nd((4, 5), 3, 1, 1, (True, False))", 20, neighborhood((4, 5), 3, is_causal=(True, False)),
        "Hassani et al. 2025, sec. 3"),
    onnx_cached=Case(
        "onnx", "Attention-25 with 4 cached keys, is_causal=1", "causal, aligned behind the cache", "Shifted(Causal(), 4)", (3, 7),
        onnx(past=4, is_causal=1), "onnx/onnx#8006"),
    onnx_window=Case(
        "onnx", "Attention-25 with 4 cached keys, left_window_size=2", "2 keys back, counted from behind the cache",
        "Shifted(Band(2, 0), 4)", (3, 7), onnx(past=4, is_causal=1, left_window_size=2), "onnx/onnx#8108"),
    deepspeed_fixed=Case(
        "deepspeed", "FixedSparsityConfig(num_local_blocks=4, num_global_blocks=2, attention='unidirectional')",
        "no block above the diagonal", "deepspeed_fixed(8, 4, 2, 'unidirectional', rule='documentation')", 8,
        layout("Fixed", num_local_blocks=4, num_global_blocks=2, attention="unidirectional"),
        "deepspeed/ops/sparse_attention/sparsity_config.py", finds=("extra",), at=(0, 2, 3)),
    deepspeed_random=Case(
        "deepspeed", "VariableSparsityConfig(num_random_blocks=1, attention='unidirectional')", "no block above the diagonal",
        "Causal()", 8, layout("Variable", num_random_blocks=1, local_window_blocks=[8], attention="unidirectional"),
        "deepspeed/ops/sparse_attention/sparsity_config.py", finds=("extra",), at=(0, 0, 6)),
    deepspeed_stretch=Case(
        "deepspeed", "VariableSparsityConfig(global_block_indices=[2], global_block_end_indices=[5], attention='unidirectional')",
        "no block above the diagonal", "deepspeed_variable(8, 0, (1,), (2,), (5,), 'unidirectional', rule='documentation')", 8,
        layout("Variable", local_window_blocks=[1], global_block_indices=[2], global_block_end_indices=[5],
               attention="unidirectional"),
        "deepspeed/ops/sparse_attention/sparsity_config.py", finds=("extra",), at=(0, 2, 3)),
    deepspeed_bigbird=Case(
        "deepspeed", "BigBirdSparsityConfig(num_random_blocks=2, attention='unidirectional')", "2 random blocks in each row",
        "deepspeed_bigbird(8, 2, attention='unidirectional', rule='documentation')", 8,
        layout("BigBird", num_random_blocks=2, attention="unidirectional"), "deepspeed/ops/sparse_attention/sparsity_config.py",
        finds=("error",)),
    deepspeed_sliding=Case(
        "deepspeed", "LocalSlidingWindowSparsityConfig(num_sliding_window_blocks=4)", "4 blocks in the window, the last its own",
        "deepspeed_sliding(4, rule='documentation')", 12, layout("LocalSlidingWindow", num_sliding_window_blocks=4),
        "deepspeed/ops/sparse_attention/sparsity_config.py", finds=("missing",), at=(0, 3, 0), called="Lookback(3)"),
    deepspeed_misspelt=Case(
        "deepspeed", "LocalSlidingWindowSparsityConfig(attention='bi-directional')", "both directions, or an error",
        "deepspeed_sliding(3, 'bidirectional')", 12, layout("LocalSlidingWindow", attention="bi-directional"),
        "deepspeed/ops/sparse_attention/sparsity_config.py", finds=("missing",), at=(0, 0, 1), called="Lookback(2)"),
    deepspeed_misspelt_future=Case(
        "deepspeed", "BSLongformerSparsityConfig(attention='uni-directional')", "one direction, or an error",
        "deepspeed_bslongformer(attention='unidirectional')", 12, layout("BSLongformer", attention="uni-directional"),
        "deepspeed/ops/sparse_attention/sparsity_config.py", finds=("extra",), at=(0, 0, 1), called="Window(1) | Global(1)"),
    deepspeed_fixed_of_one=Case(
        "deepspeed", "FixedSparsityConfig(num_local_blocks=4, attention='unidirectional')",
        "the fixed pattern of the Sparse Transformer, over blocks", "openai_fixed(4, 1)", 12,
        layout("Fixed", num_local_blocks=4, attention="unidirectional"), "deepspeed/ops/sparse_attention/sparsity_config.py"),
    streaming_trimmed=Case(
        "attention-sinks", "AttentionSinkKVCache(2, 4), trimmed after each token as its models do",
        "2 sinks and a window of 4 tokens", "streaming(2, 4)", 12, stream(2, 4, before=False),
        "Xiao et al. 2023, sec. 3.2", finds=("extra",), at=(0, 6, 2), called="Sinks(2) | Lookback(5)"),
    streaming_prompt=Case(
        "attention-sinks", "AttentionSinkKVCache(2, 4).evict_for_space, 3 tokens at a time", "2 sinks and a window of 4 tokens",
        "streaming(2, 4)", 12, stream(2, 4, coming=3), "Xiao et al. 2023, sec. 3.2",
        finds=("missing",), at=(0, 6, 3)),
    streaming=Case(
        "attention-sinks", "AttentionSinkKVCache(2, 4).evict_for_space, token by token", "2 sinks and a window of 4 tokens",
        "streaming(2, 4)", 12, stream(2, 4), "Xiao et al. 2023, sec. 3.2"),
)
