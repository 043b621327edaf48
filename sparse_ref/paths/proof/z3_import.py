"""The solver z3, imported when a proof first needs it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def z3() -> Any:
    """The module z3. Raises ImportError with the command that installs it."""
    try:
        return import_module("z3")
    except ImportError:
        raise ImportError(
            "proofs need z3: pip install 'sparse-ref[proofs]', or pip install z3-solver; "
            "without it, reach, hops and why_not check one length at a time"
        ) from None
