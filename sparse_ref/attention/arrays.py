"""Arrays in, arrays of the same kind out: NumPy, torch and JAX, without importing either.

torch and JAX are found among the modules that the caller has imported. bfloat16, which NumPy does
not have, crosses by its bits as ml_dtypes.bfloat16.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np

FLOATS = ("float64", "float32", "float16", "bfloat16")


def is_torch(x: Any) -> bool:
    """Whether x is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def is_jax(x: Any) -> bool:
    """Whether x is a JAX array."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(x, jax.Array)


def requires_gradients(*arrays: Any) -> bool:
    """Whether one of the arrays is a torch tensor whose gradient is being recorded."""
    if not any(is_torch(x) and x.requires_grad for x in arrays):
        return False
    return sys.modules["torch"].is_grad_enabled()


def as_array(name: str, x: Any) -> np.ndarray:
    """x as a NumPy array in the machine's byte order, by `__array__` or DLPack.

    Raises TypeError if x is a masked array, or if it does not cross: a tensor that requires
    gradients or is on another device, or no array at all.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array: pass a pattern to select keys, not a mask"
        )
    try:
        array = _cross(x)
    except Exception as error:  # whatever the array's own code raises
        raise TypeError(
            f"{name} must be an array, or cross by __array__ or __dlpack__, "
            f"got {type(x).__name__}: {error}"
        ) from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def return_as(array: np.ndarray, x: Any) -> Any:
    """The array as what x is: a torch tensor or a JAX array for one of those, else as it is.

    It crosses by DLPack, without a copy.
    """
    if is_torch(x):
        torch = sys.modules["torch"]
        if array.dtype.name == "bfloat16":
            return torch.from_dlpack(array.view(np.int16)).view(torch.bfloat16)
        return torch.from_dlpack(array)
    if is_jax(x):
        jnp = import_module("jax.numpy")
        if array.dtype.name == "bfloat16":
            return jnp.asarray(array)
        return jnp.from_dlpack(array)
    return array


def _cross(x: Any) -> np.ndarray:
    """x as NumPy sees it."""
    if is_torch(x) and str(x.dtype) == "torch.bfloat16":
        bits = np.asarray(x.view(sys.modules["torch"].int16))
        return bits.view(_bfloat16())
    if hasattr(x, "__array__") or not hasattr(x, "__dlpack__"):
        return np.asarray(x)
    return np.from_dlpack(x)


def _bfloat16() -> np.dtype:
    """ml_dtypes.bfloat16; ImportError says what to install."""
    try:
        return np.dtype(import_module("ml_dtypes").bfloat16)
    except ImportError as error:
        raise ImportError(
            "NumPy has no bfloat16, and the package ml_dtypes, which has it, is not installed"
        ) from error
