"""Whether layers connect every pair, whatever n, i, j and the parameters are.

The statement is that of Child et al. 2019, sec. 4.2. z3 reads it from the patterns' `formula`s.

- First every path is checked at small lengths, and parameters from 0 to 4. A pair without a path
  refutes the statement, and is the smallest of these.
- Then z3 looks for a case in which the path through known positions fails, at all parameters.
- Then z3 looks for a pair that no path connects, at fixed numbers, by eliminating quantifiers.

Negative control: the same proof is run on sets with keys removed, for which the claim is false,
and must fail.

Symbols:  j, i as in `finite.reach`; a, b, c, ... are the positions between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from time import monotonic

from ...sets.checks import flag, integer
from ...sets.types import BoolArray
from ..layers import MAX_SEARCH_LENGTH
from .family import Family, Layers, StepsOrFamily, Values, family_of, generalise
from .mutations import Mutation, counterexamples, narrower
from .obligations import Control, Obligations
from .query import Answer, Query
from .small_cases import missing_pairs, reach_text, single_length, smallest_failure
from .terms import Term, Undecided, integer_term, z3
from .verdict import Counterexample, Verdict, positive_seconds
from .wording import Scope, Statement, connection_statement, path_failure_text, position_names

MAX_BETWEEN = 4  # positions for which combinations of i, j and 0 are tried if no path is known


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
        accepts; n is the length. Numbers above 1 in fixed steps are tried as parameters, too.
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
    or goes through i, j and 0 only; if both fail, z3 searches any path at the given numbers. Sets
    without a formula (Listed, Random) end "unknown" beyond the lengths that were checked, unless
    they are stated for one length, of which every pair is checked.

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


@dataclass(frozen=True)
class Proof:
    """One statement about the layers of a family, and the ways to settle it."""

    family: Family
    residual: bool
    causal: bool
    n: int | None
    deadline: float

    def verdict(self) -> Verdict:
        """By small cases, then by z3."""
        missing = smallest_failure(self.family, self.failures, self.deadline, self.n)
        if missing is not None:
            reason = reach_text(self.family, missing, self.residual)
            return self.refutation(missing, f"every path was checked: {reason}")
        if not self.family.names:
            length = single_length(self.family.layers_at(), {}, self.n)
            if length is not None:
                return self.exhaustive_proof(length)
        reasons = []
        for family, eliminate in self.attempts():
            try:
                result = self.attempt(family, eliminate)
            except (Undecided, TypeError, AttributeError, z3().Z3Exception) as error:
                result = str(error)
            if isinstance(result, Verdict):
                return result
            reasons.append(result)
        statement = self.statement(self.family)
        return Verdict("unknown", *statement, "; ".join(dict.fromkeys(reasons)))

    def attempts(self) -> Iterator[tuple[Family, bool]]:
        """(family, whether to eliminate quantifiers), the most general first."""
        is_fixed = not self.family.names
        general = generalise(self.family) if is_fixed else None
        if general is not None:
            yield general, False
        yield self.family, False
        if is_fixed:
            yield self.family, True

    def attempt(self, family: Family, eliminate: bool) -> Verdict | str:
        """The verdict by z3, or the reason why there is none."""
        query = Query(family, self.causal, self.n)
        instances = (values for values, _ in family.instances())
        if query.is_vacuous([family.instance] if family.instance else instances):
            return "no parameters that were tried fulfil the assumptions"
        negation = self.negation(query, eliminate)
        answer = query.solve(negation, seconds=self.remaining_seconds(), eliminate=eliminate)
        if answer.status == "unsat":
            return self.confirmation(family, query, eliminate, negation)
        if answer.case is not None and eliminate:
            case = self.smallest_case(query, answer.case)
            reason = reach_text(family, case, self.residual)
            return self.refutation(case, f"z3 finds no path: {reason}")
        if answer.reason:
            return answer.reason
        return f"z3 finds a case in which {self.failure_text(query)}: {answer.case}"

    def negation(self, query: Query, eliminate: bool):
        """No path from j to i: through any positions, or through the candidates."""
        if not eliminate:
            paths = [
                query.path_condition(path, self.residual) for path in self.candidate_paths(query)
            ]
            return z3().Not(z3().Or(*paths))
        names = position_names(len(query.layers.steps) - 1)
        between = [integer_term(query.symbols, name) for name in names]
        no_path = z3().Not(query.path_condition(between, self.residual))
        return z3().ForAll([a.expression for a in between], no_path) if between else no_path

    def candidate_paths(self, query: Query) -> Iterator[list[Term]]:
        """Positions between that are known to lie on a path; or i, j and 0, in every order."""
        count = len(query.layers.steps) - 1
        if query.layers.ways is not None:
            paths = query.layers.ways(query.j, query.i)
            if any(len(path) != count for path in paths):
                shown = ", ".join(map(repr, paths))
                raise ValueError(f"via must give {count} positions between j and i, got {shown}")
        elif count <= MAX_BETWEEN:
            paths = list(product((query.j, query.i, 0), repeat=count))
        else:
            raise Undecided(
                f"no path is known through {count} positions, "
                f"and combinations of i, j and 0 are tried for at most {MAX_BETWEEN}"
            )
        for path in paths:
            yield [query.term(a) for a in path]

    def confirmation(
        self, family: Family, query: Query, eliminate: bool, negation
    ) -> Verdict | str:
        """The verdict "proved", if the negative control fails as it must; otherwise why not."""
        control = self.negative_control(family, eliminate)
        if control is None:
            return "z3 finds no pair without a path, but no change that was tried makes that false"
        evidence = (
            "z3 finds no pair without a path at these numbers, by quantifier elimination"
            if eliminate
            else f"z3 finds no case in which {self.failure_text(query)}"
        )
        if family.instance:
            values = ", ".join(f"{name} = {x}" for name, x in family.instance.items())
            evidence += f" (instance: {values})"
        statement = self.statement(family, query)
        obligations = Obligations(query, statement.words)
        failure = "no path joins j and i" if eliminate else self.failure_text(query)
        claim = obligations.claim_obligation(failure, negation)
        return Verdict(
            "proved",
            *statement,
            evidence,
            negative_control=control.text,
            solvers="z3 alone",
            obligations=(claim, *obligations.rest(), *control.obligations),
        )

    def negative_control(self, family: Family, eliminate: bool) -> Control | None:
        """A mutation that makes the statement false at a small case, which the same query finds."""
        for mutation, case in self.false_mutants(family):
            query = Query(family, self.causal, self.n, mutation.change)
            negation = self.negation(query, eliminate)
            seconds = self.remaining_seconds()
            answer = query.solve(negation, seconds=seconds, eliminate=eliminate, at=case)
            if answer.status == "sat":
                text = f"{mutation.text}, z3 finds the counterexample {case}"
                obligations = Obligations(query, self.statement(family, query).words)
                return Control(text, (obligations.control("the paths fail", negation, case),))
        return None

    def false_mutants(self, family: Family) -> Iterator[tuple[Mutation, Counterexample]]:
        """Mutations of the layers, each with a case in which no path connects the pair."""
        mutations = narrower(family.layer_count(), self.causal)
        return counterexamples(family, mutations, self.failures, self.deadline, n=self.n)

    def failures(self, values: Values, layers: Layers, n: int) -> BoolArray:
        """The pairs without a path at one length, bool [i, j]."""
        return missing_pairs(layers.steps, self.residual, self.causal, n)

    def exhaustive_proof(self, length: int) -> Verdict:
        """The verdict "proved" if every pair of the one length has a path."""
        control = "none: no change that was tried makes the statement false"
        for mutation, case in self.false_mutants(self.family):
            control = f"{mutation.text}, the same check finds the counterexample {case}"
            break
        statement = self.statement(self.family)
        evidence = f"every pair at n = {length} was checked"
        return Verdict("proved", *statement, evidence, negative_control=control)

    def refutation(self, case: Counterexample, evidence: str) -> Verdict:
        """The verdict "refuted", with the pair that no path connects."""
        try:
            statement = self.statement(self.family)
        except Undecided:
            # There is no one statement for all parameters: state the one that fails.
            layers = self.family.layers_at(**dict(case.parameters))
            conditions = [f"{name} = {x}" for name, x in case.parameters]
            scope = Scope(conditions, self.causal, single_length(layers, {}, self.n))
            statement = connection_statement(layers.steps, scope, self.residual)
        return Verdict("refuted", *statement, evidence, case)

    def smallest_case(self, query: Query, case: Counterexample) -> Counterexample:
        """A case without a path that has the least n, then i, then j, as far as time allows."""
        conditions: list = [self.negation(query, True)]
        for name in ("n", "i", "j"):
            expression = getattr(query, name).expression
            answer = Answer("sat", case)
            while answer.status == "sat" and self.remaining_seconds() > 1:
                case = answer.case or case
                smaller = expression < getattr(case, name)
                seconds = self.remaining_seconds()
                answer = query.solve(*conditions, smaller, seconds=seconds, eliminate=True)
            conditions.append(expression == getattr(case, name))
        return case

    def statement(self, family: Family, query: Query | None = None) -> Statement:
        """The statement, in words and in TeX."""
        if not family.names:
            fixed = family.layers_at()
            scope = Scope([], self.causal, single_length(fixed, {}, self.n))
            return connection_statement(fixed.steps, scope, self.residual)
        query = query or Query(family, self.causal, self.n)
        scope = Scope(query.assumption_texts(), self.causal, query.length)
        return connection_statement(query.layers.steps, scope, self.residual, family.names)

    def failure_text(self, query: Query) -> str:
        """The failure that z3 looks for, in words."""
        names = position_names(len(query.layers.steps) - 1, query.values)
        return path_failure_text(names, list(self.candidate_paths(query)))

    def remaining_seconds(self) -> float:
        """Seconds until the deadline, at least 0.1 so that z3 can report that it gave up."""
        return max(0.1, self.deadline - monotonic())
