"""Prefix language models: a prefix that is read in both directions, then text from left to right.

Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", arXiv 1910.10683; the same set, with the source as the prefix, is the
sequence-to-sequence mask of Dong et al. 2019, arXiv 1905.03197.
"""

from __future__ import annotations

from ..sets.checks import integer
from ..sets.pattern import Pattern
from .elementary import Causal
from .globals import Prefix


def prefix_lm(length: int) -> Pattern:
    """A_i = { j : j <= i  or  j < length }

    Raffel et al. 2020, sec. 3.2.1 and fig. 3, causal with prefix.

    `length` is that of the prefix; 0 gives the set of `Causal()`. No row is empty. Raises
    ValueError for `length` below 0.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.prefix_lm(3), 5))
    ███··
    ███··
    ███··
    ████·
    █████
    """
    return Causal() | Prefix(integer("prefix_lm: length", length, 0))
