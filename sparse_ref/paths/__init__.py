"""Paths through stacked layers: which positions reach which, in how many layers, and by which way.

Symbols:  j where information starts, i where it ends, a, b, c positions on the way, each attending to the one
before in its own layer;  A^(1), ..., A^(p) the steps, A^(1) in the lowest layer.
"""

from .connectivity import hops, reach
from .counting import count
from .extent import diameter, distance, growth
from .lemmas import prove_closed, prove_hops
from .prove import prove
from .universal import Assumption, Centres, star, yun
from .verdict import Verdict
from .way import shortest, witness
from .why import WhyNot, why_not

__all__ = ["Assumption", "Centres", "Verdict", "WhyNot", "count", "diameter", "distance", "growth", "hops", "prove", "prove_closed",
           "prove_hops", "reach", "shortest", "star", "why_not", "witness", "yun"]
