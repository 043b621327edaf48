"""The layouts of q, k and v: how (batch, heads, n, d) becomes the array that fn is called with."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]
AXES = "bhnd"  # the axes within this library


class Layout(NamedTuple):
    """The axes of fn's arrays, in order; "hd" is heads and d in one axis.

    A batch axis that a layout does not have must be 1 long, and so must its axis of heads.
    """

    axes: tuple[str, ...]
    description: str

    def shape(self, shape: Shape) -> Shape:
        """The shape in this layout of an array (B, H, n, d)."""
        sizes = dict(zip(AXES, shape))
        return tuple(prod(sizes[letter] for letter in axis) for axis in self.axes)

    def pack(self, x: Any) -> Any:
        """(B, H, n, d) in this layout: a view if possible."""
        order = "".join(self.axes)
        kept = [axis for axis in AXES if axis in order]
        part = x[tuple(slice(None) if axis in order else 0 for axis in AXES)]
        turned = part.transpose([kept.index(axis) for axis in order])
        return turned.reshape(self.shape(x.shape))

    def unpack(self, x: Any, heads: int) -> Any:
        """An array of this layout as (B, H, n, d)."""
        order = "".join(self.axes)
        sizes: list[int] = []
        for axis, size in zip(self.axes, x.shape):
            sizes += [heads, size // heads] if axis == "hd" else [size]
        split = x.reshape(sizes)
        kept = [axis for axis in AXES if axis in order]
        turned = split.transpose([order.index(axis) for axis in kept])
        dropped = [at for at, axis in enumerate(AXES) if axis not in order]
        return np.expand_dims(turned, dropped)


LAYOUTS = {  # "auto" prefers the first of those that fit
    "hnd": Layout(("h", "n", "d"), "(heads, n, d)"),
    "bhnd": Layout(("b", "h", "n", "d"), "(batch, heads, n, d)"),
    "bnhd": Layout(("b", "n", "h", "d"), "(batch, n, heads, d)"),
    "nhd": Layout(("n", "h", "d"), "(n, heads, d)"),
    "sbhd": Layout(("n", "b", "h", "d"), "(n, batch, heads, d)"),
    "ble": Layout(("b", "n", "hd"), "(batch, n, heads * d)"),
    "lbe": Layout(("n", "b", "hd"), "(n, batch, heads * d)"),
    "nd": Layout(("n", "d"), "(n, d)"),
    "thd": Layout(
        ("n", "h", "d"),
        "(positions of all sequences, heads, d), fn(q, k, v, cu_seqlens_q, cu_seqlens_k)",
    ),
}
BATCHED = ("bhnd", "bnhd", "sbhd", "ble", "lbe", "thd")


def permutation_of(shape: Shape, expected: Shape) -> str:
    """The layouts that an output of this shape may be in, in words: "that is bhnd"; or ""."""
    names = [name for name, layout in LAYOUTS.items() if layout.shape(expected) == shape]
    names = [name for name in names if name != "thd"]
    return f"that is {' or '.join(names)}" if names else ""
