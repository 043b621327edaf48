"""Calling somebody else's attention: the layout, dtype and framework it wants, and an error that teaches when it misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from ...sets.checks import integer, lengths
from .frameworks import DTYPES, FRAMEWORKS, bits, name_of, numpy_of
from .rounded_attention import BITS, rounded
from .worker import Worker

MOST = 1 << 20
LAYOUTS: dict[
    str, tuple[Callable, Callable]
] = {  # from (B, H, n, d), and back; the last needs to know H
    "hnd": (lambda x: x[0], lambda x, heads: x[None]),
    "bhnd": (lambda x: x, lambda x, heads: x),
    "bnhd": (lambda x: x.swapaxes(1, 2), lambda x, heads: x.swapaxes(1, 2)),
    "nd": (lambda x: x[0, 0], lambda x, heads: x[None, None]),
    "ble": (
        lambda x: x.swapaxes(1, 2).reshape(len(x), x.shape[2], -1),
        lambda x, heads: x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2),
    ),
}
BATCHED = ("bhnd", "bnhd", "ble")


class ProbeError(ValueError):
    """fn raised, hung, or returned something else than floats (H, n_q, e) in the layout that it was called with.

    `kind` is one of: error, timeout, shape, dtype.
    """

    def __init__(self, message: str, kind: str = "error"):
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, eq=False)
class Subject:
    """An implementation, and the shapes that it is called with: q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)."""

    fn: Callable
    n: tuple[int, int]
    heads: int
    kv_heads: int
    d: int
    e: int
    layout: str
    framework: str
    dtype: str = "float32"
    device: str = "cpu"
    seconds: float = 60.0
    worker: Worker = field(default_factory=Worker)

    def normal(self, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Random q, k, v, every head, position and feature different, exact in the dtype of the input."""
        q, k, v = (
            self.rounded(rng.standard_normal((heads, n, width), np.float32))
            for heads, n, width in (
                (self.heads, self.n[0], self.d),
                (self.kv_heads, self.n[1], self.d),
                (self.kv_heads, self.n[1], self.e),
            )
        )
        return q, k, v

    def rounded(self, x) -> np.ndarray:
        """The numbers of the input's dtype that are nearest to x, in float32."""
        return rounded(np.asarray(x, np.float32), bits(self.dtype))

    def __call__(self, q, k, v) -> tuple[np.ndarray, str]:
        """(out, dtype): out (H, n_q, e) in float64, and the name of the dtype that fn returned."""
        out, dtype, _ = self.returned(q[None], k[None], v[None])
        return out[0], dtype

    def returned(self, q, k, v) -> tuple[np.ndarray, str, np.ndarray | None]:
        """(out, dtype, lse) of a batch: out (B, H, n_q, e) and lse (B, H, n_q) in float64, lse None where fn returns none."""
        into, _ = LAYOUTS[self.layout]
        arrays = [
            np.array(into(np.asarray(x)), order="C") for x in (q, k, v)
        ]  # copies: fn may write on them
        shapes = ", ".join(f"{name} {x.shape}" for name, x in zip("qkv", arrays))
        called = (
            f"fn({shapes}), {self.dtype}, layout {self.layout!r}, framework {self.framework!r},"
        )

        def call():
            with np.errstate(all="ignore"):
                found = self.fn(
                    *(FRAMEWORKS[self.framework](x, self.dtype, self.device) for x in arrays)
                )
                return self._read(called, found, len(q))

        try:
            return self.worker(call, self.seconds)
        except ProbeError:
            raise
        except TimeoutError as error:
            raise ProbeError(
                f"{called} {error}", "timeout" if self.worker.lost else "error"
            ) from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever fn raises is a finding
            raise ProbeError(f"{called} raised {type(error).__name__}: {error}") from error

    def _read(self, called: str, found, batch: int) -> tuple[np.ndarray, str, np.ndarray | None]:
        """What came back, as arrays."""
        into, back = LAYOUTS[self.layout]
        out, lse = found if isinstance(found, (tuple, list)) and len(found) == 2 else (found, None)
        if not hasattr(out, "shape") or not hasattr(out, "dtype"):
            raise ProbeError(f"{called} must return one array, or (out, lse), got {_said(found)}")
        shape, dtype = into(np.empty((batch, self.heads, self.n[0], self.e))).shape, name_of(out)
        if tuple(out.shape) != shape:
            raise ProbeError(f"{called} must return shape {shape}, got {tuple(out.shape)}", "shape")
        if dtype not in BITS:
            raise ProbeError(f"{called} must return one of {', '.join(BITS)}, got {dtype}", "dtype")
        try:
            return (
                back(numpy_of(out), self.heads),
                dtype,
                None if lse is None else self._lse(called, lse, batch),
            )
        except ProbeError:
            raise
        except Exception as error:
            raise ProbeError(
                f"{called} returned {_said(out)} that is no array: {type(error).__name__}: {error}"
            ) from error

    def _lse(self, called: str, lse, batch: int) -> np.ndarray:
        """lse as (B, H, n_q), from that, from (B, n_q, H), or from either without axes of 1."""
        shape = batch, self.heads, self.n[0]
        own = tuple(lse.shape) if hasattr(lse, "shape") else None
        if own is not None and own == (batch, self.n[0], self.heads) and own != shape:
            return numpy_of(lse).swapaxes(1, 2)
        if own is None or [s for s in own if s != 1] != [s for s in shape if s != 1]:
            said = own or _said(lse)
            raise ProbeError(
                f"{called} must return lse of shape {shape} beside out, or out alone, got {said}",
                "shape",
            )
        return numpy_of(lse).reshape(shape)

    def wide(self, q, k, v, rows=slice(None)) -> tuple[np.ndarray, str]:
        """(out, dtype) of these rows for v (n_k, w) of any width, the same for all key heads: a call for every e columns."""
        found, dtype = [], ""
        for start in range(0, v.shape[1], self.e):
            part = v[:, start : start + self.e]
            held = np.zeros((self.kv_heads, self.n[1], self.e))
            held[..., : part.shape[1]] = part
            out, dtype = self(q, k, held)
            found.append(out[:, rows, : part.shape[1]])
        return np.concatenate(found, axis=-1), dtype

    @property
    def equal(self) -> tuple[np.ndarray, np.ndarray]:
        """q and k of 0, for equal logits."""
        return np.zeros((self.heads, self.n[0], self.d)), np.zeros(
            (self.kv_heads, self.n[1], self.d)
        )


def subject(
    fn,
    n,
    heads=1,
    *,
    kv_heads=None,
    d=16,
    e=None,
    layout="hnd",
    framework="numpy",
    dtype="float32",
    device="cpu",
    seconds=60.0,
) -> Subject:
    """The options of `probe`, checked."""
    if not callable(fn):
        raise TypeError(f"fn must be callable, got {fn!r}")
    n_q, n_k = lengths(n)
    if min(n_q, n_k) < 1 or max(n_q, n_k) > MOST:
        raise ValueError(f"n must be at least 1 and at most {MOST}, got {n!r}")
    heads = integer("heads", heads, 1)
    kv_heads = heads if kv_heads is None else integer("kv_heads", kv_heads, 1)
    d = integer("d", d, 2)
    e = d if e is None else integer("e", e, 1)
    if heads % kv_heads:
        raise ValueError(f"kv_heads must divide heads = {heads}, got {kv_heads}")
    if layout == "nd" and heads > 1:
        raise ValueError(f"heads must be 1 with layout 'nd', got {heads}")
    for name, value, known in (
        ("layout", layout, LAYOUTS),
        ("framework", framework, FRAMEWORKS),
        ("dtype", dtype, DTYPES),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, (int, float))
        or not isfinite(seconds)
        or seconds <= 0
    ):
        raise ValueError(f"seconds must be a number above 0, got {seconds!r}")
    return Subject(
        fn, (n_q, n_k), heads, kv_heads, d, e, layout, framework, dtype, device, float(seconds)
    )


def first(wrong) -> tuple[int, ...]:
    """The index of the first True of a bool table, or zeros where there is none."""
    return tuple(int(x) for x in np.unravel_index(int(wrong.argmax()), wrong.shape))


def _said(out: Any) -> str:
    """What came back, in a word."""
    if isinstance(out, (tuple, list)):
        return f"a {type(out).__name__} of {len(out)}: let fn return the output alone"
    return "None" if out is None else type(out).__name__
