"""What stands for a declared function while its tests run against mutants."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

from ..._claims import Claim
from ...sets.types import FloatArray
from ..calling.arrays import LAYOUTS, to_float64
from .mutations import Attention, Statement
from .statement import statement_of

Arguments = tuple[Any, ...]
Inputs = tuple[Any, Any, Any]
HEAD_AXES = {4: ("bhnd", "bnhd"), 3: ("hnd", "nhd")}  # layouts that shapes tell apart


class Substitute:
    """Calls the function, or an attention in its place, with the same arrays.

    `attention` is what takes its place; None for the function itself. `calls` counts calls;
    `returns_lse` and `is_batched` are what the last call of the function itself was.
    """

    def __init__(self, fn: Callable[..., Any], claim: Claim):
        self.fn, self.claim = fn, claim
        self.statement = statement_of(claim)
        self.attention: Attention | None = None
        self.calls = 0
        self.returns_lse = False
        self.is_batched = False

    def function(self) -> Callable[..., Any]:
        """A function like the original."""

        @wraps(self.fn, updated=())
        def call(*args: Any, **kwargs: Any) -> Any:
            return self(*args, **kwargs)

        call.__dict__.update(getattr(self.fn, "__dict__", {}))
        return call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.attention is None:
            result = self.fn(*args, **kwargs)
            self.returns_lse = isinstance(result, (tuple, list)) and len(result) == 2
            with suppress(Exception):  # a test of what the function refuses
                self.is_batched = "b" in self._layout(self._qkv(args, kwargs))
            return result
        try:
            qkv = self._qkv(args, kwargs)
            layout = self._layout(qkv)
            arrays = self._unpack(qkv, layout)
            result = self._attend(*arrays)
        except Exception:  # inputs that the declaration says nothing about
            return self.fn(*args, **kwargs)
        return self._pack(result, layout, qkv[0], len(arrays[0]))

    def _qkv(self, args: Arguments, kwargs: dict[str, Any]) -> Inputs:
        """q, k and v: the first three parameters."""
        if kwargs:
            bound = inspect.signature(self.fn).bind(*args, **kwargs).arguments
            args = tuple(bound.values())
        if dict(self.claim.options).get("shared_qk"):
            return args[0], args[0], args[1]
        q, k, v = args[:3]
        return q, k, v

    def _layout(self, qkv: Inputs) -> str:
        """The declared layout, or the one that the shapes have."""
        layout = self.claim.options.get("layout", "auto")
        if layout != "auto":
            return layout
        heads, shape = self.claim.heads, tuple(qkv[0].shape)
        if len(shape) == 2:
            return "nd"
        first, second = HEAD_AXES[len(shape)]
        at = 1 if len(shape) == 4 else 0
        if shape[at] == heads:
            return first
        if shape[at + 1] == heads:
            return second
        return "ble" if len(shape) == 3 else first

    def _unpack(self, qkv: Inputs, layout: str) -> list[FloatArray]:
        """(B, H, n, d) each, in float64."""
        heads = self.claim.heads
        kv_heads = self.claim.options.get("kv_heads") or heads
        unpack = LAYOUTS[layout].unpack
        counts = (heads, kv_heads, kv_heads)
        return [unpack(to_float64(x), count) for x, count in zip(qkv, counts)]

    def _attend(self, q: FloatArray, k: FloatArray, v: FloatArray) -> Any:
        """(out, lse) of the attention; of as many heads as q has, if all have one pattern."""
        attention = self.attention
        assert attention is not None
        heads = q.shape[1]
        if heads != len(self.statement.patterns):
            attention.statement = with_heads(self.statement, heads)
        else:
            attention.statement = self.statement
        return attention(q, k, v)

    def _pack(self, result: Any, layout: str, q: Any, batch: int) -> Any:
        """The result in the layout, framework and dtype of q."""
        out, lse = result
        packed = array_like(LAYOUTS[layout].pack(out), q)
        if not self.returns_lse:
            return packed
        return packed, array_like(lse if "b" in layout else lse[0], q)


def with_heads(statement: Statement, heads: int) -> Statement:
    """The statement for another number of heads.

    Raises ValueError if the heads differ.
    """
    differ = len(set(statement.patterns)) > 1
    has_numbers = statement.sinks is not None or statement.slopes is not None
    if differ or has_numbers:
        raise ValueError(f"heads must be {len(statement.patterns)}, got {heads}")
    return replace(statement, patterns=statement.patterns[:1] * heads)


def array_like(x: FloatArray, template: Any) -> Any:
    """x in the framework, in the dtype and on the device of another array."""
    x = np.ascontiguousarray(x)
    framework = type(template).__module__.partition(".")[0]
    if framework == "torch":
        torch = import_module("torch")
        return torch.from_numpy(x).to(template)
    if framework in ("jax", "jaxlib"):
        return import_module("jax.numpy").asarray(x, template.dtype)
    if isinstance(template, np.ndarray):
        return x.astype(template.dtype)
    xp = template.__array_namespace__()
    return xp.asarray(x, dtype=template.dtype)
