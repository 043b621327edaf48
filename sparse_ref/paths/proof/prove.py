"""Whether layers connect every pair, whatever n, i, j and the parameters are.

The statement is that of Child et al. 2019, sec. 4.2. z3 reads it from the patterns' `formula`s.

- First every path is checked at small lengths, and parameters from 0 to 4. A pair without a path
  refutes the statement, and is the smallest of these.
- Then z3 looks for a case in which the path through known positions fails, at all parameters.
- Then z3 looks for a pair that no path connects, at fixed numbers, by eliminating quantifiers.
- A function of parameters is compared at larger numbers with what z3 read of it.

Negative control: the same proof is run on sets with keys removed, for which the claim is false,
and must fail.

Symbols:  j, i as in `finite.reach`; a, b, c, ... are the positions between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from ...sets.checks import flag, integer
from ..layers import MAX_SEARCH_LENGTH
from .connection import Proof
from .family import StepsOrFamily, family_of
from .verdict import Verdict, positive_seconds


def prove(
    steps: StepsOrFamily,
    *,
    residual: bool = True,
    order: Sequence[int] | None = None,
    causal: bool = True,
    n: int | None = None,
    seconds: float = 60.0,
) -> Verdict:
    """Whether the layers connect every pair j <= i, for every n and every parameter

    They do if there are positions a, b, ... with  j in A_a^(1), a in A_b^(2), ..., up to i.

    Parameters
    ----------
    steps : Factorized, Pattern, sequence of patterns, or function that gives these
        The first pattern is the lowest layer. For a function, as `strided` or
        `lambda l: (Lookback(l), Strided(l))`, the statement is about all parameters that it
        accepts; n is the length. It may not branch on them, except to raise ValueError. Numbers
        above 1 in fixed steps are tried as parameters, too.
    residual : bool
        Each layer also keeps the information at i itself, by the residual edge.
    order : sequence of int, optional
        The steps by the paper's numbers m = 1..p, as for `reach`.
    causal : bool
        True for pairs j <= i, False for all pairs.
    n : int, optional
        One length, at most 32768, at which every pair is checked; every length unless given.
    seconds : float
        The time after which the verdict is "unknown". The check of one length is always finished.

    Positions between lie anywhere in 0 <= a < n. The path is the closed form `via` of a Factorized,
    or its mirror image if `order` is from above; or it goes through i, j and 0 only. If these fail,
    z3 searches any path at the given numbers. Sets without a formula (Listed, Random) end "unknown"
    beyond the lengths that were checked, unless they are stated for one length, of which every pair
    is checked.

    Raises TypeError or ValueError naming argument, value and bound; ImportError without z3.

    Source: Child et al. 2019, sec. 4.2.

    >>> import sparse_ref as sr
    >>> verdict = sr.paths.prove(sr.strided, residual=False)
    >>> verdict.statement.partition(": ")[2]
    'there is a with j in Local(l)_a and a in Strided(l)_i'
    >>> print(verdict.status, verdict.evidence, verdict.negative_control, sep="\\n")
    proved
    z3 finds no case in which the path through a = i - ((i - j) // l)*l fails
    with distance 1 removed from layer 1, z3 finds the counterexample l = 2, n = 2, j = 0, i = 1
    >>> sr.paths.prove((sr.Lookback(7), sr.Strided(8))).counterexample
    Counterexample(j=0, i=7, n=8, parameters=())
    """
    start = monotonic()
    target = family_of(steps, order)
    residual = flag("residual", residual)
    causal = flag("causal", causal)
    n = None if n is None else integer("n", n, 1, MAX_SEARCH_LENGTH)
    if n is not None and "n" in target.names:
        raise ValueError(f"n must be given once: it is a parameter of steps, and n = {n}")
    deadline = start + positive_seconds(seconds)
    verdict = Proof(target, residual, causal, n, deadline).verdict()
    return replace(verdict, seconds=monotonic() - start)
