"""One path, position by position, which anybody can check by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ...sets.checks import integer
from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ...sets.types import BoolArray
from ..layers import StepOrder, Steps, layers
from .edges import LayerEdges
from .reach import layer_cycle

MAX_SEARCH = 4096  # the last position of a path that `witness` searches for
Path = tuple[int, ...]


def witness(
    factorized: Steps,
    j: int,
    i: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> tuple[int, ...]:
    """A path (j, a, ..., i) through the layers: each position attends to the one before it

    Each does so in its own layer. With the residual edge a layer may also stay at its position. p
    layers give p + 1 positions, all at most max(j, i). If the factorized pattern has a closed form,
    the path comes from it, for j and i of any size, and is checked by `contains` before it is
    returned. Otherwise a search backwards from i gives the least path in lexicographic order.

    Parameters
    ----------
    factorized : a Factorized, or one or more patterns, of which the first is the lowest layer.
    j, i : where the path starts and ends; at most 4096 if no closed form is known for the order.
    residual, order : as for `reach`.

    Raises
    ------
    LookupError
        There is no path; above 4096, none by the closed form. An example is a pair inside one block
        of `fixed` without the residual edge, if no summary position is between them.
    TypeError, ValueError
        Naming argument, value and bound.

    Source: Child et al. 2019, sec. 4.2 and 4.3.

    >>> import sparse_ref as sr
    >>> sr.paths.witness(sr.strided(1000), 5, 10**18)
    (5, 1000, 1000000000000000000)
    >>> sr.paths.witness(sr.fixed(8), 3, 6)                  # the second step is the residual edge
    (3, 6, 6)
    >>> sr.paths.witness(sr.fixed(8), 3, 6, residual=False)
    Traceback (most recent call last):
    LookupError: no path from j = 3 to i = 6 through Block(8), Summary(8, 1)
    """
    steps = layers(factorized, order)
    j = integer("j", j, 0, None)
    i = integer("i", i, 0, None)
    if not isinstance(factorized, Factorized) or steps != factorized.steps:
        return _search_path(steps, j, i, residual)
    if factorized.via is None:
        return _search_path(steps, j, i, residual)
    last = max(j, i)
    for between in factorized.ways(j, i):
        path = (j, *between, i)
        if len(path) != len(steps) + 1 or max(path) > last:
            continue
        if is_path(steps, path, residual):
            return path
    if last > MAX_SEARCH:
        raise LookupError(f"no path by the closed form from {_ends(steps, j, i)}")
    return _search_path(steps, j, i, residual)


def shortest(
    steps: Steps,
    j: int,
    i: int,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> tuple[int, ...]:
    """A path (j, a, ..., i) of the fewest layers: each position attends to the one before it

    It has hops[i, j] + 1 positions below n, only (j,) if j = i, and is checked by `contains` before
    it is returned. Of several shortest paths it is the one with the least position below i, then
    the least position below that one, and so on.

    Parameters
    ----------
    steps, residual, order : as for `hops`: the layers cycle.
    j, i : where the path starts and ends, below n.
    n : the length, at most 32,768; `witness` finds a path through each layer once at any length.

    Raises
    ------
    LookupError
        No number of layers joins the pair; `why_not` shows why.
    TypeError, ValueError
        Naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.shortest([sr.LogSparse()], 0, 7, 8)
    (0, 1, 3, 7)
    >>> sr.paths.shortest(sr.fixed(4, 1), 1, 14, 16)       # to the end of its block, and from there
    (1, 3, 14)
    """
    patterns = layers(steps, order)
    n = integer("n", n, 1)
    j = integer("j", j, 0, n - 1)
    i = integer("i", i, 0, n - 1)
    packed_fronts = []  # a bit per position and layer: paths may have n layers
    for front in fronts(layer_cycle(patterns, n, residual), j, n):
        packed_fronts.append(np.packbits(front))
        if front[i]:
            return _shortest_through(patterns, packed_fronts, i, n, residual)
    raise no_path(patterns, j, i)


def fronts(cycle: Sequence[LayerEdges], j: int, n: int) -> Iterator[BoolArray]:
    """The positions that j reaches through r layers, for r = 0, 1, ...: bool (n,).

    Positions that it reached earlier below the same step are left out.
    """
    front = np.arange(n) == j
    seen = [np.zeros(n, bool) for _ in cycle]
    seen[0] |= front
    r = 0
    while front.any():
        yield front
        layer = cycle[r % len(cycle)]
        r += 1
        seen_above = seen[r % len(cycle)]
        front = layer.readers_of(front) & ~seen_above
        seen_above |= front


def no_path(patterns: Sequence[Pattern], j: int, i: int) -> LookupError:
    """The error for a pair that no number of layers joins."""
    return LookupError(f"no path from {_ends(patterns, j, i)}, in any number of layers")


def _ends(patterns: Sequence[Pattern], j: int, i: int) -> str:
    """The ends of a path and its layers, as errors print them."""
    return f"j = {j} to i = {i} through {', '.join(map(repr, patterns))}"


def is_path(steps: Sequence[Pattern], path: Path, residual: bool) -> bool:
    """Whether each position attends to the one before, or equals it with the residual edge."""
    if min(path) < 0:
        return False
    for step, (b, a) in zip(itertools.cycle(steps), pairwise(path)):
        if not (step.contains(a, b) or (residual and a == b)):
            return False
    return True


def _shortest_through(patterns, packed_fronts, i, n, residual) -> Path:
    """The path back from i through the fronts, checked by `contains`."""
    path = _trace_back(patterns, packed_fronts, i, n, residual)
    if not is_path(patterns, path, residual):
        raise RuntimeError(
            f"`contains` and rows differ along {path} in {patterns!r}: one of them is wrong"
        )
    return path


def _trace_back(patterns, packed_fronts, i, n, residual) -> Path:
    """The path that ends at i: each position is the least of its front that the next one reads."""
    path = [i]
    for r in reversed(range(len(packed_fronts) - 1)):
        front = np.unpackbits(packed_fronts[r], count=n).astype(bool)
        above = path[-1]
        keys = patterns[r % len(patterns)].row(above, n)
        candidates = keys[front[keys]].tolist()
        if residual and front[above]:
            candidates.append(above)
        path.append(min(candidates))
    return tuple(path[::-1])


def _search_path(steps, j, i, residual) -> Path:
    """The least path in lexicographic order."""
    if max(j, i) > MAX_SEARCH:
        raise ValueError(
            f"j and i must be at most {MAX_SEARCH} if no closed form is known, got j = {j}, i = {i}"
        )
    path = _least_path(steps, j, i, residual)
    if path is None:
        raise LookupError(f"no path from {_ends(steps, j, i)}")
    return path


def _least_path(steps, j, i, residual) -> Path | None:
    """The least path in lexicographic order, or None."""
    n = max(j, i) + 1
    targets = [i]  # the positions above a layer from which i is reached
    least_readers = []
    for step in reversed(steps):
        least_reader = np.full(n, -1)  # of each key: the least target that reads it
        for a in reversed(targets):
            least_reader[step.row(a, n)] = a
            if residual:
                least_reader[a] = a
        least_readers.append(least_reader)
        targets = np.flatnonzero(least_reader >= 0).tolist()
    if j not in targets:
        return None
    path = [j]
    for least_reader in reversed(least_readers):
        path.append(int(least_reader[path[-1]]))
    return tuple(path)
