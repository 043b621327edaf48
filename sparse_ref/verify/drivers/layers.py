"""What each layer of a Hugging Face model says that it attends to, and with which logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...patterns.elementary import Causal, Full, Lookback, Window
from ...patterns.llama4 import llama4_chunked
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from .hooks import Call
from .model_feed import Key

LayerPatterns = Pattern | Sequence[Pattern] | Callable[[int, Any], Pattern] | None
MIN_N = 16
MAX_N = 4096


@dataclass(frozen=True, eq=False)
class Layer:
    """An attention module: its name in the model, its shapes, its pattern and its logits.

    `sinks` is one logit per head, `bias` is (H, n, n); these, scale and softcap are those that the
    module passes to its attention function. `label` is the number of the layer, or its name in
    models that have two layers of one number, as encoders with decoders.
    """

    key: Key
    name: str
    label: int | str
    pattern: Pattern
    heads: int
    kv_heads: int
    d: int
    e: int
    scale: float
    softcap: float | None
    sinks: tuple[float, ...] | None
    bias: Any

    @classmethod
    def of_call(cls, call: Call, name: str, label: int | str, pattern: Pattern) -> Layer:
        """The layer that made a call."""
        options, module, d = call.options, call.module, call.query.shape[-1]
        scale, sinks = options.get("scaling"), options.get("s_aux")
        if sinks is None:
            sinks = getattr(module, "sinks", None)
        softcap, bias = options.get("softcap"), options.get("position_bias")
        return cls(
            (module, call.number),
            name,
            label,
            pattern,
            call.query.shape[1],
            call.key.shape[1],
            d,
            call.value.shape[-1],
            d**-0.5 if scale is None else float(scale),
            None if softcap is None else float(softcap),
            None if sinks is None else tuple(sinks.detach().float().flatten().tolist()),
            None if bias is None else bias[0].detach().float().cpu().numpy(),
        )


def layers_of(model: Any, calls: Sequence[Call], patterns: Sequence[Pattern]) -> tuple[Layer, ...]:
    """The layers in the order of their calls, with the expected pattern of each."""
    names = {module: name for name, module in model.named_modules()}
    indices = [_index(call, number) for number, call in enumerate(calls)]
    is_unique = len(set(indices)) == len(indices)
    layers = []
    for call, index, pattern in zip(calls, indices, patterns):
        name = names[call.module]
        label = index if is_unique else name
        layers.append(Layer.of_call(call, name, label, pattern))
    return tuple(layers)


def layer_patterns_of(
    model: Any, calls: Sequence[Call], patterns: LayerPatterns
) -> tuple[Pattern, ...]:
    """The expected pattern of each layer that made a call."""
    if isinstance(patterns, Sequence):
        if len(patterns) != len(calls):
            raise ValueError(
                f"layer_patterns must be one for each of {len(calls)} attention layers, "
                f"got {len(patterns)}"
            )
        chosen = tuple(patterns)
    else:
        chosen = tuple(_pattern(model, call, i, patterns) for i, call in enumerate(calls))
    for number, pattern in enumerate(chosen):
        require_pattern(f"layer_patterns[{number}]", pattern)
    return chosen


def _pattern(model: Any, call: Call, number: int, patterns: Any) -> Pattern:
    """The pattern of one layer, from its configuration unless it is given."""
    if isinstance(patterns, Pattern):
        return patterns
    config = getattr(call.module, "config", model.config).get_text_config()
    index = _index(call, number)
    if callable(patterns):
        return patterns(index, config)
    return pattern_of_config(config, index, getattr(call.module, "is_causal", True))


def _index(call: Call, number: int) -> int:
    """The number of the layer that a module is in."""
    index = getattr(call.module, "layer_idx", None)
    return number if index is None else int(index)


def pattern_of_config(config: Any, index: int, causal: bool = True) -> Pattern:
    """The pattern that a configuration of transformers names for a layer.

    From `layer_types` if there are any, otherwise from `sliding_window`. Raises ValueError for a
    type that has no pattern here.
    """
    types = getattr(config, "layer_types", None)
    keys = getattr(config, "sliding_window", None)
    if types is None:
        is_off = keys is None or not getattr(config, "use_sliding_window", True)
        kind = "full_attention" if is_off else "sliding_attention"
    else:
        kind = types[index]
    if kind == "full_attention":
        return Causal() if causal else Full()
    if kind == "sliding_attention":
        return Lookback(int(keys)) if causal else Window(int(keys))
    if kind == "chunked_attention":
        return llama4_chunked(int(config.attention_chunk_size))
    raise ValueError(
        f"layer_patterns must be given: the configuration says {kind!r} of layer {index}, "
        "which is no pattern of its own"
    )


def sufficient_n(patterns: Sequence[Pattern]) -> int:
    """A power of two at which every pattern but Causal() and Full() leaves two past keys out."""
    n = max(MIN_N, *(p.own_length or 0 for p in patterns))
    bounded = [p for p in patterns if p not in (Causal(), Full())]
    while n < MAX_N and any(len(p.row(n - 1, n)) > n - 2 for p in bounded):
        n *= 2
    return n
