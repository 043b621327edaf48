"""Kinds of puzzles: what an answer is given, on which cases, and how two answers are compared."""

from .choice_kind import Choice
from .claim_kind import Claim
from .formula_kind import Formula
from .kind import Kind
from .pattern_kind import PatternAnswer
from .runs_kind import Runs
from .value_kind import Value

__all__ = ["Choice", "Claim", "Formula", "Kind", "PatternAnswer", "Runs", "Value"]
