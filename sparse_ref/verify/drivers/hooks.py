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

Function = Callable[..., Any]
Key = tuple[Any, int]  # a module, and the number of its call in a forward
Pair = tuple[Any, Any]


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
    nothing; the tokens from start to stop are those of the current forward. An output is None if
    the call could not be given these.
    """

    inputs: tuple[Any, Any, Any] | None = None
    start: int = 0
    stop: int = 0
    calls: list[Call] = field(default_factory=list)
    outputs: dict[Key, list[Any]] = field(default_factory=dict)
    cached: list[Pair] = field(default_factory=list)
    counts: Counter[Any] = field(default_factory=Counter)

    def feed(self, start: int, stop: int) -> None:
        """The next forward is that of these tokens."""
        self.start, self.stop = start, stop
        self.cached.clear()
        self.counts.clear()

    def update(self, original: Function, key: Any, value: Any) -> Pair:
        """What a cache makes of the keys and values of these tokens, by original(key, value)."""
        new_key, new_value = self._new_tokens(key, 1), self._new_tokens(value, 2)
        if new_key is None or new_value is None:
            return original(key, value)
        result = original(new_key, new_value)
        self.cached.append(result)
        return result

    def attend(self, function: Function, call: Call) -> Any:
        """What function(query, key, value) returns for these tokens; its output is kept."""
        call.number = self.counts[call.module]
        self.counts[call.module] += 1
        self.calls.append(call)
        query = self._new_tokens(call.query, 0)
        pair = self._all_tokens(call.key, call.value)
        outputs = self.outputs.setdefault((call.module, call.number), [])
        if query is None or pair is None:
            outputs.append(None)
            return function(call.query, call.key, call.value)
        result = function(query, *pair)
        out = result[0].transpose(1, 2)
        outputs.append(out.detach().clone())
        return result

    def _new_tokens(self, x: Any, which: int) -> Any:
        """Our tokens in place of x, of its shape and type; None if the shapes differ."""
        if self.inputs is None:
            return None
        tokens = self.inputs[which][:, :, self.start : self.stop]
        return tokens.to(x.dtype) if tokens.shape == x.shape else None

    def _all_tokens(self, key: Any, value: Any) -> Pair | None:
        """Keys and values that are ours: from the cache, or all tokens up to now."""
        for cached_key, cached_value in self.cached:
            if _equal(cached_key, key) and _equal(cached_value, value):
                return key, value
        if self.inputs is None:
            return None
        _, *ours = (x[:, :, : self.stop] for x in self.inputs)
        if ours[0].shape != key.shape or ours[1].shape != value.shape:
            return None
        return ours[0].to(key.dtype), ours[1].to(value.dtype)


def _equal(x: Any, y: Any) -> bool:
    """Whether two tensors are one, or have the same numbers; NaN equals NaN."""
    if x is y:
        return True
    torch = import_module("torch")
    x, y = torch.nan_to_num(x), torch.nan_to_num(y)
    return torch.equal(x, y)


@contextmanager
def open_tap(tap: Tap) -> Iterator[None]:
    """All attention functions and caches of transformers through the tap."""
    interface = import_module("transformers.modeling_utils").AttentionInterface
    cache_class = import_module("transformers.cache_utils").Cache
    choose, update = interface.get_interface, cache_class.update

    def get(self, *names):
        function = choose(self, *names)

        def attend(module, query, key, value, *rest, **options):
            def attend_to(*qkv):
                return function(module, *qkv, *rest, **options)

            return tap.attend(attend_to, Call(module, query, key, value, options))

        return attend

    def update_cache(self, key_states, value_states, *rest, **options):
        def update_by(*pair):
            return update(self, *pair, *rest, **options)

        return tap.update(update_by, key_states, value_states)

    interface.get_interface, cache_class.update = get, update_cache
    try:
        yield
    finally:
        interface.get_interface, cache_class.update = choose, update
