"""Why a pair is never joined: a closed set that holds j, or one that holds i, and that no layer leads out of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...sets.checks import integer
from ...sets.factorized import layers
from ...sets.pattern import Pattern
from .reach import edges_of
from .shortest import shortest, spreading

SLAB = 1 << 22  # pairs looked at together
SHOWN = 12  # stretches of positions that are printed


@dataclass(frozen=True, eq=False)
class WhyNot:
    """Sets S_1, ..., S_p of positions, one below each layer of the cycle, that show that j never reaches i.

    outward True: j is in S_1, whoever reads a position of S_m in layer m is in S_(m + 1), and i is in none of them.
    outward False: i is in each S_m, a position of S_(m + 1) reads none but those of S_m in layer m, and j is not in S_1.
    S_(p + 1) is S_1. With the residual edge each position also reads itself.

    patterns : A^(1), ..., A^(p);  j, i, n : ints;  residual, outward : bool;  sets : int64 arrays, ascending.
    """

    patterns: tuple[Pattern, ...]
    j: int
    i: int
    n: int
    residual: bool
    outward: bool
    sets: tuple[np.ndarray, ...]

    def holds(self) -> bool:
        """Whether all of this is so, as `contains` alone tells: every pair that would lead out is looked at."""
        inside = np.array([np.isin(np.arange(self.n), held) for held in self.sets])
        ends = (
            (inside[0, self.j] and not inside[:, self.i].any())
            if self.outward
            else (inside[:, self.i].all() and not inside[0, self.j])
        )
        return bool(ends) and all(self._leads_nowhere(m, inside) for m in range(len(self.patterns)))

    def _leads_nowhere(self, m, inside) -> bool:
        """Whether layer m (from 0) keeps the set closed."""
        below, above = inside[m], ~inside[(m + 1) % len(inside)]
        below, above = (below, above) if self.outward else (~below, ~above)
        keys, queries = np.flatnonzero(below), np.flatnonzero(above)
        rows = SLAB // max(len(keys), 1) + 1
        read = any(
            np.any(self.patterns[m].contains(queries[lo : lo + rows, None], keys))
            for lo in range(0, len(queries), rows)
        )
        return not read and not (self.residual and (below & above).any())

    def __str__(self):
        names = ", ".join(map(repr, self.patterns))
        one = len(self.sets) == 1
        held = [
            f"{_said(held)}" if one else f"below layer {m}, {p!r}: {_said(held)}"
            for m, (p, held) in enumerate(zip(self.patterns, self.sets), 1)
        ]
        if self.outward:
            told = f"Those that hear of {self.j} are {'; '.join(held)}."
            closed = (
                "None but these reads" if one else "Layer by layer, none but those above reads"
            ) + " any of these, and "
            closed += f"{self.i} is not among them."
        else:
            told = f"Those that {self.i} hears of are {'; '.join(held)}."
            closed = (
                "These read" if one else "Layer by layer, those above read"
            ) + " none but these, and "
            closed += f"{self.j} is not among them{'' if one else ' below layer 1'}."
        return f"{self.j} never reaches {self.i} through {names} (n = {self.n}).\n{told}\n{closed}"


def why_not(steps, j, i, n, *, residual=True, order=None) -> WhyNot:
    """What shows that no number of layers joins j and i: a closed set of those that hear of j, or of those that i hears of

    The smaller of the two; `outward` tells which. Its `str` says it in words, and `holds` asks `contains` about every pair
    that would lead out of it, which was done before it is returned.

    Parameters
    ----------
    steps, residual, order : as for `hops`: the layers cycle.
    j, i, n : where the path would start and end, below n, at most 32,768.

    Raises
    ------
    ValueError
        j reaches i, and a shortest path is told; or an argument, value and bound.
    TypeError
        Naming argument and value.

    >>> import sparse_ref as sr
    >>> print(sr.paths.why_not([sr.Dilated(1, 2)], 3, 6, 8))
    3 never reaches 6 through Dilated(1, 2) (n = 8).
    Those that hear of 3 are 4 positions: 1, 3, 5, 7.
    None but these reads any of these, and 6 is not among them.
    >>> print(sr.paths.why_not(sr.fixed(4), 1, 2, 8, residual=False, order=(2, 1)))
    1 never reaches 2 through Summary(4, 1), Block(4) (n = 8).
    Those that hear of 1 are below layer 1, Summary(4, 1): 1 position: 1; below layer 2, Block(4): none.
    Layer by layer, none but those above reads any of these, and 2 is not among them.
    """
    patterns, n = layers(steps, order), integer("n", n, 1)
    j, i = integer("j", j, 0, n - 1), integer("i", i, 0, n - 1)
    cycle = edges_of(patterns, n, residual)
    heard = np.zeros((len(cycle), n), bool)
    for r, front in enumerate(spreading(cycle, j, n)):
        heard[r % len(cycle)] |= front
        if front[i]:
            path = shortest(patterns, j, i, n, residual=residual)
            raise ValueError(f"j = {j} reaches i = {i} in {r} layers, by the path {path}")
    hears = _hears(cycle, i, n)
    outward = bool(heard.sum() <= hears.sum())
    sets = tuple(np.flatnonzero(held) for held in (heard if outward else hears))
    found = WhyNot(patterns, j, i, n, residual, outward, sets)
    if not found.holds():
        raise RuntimeError(f"`contains` and rows differ in {patterns!r}: one of them is wrong")
    return found


def _hears(cycle, i, n):
    """[m, a] = what stands at a below layer m reaches i at last, bool (p, n)."""
    held, m, still = np.zeros((len(cycle), n), bool), 0, 0
    held[:, i] = True
    while still < len(cycle):
        above, m = held[m], (m - 1) % len(cycle)
        more = held[m] | cycle[m].read(above)
        still = 0 if (more != held[m]).any() else still + 1
        held[m] = more
    return held


def _said(positions) -> str:
    """How many positions, and the first stretches of them."""
    if not len(positions):
        return "none"
    parts = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    shown = [
        f"{part[0]}" if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts[:SHOWN]
    ]
    return f"{len(positions)} position{'s' * (len(positions) > 1)}: {', '.join(shown)}{', ...' * (len(parts) > SHOWN)}"
