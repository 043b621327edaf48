"""Where one set is asked for, steps and branches are refused."""

from __future__ import annotations

from .branches import Branches
from .factorized import Factorized


def require_one_set(name: str, p):
    """Refuse steps and branches where one set is asked for."""
    if isinstance(p, Factorized):
        raise TypeError(
            f"{name} {p!r} is {len(p.steps)} steps, not one set: Merged({p!r}).at(0, 0) is their union"
        )
    if isinstance(p, Branches):
        raise TypeError(
            f"{name} {p!r} is {len(p)} branches, not one set: sr.multiplicity(branches, n) "
            "counts their keys, as sr.verify.probe(fn, n).multiplicity does those of a function"
        )
