"""A released package, what it says that it attends to, and what `sparse_ref.verify` has to find out
by itself.
"""

import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import reduce
from importlib.metadata import version
from io import StringIO
from operator import or_

import sparse_ref as sr
from sparse_ref.catalogue import notation
from wild.handed import torch


@contextmanager
def one_thread():
    """PyTorch on one thread: on inputs this small, more of them wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Case:
    """One use of a package. `verify` is handed `fn`, the pattern and the size, and nothing of what
    stands below them.

    package : its name in the package index. call : how it is used, in its own words. claims : what
    it says that it attends to, in ours. pattern : the same in the notation of this library; the
    branches of a multiset are taken as one set. n : a length, or (n_q, n_k). fn : fn(q, k, v) ->
    out, torch tensors (B, H, n, d). source : where it says so, or where the defect is recorded.
    finds : the kinds of findings; none where the package is right. at : (head, i, j) or (head, i)
    of the first finding. called : the name that verify gives to the set it found, of head 0; ""
    where it gives none. options : those of `sr.verify.check`.
    """

    package: str
    call: str
    claims: str
    pattern: str
    n: int | tuple[int, int]
    fn: Callable
    source: str
    finds: tuple[str, ...] = ()
    at: tuple[int, ...] | None = None
    called: str = ""
    options: dict = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version that is installed, without the build it is of."""
        return version(self.package).partition("+")[0]

    def asked(self):
        """The pattern, or the patterns of the heads."""
        value = notation.read(self.pattern)
        return reduce(or_, value.patterns) if isinstance(value, sr.Branches) else value

    def report(self):
        """What verify says."""
        with warnings.catch_warnings(), redirect_stdout(StringIO()), one_thread():
            warnings.simplefilter("ignore")  # what the packages say is not the answer
            options = dict(layout="bhnd", framework="torch", ragged=False) | self.options
            return sr.verify.check(self.fn, self.asked(), self.n, **options)
