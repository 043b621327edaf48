"""A pattern and a length -> arrays. Kernels, exports and counts read these; none of them knows a pattern."""

from .explicit import BSR, CSR, bsr, csr, dense, density, multiplicity, nnz
from .runs.lowering import runs
from .runs.table import Runs, key_counts
from .tiles.plan import Plan, plan

__all__ = [
    "BSR",
    "CSR",
    "Plan",
    "Runs",
    "bsr",
    "csr",
    "dense",
    "density",
    "key_counts",
    "multiplicity",
    "nnz",
    "plan",
    "runs",
]
