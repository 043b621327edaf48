"""Do these layers connect every pair of positions, whatever n, i, j and the parameters? Proved, refuted, or unknown.

The statement is the one of Child et al. 2019, sec. 4.2, and is put to z3 as the `formula`s of the patterns read at terms:

- small lengths, and parameters from 0 to 4, are walked first: a pair without a path refutes, and is the smallest of these;
- then z3 looks for a case in which the path through given positions fails, at all parameters at once;
- then for a pair that no positions connect, at the numbers given, by elimination of quantifiers (linear integer arithmetic).

What is proved is asked again of sets that are a key too narrow, where it is false: a proof that let it pass would prove nothing.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from ...sets.checks import flag, integer
from ..layers import MAX_LENGTH
from .attempts import Proof
from .family import family
from .verdict import Verdict, seconds_of


def prove(steps, *, residual=True, order=None, causal=True, n=None, seconds=60.0) -> Verdict:
    """Whether the layers connect every j <= i, for every n, i, j and parameters:  j in A_a^(1), a in A_b^(2), ..., i

    Parameters
    ----------
    steps : a Factorized, one or more patterns, of which the first is the lowest layer; or a function of named parameters that
        gives these, as `strided` or `lambda l: (Lookback(l), Strided(l))`: the statement is then about all that they take. A
        parameter called n is the length. Numbers above 1 in fixed steps are tried as parameters, too.
    residual : each layer also keeps what stands at i itself, by the residual edge.
    order : the steps by the paper's numbers m = 1..p, as for `reach`.
    causal : True for pairs j <= i, False for all pairs.
    n : one length, of which every pair is walked, at most 32768; every length unless given.
    seconds : the time after which the verdict is "unknown". One length is walked to its end all the same.

    Positions between lie anywhere in 0 <= a < n. The path is the closed form `via` of a Factorized, or through i, j and 0 alone;
    where both fail, any path is looked for at the given numbers. Sets without a formula (Listed, Random) end unknown beyond the
    lengths that were walked, unless they are stated for one length, of which every pair is walked.

    Raises TypeError or ValueError naming argument, value and bound, ImportError where z3 is needed and missing.

    Source: Child et al. 2019, sec. 4.2.

    >>> import sparse_ref as sr
    >>> print(sr.paths.prove(sr.strided, residual=False))
    proved: for all l >= 1, every n and all 0 <= j <= i < n: there is a with j in Local(l)_a and a in Strided(l)_i
    evidence: z3 finds no case in which the path through a = i - ((i - j) // l)*l fails
    planted: without keys at distance 1 in layer 1 it is false at l = 2, j = 0, i = 1, n = 2, and z3 says so
    >>> sr.paths.prove((sr.Lookback(7), sr.Strided(8))).counterexample
    Counterexample(j=0, i=7, n=8, parameters=())
    """
    start = monotonic()
    given = family(steps, order)
    residual, causal = flag("residual", residual), flag("causal", causal)
    n = None if n is None else integer("n", n, 1, MAX_LENGTH)
    if n is not None and "n" in given.names:
        raise ValueError(f"n must be given once: it is a parameter of steps, and n = {n}")
    verdict = Proof(given, residual, causal, n, start + seconds_of(seconds)).verdict()
    return replace(verdict, seconds=monotonic() - start)
