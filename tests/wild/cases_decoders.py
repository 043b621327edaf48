"""Decoders of Hugging Face transformers, on a prompt in two chunks and three steps through their
cache, and without a cache.
"""

from wild.case import Case
from wild.decoders import decoder

N = 12
SCHEDULE = 5, 4, 1, 1, 1
HEADS = dict(heads=2, kv_heads=1, d=16)
CAUSAL = "llama", "qwen3", "gemma", "granite", "smollm3", "olmo2", "glm4"
LAYER = dict(sliding_window=4, layer_types=["sliding_attention"])
WINDOWED = dict(
    mistral=dict(sliding_window=4),
    mixtral=dict(sliding_window=4),
    phi3=dict(sliding_window=4),
    starcoder2=dict(sliding_window=4),
    qwen2=dict(sliding_window=4, use_sliding_window=True, max_window_layers=0),
    gemma3_text=LAYER,
    cohere2=LAYER,
    olmo3=LAYER,
    exaone4=LAYER,
    ministral=LAYER,
)
CHUNKED = dict(
    attention_chunk_size=4,
    layer_types=["chunked_attention"],
    no_rope_layers=[1],
    intermediate_size_mlp=8,
)


def case(kind, claims, pattern, implementation="sdpa", schedule=SCHEDULE, options=None, **config):
    """A decoder that attends to what its configuration says."""
    through = f"through a cache by {schedule} tokens" if schedule else "without a cache"
    return Case(
        "transformers",
        f"{kind}, attn_implementation={implementation!r}, {through}",
        claims,
        pattern,
        N,
        decoder(kind, implementation, schedule, **config),
        f"transformers/models/{kind.removesuffix('_text')}",
        options=HEADS | (options or {}),
    )


CASES = (
    {f"{kind}_decoder": case(kind, "causal", "Causal()") for kind in CAUSAL}
    | {
        f"{kind}_decoder": case(kind, "a window of 4 keys", "Lookback(4)", **config)
        for kind, config in WINDOWED.items()
    }
    | dict(
        llama4_decoder=case("llama4_text", "chunks of 4, causal", "Block(4)", **CHUNKED),
        gemma2_decoder=case(
            "gemma2",
            "a window of 4 keys, with a soft cap of 50",
            "Lookback(4)",
            "eager",
            options=dict(softcap=50.0),
            **LAYER,
        ),
        gpt_oss_decoder=case(
            "gpt_oss",
            "a window of 4 keys, with a sink of 0.5 per head",
            "Lookback(4)",
            "eager",
            options=dict(sinks=0.5),
            sinks=0.5,
            **LAYER,
        ),
        mistral_prompt=case(
            "mistral", "a window of 4 keys", "Lookback(4)", "eager", None, sliding_window=4
        ),
    )
)
