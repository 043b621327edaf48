"""Connectivity sets as values: what a pattern is, what combines them, and what defines one."""

from .branches import Branches
from .factorized import Factorized, Interleaved, Merged, MultiHead
from .heads import heads_by_pattern
from .listed import Listed
from .parts import Blockwise, Documents, Grid
from .pattern import Complement, Difference, Intersection, Pattern, Union
from .positions import intervals, isin, rank
from .require import (
    check_pattern,
    patterns_of_batch,
    patterns_of_heads,
    require_one_set,
    require_pattern,
)
from .rule import Rule, Sized
from .run import Run, every, span
from .shifted import Shifted
from .token_pools import Pooled
from .types import BoolArray, FloatArray, IntArray, Length

__all__ = [
    "Blockwise",
    "BoolArray",
    "Branches",
    "Complement",
    "Difference",
    "Documents",
    "Factorized",
    "FloatArray",
    "Grid",
    "IntArray",
    "Interleaved",
    "Intersection",
    "Length",
    "Listed",
    "Merged",
    "MultiHead",
    "Pattern",
    "Pooled",
    "Rule",
    "Run",
    "Shifted",
    "Sized",
    "Union",
    "check_pattern",
    "every",
    "heads_by_pattern",
    "intervals",
    "isin",
    "patterns_of_batch",
    "patterns_of_heads",
    "rank",
    "require_one_set",
    "require_pattern",
    "span",
]
