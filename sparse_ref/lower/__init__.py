"""A pattern and a length -> arrays: runs, CSR, BSR, masks, counts and gather-tiles.

Kernels, exports and counts read the arrays; none of them knows a pattern. `runs/` states the keys
of a row as a few arithmetic sequences. `tiles/` stands on it and makes what the fast kernels
read. Other rooms import from here.
"""

from ..sets.require import check_pattern
from .blocks import block_counts
from .explicit import BSR, CSR, bsr, csr, dense, density, multiplicity, nnz, transpose_rows
from .readers import Degrees, degrees
from .runs.keys import key_counts, keys_of, runs_of_keys
from .runs.row_set import row_set
from .runs.runs_of import all_runs, row_counts, runs_of
from .runs.table import Runs, normalise, unite
from .tiles.bitmask import ALL_ONES, TILE, key_of, single_bit, test_bit
from .tiles.plan import Plan, plan

__all__ = [
    "ALL_ONES",
    "BSR",
    "CSR",
    "TILE",
    "Degrees",
    "Plan",
    "Runs",
    "all_runs",
    "block_counts",
    "bsr",
    "check_pattern",
    "csr",
    "degrees",
    "dense",
    "density",
    "key_counts",
    "key_of",
    "keys_of",
    "multiplicity",
    "nnz",
    "normalise",
    "plan",
    "row_counts",
    "row_set",
    "runs_of",
    "runs_of_keys",
    "single_bit",
    "test_bit",
    "transpose_rows",
    "unite",
]
