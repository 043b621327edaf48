"""Kinds of puzzles: what an answer is given, on which cases, and how two answers are compared."""

from .array_kind import ArrayValue
from .blocks_kind import Blocks
from .choice_kind import Choice
from .claim_kind import Claim
from .formula_kind import Formula
from .kind import Kind
from .pattern_kind import PatternAnswer
from .review_kind import Review
from .rows_kind import SparseRows
from .runs_kind import Runs
from .steps_kind import Steps
from .value_kind import Value

__all__ = [
    "ArrayValue",
    "Blocks",
    "Choice",
    "Claim",
    "Formula",
    "Kind",
    "PatternAnswer",
    "Review",
    "Runs",
    "SparseRows",
    "Steps",
    "Value",
]
