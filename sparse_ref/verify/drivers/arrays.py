"""What the drivers do with arrays of any framework: cut, copy and concatenate them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

NAMESPACES = {"jax": "jax.numpy", "jaxlib": "jax.numpy", "mlx": "mlx.core"}
CONCATENATIONS = ("concatenate", "concat", "cat")
COPIES = ("clone", "copy")


def namespace(x: Any) -> Any:
    """The module of an array's functions: numpy, torch, jax.numpy, ..."""
    root = type(x).__module__.partition(".")[0]
    return import_module(NAMESPACES.get(root, root))


def concatenate(arrays: Sequence[Any], axis: int) -> Any:
    """The arrays, one after the other."""
    module = namespace(arrays[0])
    for name in CONCATENATIONS:
        if hasattr(module, name):
            function = getattr(module, name)
            return function(list(arrays), axis)
    first, *others = arrays
    return first.cat(*others, dim=axis)  # tinygrad


def copy_of(x: Any) -> Any:
    """A copy of an array, contiguous in memory; frameworks whose arrays never change need none."""
    for name in COPIES:
        if hasattr(x, name):
            x = getattr(x, name)()
            break
    return x.contiguous() if hasattr(x, "contiguous") else x


def cut(x: Any, axis: int, start: int, stop: int) -> Any:
    """A copy of the part from start to stop of one axis."""
    before = (slice(None),) * axis
    return copy_of(x[(*before, slice(start, stop))])


def full_like(x: Any, value: float) -> Any:
    """An array like x, full of one number."""
    module = namespace(x)
    has_function = hasattr(module, "zeros_like")
    zeros = module.zeros_like(x) if has_function else x.zeros_like()
    return zeros + value
