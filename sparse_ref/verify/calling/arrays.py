"""One exchange of arrays with an implementation: in its layout and framework, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from ..._text import error_text, visible
from ...sets.types import FloatArray
from .frameworks import DTYPES, FRAMEWORKS, dtype_name, to_float64
from .layouts import BATCHED, LAYOUTS, Shape, permutation_of

__all__ = [
    "BATCHED",
    "DTYPES",
    "FRAMEWORKS",
    "LAYOUTS",
    "Exchange",
    "Facts",
    "Form",
    "Function",
    "ProbeError",
    "Result",
    "dtype_name",
    "to_float64",
]

Function = Callable[..., Any]
Lengths = Sequence[tuple[int, int]]  # (n_q, n_k) of each sequence
Result = tuple[FloatArray, str, FloatArray | None]  # out, the name of its dtype, lse
MAX_COMPARISONS = 8  # of q, k, v before and after a call


class ProbeError(ValueError):
    """fn raised, hung, or did not return floats (H, n_q, e) in the layout that it was called with.

    `kind` is one of: error, timeout, shape, dtype; or shared, if q and k differ and fn takes one
    array for both.
    """

    def __init__(self, message: str, kind: str = "error"):
        super().__init__(visible(message))
        self.kind = kind


class Form(NamedTuple):
    """The form of the arrays that fn is called with."""

    layout: str
    framework: str
    dtype: str
    device: str
    shared_qk: bool = False

    def pack(self, x: Any) -> FloatArray:
        """A copy of (B, H, n, d) in the layout of fn, which may write on its arguments."""
        packed = LAYOUTS[self.layout].pack(np.asarray(x))
        return np.array(packed, order="C")

    def convert(self, x: FloatArray) -> Any:
        """The array in the framework and dtype, and on the device, of fn."""
        return FRAMEWORKS[self.framework](x, self.dtype, self.device)

    def function(self, fn: Function, sequences: Lengths) -> Function:
        """fn as a function of q, k and v only, for sequences of these lengths."""
        if self.shared_qk:
            return lambda q, _, v: fn(q, v)
        if self.layout != "thd":
            return fn
        ends = np.cumsum([(0, 0), *sequences], axis=0)
        framework = FRAMEWORKS[self.framework]
        offsets = [framework(x, "int32", self.device) for x in ends.T]
        return lambda q, k, v: fn(q, k, v, *offsets)


@dataclass
class Facts:
    """What was noticed of fn that is no fault.

    Attributes
    ----------
    writes : set of str
        Which of q, k and v fn writes over.
    out_dtypes : set of str
        The dtypes of its outputs.
    swapped : set of str
        The dtypes of outputs in another byte order than the machine's, such as >f4.
    """

    writes: set[str] = field(default_factory=set)
    out_dtypes: set[str] = field(default_factory=set)
    swapped: set[str] = field(default_factory=set)
    comparisons: int = 0


@dataclass(frozen=True, eq=False)
class Exchange:
    """A call of fn with a batch of q, k, v, whose output must have `shape`, (B, H, n_q, e).

    In layout thd the batch is one, and its positions are those of all `sequences`.
    """

    fn: Function
    qkv: Sequence[FloatArray]
    form: Form
    shape: Shape
    sequences: Lengths = ()
    facts: Facts = field(default_factory=Facts)

    def __call__(self) -> Result:
        """Call fn, and read what it returns."""
        packed = [self.form.pack(x) for x in self.qkv]
        with np.errstate(all="ignore"):
            arrays = [self.form.convert(x) for x in packed]
            before = self._numbers(arrays)
            result = self.form.function(self.fn, self.sequences)(*arrays)
            for name, old, new in zip("qkv", before, map(to_float64, arrays)):
                if not np.array_equal(old, new, equal_nan=True):
                    self.facts.writes.add(name)
            values = read_result(result, self)
        self.facts.out_dtypes.add(values[1])
        return values

    def _numbers(self, arrays: Sequence[Any]) -> list[FloatArray]:
        """Copies of q, k, v to compare afterwards; [] once enough calls were compared.

        Zeros are not, since fn may multiply them.
        """
        enough = self.facts.comparisons >= MAX_COMPARISONS
        if enough or not all(np.any(x) for x in self.qkv):
            return []
        self.facts.comparisons += 1
        return [to_float64(x) for x in arrays]

    def __str__(self) -> str:
        names = ("qk", "", "v") if self.form.shared_qk else "qkv"
        shapes = [f"{name} {self.form.pack(x).shape}" for name, x in zip(names, self.qkv) if name]
        if self.form.layout == "thd":
            shapes += ["cu_seqlens_q", "cu_seqlens_k"]
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
    packed_shape = layout.shape(shape)
    shape_of_out = tuple(out.shape)
    if shape_of_out != packed_shape:
        text = f"{call} must return shape {packed_shape}, got {shape_of_out}"
        hint = permutation_of(shape_of_out, shape)
        raise ProbeError(f"{text}: {hint}" if hint else text, "shape")
    dtype = dtype_name(out)
    if dtype not in DTYPES:
        raise ProbeError(f"{call} must return one of {', '.join(DTYPES)}, got {dtype}", "dtype")
    if isinstance(out.dtype, np.dtype) and not out.dtype.isnative:
        call.facts.swapped.add(out.dtype.str)
    try:
        lse = None if lse is None else _read_lse(lse, call)
        return layout.unpack(to_float64(out), shape[1]), dtype, lse
    except ProbeError:
        raise
    except Exception as error:
        got = f"{_describe(out)} that is no array: {error_text(error)}"
        raise ProbeError(f"{call} returned {got}") from error


def _read_lse(lse: Any, call: Exchange) -> FloatArray:
    """lse as (B, H, n_q), from any order of these axes, with or without axes of 1.

    From that order if it fits, and otherwise from the only one that does.
    """
    shape = call.shape[:-1]
    actual = tuple(lse.shape) if hasattr(lse, "shape") else None
    long_axes = [axis for axis, length in enumerate(shape) if length != 1]
    orders = [
        order
        for order in permutations(long_axes)
        if actual is not None and [shape[axis] for axis in order] == _without_ones(actual)
    ]
    if not orders or (len(orders) > 1 and orders[0] != tuple(long_axes)):
        got = actual or _describe(lse)
        raise ProbeError(
            f"{call} must return lse of shape {shape} with out, or out only, got {got}", "shape"
        )
    order = orders[0]
    numbers = to_float64(lse).reshape([shape[axis] for axis in order])
    return numbers.transpose(np.argsort(order)).reshape(shape)


def _without_ones(shape: Shape) -> list[int]:
    """The axes of a shape that are longer or shorter than 1."""
    return [length for length in shape if length != 1]


def _describe(result: Any) -> str:
    """The type of a result, in words."""
    if isinstance(result, (tuple, list)):
        return f"a {type(result).__name__} of {len(result)}: return the output only"
    return "None" if result is None else type(result).__name__
