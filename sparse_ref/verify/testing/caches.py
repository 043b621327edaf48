"""A stateful test of a KV cache: Hypothesis looks for the shortest history after which it is wrong.

Every query is compared with attention over all tokens since the cache was empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Unpack

import numpy as np

from ..._claims import CheckOptions, claim_of
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from ..calling.arrays import LAYOUTS, Form, to_float64
from ..calling.rounded_attention import spacing
from ..drivers.feed import new_step
from .mutations import Attention
from .statement import statement_of

WIDTH = 8  # of a head
MAX_KEYS = 8  # that a message lists


def cache_machine(
    cache: Any,
    pattern: str | Pattern | Sequence[Pattern],
    heads: int | None = None,
    *,
    tokens: int = 32,
    **options: Unpack[CheckOptions],
) -> Any:
    """The `RuleBasedStateMachine` of a KV cache; its `TestCase` is a test for pytest and unittest.

    The rules are prefill, decode, chunk and reset. The output of each call is compared with
    attention over all tokens so far; a failure is the shortest history that Hypothesis finds.

    Parameters
    ----------
    cache : callable or object
        As for `check_cache`: `cache()` returns step(q, k, v) -> out of an empty cache, or an object
        with the method `step`; or an object that is called so and that `reset()` empties. q, k and
        v are those of the new tokens. A step that raises NotImplementedError refuses them.
    pattern : str, Pattern, or sequence of Pattern
        The expected pattern of all tokens, or one for each head; of any length.
    heads : int or None
        H; None for as many as there are patterns.
    tokens : int
        How many tokens a cache gets at most before it is emptied.
    **options
        kv_heads, d, e, layout, framework, dtype, device, scale and all that is declared for
        `check`.

    Raises
    ------
    TypeError, ValueError
        As for `conforms`, or for a pattern with a length of its own.

    Examples
    --------
    >>> import numpy as np, sparse_ref as sr
    >>> def make():                                     # a growing cache
    ...     keys = values = np.zeros((1, 0, 8), np.float32)
    ...     def step(q, k, v):
    ...         nonlocal keys, values
    ...         keys, values = np.append(keys, k, 1), np.append(values, v, 1)
    ...         sees = sr.Shifted(sr.Lookback(4), keys.shape[1] - q.shape[1])
    ...         return sr.attend(q, keys, values, sees, device="reference")
    ...     return step
    >>> from sparse_ref.verify.testing import cache_machine
    >>> TestMyCache = cache_machine(make, sr.Lookback(4)).TestCase
    """
    from .machine import machine_of

    claim = claim_of(pattern, None, heads, options)
    for p in claim.patterns:
        if p.own_length is not None:
            raise ValueError(f"pattern must be stated for every length, got {p!r}")
    return machine_of(lambda: History(cache, claim, tokens))


class History:
    """The tokens since a cache was empty, and what they should give."""

    def __init__(self, cache: Any, claim: Any, limit: int):
        options = dict(claim.options)
        self.cache, self.claim, self.limit = own_copy(cache), claim, limit
        self.reference = Attention(statement_of(claim))
        layout = options.get("layout", "hnd")
        framework = options.get("framework", "numpy")
        self.form = Form(
            "hnd" if layout == "auto" else layout,
            "numpy" if framework == "auto" else framework,
            options.get("dtype", "float32"),
            options.get("device", "cpu"),
        )
        self.kv_heads = options.get("kv_heads") or claim.heads
        self.d = options.get("d") or WIDTH
        self.e = options.get("e") or self.d
        self.rng = np.random.default_rng(options.get("seed", 0))
        self.empty()

    def empty(self) -> None:
        """Forget all tokens."""
        self.step = new_step(self.cache)
        q = np.zeros((1, self.claim.heads, 0, self.d))
        k = np.zeros((1, self.kv_heads, 0, self.d))
        v = np.zeros((1, self.kv_heads, 0, self.e))
        self.tokens = [q, k, v]

    @property
    def count(self) -> int:
        """How many tokens there are."""
        return self.tokens[0].shape[2]

    def feed(self, count: int, act: str) -> None:
        """Give the cache new tokens, and compare its output.

        Raises AssertionError with the first query whose output is wrong.
        """
        __tracebackhide__ = True
        first = self.count
        new = [self._random_tokens(x, count) for x in self.tokens]
        pairs = zip(self.tokens, new)
        self.tokens = [np.concatenate(pair, axis=2) for pair in pairs]
        arrays = [self.form.convert(self.form.pack(x)) for x in new]
        try:
            result = self.step(*arrays)
        except NotImplementedError:  # refused; nobody knows what the cache contains now
            self.empty()
            return
        out = result[0] if isinstance(result, (tuple, list)) else result
        self._compare(out, first, act)

    def _random_tokens(self, tokens: FloatArray, count: int) -> FloatArray:
        """New tokens like those, exact in the dtype of the cache."""
        _, heads, _, width = tokens.shape
        shape = (1, heads, count, width)
        x = self.rng.standard_normal(shape).astype(np.float32)
        return to_float64(self.form.convert(x))

    def _compare(self, out: Any, first: int, act: str) -> None:
        """Refuse an output of the wrong shape, or with a wrong row."""
        __tracebackhide__ = True
        expected = self.reference(*self.tokens)[0][:, :, first:]
        layout = LAYOUTS[self.form.layout]
        shape = tuple(layout.pack(expected).shape)
        actual_shape = tuple(getattr(out, "shape", ()))
        assert actual_shape == shape, f"{act} must return shape {shape}, got {actual_shape}"
        actual = layout.unpack(to_float64(out), self.claim.heads)
        error = np.abs(actual - expected).max(axis=(0, 1, 3))
        tolerance = 16 * spacing(self.form.dtype) + 1e-5
        wrong = np.flatnonzero(~(error <= tolerance))
        if len(wrong):
            query = first + int(wrong[0])
            raise AssertionError(
                f"query {query}, {act}, is off by {error[wrong[0]]:.2g} where {tolerance:.2g} is "
                f"allowed; {self._keys_in_words(query)}"
            )

    def _keys_in_words(self, query: int) -> str:
        """Which keys a query must attend to."""
        keys = self.claim.patterns[0].row(query, self.count)
        first = ", ".join(map(str, keys[:MAX_KEYS].tolist()))
        rest = ", ..." if len(keys) > MAX_KEYS else ""
        return f"it must attend to keys {first}{rest}" if len(keys) else "it has no keys"


def own_copy(cache: Any) -> Any:
    """A copy of a cache that is an object, so that each history begins with what it was at first.

    The object itself if it cannot be copied.
    """
    if not has_reset(cache):
        return cache
    try:
        return deepcopy(cache)
    except Exception:  # what an object raises is its own business
        return cache


def has_reset(cache: Any) -> bool:
    """Whether a cache is an object that can be emptied."""
    return hasattr(cache, "reset") and not isinstance(cache, type)
