"""One exchange of arrays with an implementation: in its layout and framework, and back.

A framework is imported when it is first used; arrays are passed by DLPack if possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...sets.types import FloatArray
from .rounded_attention import BITS

DTYPES = tuple(BITS)
Function = Callable[..., Any]
Shape = tuple[int, ...]
Result = tuple[FloatArray, str, FloatArray | None]  # out, the name of its dtype, lse


class ProbeError(ValueError):
    """fn raised, hung, or did not return floats (H, n_q, e) in the layout that it was called with.

    `kind` is one of: error, timeout, shape, dtype.
    """

    def __init__(self, message: str, kind: str = "error"):
        super().__init__(message)
        self.kind = kind


class Layout(NamedTuple):
    """pack(x) turns (B, H, n, d) into the layout of fn; unpack(x, heads) turns it back."""

    pack: Callable[[Any], Any]
    unpack: Callable[[Any, int], Any]


def _merge_heads(x: Any) -> Any:
    """(B, H, n, d) as (B, n, H d)."""
    batch, _, n, _ = x.shape
    return x.swapaxes(1, 2).reshape(batch, n, -1)


def _split_heads(x: Any, heads: int) -> Any:
    """(B, n, H d) as (B, H, n, d)."""
    batch, n, _ = x.shape
    return x.reshape(batch, n, heads, -1).swapaxes(1, 2)


LAYOUTS = {
    "hnd": Layout(lambda x: x[0], lambda x, _: x[None]),
    "bhnd": Layout(lambda x: x, lambda x, _: x),
    "bnhd": Layout(
        lambda x: x.swapaxes(1, 2),
        lambda x, _: x.swapaxes(1, 2),
    ),
    "nd": Layout(
        lambda x: x[0, 0],
        lambda x, _: x[None, None],
    ),
    "ble": Layout(_merge_heads, _split_heads),
}
BATCHED = ("bhnd", "bnhd", "ble")


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


class Form(NamedTuple):
    """The form of the arrays that fn is called with."""

    layout: str
    framework: str
    dtype: str
    device: str

    def pack(self, x: Any) -> FloatArray:
        """A copy of (B, H, n, d) in the layout of fn, which may write on its arguments."""
        packed = LAYOUTS[self.layout].pack(np.asarray(x))
        return np.array(packed, order="C")

    def convert(self, x: FloatArray) -> Any:
        """The array in the framework and dtype, and on the device, of fn."""
        return FRAMEWORKS[self.framework](x, self.dtype, self.device)


@dataclass(frozen=True, eq=False)
class Exchange:
    """A call of fn with a batch of q, k, v, whose output must have `shape`, (B, H, n_q, e)."""

    fn: Function
    qkv: Sequence[FloatArray]
    form: Form
    shape: Shape

    def __call__(self) -> Result:
        """Call fn, and read what it returns."""
        arrays = map(self.form.pack, self.qkv)
        with np.errstate(all="ignore"):
            result = self.fn(*map(self.form.convert, arrays))
            return read_result(result, self)

    def __str__(self) -> str:
        shapes = [f"{name} {self.form.pack(x).shape}" for name, x in zip("qkv", self.qkv)]
        form = self.form
        place = f"layout {form.layout!r}, framework {form.framework!r},"
        return f"fn({', '.join(shapes)}), {form.dtype}, {place}"


def read_result(result: Any, call: Exchange) -> Result:
    """What fn returned, as (B, H, n_q, e) and (B, H, n_q)."""
    layout, shape = LAYOUTS[call.form.layout], call.shape
    is_pair = isinstance(result, (tuple, list)) and len(result) == 2
    out, lse = result if is_pair else (result, None)
    if not hasattr(out, "shape") or not hasattr(out, "dtype"):
        got = _describe(result)
        raise ProbeError(f"{call} must return one array, or (out, lse), got {got}")
    packed_shape = layout.pack(np.empty(shape)).shape
    shape_of_out = tuple(out.shape)
    if shape_of_out != packed_shape:
        text = f"{call} must return shape {packed_shape}, got {shape_of_out}"
        raise ProbeError(text, "shape")
    dtype = dtype_name(out)
    if dtype not in BITS:
        raise ProbeError(f"{call} must return one of {', '.join(BITS)}, got {dtype}", "dtype")
    try:
        lse = None if lse is None else _read_lse(lse, call)
        return layout.unpack(to_float64(out), shape[1]), dtype, lse
    except ProbeError:
        raise
    except Exception as error:
        got = f"{_describe(out)} that is no array: {type(error).__name__}: {error}"
        raise ProbeError(f"{call} returned {got}") from error


def _read_lse(lse: Any, call: Exchange) -> FloatArray:
    """lse as (B, H, n_q), from that shape, from (B, n_q, H), or from either without axes of 1."""
    shape = batch, heads, n_q = call.shape[:-1]
    actual = tuple(lse.shape) if hasattr(lse, "shape") else None
    if actual == (batch, n_q, heads) and actual != shape:
        return to_float64(lse).swapaxes(1, 2)
    if actual is None or _without_ones(actual) != _without_ones(shape):
        got = actual or _describe(lse)
        raise ProbeError(
            f"{call} must return lse of shape {shape} with out, or out only, got {got}", "shape"
        )
    return to_float64(lse).reshape(shape)


def _without_ones(shape: Shape) -> list[int]:
    """The axes of a shape that are longer or shorter than 1."""
    return [length for length in shape if length != 1]


def _describe(result: Any) -> str:
    """The type of a result, in words."""
    if isinstance(result, (tuple, list)):
        return f"a {type(result).__name__} of {len(result)}: return the output only"
    return "None" if result is None else type(result).__name__
