"""Sufficient conditions for universal approximation: Yun et al. 2020, and BigBird's star.

They are conditions on the sets only. If they fail, the theorem does not apply; it does not say that
the pattern is weak.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._text import visible
from ...lower import key_counts
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from ...sets.types import BoolArray, IntArray
from ..layers import StepOrder, Steps, layers, length
from .bitsets import advance
from .diameter import extent
from .edges import distinct_edges, key_runs, members
from .hamiltonian import Condition, abbreviate, hamiltonian
from .reach import identity_columns, layer_cycle
from .unreachable import why_not

MAX_LAYERS = 4096  # multiplied if some positions do not attend to themselves
MIN_LAYERS = 64  # multiplied at any length
MAX_PAIRS = 1 << 33  # in all of these products together, the first MIN_LAYERS not counted

Edge = tuple[int, int]  # (i, j)


@dataclass(frozen=True, eq=False)
class Assumption:
    """The three parts of Assumption 1 at one length, each a Condition; true if all hold.

    - `loops.evidence`: None, or (m, k), the layer from 1 and a position that does not attend to
      itself there.
    - `path.evidence`: an order of the positions, or what shows that there is none, as in
      `hamiltonian`.
    - `mixing.evidence`: s; or a WhyNot, of a pair that no number of layers joins; or None.
    """

    patterns: tuple[Pattern, ...]
    n: int
    loops: Condition
    path: Condition
    mixing: Condition

    def __bool__(self):
        return bool(self.loops and self.path and self.mixing)

    def __str__(self):
        names = visible(", ".join(map(repr, self.patterns)))
        return (
            f"Assumption 1 of Yun et al. 2020 for {names} (n = {self.n})\n"
            f"self-loops        {self.loops}\n"
            f"Hamiltonian path  {self.path}\n"
            f"all in s layers   {self.mixing}"
        )


@dataclass(frozen=True, eq=False)
class Centres:
    """The centres of stars in a pattern, int64, ascending; true if there is one.

    If there is none, missing_edge = (i, j) is an edge that the best candidate needs and the pattern
    does not have. `reason` states the result in words.
    """

    pattern: Pattern
    n: int
    centres: IntArray
    missing_edge: Edge | None
    reason: str

    def __bool__(self):
        return len(self.centres) > 0

    def __str__(self):
        return visible(f"{self.pattern!r} (n = {self.n}) {self.reason}")


def universality(steps: Steps, n: int, *, order: StepOrder = None) -> Assumption:
    """Whether Assumption 1 of Yun et al. 2020 holds at length n, part by part, with evidence

    1. k in A_k^(m) for all k and m.
    2. There is an order of the positions in which each attends to the one before, in some layer.
    3. There is a finite s = min { u : S_k^u = {0, ..., n - 1} for all k }, with S_k^1 = A_k^(1) and
       S_k^t the union of S_j^(t - 1) over j in A_k^(m), m = (t - 1) mod p + 1. The layers cycle,
       without residual edges.

    With an attention that approximates the hardmax, as softmax does, transformers of 2 heads of
    width 1 and a feed-forward width of 4 then approximate any continuous function on a compact set.
    Causal sets never meet part 3, which is about both directions.

    Parameters
    ----------
    steps, order : as for `reach`.
    n : the length, from 1 to 32,768. Part 2 tries other than natural orders up to n = 4096, within
        a limit. Part 3 multiplies a limited number of layers if some positions do not attend to
        themselves. `holds` is None if a limit is reached.

    Raises TypeError or ValueError naming argument, value and bound.
    Source: Yun et al. 2020, arXiv 2006.04862, sec. 3, Assumption 1 and Theorem 1.

    >>> import sparse_ref as sr
    >>> print(sr.paths.universality([sr.Window(8)], 256))
    Assumption 1 of Yun et al. 2020 for Window(8) (n = 256)
    self-loops        holds: each position attends to itself in each layer
    Hamiltonian path  holds: in the order 0, 1, 2, 3, 4, 5, ..., 255 each attends to the one before
    all in s layers   holds: s = 32
    >>> bool(sr.paths.universality([sr.Causal()], 8))
    False
    """
    patterns = layers(steps, order)
    n = _positive_length(n)
    loops = _self_loops(patterns, n)
    path = hamiltonian(patterns, n)
    return Assumption(patterns, n, loops, path, _mixing(patterns, n, bool(loops)))


def contains_star(pattern: Pattern, n: int) -> Centres:
    """The positions c that every other position attends to and that attend to every other

    All others attend to themselves. True if there is one. Then the pattern contains the star graph
    of BigBird's Theorem 1, N(i) = {c, i}, N(c) = all others, and with it transformers approximate
    any continuous function on a compact set. Raises TypeError or ValueError.

    Source: Zaheer et al. 2020, arXiv 2007.14062, sec. 3.1, Theorem 1.

    >>> import sparse_ref as sr
    >>> print(sr.paths.contains_star(sr.bigbird(64, 4, 1, seed=0), 64))  # doctest: +ELLIPSIS
    Blockwise(...) (n = 64) contains a star around 0, 1, 2, 3, ...
    >>> print(sr.paths.contains_star(sr.Sinks(1) | sr.Window(1), 8))
    Sinks(1) | Window(1) (n = 8) contains no star: 0 is read by 7 of 7 others and reads 1, but not 2
    """
    require_pattern("pattern", pattern)
    n = _positive_length(n)
    others = n - 1
    loops = _loops(pattern, n)
    reads = key_counts(key_runs(pattern, n, False)) - loops
    readers = distinct_edges(pattern, n, False).reader_counts() - loops
    other_loops = np.count_nonzero(loops) - loops
    is_centre = (reads == others) & (readers == others) & (other_loops == others)
    centres = np.flatnonzero(is_centre)
    if len(centres):
        reason = f"contains a star around {abbreviate(centres)}"
        return Centres(pattern, n, centres, None, reason)
    c = int(np.argmax(reads + readers + other_loops))
    edge, text = _missing_edge(pattern, n, c)
    counts = f"{c} is read by {readers[c]} of {others} others and reads {reads[c]}"
    return Centres(pattern, n, centres, edge, f"contains no star: {counts}, but {text}")


def _star_edges(n: int, c: int) -> Iterator[tuple[IntArray, IntArray, str]]:
    """The edges (i, j) of a star around c, each with what is wrong if it is missing."""
    others = np.delete(np.arange(n), c)
    centre = np.full(n - 1, c)
    yield centre, others, "not {}"
    yield others, centre, "{} does not read it"
    yield others, others, "{} does not attend to itself"


def _missing_edge(pattern: Pattern, n: int, c: int) -> tuple[Edge, str]:
    """The first edge (i, j) of a star around c that is missing, and what is wrong."""
    others = np.delete(np.arange(n), c)
    for i, j, text in _star_edges(n, c):
        is_edge = members(pattern, i, j)
        if not is_edge.all():
            x = is_edge.argmin()
            edge = int(i[x]), int(j[x])
            return edge, text.format(others[x])
    raise RuntimeError(f"`contains` and rows differ in {pattern!r}: one of them is wrong")


def _positive_length(n: int) -> int:
    """n, checked to be a length of at least one position."""
    return length(integer("n", n, 1))


def _loops(pattern: Pattern, n: int) -> BoolArray:
    """[k] = k attends to itself: bool (n,)."""
    k = np.arange(n)
    return members(pattern, k, k)


def _self_loops(patterns: tuple[Pattern, ...], n: int) -> Condition:
    """Part 1."""
    for m, p in enumerate(patterns, 1):
        loops = _loops(p, n)
        if not loops.all():
            k = int(loops.argmin())
            return Condition(False, f"{k} does not attend to itself in layer {m}, {p!r}", (m, k))
    return Condition(True, "each position attends to itself in each layer")


def _mixing(patterns: tuple[Pattern, ...], n: int, has_loops: bool) -> Condition:
    """Part 3.

    With self-loops each S_k^t contains S_k^(t - 1), so that s is the greatest of the hops.
    """
    greatest = extent(patterns, n, residual=False, causal=False)
    if greatest.unjoined is not None:
        j, i = greatest.unjoined
        evidence = why_not(patterns, j, i, n, residual=False)
        return Condition(False, f"{j} never reaches {i}", evidence)
    if has_loops:
        s = max(greatest.layers, 1)
        return Condition(True, f"s = {s}", s)
    return _mixing_by_products(patterns, n)


def _mixing_by_products(patterns: tuple[Pattern, ...], n: int) -> Condition:
    """Part 3 without self-loops, by products of layers.

    It ends when all is reached, or when a product repeats below the same layer.
    """
    cycle = layer_cycle(patterns, n, False)
    bits = identity_columns(n, 0, n)
    everything = np.bitwise_or.reduce(bits, axis=1, keepdims=True)
    layer_of_state: dict[tuple[int, bytes], int] = {}
    most = max(min(MAX_LAYERS, MAX_PAIRS // n**2), MIN_LAYERS)
    for u in range(1, most + 1):
        layer = cycle[(u - 1) % len(cycle)]
        advance(len(bits), *layer.arrays, bits, np.zeros_like(bits))
        if (bits == everything).all():
            return Condition(True, f"s = {u}", u)
        state = (u % len(cycle), _digest(bits))
        if state in layer_of_state:
            earlier = layer_of_state[state]
            return Condition(
                False, f"the sets after {u} layers are those after {earlier}, and never complete"
            )
        layer_of_state[state] = u
    return Condition(None, f"not all is reached after {most} layers, the most that are tried")


def _digest(bits: NDArray[np.uint64]) -> bytes:
    """A hash of the bits."""
    return hashlib.sha256(bits.data).digest()
