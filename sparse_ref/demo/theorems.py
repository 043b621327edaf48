"""The path theorems of strided and fixed attention, checked at every small size, and their witnesses at huge ones."""

from __future__ import annotations

import random

import numpy as np

from ..factorized import Factorized
from ..paths import reach, witness
from ..patterns import Lookback, Strided, fixed, openai_fixed, strided
from .html import table, verdict

SIZES = [(n, l) for n in (7, 16, 33) for l in (2, 3, 4, 7)]


def unreached(steps_at, **options) -> int:
    """How many pairs j <= i no path connects, over all the sizes; steps_at(l) are the layers for stride l."""
    return sum(int((np.tril(np.ones((n, n), bool)) & ~reach(steps_at(l), n, **options)).sum()) for n, l in SIZES)


STATEMENTS = [
    ("strided: every j <= i reaches i in two steps", True, lambda: unreached(strided, residual=False)),
    ("strided, with the strided step below", True, lambda: unreached(strided, residual=False, order=(2, 1))),
    ("strided, with a window of l keys, as the published code has", True,
     lambda: unreached(lambda l: (Lookback(l), Strided(l)), residual=False)),
    ("strided, with a window of l - 1 keys", False, lambda: unreached(lambda l: (Lookback(l - 1), Strided(l)), residual=False)),
    ("fixed, c = 1: every j <= i reaches i in two steps, no residual edge", False, lambda: unreached(fixed, residual=False)),
    ("fixed, c = 1, with the residual edge", True, lambda: unreached(fixed)),
    ("fixed, c = 1, with the residual edge and the summary step below", False, lambda: unreached(fixed, order=(2, 1))),
    ("the published code's fixed, head 0 twice", True, lambda: unreached(lambda l: 2 * openai_fixed(l, 1, num_verts=2)[:1])),
    ("the published code's fixed, head 1 twice", False, lambda: unreached(lambda l: 2 * openai_fixed(l, 1, num_verts=2)[1:])),
]


def section() -> str:
    """A table of the statements, each with what was found; raises RuntimeError where a finding is not the expected one."""
    rows = []
    for said, expected, count in STATEMENTS:
        missing = count()
        if (missing == 0) != expected:
            raise RuntimeError(f"expected {'no' if expected else 'some'} pair without a path, found {missing}: {said}")
        rows.append((said, verdict(True, "holds") if expected else verdict(False, f"fails: {missing:,} pairs have no path")))
    sizes = ", ".join(f"({n}, {l})" for n, l in SIZES)
    walks = [_walk(f) for f in (strided(1000), fixed(1000, 8))]
    return ("<h2>Path theorems, checked</h2><p>Factorized attention promises a path from every position to every later one. "
            f"Checked for all pairs j &lt;= i at (n, l) = {sizes}; at these sizes that is a proof, beyond them it is evidence.</p>"
            + table(("statement", "found"), rows)
            + "<p>A path in closed form, each hop checked against the sets, for positions drawn up to 10<sup>18</sup>:</p>"
            + table(("factorization", "paths checked", "the last one"), walks))


def _walk(f: Factorized) -> tuple:
    """Witnesses between 1000 drawn pairs, each of whose hops is a member or the residual edge."""
    draw = random.Random(0)
    path: tuple[int, ...] = ()
    for _ in range(1000):
        i = draw.randrange(10**18)
        j = draw.randrange(i + 1)
        path = witness(f, j, i)
        if path[0] != j or path[-1] != i or not all(a == b or p.contains(b, a) for p, a, b in zip(f.steps, path, path[1:])):
            raise RuntimeError(f"{path} is no path through {f!r}")
    return repr(f), 1000, " → ".join(f"{position:,}" for position in path)
