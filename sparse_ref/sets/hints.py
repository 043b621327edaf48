"""The mend for what is often given in a pattern's place: text, a mask, a class without ()."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any


def got(p: Any) -> str:
    """The end of an error: the value, and the mend if there is one likely cause."""
    if isinstance(p, str):
        return f"got the text {p!r}: sr.parse({p!r}) reads a pattern"
    if is_boolean_array(p):
        mend = "sr.interop.from_allowed_mask(mask) reads a boolean mask"
        return f"got a boolean array of shape {tuple(p.shape)}: {mend}"
    if is_constructor(p):
        return f"got {p.__qualname__} without its parameters: write {call_of(p)}"
    if callable(p) and hasattr(p, "__name__"):
        mend = "sr.interop.from_mask_mod reads a mask function"
        return f"got the function {p.__name__}: {mend}"
    return f"got {p!r}"


def is_constructor(p: Any) -> bool:
    """Whether p is a class or function of this library."""
    return callable(p) and str(getattr(p, "__module__", "")).startswith("sparse_ref.")


def is_boolean_array(p: Any) -> bool:
    """Whether p is an array or a tensor of bools."""
    return str(getattr(p, "dtype", "")) in ("bool", "torch.bool") and hasattr(p, "shape")


def call_of(constructor: Any) -> str:
    """The call of a class or function, with the names of the parameters that it needs."""
    parameters = signature(constructor).parameters.values()
    needed = [parameter.name for parameter in parameters if parameter.default is Parameter.empty]
    return f"{constructor.__name__}({', '.join(needed)})"
