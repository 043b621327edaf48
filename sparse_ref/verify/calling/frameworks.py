"""Arrays of each framework: made from NumPy arrays, and read back. DLPack passes them if it can.

A framework is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...sets.types import FloatArray
from .rounded_attention import BITS

DTYPES = tuple(BITS)
SHORT_NAMES = {  # of tinygrad
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "int": "int32",
}


def contiguous(x: Any, dtype: str) -> Any:
    """x as DLPack takes it: int32, or the float32 that every float dtype is made from."""
    return np.ascontiguousarray(x, np.int32 if dtype == "int32" else np.float32)


def numpy_array(x: FloatArray, dtype: str, device: str) -> Any:
    """A NumPy array; bfloat16 comes from ml_dtypes."""
    if device != "cpu":
        raise ValueError(f"device must be 'cpu' with framework 'numpy', got {device!r}")
    if dtype == "bfloat16":
        return x.astype(import_module("ml_dtypes").bfloat16)
    return x.astype(dtype)


def torch_tensor(x: FloatArray, dtype: str, device: str) -> Any:
    """A tensor on any device; it shares memory with x if it can."""
    torch = import_module("torch")
    tensor = torch.from_dlpack(contiguous(x, dtype))
    if dtype in ("float32", "int32") and device == "cpu":
        return tensor
    return tensor.to(device=device, dtype=getattr(torch, dtype))


def jax_array(x: FloatArray, dtype: str, device: str) -> Any:
    """An array of JAX on any device; it shares memory with x if it can."""
    jax, jax_numpy = import_module("jax"), import_module("jax.numpy")
    array = jax_numpy.from_dlpack(contiguous(x, dtype)).astype(dtype)
    if device == "cpu":
        return array
    kind, _, index = device.partition(":")
    return jax.device_put(array, jax.devices(kind)[int(index or 0)])


def mlx_array(x: FloatArray, dtype: str, device: str) -> Any:
    """An array of MLX, whose arrays have no device: the caller's stream computes."""
    if device != "cpu":
        raise ValueError(
            "device must be 'cpu' with framework 'mlx', whose arrays have none: "
            f"set mlx's default device instead, got {device!r}"
        )
    mlx = import_module("mlx.core")
    return mlx.array(contiguous(x, dtype)).astype(getattr(mlx, dtype))


def paddle_tensor(x: FloatArray, dtype: str, device: str) -> Any:
    """A tensor of Paddle on any device: cpu, gpu:0."""
    paddle = import_module("paddle")
    return paddle.to_tensor(contiguous(x, dtype), place=device).astype(dtype)


def tinygrad_tensor(x: FloatArray, dtype: str, device: str) -> Any:
    """A tensor of tinygrad; "cpu" stands for its default device."""
    tinygrad = import_module("tinygrad")
    place = None if device == "cpu" else device.upper()
    tensor = tinygrad.Tensor(contiguous(x, dtype), device=place)
    return tensor.cast(getattr(tinygrad.dtypes, dtype)).realize()


def cupy_array(x: FloatArray, dtype: str, device: str) -> Any:
    """An array of CuPy on a CUDA device: cuda or cuda:0; "cpu" stands for the current one."""
    cupy = import_module("cupy")
    if dtype == "bfloat16":
        raise ValueError("dtype must be float64, float32 or float16 with framework 'cupy'")
    index = device.partition(":")[2]
    current = cupy.cuda.Device(int(index)) if index else cupy.cuda.Device()
    with current:
        return cupy.asarray(contiguous(x, dtype)).astype(dtype)


class Framework(NamedTuple):
    """The module of a framework, and convert(x, dtype, device) -> its array."""

    module: str
    convert: Callable[[FloatArray, str, str], Any]

    def __call__(self, x: FloatArray, dtype: str, device: str) -> Any:
        """The array of this framework with the numbers of x."""
        return self.convert(x, dtype, device)


FRAMEWORKS = {
    "numpy": Framework("numpy", numpy_array),
    "torch": Framework("torch", torch_tensor),
    "jax": Framework("jax", jax_array),
    "mlx": Framework("mlx.core", mlx_array),
    "paddle": Framework("paddle", paddle_tensor),
    "tinygrad": Framework("tinygrad", tinygrad_tensor),
    "cupy": Framework("cupy", cupy_array),
}


def dtype_name(x: Any) -> str:
    """The name of the dtype of an array of any framework, in either byte order."""
    dtype = x.dtype
    if isinstance(dtype, np.dtype):
        return dtype.name
    name = str(dtype).rpartition(".")[2]
    return SHORT_NAMES.get(name, name)


def to_float64(x: Any) -> FloatArray:
    """A float64 NumPy array of any framework's array: a copy, since fn may reuse its output."""
    if hasattr(x, "cpu"):  # a tensor of torch or Paddle
        x = x.detach().cpu()
    if not isinstance(x, np.ndarray) and hasattr(x, "__dlpack__"):
        # NumPy lacks some dtypes, and cannot read every memory
        with suppress(BufferError, RuntimeError, TypeError, ValueError):
            return np.from_dlpack(x).astype(np.float64)
    x = _as_float32(x)
    if hasattr(x, "numpy"):
        x = x.numpy()
    elif hasattr(x, "get"):  # an array of CuPy
        x = x.get()
    return np.asarray(x).astype(np.float64)


def _as_float32(x: Any) -> Any:
    """An array that NumPy has no dtype for, in float32; others as they are."""
    if dtype_name(x) != "bfloat16":
        return x
    if hasattr(x, "float"):  # torch, Paddle, tinygrad
        return x.float()
    if type(x).__module__.startswith("mlx"):
        return x.astype(import_module("mlx.core").float32)
    return x
