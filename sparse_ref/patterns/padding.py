"""Padding of a batch: sequences of several lengths in rows of one length, as patterns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ..sets.checks import MAX_LENGTH, int_tuple, integer
from ..sets.heads import PatternTuple
from ..sets.parts import Documents
from ..sets.pattern import Pattern
from .globals import Global

Side = Literal["left", "right"]


def padding(
    lengths: Iterable[int],
    n: int,
    inner: Pattern | None = None,
    *,
    side: Side = "right",
) -> PatternTuple:
    """A_i = { j : j - s in P_(i - s),  s <= i < s + l,  s <= j < s + l }, one for each length l

    A batch of padded sequences: each is a document of its own, the pattern restarting in it.

    s = 0 if the padding is on the right, n - l if it is on the left. No query attends to padding,
    and a query that is padding has no keys: its output is 0, and no gradient goes back from it.
    `attend` takes the patterns nested, a list with one for each head for each sequence, and its
    results are those of each sequence alone, bit for bit.

    Parameters
    ----------
    lengths : the length of each sequence, 0 to n, padding not counted.
    n : the length that all are padded to.
    inner : P; without it, the whole sequence.
    side : "right", padding after the sequence, or "left", before it.

    Returns a tuple with one pattern for each sequence. Raises ValueError for a length below 0 or
    above n, another side, and an inner pattern that is stated for another length; TypeError for
    lengths that are no integers.

    >>> import sparse_ref as sr
    >>> short, long = sr.padding((2, 4), 4, sr.Causal(), side="left")
    >>> print(sr.picture(short, 4))
    ····
    ····
    ··█·
    ··██
    >>> short
    Documents((2, 2), Causal()) - Global(2)
    """
    n = integer("padding: n", n, 0, MAX_LENGTH)
    sequence_lengths = int_tuple("padding: lengths", lengths, 0, n)
    if side not in ("left", "right"):
        raise ValueError(f"padding: side must be 'left' or 'right', got {side!r}")
    pad = _pad_left if side == "left" else _pad_right
    return PatternTuple(pad(length, n - length, inner) for length in sequence_lengths)


def _pad_right(length: int, rest: int, inner: Pattern | None) -> Pattern:
    """The sequence before `rest` positions of padding."""
    return Documents((length, rest), inner) & Global(length)


def _pad_left(length: int, rest: int, inner: Pattern | None) -> Pattern:
    """The sequence after `rest` positions of padding."""
    return Documents((rest, length), inner) - Global(rest)
