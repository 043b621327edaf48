"""What a stored implementation is: right, or wrong in one known way, and then what a check of it
must say.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

import ml_dtypes
import numpy as np

import sparse_ref as sr

DTYPES = {"float32": np.float32, "bfloat16": ml_dtypes.bfloat16, "float16": np.float16}


@dataclass(frozen=True, eq=False)
class Case:
    """An implementation `fn` and what is asked of it: `pattern`, at `n` and `heads`, with further
    `options` of a check.

    fn keeps no state between checks: a callable object that has some is copied for each. `inside`
    says that fn also takes `dtype`, to which it rounds what it computes on the way. `ragged` says
    that fn takes any length; n is None if it is left out. `dtypes` are those at which the fault
    shows, if there is one.
    """

    name: str
    fn: Callable
    pattern: Any
    n: int | tuple[int, int] | None = None
    heads: int | None = None
    options: dict = field(default_factory=dict)
    inside: bool = False
    ragged: bool = False
    dtypes: tuple[str, ...] = tuple(DTYPES)

    def check(self, dtype: str = "float32"):
        """The report on fn, its input and output rounded to `dtype`."""
        fn = deepcopy(self.fn)
        fn = partial(fn, dtype=DTYPES[dtype]) if self.inside else fn
        fn = fn if dtype == "float32" else rounded(fn, dtype)
        options = self.options if self.ragged else {"ragged": False, **self.options}
        return sr.verify.check(fn, self.pattern, self.n, self.heads, **options)


@dataclass(frozen=True, eq=False)
class Mutant(Case):
    """A wrong one. `finding` is a kind that the report must hold, `at` its first counterexample,
    worked out by hand.

    `diagnosis` has, by kind, words that the diagnosis must contain; it is empty where the findings
    say all there is to say. `words` are expressions that the report must match, `never` those that
    it must not. `source` is where it was met, if it was. `status` is UNTESTED if n cannot show the
    fault.
    """

    finding: str = ""
    at: tuple[int, ...] | None = None
    diagnosis: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    status: str = "FAIL"
    source: str = ""


def rounded(fn, dtype: str):
    """fn as a kernel of that dtype: input and output hold no more bits than it has."""

    @wraps(fn)
    def call(*arrays):
        result = fn(*(narrow(x, dtype) for x in arrays))
        if isinstance(result, tuple):  # lse stays in float32
            out, lse = result
            return np.asarray(out).astype(DTYPES[dtype]), lse
        return np.asarray(result).astype(DTYPES[dtype])

    return call


def narrow(x, dtype: str):
    """Floats with no more bits than the dtype has, in float32; integers as they are."""
    return x.astype(DTYPES[dtype]).astype(np.float32) if x.dtype.kind == "f" else x
