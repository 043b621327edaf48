"""Layers and models of Hugging Face transformers: BigBird, GPT-2, GPT-Neo, Longformer, LongT5, Reformer, Swin."""

from wild.case import Case
from wild.models import (
    bigbird_model,
    gpt2_model,
    gpt_neo_layer,
    longformer_layer,
    longt5_local,
    reformer_local,
    swin_layer,
)

FEW_CALLS = dict(d=33)  # wide heads take all keys in one call
BIGBIRD = "BigBirdModel(block_size=2, num_random_blocks=1)"

CASES = dict(
    bigbird_evaluation=Case(
        "transformers", f"{BIGBIRD}.eval()", "the sets that it is trained with, random blocks and all",
        "bigbird_hf(32, 2, 1, 0, True, 0, 1)", 32, bigbird_model(2, 1, False), "transformers/models/big_bird/modeling_big_bird.py",
        finds=("missing", "multiplicity"), at=(0, 2, 6), options=FEW_CALLS),
    bigbird_weights=Case(
        "transformers", f"{BIGBIRD}.eval(), attention_probs", "the weights of what it puts out",
        "bigbird_hf(32, 2, 1, 0, False, 0, 1)", 32, bigbird_model(2, 1, False, returned=True),
        "transformers/models/big_bird/modeling_big_bird.py", finds=("row sum",), at=(0, 2), options=FEW_CALLS),
    bigbird_short=Case(
        "transformers", f"{BIGBIRD}, 12 tokens", "block-sparse attention, as its attention_type says",
        "Blockwise(GlobalAt((0, 5)) | Window(1) | Random(6, 1, 0), 2)", 12, bigbird_model(2, 1, False),
        "transformers/models/big_bird/modeling_big_bird.py", finds=("extra",), at=(0, 2, 8), called="Full()", options=FEW_CALLS),
    bigbird_after_a_short_input=Case(
        "transformers", f"{BIGBIRD}, 32 tokens after an input of 8", "block-sparse attention at 32 tokens",
        "bigbird_hf(32, 2, 1, 0, False, 0, 1)", 32, bigbird_model(2, 1, False, earlier=8),
        "transformers/models/big_bird/modeling_big_bird.py", finds=("extra",), at=(0, 2, 6), called="Full()", options=FEW_CALLS),
    bigbird_decoder=Case(
        "transformers", f"{BIGBIRD}, is_decoder=True", "its sets as far as they are past",
        "bigbird_hf(32, 2, 1, 0, True, 0, 1) & Causal()", 32, bigbird_model(2, 1, True, causal=True),
        "huggingface/transformers#48745", finds=("extra",), at=(0, 0, 1), options=FEW_CALLS),
    bigbird_padding=Case(
        "transformers", f"{BIGBIRD}, attention_mask 0 at the last 2 tokens", "no token that the mask leaves out",
        "bigbird_hf(32, 2, 1, 0, True, 0, 1) & ~GlobalAt((30, 31))", 32, bigbird_model(2, 1, True, padding=2),
        "transformers/models/big_bird/modeling_big_bird.py", finds=("leak",), at=(0, 0, 30), options=FEW_CALLS),
    bigbird_training=Case(
        "transformers", f"{BIGBIRD}.train()", "first and last block, three in the midst, one at random",
        "bigbird_hf(32, 2, 1, 0, True, 0, 1)", 32, bigbird_model(2, 1, True), "Zaheer et al. 2020, app. D", options=FEW_CALLS),
    gpt2_eager_padding=Case(
        "transformers", "GPT2Model(attn_implementation='eager'), 2 tokens of padding in front", "what it computes with 'sdpa'",
        "Causal() - Prefix(2)", 8, gpt2_model("eager", 2), "transformers/masking_utils.py",
        finds=("extra", "empty row"), at=(0, 0, 0)),
    gpt2_sdpa_padding=Case(
        "transformers", "GPT2Model(attn_implementation='sdpa'), 2 tokens of padding in front",
        "causal, and no token that the mask leaves out", "Causal() - Prefix(2)", 8, gpt2_model("sdpa", 2),
        "transformers/masking_utils.py"),
    gpt_neo_local=Case(
        "transformers", "GPTNeoSelfAttention('local'), window_size=4", "a window of 4 keys, and no scale", "Lookback(4)", 12,
        gpt_neo_layer(4, "local"), "transformers/models/gpt_neo/modeling_gpt_neo.py", options=dict(heads=2, scale=1.0)),
    longformer_of_two=Case(
        "transformers", "LongformerSelfAttention, attention_window=2", "a window of 1 key to each side", "longformer(1)", 8,
        longformer_layer(2), "transformers/models/longformer/modeling_longformer.py", finds=("error",)),
    longformer_global=Case(
        "transformers", "LongformerSelfAttention, attention_window=4, global attention at 5",
        "2 keys to each side, and a global one", "longformer(2, (5,))", 16, longformer_layer(4, (5,)),
        "Beltagy et al. 2020, sec. 3.1", options=dict(heads=2)),
    longt5_radius=Case(
        "transformers", "LongT5LocalAttention, local_radius=2", "2 keys to each side, and no scale", "Window(2)", 12,
        longt5_local(2), "Guo et al. 2022", options=dict(scale=1.0)),
    reformer_first_chunk=Case(
        "transformers", "LocalSelfAttention(local_attn_chunk_length=2, local_num_chunks_before=1)",
        "the own chunk and the one before", "reformer_local(8, 2, 1, 0, False)", 8, reformer_local(2, 1, 0, False),
        "transformers/models/reformer/modeling_reformer.py", finds=("extra",), at=(0, 0, 6),
        called="Blockwise(Circular(4, 1, 0), 2)"),
    reformer_two_chunks=Case(
        "transformers", "LocalSelfAttention, one chunk before and one after, of two", "chunks as sets of keys",
        "reformer_local(6, 3, 1, 1)", 6, reformer_local(3, 1, 1, False), "transformers/models/reformer/modeling_reformer.py",
        finds=("multiplicity",), at=(0, 0, 3)),
    reformer_decoder=Case(
        "transformers", "LocalSelfAttention, is_decoder=True", "the own chunk and the one before, causal",
        "reformer_local(8, 2, 1, 0) & Causal()", 8, reformer_local(2, 1, 0, True),
        "transformers/models/reformer/modeling_reformer.py"),
    swin_padding=Case(
        "transformers", "SwinLayer on 3 by 3, window_size=2", "windows of 2 by 2, cut at the border", "swin((3, 3), 2)", 9,
        swin_layer((3, 3), 2, 0), "Liu et al. 2021, sec. 3.2", finds=("ghost",), at=(0, 2)),
    swin_shifted=Case(
        "transformers", "SwinLayer on 4 by 4, window_size=2, shift_size=1", "shifted windows, masked where no neighbours met",
        "swin((4, 4), 2, 1)", 16, swin_layer((4, 4), 2, 1), "Liu et al. 2021, sec. 3.2", finds=("extra",), at=(0, 0, 3)),
    swin_small_grid=Case(
        "transformers", "SwinLayer on 3 by 6, window_size=4", "windows as long as the grid's shorter side", "swin((3, 6), 3)", 18,
        swin_layer((3, 6), 4, 2), "transformers/models/swin/modeling_swin.py", finds=("error",)),
    swin_windows=Case(
        "transformers", "SwinLayer on 4 by 4, window_size=2", "windows of 2 by 2", "swin((4, 4), 2)", 16, swin_layer((4, 4), 2, 0),
        "Liu et al. 2021, sec. 3.2"),
)
