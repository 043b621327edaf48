"""Arrays handed to an implementation and taken back, by DLPack where they can. Frameworks are imported once they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

import numpy as np

from .rounded_attention import BITS

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
    found = torch.from_dlpack(np.ascontiguousarray(x, np.float32))
    return (
        found
        if dtype == "float32" and device == "cpu"
        else found.to(device=device, dtype=getattr(torch, dtype))
    )


def _jax(x, dtype: str, device: str):
    """An array of JAX on any device, which shares memory where it can."""
    jax, (kind, _, index) = import_module("jax"), device.partition(":")
    found = (
        import_module("jax.numpy").from_dlpack(np.ascontiguousarray(x, np.float32)).astype(dtype)
    )
    return found if device == "cpu" else jax.device_put(found, jax.devices(kind)[int(index or 0)])


FRAMEWORKS: dict[str, Callable] = {"numpy": _numpy, "torch": _torch, "jax": _jax}


def name_of(x) -> str:
    """The name of the dtype of an array of any framework."""
    return str(x.dtype).rsplit(".", 1)[-1]


def numpy_of(x) -> np.ndarray:
    """An array of any framework and device as NumPy has it, in float64; a copy, since fn may use its output again."""
    if hasattr(x, "detach"):  # a torch tensor
        x = x.detach().cpu()
    if not isinstance(x, np.ndarray) and hasattr(x, "__dlpack__"):
        with suppress(
            BufferError, RuntimeError, TypeError, ValueError
        ):  # a dtype that NumPy has not, or memory that it cannot see
            return np.from_dlpack(x).astype(np.float64)
    return np.asarray(x.double() if hasattr(x, "double") else x, np.float64).copy()
