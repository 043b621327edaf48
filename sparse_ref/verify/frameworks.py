"""Arrays handed to an implementation and taken back. torch, JAX and ml_dtypes are imported once they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np

from .plain import BITS

DTYPES = tuple(BITS)


def bits(dtype: str) -> int:
    """Of the significand; input has 24 at most, and so has what is judged."""
    return min(BITS[dtype], 24)


def spacing(dtype: str) -> float:
    """Between 1 and the next number."""
    return 2.0 ** (1 - bits(dtype))


def _numpy(x, dtype: str, device: str):
    """A NumPy array; bfloat16 comes from ml_dtypes."""
    return x.astype(getattr(import_module("ml_dtypes"), dtype) if dtype == "bfloat16" else dtype)


def _torch(x, dtype: str, device: str):
    """A tensor on any device, which shares memory where it can."""
    torch = import_module("torch")
    found = torch.from_numpy(np.ascontiguousarray(x, np.float32))
    return found if dtype == "float32" and device == "cpu" else found.to(device=device, dtype=getattr(torch, dtype))


def _jax(x, dtype: str, device: str):
    """An array of JAX, on its default device."""
    return import_module("jax.numpy").asarray(np.asarray(x, np.float32), dtype=dtype)


FRAMEWORKS: dict[str, Callable] = {"numpy": _numpy, "torch": _torch, "jax": _jax}


def name_of(x) -> str:
    """The name of the dtype of an array of any framework."""
    return str(x.dtype).rsplit(".", 1)[-1]


def numpy_of(x) -> np.ndarray:
    """An array of any framework and device as NumPy has it, in float64."""
    if hasattr(x, "detach"):  # a torch tensor; NumPy has no bfloat16 to take it as it is
        x = x.detach().cpu().double()
    return np.asarray(x, np.float64).copy()  # fn may use its output again
