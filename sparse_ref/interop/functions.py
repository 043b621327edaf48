"""Mask functions (b, h, q, kv) -> bool: FlexAttention's mask_mod, Hugging Face's mask functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from typing import Any, Literal

import numpy as np

from ..attention.arrays import as_array
from ..patterns import Random
from ..sets.checks import integer, lengths
from ..sets.listed import Listed
from ..sets.pattern import Pattern, leaves
from ..sets.positions import isin
from ..sets.types import BoolArray, IntArray, Length
from .heads import (
    PatternPerHead,
    heads_by_pattern,
    pattern_of_slabs,
    patterns_of_heads,
    slab_bounds,
)
from .source import mask_mod_source

MaskMod = Callable[..., Any]  # (b, h, q_idx, kv_idx) -> bool, on ints, arrays or tensors
GridMask = Callable[[int, IntArray, IntArray], BoolArray]  # (h, queries, keys) -> (rows, keys)
FRAMEWORKS = ("numpy", "torch")


def mask_mod(p: PatternPerHead) -> MaskMod:
    """The function (b, h, q_idx, kv_idx) -> [kv_idx in A_(q_idx)], FlexAttention's mask_mod.

    Hugging Face's masking_utils take it as a mask function. It
    accepts ints, NumPy arrays and torch tensors. `mask_mod_source` is its source: arithmetic only,
    which torch.compile can trace. One pattern serves every head; of several, head h has the h-th,
    and further heads have no keys. Positions are those of the pattern: if queries begin at `offset`
    and the caller counts them from 0, pass Shifted(p, offset).

    Raises TypeError if p is no pattern, nor a sequence with one per head; and for listed and random
    sets, which only NumPy can evaluate: `torch_block_mask` takes those.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> allows = interop.mask_mod((sr.Causal(), sr.Lookback(2)))
    >>> [allows(0, head, 5, 3) for head in (0, 1)]
    [True, False]
    """
    patterns = patterns_of_heads("p", p)
    for pattern in patterns:
        for leaf in leaves_without_formula(pattern):
            raise TypeError(
                f"p must be stated by formulas to be a mask_mod, got {leaf!r}, which only NumPy "
                "can evaluate: interop.torch_block_mask(p, n) looks its keys up in a table, "
                "allowed_mask(p, n) lists them"
            )
    try:
        source = mask_mod_source(p)
    except TypeError:  # a rule typed in at a prompt, or a pattern that is no rule, has no source
        return mask_mod_of_sets(patterns)
    namespace: dict[str, Any] = {}
    exec(compile(source, "<mask_mod>", "exec"), namespace)
    return namespace["mask_mod"]


def mask_mod_of_sets(patterns: tuple[Pattern, ...]) -> MaskMod:
    """The same function by way of `contains`, also for listed patterns, but those only in NumPy."""
    if len(patterns) == 1:
        contains = patterns[0].contains

        def every_head(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
            return contains(q_idx, kv_idx)

        return every_head
    groups = tuple(heads_by_pattern(patterns))

    def per_head(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
        mask = h != h  # False, in the shape and framework of h
        for pattern, heads in groups:
            mask = mask | (isin(h, heads) & pattern.contains(q_idx, kv_idx))
        return mask

    return per_head


def leaves_without_formula(p: Pattern) -> list[Pattern]:
    """The listed and random sets that a pattern is made of."""
    return [leaf for leaf in leaves(p) if isinstance(leaf, (Listed, Random))]


def from_mask_mod(
    fn: MaskMod,
    n: Length,
    heads: int | None = None,
    *,
    batch: int = 0,
    framework: Literal["numpy", "torch"] = "numpy",
) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a function (b, h, q, kv) -> bool, or (q, kv) -> bool, at a length.

    n is the length, or (n_q, n_k). fn is called with grids that broadcast, q (rows, 1) and kv
    (1, n_k), some rows at a time: O(nnz) memory. `heads` gives a tuple with one pattern per head;
    without it, fn is called with h = 0. `framework` is "numpy" to call fn with arrays, "torch" for
    CPU tensors.

    Raises TypeError if fn takes other than 2 or 4 arguments, or returns anything but bools;
    ValueError if its result does not broadcast to the grid, or an option is out of bounds.

    >>> from sparse_ref import interop
    >>> interop.from_mask_mod(lambda b, h, q, kv: (q >= kv) & (q - kv < 2), 4)
    Listed(<4 rows, 7 keys>)
    """
    n_q, n_k = lengths(n)
    batch = integer("batch", batch, 0)
    call = grid_mask(fn, batch, framework)
    if heads is not None and integer("heads", heads, 1) and _count_arguments(fn) == 2:
        raise TypeError("heads must be None for a function of (q, kv), which takes no head")
    keys = np.arange(n_k)

    def read(h: int) -> Listed:
        return pattern_of_slabs(slabs(h))

    def slabs(h: int) -> Iterator[BoolArray]:
        for lo, hi in slab_bounds((n_q, n_k)):
            yield call(h, np.arange(lo, hi), keys)

    return read(0) if heads is None else tuple(read(h) for h in range(heads))


def grid_mask(fn: MaskMod, batch: int, framework: str, device: Any = "cpu") -> GridMask:
    """fn as a function (h, i (rows,), j (keys,)) -> bool (rows, keys), with its results checked."""
    if framework not in FRAMEWORKS:
        raise ValueError(f"framework must be one of {', '.join(FRAMEWORKS)}, got {framework!r}")
    takes_heads = _count_arguments(fn) == 4

    def call(h: int, i: IntArray, j: IntArray) -> BoolArray:
        grids: tuple[Any, ...] = (i[:, None], j[None, :])
        if takes_heads:
            grids = (np.asarray(batch), np.asarray(h), *grids)
        if framework == "torch":
            grids = _as_tensors(grids, device)
        return _check_result(fn(*grids), (len(i), len(j)))

    return call


def _as_tensors(arrays: tuple[Any, ...], device: Any) -> tuple[Any, ...]:
    """The arrays as torch tensors on a device."""
    import torch

    return tuple(torch.as_tensor(array, device=device) for array in arrays)


def _check_result(result: Any, shape: tuple[int, int]) -> BoolArray:
    """What a mask function returned, as bools of this shape."""
    array = result.cpu() if hasattr(result, "cpu") else np.asarray(result)
    array = as_array("fn's result", array)
    if array.dtype != bool:
        raise TypeError(f"fn must return bools, True where it attends, got {array.dtype}")
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"fn must return shape {shape} or one that broadcasts to it, got {array.shape}"
        ) from None


def _count_arguments(fn: MaskMod) -> int:
    """How many positional arguments fn requires: 2 or 4."""
    try:
        count = fn.nin if isinstance(fn, np.ufunc) else _required_count(fn)
    except (TypeError, ValueError) as error:
        raise TypeError(f"fn must be a function of (b, h, q, kv) or (q, kv), got {fn!r}") from error
    if count not in (2, 4):
        raise TypeError(f"fn must take (b, h, q, kv) or (q, kv), got {count} arguments in {fn!r}")
    return count


def _required_count(fn: MaskMod) -> int:
    """How many positional arguments without default a function has."""
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(
        parameter.default is Parameter.empty and parameter.kind in positional
        for parameter in signature(fn).parameters.values()
    )
