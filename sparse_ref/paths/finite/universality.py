"""Sufficient conditions under which sparse attention approximates any function: Yun et al. 2020, and BigBird's star.

They are conditions on the sets alone. That they do not hold says nothing against a pattern, only that the theorem is silent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ...lower.runs.table import key_counts
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from .bitsets import advance
from .diameter import widest
from .edges import edges_once, held_runs
from .hamiltonian import Condition, few, hamiltonian
from .reach import edges_of, layers, length, sources
from .unreachable import why_not

LAYERS = 4096  # multiplied where positions do not attend to themselves
PAIRS = 1 << 33  # in all of these products together, but for the first 64


@dataclass(frozen=True, eq=False)
class Assumption:
    """The three parts of Assumption 1 at one length, each a Condition; true where all hold.

    loops.evidence : None, or (m, k), the layer from 1 and the position that does not attend to itself there.
    path.evidence : an order of the positions, or what shows that there is none, as in `hamiltonian`.
    mixing.evidence : s; or a WhyNot, of a pair that no number of layers joins; or None.
    """

    patterns: tuple[Pattern, ...]
    n: int
    loops: Condition
    path: Condition
    mixing: Condition

    def __bool__(self):
        return bool(self.loops and self.path and self.mixing)

    def __str__(self):
        names = ", ".join(map(repr, self.patterns))
        return (
            f"Assumption 1 of Yun et al. 2020 for {names} (n = {self.n})\n"
            f"self-loops        {self.loops}\nHamiltonian path  {self.path}\nall in s layers   {self.mixing}"
        )


@dataclass(frozen=True, eq=False)
class Centres:
    """The centres of stars in a pattern, int64, ascending; where there is none, the edge (i, j) that the likeliest one lacks."""

    pattern: Pattern
    n: int
    centres: np.ndarray
    lacks: tuple[int, int] | None
    said: str

    def __bool__(self):
        return len(self.centres) > 0

    def __str__(self):
        return f"{self.pattern!r} (n = {self.n}) {self.said}"


def universality(steps, n, *, order=None) -> Assumption:
    """Whether Assumption 1 of Yun et al. 2020 holds at length n, part by part, with what shows it

    1. k in A_k^(m) for all k and m. 2. An order of the positions in which each attends to the one before, in some layer.
    3. A finite s = min { u : S_k^u = {0, ..., n - 1} for all k }, S_k^1 = A_k^(1), S_k^t = the union of S_j^(t - 1) over j in
    A_k^(m), m = (t - 1) mod p + 1: the layers cycle, without residual edges.

    With an attention that approximates the hardmax, as softmax does, transformers of 2 heads of width 1 and a feed-forward
    width of 4 then approximate any continuous function on a compact set. Causal sets never meet 3: it is about both ways.

    Parameters
    ----------
    steps, order : as for `reach`.
    n : the length, from 1 to 32,768. Part 2 looks beyond natural orders up to 4096 alone, and for so long, and part 3 is
        multiplied out only so far where positions do not attend to themselves; `holds` is None where neither comes to an end.

    Raises TypeError or ValueError naming argument, value and bound.
    Source: Yun et al. 2020, arXiv 2006.04862, sec. 3, Assumption 1 and Theorem 1.

    >>> import sparse_ref as sr
    >>> print(sr.paths.universality([sr.Window(8)], 256))
    Assumption 1 of Yun et al. 2020 for Window(8) (n = 256)
    self-loops        holds: each position attends to itself in each layer
    Hamiltonian path  holds: in the order 0, 1, 2, 3, 4, 5, ..., 255 each position attends to the one before
    all in s layers   holds: s = 32
    >>> bool(sr.paths.universality([sr.Causal()], 8))
    False
    """
    patterns, n = layers(steps, order), _positive(n)
    loops = _loops(patterns, n)
    return Assumption(
        patterns, n, loops, hamiltonian(patterns, n), _mixing(patterns, n, bool(loops))
    )


def contains_star(pattern, n) -> Centres:
    """The positions c that every other attends to and that attend to every other, where all others attend to themselves

    True where there is one: then the pattern contains the star graph of BigBird's Theorem 1, N(i) = {c, i}, N(c) = all others,
    and with it transformers approximate any continuous function on a compact set. Raises TypeError or ValueError.

    Source: Zaheer et al. 2020, arXiv 2007.14062, sec. 3.1, Theorem 1.

    >>> import sparse_ref as sr
    >>> print(sr.paths.contains_star(sr.bigbird(64, 4, 1, seed=0), 64))  # doctest: +ELLIPSIS
    Blockwise(...) (n = 64) contains a star around 0, 1, 2, 3, ...
    >>> print(sr.paths.contains_star(sr.Sinks(1) | sr.Window(1), 8))
    Sinks(1) | Window(1) (n = 8) contains no star: 0 is read by 7 of 7 others and reads 1, but not 2
    """
    require_pattern("pattern", pattern)
    n = _positive(n)
    a = np.arange(n)
    own = np.broadcast_to(np.asarray(pattern.contains(a, a), bool), a.shape)
    reads, read = (
        key_counts(held_runs(pattern, n, False)) - own,
        edges_once(pattern, n, False).readers() - own,
    )
    others = np.count_nonzero(own) - own  # that attend to themselves
    centres = a[(reads == n - 1) & (read == n - 1) & (others == n - 1)]
    if len(centres):
        return Centres(pattern, n, centres, None, f"contains a star around {few(centres)}")
    c = int(np.argmax(reads + read + others))
    edge, told = _lacking(pattern, n, c)
    said = (
        f"contains no star: {c} is read by {read[c]} of {n - 1} others and reads {reads[c]}, {told}"
    )
    return Centres(pattern, n, centres, edge, said)


def _lacking(pattern, n, c):
    """((i, j), what is said of it): the first edge that a star around c has and the pattern has not."""
    a = np.delete(np.arange(n), c)
    for i, j, told in (
        (c, a, "but not {}"),
        (a, c, "but {} does not read it"),
        (a, a, "but {} does not attend to itself"),
    ):
        i, j = np.broadcast_arrays(i, j)
        held = np.broadcast_to(np.asarray(pattern.contains(i, j), bool), a.shape)
        if not held.all():
            x = held.argmin()
            return (int(i[x]), int(j[x])), told.format(a[x])
    raise RuntimeError(f"`contains` and rows differ in {pattern!r}: one of them is wrong")


def _positive(n) -> int:
    """n, if it is a length that has positions."""
    return length(integer("n", n, 1))


def _loops(patterns, n) -> Condition:
    """Part 1."""
    a = np.arange(n)
    for m, p in enumerate(patterns, 1):
        lacking = np.flatnonzero(~np.broadcast_to(np.asarray(p.contains(a, a), bool), a.shape))
        if len(lacking):
            k = int(lacking[0])
            return Condition(False, f"{k} does not attend to itself in layer {m}, {p!r}", (m, k))
    return Condition(True, "each position attends to itself in each layer")


def _mixing(patterns, n, loops) -> Condition:
    """Part 3: where positions attend to themselves each S_k^t holds S_k^(t - 1), and s is the greatest of the hops."""
    far, apart = widest(patterns, n, False, False)
    if apart is not None:
        j, i = apart
        return Condition(
            False, f"{i} never hears of {j}", why_not(patterns, j, i, n, residual=False)
        )
    return Condition(True, f"s = {max(far, 1)}", max(far, 1)) if loops else _products(patterns, n)


def _products(patterns, n) -> Condition:
    """Part 3 elsewhere: products, until all is reached or one comes again below the same layer."""
    cycle, bits = edges_of(patterns, n, False), sources(n, 0, n)
    met: dict[tuple[int, bytes], int] = {}
    everything = np.bitwise_or.reduce(bits, axis=1, keepdims=True)
    most = max(min(LAYERS, PAIRS // n**2), 64)
    for u in range(1, most + 1):
        advance(*cycle[(u - 1) % len(cycle)].arrays, bits, np.zeros_like(bits))
        if (bits == everything).all():
            return Condition(True, f"s = {u}", u)
        state = u % len(cycle), hashlib.sha256(bits.data).digest()
        if state in met:
            return Condition(
                False,
                f"what is heard of after {u} layers is what was after {met[state]}, and never all",
            )
        met[state] = u
    return Condition(None, f"not all is heard of after {most} layers, the most that are tried")
