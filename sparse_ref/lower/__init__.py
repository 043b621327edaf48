"""A pattern and a length -> arrays. Kernels, exports and counts read these; none of them knows a pattern."""

from .explicit import BSR, CSR, bsr, csr, dense, density, multiplicity, nnz
from .plan import Plan, plan
from .runs import runs
from .tidy import Runs, counts

__all__ = ["BSR", "CSR", "Plan", "Runs", "bsr", "counts", "csr", "dense", "density", "multiplicity", "nnz", "plan",
           "runs"]
