"""What "auto" tries: which frameworks, which layouts, and at which sizes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from ...sets.checks import lengths
from ...sets.types import Length
from .arrays import Function
from .frameworks import FRAMEWORKS
from .layouts import LAYOUTS
from .references import frameworks_of
from .subject import CallOptions

MAX_TRIAL = 128  # positions of the first trials
WITHOUT_DEVICES = ("numpy", "mlx")


class Size(NamedTuple):
    """Of the arrays of a trial."""

    n: tuple[int, int]
    heads: int
    kv_heads: int | None
    batch: int


def trial_sizes(n: Length, heads: int, kv_heads: int | None) -> Iterator[Size]:
    """Sizes to try: small ones, then the size asked for, with and without a batch.

    Axes of 1 come last.
    """
    n_q, n_k = lengths(n)
    if max(n_q, n_k) <= MAX_TRIAL:
        yield Size((n_q, n_k), heads, kv_heads, 2)
    else:
        several = (heads, kv_heads) if heads > 1 else (2, 2)
        small_q, small_k = min(n_q, MAX_TRIAL), min(n_k, MAX_TRIAL)
        if small_q == small_k and n_q != n_k:
            small = (MAX_TRIAL // 2, MAX_TRIAL) if n_q < n_k else (MAX_TRIAL, MAX_TRIAL // 2)
        else:
            small = small_q, small_k
        yield Size(small, *several, 2)
        yield Size((n_q, n_k), *several, 2)
    yield Size((n_q, n_k), heads, kv_heads, 1)


def layouts_to_try(fn: Function, heads: int) -> list[str]:
    """The layouts to try: thd if fn takes five arguments, and last if it may take them."""
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    if len(needed) == 5:
        return ["thd"]
    names = [name for name in LAYOUTS if name != "thd" and (heads == 1 or name != "nd")]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return [*names, "thd"] if takes_any else names


def frameworks_to_try(fn: Function, options: CallOptions) -> list[str]:
    """The frameworks to try: those that fn refers to, NumPy, those imported if it refers to none,
    torch.
    """
    if options.framework != "auto":
        return [options.framework]
    loaded = [name for name in FRAMEWORKS if FRAMEWORKS[name].module in sys.modules]
    names = frameworks_of(fn)
    order = [*names, "numpy", "torch"] if names else ["numpy", *loaded, "torch"]
    without = () if options.device == "cpu" else WITHOUT_DEVICES
    return [
        name
        for name in dict.fromkeys(order)
        if name not in without and _is_installed(FRAMEWORKS[name].module)
    ]


def _is_installed(module: str) -> bool:
    """Whether a module can be imported."""
    root = module.partition(".")[0]
    return root in sys.modules or find_spec(root) is not None
