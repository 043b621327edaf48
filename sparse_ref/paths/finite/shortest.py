"""One path, position by position: what anybody can check by hand that j reaches i."""

from __future__ import annotations

from itertools import cycle as cycled
from itertools import pairwise

import numpy as np

from ...sets.checks import integer
from ...sets.factorized import Factorized, layers
from .reach import edges_of

MOST = 4096


def witness(factorized, j, i, *, residual=True, order=None) -> tuple[int, ...]:
    """A path (j, a, ..., i) through the layers: each position attends to the one before it, in its own layer

    With the residual edge a layer may also stay where it is. p layers give p + 1 positions, all of them at most
    max(j, i). A path comes from the closed form of the factorized pattern where that has one, for j and i of any
    size, and is checked by `contains` before it is returned; otherwise it is searched for, backwards from i, and is
    the least in lexicographic order.

    Parameters
    ----------
    factorized : a Factorized, or one or more patterns, of which the first is the lowest layer.
    j, i : where the path starts and ends; at most 4096 where no closed form is known for the order.
    residual, order : as for `reach`.

    Raises
    ------
    LookupError
        There is no path; above 4096, none by the closed form. So it is for pairs of one block in `fixed` without the
        residual edge, where no summary position stands between them.
    TypeError, ValueError
        Naming argument, value and bound.

    Source: Child et al. 2019, sec. 4.2 and 4.3.

    >>> import sparse_ref as sr
    >>> sr.paths.witness(sr.strided(1000), 5, 10**18)
    (5, 1000, 1000000000000000000)
    >>> sr.paths.witness(sr.fixed(8), 3, 6)                    # in one block: the second step is the residual edge
    (3, 6, 6)
    >>> sr.paths.witness(sr.fixed(8), 3, 6, residual=False)
    Traceback (most recent call last):
    LookupError: no path from j = 3 to i = 6 through Block(8), Summary(8, 1)
    """
    steps = layers(factorized, order)
    j, i = integer("j", j, 0, None), integer("i", i, 0, None)
    closed = (
        isinstance(factorized, Factorized)
        and factorized.via is not None
        and steps == factorized.steps
    )
    far = max(j, i) > MOST
    if not closed and far:
        raise ValueError(
            f"j and i must be at most {MOST} where no closed form is known, got j = {j}, i = {i}"
        )
    stated = (
        [(j, *between, i) for between in factorized.ways(j, i) if len(between) == len(steps) - 1]
        if closed
        else []
    )
    path = next(
        (path for path in stated if max(path) <= max(j, i) and walks(steps, path, residual)), None
    )
    if path is None and not far:
        path = _search(steps, j, i, residual)
    if path is None:
        sought = " by the closed form" if far else ""
        raise LookupError(
            f"no path{sought} from j = {j} to i = {i} through {', '.join(map(repr, steps))}"
        )
    return path


def shortest(steps, j, i, n, *, residual=True, order=None) -> tuple[int, ...]:
    """A path (j, a, ..., i) of the fewest layers, which cycle through the steps: each position attends to the one before it

    It has hops[i, j] + 1 positions below n, (j,) alone where j = i, and is checked by `contains` before it is returned. Of
    several it is the one whose positions are least, the last that differs being compared first.

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
    >>> sr.paths.shortest(sr.fixed(4, 1), 1, 14, 16)              # to the end of its block, and from there
    (1, 3, 14)
    """
    patterns, n = layers(steps, order), integer("n", n, 1)
    j, i = integer("j", j, 0, n - 1), integer("i", i, 0, n - 1)
    cycle, fronts = edges_of(patterns, n, residual), []
    for front in spreading(cycle, j, n):
        fronts.append(np.packbits(front))
        if front[i]:
            path = _back(patterns, fronts, i, n, residual)
            if not walks(patterns, path, residual):
                raise RuntimeError(
                    f"`contains` and rows differ along {path} in {patterns!r}: one of them is wrong"
                )
            return path
    raise no_path(patterns, j, i)


def spreading(cycle, j, n):
    """The positions that j reaches through r layers and through no fewer of the same phase, bool (n,), for r = 0, 1, ..."""
    front, r = np.arange(n) == j, 0
    seen = [front.copy(), *(np.zeros(n, bool) for _ in cycle[1:])]
    while front.any():
        yield front
        above = seen[(r + 1) % len(cycle)]
        front = cycle[r % len(cycle)].hear(front) & ~above
        above |= front
        r += 1


def no_path(patterns, j, i) -> LookupError:
    """What is raised where no number of layers joins j and i."""
    return LookupError(
        f"no path from j = {j} to i = {i} through {', '.join(map(repr, patterns))}, in any number of layers"
    )


def walks(steps, path, residual) -> bool:
    """Whether each position attends to the one before, in layers that cycle, or is the same by the residual edge."""
    hops = zip(cycled(steps), pairwise(path))
    return min(path) >= 0 and all(
        bool(step.contains(a, b)) or (residual and a == b) for step, (b, a) in hops
    )


def _back(patterns, fronts, i, n, residual):
    """The path that ends at i, each position the least of the front below that the next one reads."""
    path = [i]
    for r in range(len(fronts) - 2, -1, -1):
        front = np.unpackbits(fronts[r], count=n).astype(bool)
        keys = patterns[r % len(patterns)].row(path[-1], n)
        before = [
            *keys[front[keys]].tolist(),
            *([path[-1]] if residual and front[path[-1]] else []),
        ]
        path.append(min(before))
    return tuple(path[::-1])


def _search(steps, j, i, residual):
    """The least path in lexicographic order, or None."""
    n, front = max(j, i) + 1, [i]
    readers = []
    for step in reversed(steps):
        reader = np.full(n, -1)  # the least position that reads key b and leads on to i
        for a in front[::-1]:
            reader[step.row(a, n)] = a
            if residual:
                reader[a] = a
        readers.append(reader)
        front = np.flatnonzero(reader >= 0).tolist()
    if j not in front:
        return None
    path = [j]
    for reader in reversed(readers):
        path.append(int(reader[path[-1]]))
    return tuple(path)
