"""Calling somebody else's attention: the layout and framework it wants, and an error that teaches when it misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from ..checks import lengths, whole

MOST = 4096
BITS = {"float64": 24, "float32": 24, "float16": 11, "bfloat16": 8}  # of the significand; input is float32, so 24 at most

LAYOUTS: dict[str, tuple[Callable, Callable]] = {  # from (H, n, d), and back
    "hnd": (lambda x: x, lambda x: x),
    "bhnd": (lambda x: x[None], lambda x: x[0]),
    "bnhd": (lambda x: x.swapaxes(0, 1)[None], lambda x: x[0].swapaxes(0, 1)),
    "nd": (lambda x: x[0], lambda x: x[None]),
}
FRAMEWORKS: dict[str, Callable] = {
    "numpy": lambda x: x,
    "torch": lambda x: import_module("torch").from_numpy(x),
    "jax": lambda x: import_module("jax.numpy").asarray(x),
}


def spacing(dtype: str) -> float:
    """Between 1 and the next number."""
    return 2.0 ** (1 - BITS[dtype])


class ProbeError(ValueError):
    """fn raised, or returned something else than one array of floats (H, n_q, e) in the layout that it was called with."""


@dataclass(frozen=True, eq=False)
class Subject:
    """An implementation, and the shapes that it is called with: q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), float32."""

    fn: Callable
    n: tuple[int, int]
    heads: int
    kv_heads: int
    d: int
    e: int
    layout: str
    framework: str

    def normal(self, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Random q, k, v, every head, position and feature different."""
        q, k, v = (rng.standard_normal((heads, n, width), np.float32) for heads, n, width in (
            (self.heads, self.n[0], self.d), (self.kv_heads, self.n[1], self.d), (self.kv_heads, self.n[1], self.e)))
        return q, k, v

    def __call__(self, q, k, v) -> tuple[np.ndarray, str]:
        """(out, dtype): out (H, n_q, e) in float64, and the name of the dtype that fn returned."""
        into, back = LAYOUTS[self.layout]
        arrays = [np.array(into(x), np.float32, order="C") for x in (q, k, v)]  # copies: fn may write on them
        shapes = ", ".join(f"{name} {x.shape}" for name, x in zip("qkv", arrays))
        called = f"fn({shapes}), float32, layout {self.layout!r}, framework {self.framework!r},"
        tensors = [FRAMEWORKS[self.framework](x) for x in arrays]
        try:
            with np.errstate(all="ignore"):
                out = self.fn(*tensors)
        except (Exception, SystemExit) as error:
            raise ProbeError(f"{called} raised {type(error).__name__}: {error}") from error
        if not hasattr(out, "shape") or not hasattr(out, "dtype"):
            raise ProbeError(f"{called} must return one array, got {_said(out)}")
        shape, dtype = (*into(np.empty((self.heads, self.n[0], self.e))).shape,), str(out.dtype).rsplit(".", 1)[-1]
        if tuple(out.shape) != shape:
            raise ProbeError(f"{called} must return shape {shape}, got {tuple(out.shape)}")
        if dtype not in BITS:
            raise ProbeError(f"{called} must return one of {', '.join(BITS)}, got {dtype}")
        try:
            return back(_array(out)), dtype
        except Exception as error:
            raise ProbeError(f"{called} returned {_said(out)} that is no array: {type(error).__name__}: {error}") from error


def subject(fn, n, heads=1, *, kv_heads=None, d=16, e=None, layout="hnd", framework="numpy") -> Subject:
    """The options of `probe`, checked."""
    if not callable(fn):
        raise TypeError(f"fn must be callable, got {fn!r}")
    n_q, n_k = lengths(n)
    if min(n_q, n_k) < 1 or max(n_q, n_k) > MOST:
        raise ValueError(f"n must be at least 1 and at most {MOST}, since n_q n_k weights are kept, got {n!r}")
    heads = whole("heads", heads, 1)
    kv_heads = heads if kv_heads is None else whole("kv_heads", kv_heads, 1)
    d = whole("d", d, 2)
    e = d if e is None else whole("e", e, 1)
    if heads % kv_heads:
        raise ValueError(f"kv_heads must divide heads = {heads}, got {kv_heads}")
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    if layout == "nd" and heads > 1:
        raise ValueError(f"heads must be 1 with layout 'nd', got {heads}")
    if framework not in FRAMEWORKS:
        raise ValueError(f"framework must be one of {', '.join(FRAMEWORKS)}, got {framework!r}")
    return Subject(fn, (n_q, n_k), heads, kv_heads, d, e, layout, framework)


def first(wrong) -> tuple[int, ...]:
    """The index of the first True of a bool table, or zeros where there is none."""
    return tuple(int(x) for x in np.unravel_index(int(wrong.argmax()), wrong.shape))


def _array(out) -> np.ndarray:
    """out as NumPy has it, in float64."""
    if hasattr(out, "detach"):  # a torch tensor, on any device; NumPy has no bfloat16 to take it as it is
        out = out.detach().cpu().double()
    return np.asarray(out, np.float64)


def _said(out) -> str:
    """What came back, in a word."""
    if isinstance(out, (tuple, list)):
        return f"a {type(out).__name__} of {len(out)}: let fn return the output alone"
    return "None" if out is None else type(out).__name__
