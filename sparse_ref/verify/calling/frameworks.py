"""Arrays passed to an implementation and read back, by DLPack if possible.

A framework is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from ...sets.types import FloatArray
from .rounded_attention import BITS

DTYPES = tuple(BITS)


def bits(dtype: str) -> int:
    """Bits of the significand, at most 24: the input is float32, and results are judged as such."""
    return min(BITS[dtype], 24)


def spacing(dtype: str) -> float:
    """The distance from 1 to the next larger number."""
    return 2.0 ** (1 - bits(dtype))


def numpy_array(x: FloatArray, dtype: str, device: str) -> Any:
    """A NumPy array; bfloat16 comes from ml_dtypes."""
    if dtype == "bfloat16":
        return x.astype(import_module("ml_dtypes").bfloat16)
    return x.astype(dtype)


def torch_tensor(x: FloatArray, dtype: str, device: str) -> Any:
    """A tensor on any device; it shares memory with x if it can."""
    torch = import_module("torch")
    tensor = torch.from_dlpack(np.ascontiguousarray(x, np.float32))
    if dtype == "float32" and device == "cpu":
        return tensor
    return tensor.to(device=device, dtype=getattr(torch, dtype))


def jax_array(x: FloatArray, dtype: str, device: str) -> Any:
    """An array of JAX on any device; it shares memory with x if it can."""
    jax, jax_numpy = import_module("jax"), import_module("jax.numpy")
    array = jax_numpy.from_dlpack(np.ascontiguousarray(x, np.float32)).astype(dtype)
    if device == "cpu":
        return array
    kind, _, index = device.partition(":")
    return jax.device_put(array, jax.devices(kind)[int(index or 0)])


FRAMEWORKS: dict[str, Callable[[FloatArray, str, str], Any]] = {
    "numpy": numpy_array,
    "torch": torch_tensor,
    "jax": jax_array,
}


def dtype_name(x: Any) -> str:
    """The name of the dtype of an array of any framework."""
    return str(x.dtype).rsplit(".", 1)[-1]


def to_float64(x: Any) -> FloatArray:
    """A float64 NumPy array of any framework's array: a copy, since fn may reuse its output."""
    if hasattr(x, "detach"):  # a torch tensor
        x = x.detach().cpu()
    if not isinstance(x, np.ndarray) and hasattr(x, "__dlpack__"):
        # NumPy lacks some dtypes, and cannot read every memory
        with suppress(BufferError, RuntimeError, TypeError, ValueError):
            return np.from_dlpack(x).astype(np.float64)
    x = x.double() if hasattr(x, "double") else x
    return np.asarray(x, np.float64).copy()
