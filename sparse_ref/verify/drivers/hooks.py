"""The attention of a Hugging Face model with q, k and v of our own, in every layer at once.

Each layer calls a function that `AttentionInterface.get_interface` returns, after rotary embeddings
and norms, and after `Cache.update`. While a `Tap` is open, both are wrapped: keys and values are
replaced on their way into the cache, queries on their way into the function, and what the function
returns is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(eq=False)
class Call:
    """One call of an attention function, with its arguments."""

    module: Any
    query: Any
    key: Any
    value: Any
    options: dict[str, Any]
    number: int = 0  # of the calls that the module makes in one forward


@dataclass(eq=False)
class Tap:
    """What goes into the attention functions of a model, and what comes out.

    `inputs` are q (B, H, n, d), k (B, G, n, d) and v (B, G, n, e) of all tokens, or None to change
    nothing; the tokens from start to stop are those of the current forward.
    """

    inputs: tuple[Any, Any, Any] | None = None
    start: int = 0
    stop: int = 0
    calls: list[Call] = field(default_factory=list)
    outputs: dict[tuple[Any, int], list[Any]] = field(default_factory=dict)
    cached: list[tuple[Any, Any]] = field(default_factory=list)
    counts: Counter[Any] = field(default_factory=Counter)

    def feed(self, start: int, stop: int) -> None:
        """The next forward is that of these tokens."""
        self.start, self.stop = start, stop
        self.cached.clear()
        self.counts.clear()

    def update(self, original: Callable[..., Any], cache: Any, key: Any, value: Any, *rest: Any):
        """`Cache.update` with the keys and values of these tokens."""
        replaced = self._new_tokens(key, 1), self._new_tokens(value, 2)
        is_ours = replaced[0] is not None and replaced[1] is not None
        result = original(cache, *(replaced if is_ours else (key, value)), *rest)
        if is_ours:
            self.cached.append(result)
        return result

    def attend(self, function: Callable[..., Any], call: Call, *rest: Any) -> Any:
        """What the attention function returns for these tokens; its output is kept."""
        call.number = self.counts[call.module]
        self.counts[call.module] += 1
        query, key, value = call.query, call.key, call.value
        replaced_query = self._new_tokens(query, 0)
        keys_and_values = self._all_tokens(key, value)
        is_ours = replaced_query is not None and keys_and_values is not None
        if is_ours:
            query, (key, value) = replaced_query, keys_and_values
        result = function(call.module, query, key, value, *rest, **call.options)
        self.calls.append(call)
        out = result[0].transpose(1, 2).detach().clone() if is_ours else None
        self.outputs.setdefault((call.module, call.number), []).append(out)
        return result

    def _new_tokens(self, x: Any, which: int) -> Any:
        """Our tokens in place of x, of its shape and type; None if the shapes differ."""
        if self.inputs is None:
            return None
        tokens = self.inputs[which][:, :, self.start : self.stop]
        return tokens.to(x.dtype) if tokens.shape == x.shape else None

    def _all_tokens(self, key: Any, value: Any) -> tuple[Any, Any] | None:
        """Keys and values that are ours: from the cache, or all tokens up to now."""
        for kept_key, kept_value in self.cached:
            if _equal(kept_key, key) and _equal(kept_value, value):
                return key, value
        if self.inputs is None:
            return None
        ours = [x[:, :, : self.stop] for x in self.inputs[1:]]
        if ours[0].shape != key.shape or ours[1].shape != value.shape:
            return None
        return ours[0].to(key.dtype), ours[1].to(value.dtype)


def _equal(x: Any, y: Any) -> bool:
    """Whether two tensors are one, or have the same numbers; NaN equals NaN."""
    if x is y:
        return True
    torch = import_module("torch")
    return x.shape == y.shape and torch.equal(torch.nan_to_num(x), torch.nan_to_num(y))


@contextmanager
def tapped(tap: Tap) -> Iterator[None]:
    """All attention functions and caches of transformers through the tap."""
    interface = import_module("transformers.modeling_utils").AttentionInterface
    cache_class = import_module("transformers.cache_utils").Cache
    choose, update = interface.get_interface, cache_class.update

    def get(self: Any, *names: Any) -> Callable[..., Any]:
        function = choose(self, *names)

        def attend(module: Any, query: Any, key: Any, value: Any, *rest: Any, **options: Any):
            return tap.attend(function, Call(module, query, key, value, options), *rest)

        return attend

    def update_cache(self: Any, key_states: Any, value_states: Any, *rest: Any, **options: Any):
        def original(*arguments: Any) -> Any:
            return update(*arguments, **options)

        return tap.update(original, self, key_states, value_states, *rest)

    interface.get_interface, cache_class.update = get, update_cache
    try:
        yield
    finally:
        interface.get_interface, cache_class.update = choose, update
