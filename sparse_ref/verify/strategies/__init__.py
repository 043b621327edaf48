"""Hypothesis strategies for your own tests: patterns, shapes, q, k, v, factorizations, notation.

This needs the package hypothesis: `pip install "sparse-ref[testing]"`.

>>> import numpy as np, sparse_ref as sr
>>> from hypothesis import given, settings
>>> from sparse_ref.verify import strategies
>>> @settings(max_examples=20, deadline=None)
... @given(strategies.patterns(12))
... def test_a_mask_has_the_rows_of_its_pattern(p):
...     for i, row in enumerate(sr.dense(p, 12)):
...         assert np.array_equal(np.flatnonzero(row), p.row(i, 12))
>>> test_a_mask_has_the_rows_of_its_pattern()
"""

from __future__ import annotations

try:
    import hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError(
        "sparse_ref.verify.strategies needs the package hypothesis: "
        "pip install 'sparse-ref[testing]'"
    ) from error

from .arrays import qkv, shapes
from .texts import expressions
from .trees import factorizations, patterns, rules

__all__ = ["expressions", "factorizations", "patterns", "qkv", "rules", "shapes"]
