"""What each layer of a Hugging Face model says that it attends to, and with which logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...patterns.elementary import Causal, Full, Lookback, Window
from ...patterns.llama4 import llama4_chunked
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from ...sets.types import FloatArray
from ..checks.untested_parameters import ROOM, untested_parameters
from .hooks import Call, Key

Calls = Sequence[Call]
Patterns = Sequence[Pattern]
LayerPatterns = Pattern | Sequence[Pattern] | Callable[[int, Any], Pattern] | None
Label = int | str
KINDS_WITH_PATTERNS = ("full_attention", "sliding_attention", "chunked_attention")
MIN_N = 16
MAX_N = 4096


@dataclass(frozen=True, eq=False)
class Form:
    """The logits of a layer, as it passes them to its attention function.

    sinks : (H,), one logit per head. bias : (H, n, n).
    """

    scale: float
    softcap: float | None
    sinks: FloatArray | None
    bias: FloatArray | None

    @classmethod
    def of_call(cls, call: Call) -> Form:
        """From the arguments of a call, or for sinks from its module."""
        options = call.options
        scale, softcap = options.get("scaling"), options.get("softcap")
        sinks, bias = options.get("s_aux"), options.get("position_bias")
        if sinks is None:
            sinks = getattr(call.module, "sinks", None)
        return cls(
            call.query.shape[-1] ** -0.5 if scale is None else float(scale),
            None if softcap is None else float(softcap),
            None if sinks is None else _array(sinks).ravel(),
            None if bias is None else _array(bias)[0],
        )


@dataclass(frozen=True, eq=False)
class Layer:
    """An attention module: its name in the model, its shapes, its pattern and its logits.

    `label` is the number of the layer, or its name in models that have two layers of one number, as
    encoders with decoders.
    """

    key: Key
    name: str
    label: Label
    pattern: Pattern
    sizes: dict[str, Any]  # heads, kv_heads, d, e
    form: Form


def layers_of(model: Any, calls: Calls, patterns: Patterns) -> tuple[Layer, ...]:
    """The layers in the order of their calls, with the expected pattern of each."""
    names = {module: name for name, module in model.named_modules()}
    indices = [_index(call, number) for number, call in enumerate(calls)]
    is_unique = len(set(indices)) == len(indices)
    layers = []
    for call, index, pattern in zip(calls, indices, patterns):
        name = names[call.module]
        key = call.module, call.number
        label: Label = index if is_unique else name
        sizes, form = _sizes(call), Form.of_call(call)
        layers.append(Layer(key, name, label, pattern, sizes, form))
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
    return int(number if index is None else index)


def _sizes(call: Call) -> dict[str, Any]:
    """The options of `check` for the shapes of a call."""
    _, heads, _, d = call.query.shape
    _, kv_heads, _, e = call.value.shape
    return {"heads": heads, "kv_heads": kv_heads, "d": d, "e": e}


def _array(x: Any) -> FloatArray:
    """A tensor as a NumPy array."""
    return x.detach().double().cpu().numpy()


def pattern_of_config(config: Any, index: int, causal: bool = True) -> Pattern:
    """The pattern that a configuration of transformers names for a layer.

    From `layer_types` if there are any, otherwise from `sliding_window`. Raises ValueError for a
    type that has no pattern here.
    """
    types = getattr(config, "layer_types", None)
    keys = getattr(config, "sliding_window", None)
    has_window = keys is not None and getattr(config, "use_sliding_window", True)
    kind = "sliding_attention" if has_window else "full_attention"
    if types is not None:
        kind = types[index]
    if kind == "full_attention":
        return Causal() if causal else Full()
    if kind == "sliding_attention" and keys is not None:
        return Lookback(int(keys)) if causal else Window(int(keys))
    if kind == "chunked_attention":
        return llama4_chunked(int(config.attention_chunk_size))
    raise ValueError(
        f"layer_patterns must be given: the configuration says {kind!r} of layer {index}, "
        "which is no pattern of its own"
    )


def sufficient_n(patterns: Sequence[Pattern]) -> int:
    """The least power of two, from 16 to 4096, at which every parameter shows in many rows."""
    own = [p.own_length for p in patterns if p.own_length]
    if own:
        return own[0]
    n = MIN_N
    while n < MAX_N and untested_parameters(patterns, [int(n / ROOM)]):
        n *= 2
    return n
