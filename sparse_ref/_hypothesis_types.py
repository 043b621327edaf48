"""What Hypothesis draws for the types of patterns; `st.from_type(sr.Pattern)` needs no import.

Hypothesis calls `register` when it is imported. The strategies are built when they are first used.
"""

from __future__ import annotations

from typing import Any

from . import patterns
from .sets.factorized import Factorized
from .sets.listed import Listed
from .sets.parts import Blockwise, Documents, Grid
from .sets.pattern import Complement, Difference, Intersection, Pattern, Union
from .sets.rule import Rule, Sized
from .sets.shifted import Shifted
from .sets.token_pools import Pooled

COMBINED = (
    Blockwise,
    Pooled,
    Complement,
    Difference,
    Documents,
    Grid,
    Intersection,
    Listed,
    Shifted,
    Union,
)


def register() -> None:
    """Register strategies for patterns, all rules, combined patterns and factorizations."""
    from hypothesis import strategies as st

    values = [getattr(patterns, name) for name in patterns.__all__]
    classes = [value for value in values if isinstance(value, type) and issubclass(value, Rule)]
    for kind in (Pattern, Factorized, Rule, Sized, *classes, *COMBINED):
        st.register_type_strategy(kind, _strategy)


def _strategy(kind: Any) -> Any:
    """What is drawn for one of the types."""
    from .verify.strategies import types

    return types.strategy_of(kind)
