"""Why no path joins a pair: a closed set of positions that contains exactly one of the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._text import visible
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from ..layers import StepOrder, Steps, layers
from .edges import LayerEdges
from .reach import layer_cycle
from .shortest import fronts, shortest

PAIRS_PER_SLAB = 1 << 22  # checked together
MAX_INTERVALS = 12  # of positions that are printed


@dataclass(frozen=True, eq=False)
class WhyNot:
    """Sets S_1, ..., S_p of positions, one below each layer, that show that j never reaches i.

    If `outward` is True, j is in S_1 and i is in no S_m. Every position that reads a position of
    S_m in layer m is in S_{m + 1}.

    If `outward` is False, i is in every S_m and j is not in S_1. A position of S_{m + 1} reads only
    positions of S_m in layer m.

    S_{p + 1} is S_1. With the residual edge each position also reads itself.

    patterns : A^(1), ..., A^(p);  j, i, n : ints;  residual, outward : bools;
    sets : int64 arrays, ascending.
    """

    patterns: tuple[Pattern, ...]
    j: int
    i: int
    n: int
    residual: bool
    outward: bool
    sets: tuple[IntArray, ...]

    def holds(self) -> bool:
        """Whether the sets are closed and separate j from i, by `contains` at every such pair."""
        every = np.arange(self.n)
        inside = np.array([np.isin(every, positions) for positions in self.sets])
        if self.outward:
            separates = inside[0, self.j] and not inside[:, self.i].any()
        else:
            separates = inside[:, self.i].all() and not inside[0, self.j]
        return bool(separates) and all(
            self._is_closed(m, inside) for m in range(len(self.patterns))
        )

    def _is_closed(self, m: int, inside: BoolArray) -> bool:
        """Whether no edge of layer m, from 0, leads out of the sets; if not outward, into them."""
        below = inside[m]
        above = inside[(m + 1) % len(inside)]
        is_source, is_target = (below, ~above) if self.outward else (~below, above)
        if self.residual and (is_source & is_target).any():
            return False
        keys = np.flatnonzero(is_source)
        queries = np.flatnonzero(is_target)
        slab = PAIRS_PER_SLAB // max(len(keys), 1) + 1
        for lo in range(0, len(queries), slab):
            i = queries[lo : lo + slab, None]
            if np.any(self.patterns[m].contains(i, keys)):
                return False
        return True

    def __str__(self):
        names = ", ".join(map(repr, self.patterns))
        claim = f"{self.j} never reaches {self.i} through {names} (n = {self.n})."
        if self.outward:
            sets = f"Position {self.j} reaches {self._describe_sets()}."
        else:
            sets = f"Position {self.i} is reached from {self._describe_sets()}."
        return visible(f"{claim}\n{sets}\n{self._reason()}")

    def _describe_sets(self) -> str:
        """The sets in words, each with the layer above it if there are several."""
        descriptions = [describe_positions(positions) for positions in self.sets]
        if len(descriptions) == 1:
            return descriptions[0]
        places = [f"below layer {m}, {p!r}" for m, p in enumerate(self.patterns, 1)]
        return "; ".join(f"{text} {place}" for text, place in zip(descriptions, places))

    def _reason(self) -> str:
        """Why no path leads out of the sets, or into them."""
        if len(self.sets) == 1 and self.outward:
            return f"No position outside this set reads from it, and {self.i} is outside."
        if len(self.sets) == 1:
            return f"No position of this set reads from outside it, and {self.j} is outside."
        if self.outward:
            return (
                "In each layer, only the set above it reads from the set below it, "
                f"and {self.i} is in none of the sets."
            )
        return (
            "In each layer, the set above it reads only from the set below it, "
            f"and {self.j} is not in the set below layer 1."
        )


def why_not(
    steps: Steps,
    j: int,
    i: int,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> WhyNot:
    """Why no number of layers joins j and i: a closed set of positions

    It contains all positions that j reaches, or all that reach i. It is the smaller of the two
    sets; `outward` is True for the first. `str` states it in words. `holds` evaluates `contains` at
    every pair that would lead out of the set; that check is made before the result is returned.

    Parameters
    ----------
    steps, residual, order : as for `hops`: the layers cycle.
    j, i, n : where the path would start and end, below n, at most 32,768.

    Raises
    ------
    ValueError
        j reaches i: the message gives a shortest path. Or naming argument, value and bound.
    TypeError
        Naming argument and value.

    >>> import sparse_ref as sr
    >>> print(sr.paths.why_not([sr.Dilated(1, 2)], 3, 6, 8))
    3 never reaches 6 through Dilated(1, 2) (n = 8).
    Position 3 reaches 4 positions (1, 3, 5, 7).
    No position outside this set reads from it, and 6 is outside.
    >>> print(sr.paths.why_not(sr.fixed(4), 1, 2, 8, residual=False, order=(2, 1)))
    1 never reaches 2 through Summary(4, 1), Block(4) (n = 8).
    Position 1 reaches 1 position (1) below layer 1, Summary(4, 1); none below layer 2, Block(4).
    In each layer, only the set above it reads from the set below it, and 2 is in none of the sets.
    """
    patterns = layers(steps, order)
    n = integer("n", n, 1)
    j = integer("j", j, 0, n - 1)
    i = integer("i", i, 0, n - 1)
    cycle = layer_cycle(patterns, n, residual)
    targets = np.zeros((len(cycle), n), bool)  # [m, a] : j reaches a below layer m
    for r, front in enumerate(fronts(cycle, j, n)):
        targets[r % len(cycle)] |= front
        if front[i]:
            path = shortest(patterns, j, i, n, residual=residual)
            raise ValueError(f"j = {j} reaches i = {i} in {r} layers, by the path {path}")
    sources = _sources(cycle, i, n)
    outward = bool(targets.sum() <= sources.sum())
    inside = targets if outward else sources
    sets = tuple(np.flatnonzero(positions) for positions in inside)
    why = WhyNot(patterns, j, i, n, residual, outward, sets)
    if not why.holds():
        raise RuntimeError(f"`contains` and rows differ in {patterns!r}: one of them is wrong")
    return why


def _sources(cycle: tuple[LayerEdges, ...], i: int, n: int) -> BoolArray:
    """[m, a] = from position a below layer m some number of layers leads to i: bool (p, n)."""
    sources = np.zeros((len(cycle), n), bool)
    sources[:, i] = True
    m = 0
    unchanged = 0  # layers in a row that added nothing
    while unchanged < len(cycle):
        above = sources[m]
        m = (m - 1) % len(cycle)
        below = sources[m] | cycle[m].keys_of(above)
        unchanged = 0 if (below != sources[m]).any() else unchanged + 1
        sources[m] = below
    return sources


def describe_positions(positions: IntArray) -> str:
    """How many positions, and the first intervals of them: `5 positions (0 to 3, 7)`."""
    if not len(positions):
        return "none"
    intervals = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    texts = [
        f"{part[0]}" if len(part) == 1 else f"{part[0]} to {part[-1]}"
        for part in intervals[:MAX_INTERVALS]
    ]
    if len(intervals) > MAX_INTERVALS:
        texts.append("...")
    noun = "position" if len(positions) == 1 else "positions"
    return f"{len(positions)} {noun} ({', '.join(texts)})"
