"""Originals: each layer of tiny Hugging Face models, with random weights, as it runs.

Each model is built from its own configuration class; the wrong ones are right ones with an
attention function or a mask that is wrong.
"""

import re
import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
transformers = pytest.importorskip(
    "transformers", reason="transformers is missing: make test-originals"
)

from transformers.utils import logging  # noqa: E402

import sparse_ref as sr  # noqa: E402
from sparse_ref.verify import check_model  # noqa: E402

pytestmark = pytest.mark.originals
logging.set_verbosity_error()

HEADS = dict(num_attention_heads=4, num_key_value_heads=2, head_dim=8)
TINY = dict(
    vocab_size=13,
    hidden_size=32,
    intermediate_size=8,
    num_hidden_layers=3,
    max_position_embeddings=128,
    pad_token_id=0,
)
LAYER_TYPES = ["sliding_attention", "full_attention", "sliding_attention"]
ENCODER = dict(TINY, num_attention_heads=4)
CAUSAL = (sr.Causal(),) * 3
WINDOW = (sr.Lookback(4),) * 3
MIXED = (sr.Lookback(4), sr.Causal(), sr.Lookback(4))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Tiny tensors on several threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


MODELS = {  # class, its configuration, what is different from TINY, the expected patterns
    "llama": ("Llama", HEADS, CAUSAL),
    "mistral": ("Mistral", HEADS | dict(sliding_window=4), WINDOW),
    "mixtral": ("Mixtral", HEADS | dict(sliding_window=4), WINDOW),
    "qwen2": (
        "Qwen2",
        HEADS | dict(sliding_window=4, use_sliding_window=True, max_window_layers=1),
        (sr.Causal(), sr.Lookback(4), sr.Lookback(4)),
    ),
    "qwen3": ("Qwen3", HEADS, CAUSAL),
    "gemma3": ("Gemma3Text", HEADS | dict(sliding_window=4, layer_types=LAYER_TYPES), MIXED),
    "phi3": ("Phi3", HEADS | dict(sliding_window=4), WINDOW),
    "cohere2": ("Cohere2", HEADS | dict(sliding_window=4, layer_types=LAYER_TYPES), MIXED),
    "llama4": (
        "Llama4Text",
        HEADS
        | dict(
            attention_chunk_size=4,
            num_local_experts=2,
            intermediate_size_mlp=8,
            layer_types=["chunked_attention", "full_attention", "chunked_attention"],
        ),
        (sr.llama4_chunked(4), sr.Causal(), sr.llama4_chunked(4)),
    ),
    "gemma3n, two layers with the keys of others": (
        "Gemma3nText",
        HEADS
        | dict(
            sliding_window=4,
            vocab_size_per_layer_input=13,
            hidden_size_per_layer_input=4,
            num_hidden_layers=5,
            num_kv_shared_layers=2,
            layer_types=[*LAYER_TYPES, *LAYER_TYPES[:2]],
            laurel_rank=4,
            activation_sparsity_pattern=None,
        ),
        (*MIXED, *MIXED[:2]),
    ),
    "deepseek_v3, values of another width": (
        "DeepseekV3",
        dict(
            num_attention_heads=4,
            num_key_value_heads=4,
            kv_lora_rank=8,
            q_lora_rank=8,
            qk_rope_head_dim=4,
            qk_nope_head_dim=8,
            v_head_dim=6,
            moe_intermediate_size=8,
            n_routed_experts=4,
            n_group=1,
            topk_group=1,
            num_experts_per_tok=2,
        ),
        CAUSAL,
    ),
    "gpt2": ("GPT2", dict(n_embd=32, n_layer=3, n_head=4, n_positions=64), CAUSAL),
    "gpt_neox": ("GPTNeoX", dict(num_attention_heads=4), CAUSAL),
}
FORMS = {
    "gemma2": ("Gemma2", HEADS | dict(sliding_window=4, layer_types=LAYER_TYPES), MIXED),
    "gpt_oss": (
        "GptOss",
        HEADS
        | dict(
            sliding_window=4,
            layer_types=LAYER_TYPES,
            num_local_experts=2,
            num_experts_per_tok=1,
        ),
        MIXED,
    ),
}
BIDIRECTIONAL = {
    "bert": ("Bert", ENCODER, (sr.Full(),) * 3),
    "modernbert": (
        "ModernBert",
        ENCODER | dict(local_attention=6, bos_token_id=1, cls_token_id=1, sep_token_id=2),
        (sr.Full(), sr.Window(3), sr.Window(3)),
    ),
}


def build(name, options):
    """A model of random weights, none of them 0."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**{**TINY, **options})
    model = getattr(transformers, f"{name}Model")(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) / 4)
    return model


def patterns_judged(report):
    """The patterns of the layers, in each setting."""
    settings = {}
    for layer in report.layers:
        settings.setdefault(layer.setting, []).append(layer.report.patterns[0])
    return settings


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("name", MODELS)
def test_layers_attend_to_what_their_configuration_says(name, padding):
    model_name, options, expected = MODELS[name]
    report = check_model(build(model_name, options), padding=padding)
    assert report.passed, report
    assert report.status == "PASS"
    settings = patterns_judged(report)
    assert list(settings) == [
        f"{implementation}, {mode}"
        for implementation in ("eager", "sdpa")
        for mode in ("whole", "chunks of 5, 4, then 7 single steps")
    ]
    for patterns in settings.values():
        assert tuple(patterns) == expected


@pytest.mark.parametrize("name", BIDIRECTIONAL)
def test_layers_of_encoders(name):
    model_name, options, expected = BIDIRECTIONAL[name]
    report = check_model(build(model_name, options))
    assert report.passed, report
    assert patterns_judged(report) == {
        "eager, whole": list(expected),
        "sdpa, whole": list(expected),
    }
    assert "with a cache: not judged: a layer is not causal" in str(report)


@pytest.mark.parametrize("name", FORMS)
def test_soft_caps_and_sinks_are_declared(name):
    model_name, options, expected = FORMS[name]
    report = check_model(build(model_name, options))
    assert report.passed, report
    assert patterns_judged(report)["eager, whole"] == list(expected)
    assert "sdpa: not judged: " in str(report)


def test_a_bias_of_positions_is_declared():
    options = dict(d_model=32, d_kv=8, d_ff=8, num_layers=1, num_heads=4)
    report = check_model(build("T5", options))
    assert report.passed, report
    biases = [layer.report.options["bias"] for layer in report.layers]
    assert any(bias is not None and abs(bias).max() > 0.1 for bias in biases)


def test_an_encoder_and_a_decoder_are_named():
    options = dict(
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=8,
        decoder_ffn_dim=8,
    )
    report = check_model(build("Bart", options))
    assert report.passed, report
    text = str(report)
    assert "layer decoder.layers.0.self_attn: PASS Causal()" in text
    encoder = [f"encoder.layers.{number}.self_attn" for number in range(3)]
    names = ", ".join([*encoder, "decoder.layers.0.encoder_attn"])
    assert f"layers {names}: PASS Full()" in text


def test_equal_layers_are_one_line():
    report = check_model(build("Gemma3Text", MODELS["gemma3"][1]))
    lines = str(report).split("\n")
    assert lines[0].startswith("PASS Gemma3TextModel - 3 attention layers by eager, whole; ")
    assert lines[1:] == ["layers 0, 2: PASS Lookback(4)", "layer 1: PASS Causal()"]


@pytest.mark.parametrize(
    "patterns",
    [sr.Lookback(5), WINDOW[:1] + (sr.Lookback(5),) * 2, lambda index, config: sr.Lookback(5)],
    ids=["one", "sequence", "function"],
)
def test_a_wrong_claim_fails(patterns):
    """Negative control: the model is right, and the claim is one key too wide."""
    report = check_model(build("Mistral", MODELS["mistral"][1]), patterns)
    assert not report
    assert report.status == "FAIL"
    assert {x.kind for layer in report.failures for x in layer.report.findings} == {"missing"}
    assert {layer.mode for layer in report.failures} == {
        "whole",
        "chunks of 5, 4, then 7 single steps",
    }
    assert "(Lookback(4), asked Lookback(5))" in report.verdict
    assert "again: sr.verify.check_model(model, decode=0, n=16, " in str(report)


def test_a_cache_that_is_one_entry_short_fails_with_the_cache_only(monkeypatch):
    from transformers import cache_utils

    original = cache_utils.DynamicLayer.update

    def update(self, key, value, *rest, **options):
        keys, values = original(self, key, value, *rest, **options)
        if key.shape[2] == 1:  # the newest token has the entry of the one before
            keys, values = keys.clone(), values.clone()
            keys[:, :, -1], values[:, :, -1] = keys[:, :, -2], values[:, :, -2]
        return keys, values

    monkeypatch.setattr(cache_utils.DynamicLayer, "update", update)
    report = check_model(build("Llama", HEADS))
    assert {layer.mode for layer in report.failures} == {"chunks of 5, 4, then 7 single steps"}
    kinds = [x.kind for x in report.failures[0].report.findings]
    assert kinds[0] == "missing"
    assert len(report.failures) == 6


def test_an_attention_function_that_drops_its_mask_fails():
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
    from transformers.modeling_utils import AttentionInterface

    def upper_left(module, query, key, value, mask, scaling=None, **options):
        repeat = module.num_key_value_groups
        key, value = (x.repeat_interleave(repeat, 1) for x in (key, value))
        out = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=scaling
        )
        return out.transpose(1, 2), None

    AttentionInterface.register("upper_left", upper_left)
    AttentionMaskInterface.register("upper_left", sdpa_mask)
    model = build("Llama", HEADS)
    report = check_model(model, implementations=("upper_left",))
    assert [layer.mode for layer in report.failures] == ["chunks of 5, 4, then 7 single steps"] * 3
    assert check_model(model, implementations=("upper_left",), decode=0).passed
    assert model.config._attn_implementation == "sdpa"


def test_a_mask_that_forgets_padding_fails(monkeypatch):
    from transformers.models.llama import modeling_llama

    original = modeling_llama.create_causal_mask
    monkeypatch.setattr(
        modeling_llama,
        "create_causal_mask",
        lambda *rest, **options: original(*rest, **options | dict(attention_mask=None)),
    )
    model = build("Llama", HEADS)
    assert check_model(model).passed
    report = check_model(model, padding=2)
    assert len(report.failures) == len(report.layers)


def test_a_model_comes_back_as_it_was():
    model = build("Llama", HEADS).train()
    model.set_attn_implementation("eager")
    interface = transformers.modeling_utils.AttentionInterface.get_interface
    update = transformers.cache_utils.Cache.update
    before = {name: x.clone() for name, x in model.named_parameters()}
    assert check_model(model, implementations=("sdpa",), decode=0).passed
    assert model.training
    assert model.config._attn_implementation == "eager"
    assert transformers.modeling_utils.AttentionInterface.get_interface is interface
    assert transformers.cache_utils.Cache.update is update
    assert all(torch.equal(x, before[name]) for name, x in model.named_parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype):
    report = check_model(build("Mistral", MODELS["mistral"][1]).to(dtype))
    assert report.passed, report


def test_what_is_refused_is_named():
    report = check_model(build("Llama", HEADS), implementations=("eager", "nonsense"), decode=0)
    assert report.passed
    assert len(report.remarks) == 1
    assert report.remarks[0].startswith("nonsense: not judged: ")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(layer_patterns=CAUSAL[:2]), "one for each of 3 attention layers, got 2"),
        (dict(implementations=("nonsense",)), "a layer that can be judged; nonsense: not judged"),
        (dict(implementations="sdpa"), "implementations must be a sequence"),
        (dict(n=5, prefill=4, decode=3), "n must be prefill \\+ decode = 7, got 5"),
        (dict(padding=-1), "padding must be at least 0, got -1"),
    ],
)
def test_arguments_are_checked(options, text):
    with pytest.raises(ValueError, match=text):
        check_model(build("Llama", HEADS), **options)


def test_a_type_of_layer_without_a_pattern_is_judged_by_its_outputs():
    model = build("Llama", HEADS)
    model.config.layer_types = ["indexed_attention"] * 3  # which Llama does not read
    report = check_model(model, implementations=("sdpa",), decode=0)
    assert report.passed
    assert report.layers == ()
    assert report.trials == ("future, batch, padding, packing", "sdpa", "n = 24")
    assert str(report).startswith("PASS LlamaModel - future, batch, padding, packing; sdpa; n = 24")
    report = check_model(model, implementations=("sdpa",), prefill=3, decode=4, padding=2)
    assert report.trials == ("future, batch, padding, packing, cache, crop", "sdpa", "n = 7")
    with pytest.raises(ValueError, match="scale must not be given for layers of type 'indexed"):
        check_model(model, scale=1.0)


def test_the_code_of_the_page_runs(tmp_path):
    text = Path(__file__).parents[2].joinpath("docs", "models.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```py\n(.*?)^```", text, re.M | re.S)
    assert len(blocks) == 4
    path = tmp_path / "page.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    runpy.run_path(str(path))
