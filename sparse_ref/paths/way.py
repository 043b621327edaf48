"""One path, position by position: what anybody can check by hand that j reaches i."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..checks import whole
from ..factorized import Factorized
from .connectivity import layers

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
    j, i = whole("j", j, 0, None), whole("i", i, 0, None)
    via = factorized.via if isinstance(factorized, Factorized) and steps == factorized.steps else None
    far = max(j, i) > MOST
    if via is None and far:
        raise ValueError(f"j and i must be at most {MOST} where no closed form is known, got j = {j}, i = {i}")
    stated = [(j, a, i) for a in via(j, i)] if via else []
    path = next((path for path in stated if _walks(steps, path, residual)), None)
    if path is None and not far:
        path = _search(steps, j, i, residual)
    if path is None:
        sought = " by the closed form" if far else ""
        raise LookupError(f"no path{sought} from j = {j} to i = {i} through {', '.join(map(repr, steps))}")
    return path


def _walks(steps, path, residual) -> bool:
    """Whether each position of the path attends to the one before, or is the same by the residual edge."""
    if len(path) != len(steps) + 1 or min(path) < 0 or max(path) > max(path[0], path[-1]):
        return False
    hops = zip(steps, pairwise(path), strict=True)
    return all(bool(step.contains(a, b)) or (residual and a == b) for step, (b, a) in hops)


def _search(steps, j, i, residual):
    """The least path in lexicographic order, or None."""
    n, front = max(j, i) + 1, [i]
    readers = []
    for step in reversed(steps):
        reader = np.full(n, -1)                                  # the least position that reads key b and leads on to i
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
