"""What an implementation is meant to compute besides its sets: soft cap, sinks, bias, transform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import PRECISIONS

Bias = Callable[..., Any]  # bias(h, i, j) of integer arrays that broadcast
Transform = Callable[..., Any]  # (q, k) -> (q, k), of float64 (H, n_q, d) and (G, n_k, d)
LSE_BASES = ("natural", "base2")


@dataclass(frozen=True, eq=False)
class Meaning:
    """x = c tanh(scale q . k / c) + bias, after `transform`; the sinks; and how it is judged.

    Attributes
    ----------
    scale, softcap, fill : float or None
        The factor of the logits (None: 1 / sqrt(d)); c; the number that masked logits get.
    sinks : float or FloatArray or None
        A logit for every head, or one for each.
    bias : FloatArray or function or None
        Broadcasts to (H, n_q, n_k), or bias(h, i, j).
    alibi : True or FloatArray or None
        Slopes (H,): the bias -slope |i - j|. True: 2^(-8 h / H) for h = 1 to H, as the paper has
        them.
    transform : function or None
        What happens to q and k before their products, such as RoPE.
    lse : str
        "natural" or "base2".
    precision : str or None
        The precision by which numbers are judged, if it is not the output's dtype.
    """

    scale: float | None = None
    softcap: float | None = None
    sinks: Any = None
    bias: Any = None
    alibi: Any = None
    fill: float | None = None
    transform: Transform | None = None
    lse: str = "natural"
    precision: str | None = None

    @property
    def has_bias(self) -> bool:
        """Whether anything is added to the logits."""
        return self.bias is not None or self.alibi is not None

    def check(self, heads: int, n: tuple[int, int]) -> None:
        """Raise TypeError or ValueError if a value is out of its bounds for these heads and n."""
        for name in ("scale", "softcap", "fill"):
            _check_number(name, getattr(self, name))
        if self.softcap is not None and self.softcap <= 0:
            raise ValueError(f"softcap must be above 0, got {self.softcap!r}")
        if self.fill is not None and self.fill >= 0:
            raise ValueError(f"fill must be below 0, got {self.fill!r}")
        if self.bias is not None and self.alibi is not None:
            raise ValueError("bias and alibi must not be given together")
        if self.lse not in LSE_BASES:
            raise ValueError(f"lse must be one of {', '.join(LSE_BASES)}, got {self.lse!r}")
        if self.precision is not None and self.precision not in PRECISIONS:
            choices = ", ".join(PRECISIONS)
            raise ValueError(f"precision must be one of {choices}, got {self.precision!r}")
        if self.transform is not None and not callable(self.transform):
            raise TypeError(f"transform must be a function, got {self.transform!r}")
        self.sinks_of(heads)
        self.slopes_of(heads)
        if self.bias is not None and not callable(self.bias):
            _check_bias_shape(np.asarray(self.bias), (heads, *n))

    def sinks_of(self, heads: int) -> FloatArray | None:
        """The logit of the sink of each head, (H,)."""
        return None if self.sinks is None else _per_head("sinks", self.sinks, heads)

    def slopes_of(self, heads: int) -> FloatArray | None:
        """The slope of each head, (H,)."""
        if self.alibi is None or self.alibi is False:
            return None
        if self.alibi is True:
            return alibi_slopes(heads)
        return _per_head("alibi", self.alibi, heads)

    def bias_at(
        self,
        heads: int,
        queries: Any,
        keys: Any,
        offset: int,
    ) -> FloatArray | None:
        """The bias (H, rows, keys) at these queries and keys; key i + offset is at query i."""
        h = np.arange(heads)[:, None, None]
        i = np.asarray(queries)[:, None]
        j = np.asarray(keys)
        slopes = self.slopes_of(heads)
        if slopes is not None:
            return -slopes[:, None, None] * np.abs(i + offset - j)
        if self.bias is None:
            return None
        shape = heads, len(i), len(j)
        if callable(self.bias):
            values = np.asarray(self.bias(h, i, j), np.float64)
            return np.broadcast_to(values, shape)
        bias = np.asarray(self.bias, np.float64)
        missing_axes = tuple(range(3 - bias.ndim))
        bias = np.expand_dims(bias, missing_axes)
        rows = bias if bias.shape[1] == 1 else bias[:, queries]
        columns = rows if rows.shape[2] == 1 else rows[:, :, keys]
        return np.broadcast_to(columns, shape)


def alibi_slopes(heads: int) -> FloatArray:
    """2^(-8 h / H) for h = 1 to H; between powers of two, those of the lower one and every second
    of the next.

    Press et al. 2022, "Train short, test long", and its published code.

    >>> alibi_slopes(4).tolist()
    [0.25, 0.0625, 0.015625, 0.00390625]
    """
    power = 1 << (heads.bit_length() - 1)
    slopes = 2.0 ** (-8 * np.arange(1, power + 1) / power)
    between = 2.0 ** (-4 * np.arange(1, 2 * power, 2) / power)
    return np.concatenate([slopes, between])[:heads]


def _check_number(name: str, value: Any) -> None:
    """Refuse what is neither None nor a finite number."""
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if value is not None and not (is_number and isfinite(value)):
        raise ValueError(f"{name} must be a finite number, got {value!r}")


def _per_head(name: str, value: Any, heads: int) -> FloatArray:
    """One number per head, (H,)."""
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, or one per head, got {value!r}") from None
    fits = numbers.shape in ((), (heads,))
    if not fits or not np.isfinite(numbers).all():
        raise ValueError(
            f"{name} must be a finite number, or one for each of the {heads} heads, got {value!r}"
        )
    return np.broadcast_to(numbers, (heads,))


def _check_bias_shape(bias: FloatArray, shape: tuple[int, int, int]) -> None:
    """Refuse a bias that does not broadcast to (H, n_q, n_k)."""
    try:
        fits = np.broadcast_shapes(bias.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"bias must broadcast to (heads, n_q, n_k) = {shape}, got {bias.shape}")
