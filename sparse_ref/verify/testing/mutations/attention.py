"""Attention in stages, in plain NumPy: a mutation replaces one stage of it.

Symbols:  B sequences of a batch;  H query heads, G key heads;  i query, j key;  x logits,
(B, H, n_q, n_k), minus infinity where masked;  p weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....sets.mask import brute_mask
from ....sets.pattern import Pattern
from ....sets.shifted import Shifted
from ....sets.types import BoolArray, FloatArray

Result = tuple[FloatArray, FloatArray]
Change = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Statement:
    """What the right attention is: the declared sets, and all that is declared besides.

    fill is what masked logits are; `align` is "bottom-right" if the last query is aligned with the
    last key. sinks and slopes are (H,); bias(h, i, j) is a function of integer arrays, or an array.
    """

    patterns: tuple[Pattern, ...]
    kv_heads: int
    scale: float | None = None
    softcap: float | None = None
    sinks: FloatArray | None = None
    bias: Any = None
    slopes: FloatArray | None = None
    align: str | None = None
    fill: float = -np.inf
    lse_base: float = np.e
    transform: Callable[..., Any] | None = None

    def mask(self, n_q: int, n_k: int) -> BoolArray:
        """The declared sets, (H, n_q, n_k)."""
        shift = n_k - n_q if self.align == "bottom-right" else 0
        masks = {}
        for p in dict.fromkeys(self.patterns):
            aligned = Shifted(p, shift) if shift else p
            masks[p] = brute_mask(aligned, (n_q, n_k))
        return np.stack([masks[p] for p in self.patterns])


class Attention:
    """(out, lse) = attention(q, k, v), with one stage changed, if one is.

    q (B, H, n_q, d), k (B, G, n_k, d), v (B, G, n_k, e). A change is called as
    change(attention, stage, *arguments of the stage); `memory` is what it keeps between calls.
    """

    def __init__(self, statement: Statement, stage: str = "", change: Change | None = None):
        self.statement = statement
        self.changed_stage = stage
        self.change = change
        self.memory: dict[Any, Any] = {}

    def __call__(self, q: FloatArray, k: FloatArray, v: FloatArray) -> Result:
        self.heads, self.n_q, self.d = q.shape[1:]
        self.n_k = k.shape[2]
        self.i, self.j = np.ogrid[: self.n_q, : self.n_k]
        with np.errstate(all="ignore"):
            out, lse = self.run("attend", q, k, v)
        return out, lse / np.log(self.statement.lse_base)

    def run(self, name: str, *arguments: Any) -> Any:
        """One stage, or what it was changed to."""
        stage = getattr(self, name)
        if name != self.changed_stage or self.change is None:
            return stage(*arguments)
        return self.change(self, stage, *arguments)

    @property
    def past(self) -> BoolArray:
        """j <= i, of the keys up to each query, (n_q, n_k)."""
        return self.j <= self.i + self.shift

    @property
    def shift(self) -> int:
        """The key that query 0 is aligned with."""
        return self.n_k - self.n_q if self.statement.align == "bottom-right" else 0

    def attend(self, q: FloatArray, k: FloatArray, v: FloatArray) -> Result:
        """(out, lse) of a batch, in these stages."""
        q, k = self.run("inputs", q, k)
        key_heads = self.run("key_heads", k.shape[1])
        value_heads = self.run("value_heads", v.shape[1])
        x = self.run("logits", q, k[:, key_heads])
        x = self.run("bias", self.run("cap", x))
        x = self.run("fill", x, self.run("mask"))
        p, lse = self.run("softmax", x)
        out = self.run("product", p, self.run("values", v[:, value_heads]))
        return self.run("out", out), self.run("lse", lse, x)

    def inputs(self, q: FloatArray, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        """q and k, after the declared transform."""
        transform = self.statement.transform
        if transform is None:
            return q, k
        pairs = [transform(*pair) for pair in zip(q, k)]
        queries, keys = zip(*pairs)
        return np.stack(queries), np.stack(keys)

    def key_heads(self, groups: int) -> Any:
        """The key head of each query head, (H,)."""
        return np.arange(self.heads) // (self.heads // groups)

    def value_heads(self, groups: int) -> Any:
        """The head of v of each query head, (H,)."""
        return self.run("key_heads", groups)

    def scale(self) -> float:
        """The factor of the logits."""
        scale = self.statement.scale
        return self.d**-0.5 if scale is None else scale

    def logits(self, q: FloatArray, k: FloatArray) -> FloatArray:
        """scale q . k"""
        x: FloatArray = q @ k.mT * self.run("scale")
        return x

    def cap(self, x: FloatArray) -> FloatArray:
        """The logits under the declared soft cap."""
        cap = self.statement.softcap
        return x if cap is None else cap * np.tanh(x / cap)

    def bias(self, x: FloatArray) -> FloatArray:
        """The logits with the declared biases."""
        slopes, bias = self.statement.slopes, self.statement.bias
        if slopes is not None:
            distance = np.abs(self.i + self.shift - self.j)
            x = x - slopes[:, None, None] * distance
        if callable(bias):
            h = np.arange(self.heads)[:, None, None]
            return x + bias(h, self.i[None], self.j[None])
        return x if bias is None else x + bias

    def mask(self) -> BoolArray:
        """The sets, (H, n_q, n_k)."""
        return self.statement.mask(self.n_q, self.n_k)

    def fill(self, x: FloatArray, mask: BoolArray) -> FloatArray:
        """The logits, with minus infinity, or the declared number, outside the sets."""
        return np.where(mask, x, self.statement.fill)

    def softmax(self, x: FloatArray) -> Result:
        """(p, lse (B, H, n_q)), with the declared sinks in the denominator; 0, -inf if empty."""
        sinks = self.run("sinks")
        top = x.max(axis=-1, keepdims=True, initial=-np.inf)
        if sinks is not None:
            top = np.maximum(top, sinks[:, None, None])
        top = np.where(np.isneginf(top), 0, top)
        p = np.exp(x - top)
        total = p.sum(axis=-1, keepdims=True)
        if sinks is not None:
            total = total + np.exp(sinks[:, None, None] - top)
        lse = np.log(total) + top
        return p / np.where(total == 0, 1, total), lse[..., 0]

    def sinks(self) -> FloatArray | None:
        """The logit of the sink of each head."""
        return self.statement.sinks

    def values(self, v: FloatArray) -> FloatArray:
        """v of each query head, (B, H, n_k, e)."""
        return v

    def product(self, p: FloatArray, v: FloatArray) -> FloatArray:
        """p v"""
        out: FloatArray = p @ v
        return out

    def out(self, out: FloatArray) -> FloatArray:
        """What is returned, (B, H, n_q, e)."""
        return out

    def lse(self, lse: FloatArray, x: FloatArray) -> FloatArray:
        """The log-sum-exp, (B, H, n_q)."""
        return lse
