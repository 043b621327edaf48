"""Paths through stacked layers: which positions reach which, in how many layers, by which path.

Symbols:  j where information starts, i where it ends;  a, b, c positions on the way, each attending
to the one before in its own layer;  A^(1), ..., A^(p) the steps, A^(1) in the lowest layer.

The rooms, from below: `layers` (steps as layers), `finite` (one length, NumPy and compiled loops),
`proof` (every length, z3), `book` (the claims of papers, settled).
"""

from .finite.counting import count
from .finite.diameter import diameter, distance, growth
from .finite.reach import hops, reach
from .finite.shortest import shortest, witness
from .finite.universality import Assumption, Centres, contains_star, universality
from .finite.unreachable import WhyNot, why_not
from .proof.lemmas import prove_hops, prove_invariant
from .proof.prove import prove
from .proof.second_solver import confirm
from .proof.verdict import Verdict

__all__ = [
    "Assumption",
    "Centres",
    "Verdict",
    "WhyNot",
    "confirm",
    "contains_star",
    "count",
    "diameter",
    "distance",
    "growth",
    "hops",
    "prove",
    "prove_hops",
    "prove_invariant",
    "reach",
    "shortest",
    "universality",
    "why_not",
    "witness",
]
