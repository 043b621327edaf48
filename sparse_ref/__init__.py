"""sparse_ref: the executable definition of sparse attention. Read it, plot it, walk it, hold others against it.

import sparse_ref as sr
p = sr.Local(4) | sr.Strided(4)     # a set of keys for each query
print(sr.picture(p, 16))            # its picture
out = sr.attend(q, k, v, p)         # the attention it allows
sr.verify.check(fn, p, n=16)        # what somebody else's attention really attends to
"""

from importlib import import_module as _import_module

from . import patterns as _patterns
from .catalogue.entries import catalogue
from .catalogue.notation import parse
from .catalogue.window_conventions import Convention, window_conventions
from .patterns import *
from .picture import difference, picture
from .sets.branches import Branches
from .sets.factorized import Factorized, Interleaved, Merged, MultiHead
from .sets.listed import Listed
from .sets.parts import Blockwise, Documents, Grid
from .sets.pattern import Pattern
from .sets.rule import Rule, Run, Sized, every, intervals, isin, rank, span
from .sets.shifted import Shifted

__version__ = "0.1.0"

_LATER = {
    **dict.fromkeys(
        ["BSR", "CSR", "Plan", "bsr", "csr", "dense", "density", "multiplicity", "nnz", "plan"],
        "lower",
    ),
    **dict.fromkeys(["attend", "attend_backward", "attend_with_lse", "merge"], "attention"),
    **dict.fromkeys(["interop", "paths", "plot", "published", "verify"], None),
}

__all__ = sorted(
    [
        *_patterns.__all__,
        *_LATER,
        "Blockwise",
        "Branches",
        "Convention",
        "Documents",
        "Factorized",
        "Grid",
        "Interleaved",
        "Listed",
        "Merged",
        "MultiHead",
        "Pattern",
        "Rule",
        "Run",
        "Shifted",
        "Sized",
        "isin",
        "catalogue",
        "difference",
        "every",
        "parse",
        "rank",
        "picture",
        "span",
        "intervals",
        "window_conventions",
    ]
)


def __getattr__(name):
    """Rooms that need numba or matplotlib are opened when they are first asked for."""
    if name not in _LATER:
        raise AttributeError(f"module 'sparse_ref' has no attribute {name!r}")
    room = _LATER[name]
    return (
        _import_module(f".{name}", __name__)
        if room is None
        else getattr(_import_module(f".{room}", __name__), name)
    )


def __dir__():
    return [*__all__, "__version__"]
