"""One pattern, and nothing else: an error names what is given in its place, and how to mend it."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from .branches import Branches
from .factorized import Factorized
from .pattern import Pattern


def require_pattern(name: str, p: Any) -> None:
    """Refuse what is no pattern.

    Raises TypeError; the message has the mend for steps, branches, boolean masks, text, and classes
    or functions that make patterns.
    """
    if isinstance(p, Pattern):
        return
    require_one_set(name, p)
    raise TypeError(f"{name} must be a Pattern, {got(p)}")


def require_one_set(name: str, p: Any) -> None:
    """Refuse steps and branches if one set is needed."""
    if isinstance(p, Factorized):
        raise TypeError(
            f"{name} {p!r} is {len(p)} steps, not one set: Merged({p!r}).at(0, 0) is their union"
        )
    if isinstance(p, Branches):
        raise TypeError(
            f"{name} {p!r} is {len(p)} branches, not one set: sr.multiplicity(branches, n) "
            "counts their keys, as sr.verify.probe(fn, n).multiplicity does those of a function"
        )


def got(p: Any) -> str:
    """The end of an error: the value, and the mend if there is one likely cause."""
    if isinstance(p, str):
        return f"got the text {p!r}: sr.parse({p!r}) reads a pattern"
    if is_boolean_array(p):
        mend = "sr.interop.from_allowed_mask(mask) reads a boolean mask"
        return f"got a boolean array of shape {tuple(p.shape)}: {mend}"
    if callable(p) and str(getattr(p, "__module__", "")).startswith("sparse_ref."):
        return f"got {p.__qualname__} without its parameters: write {call_of(p)}"
    return f"got {p!r}"


def is_boolean_array(p: Any) -> bool:
    """Whether p is an array or a tensor of bools."""
    return str(getattr(p, "dtype", "")) in ("bool", "torch.bool") and hasattr(p, "shape")


def call_of(constructor: Any) -> str:
    """The call of a class or function, with the names of the parameters that it needs."""
    parameters = signature(constructor).parameters.values()
    needed = [parameter.name for parameter in parameters if parameter.default is Parameter.empty]
    return f"{constructor.__name__}({', '.join(needed)})"
