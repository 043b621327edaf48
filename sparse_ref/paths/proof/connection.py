"""The statement that layers connect every pair, and the ways to settle it.

Symbols:  j, i as in `finite.reach`; a, b, c, ... are the positions between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from time import monotonic

from ...sets.types import BoolArray
from .agreement import Discrepancy, compare_at_numbers, layer_readings
from .constants import numbers_in
from .family import Family, Layers, Values, generalise
from .mutations import Mutation, counterexamples, narrower
from .obligations import Control, Obligations
from .query import Answer, Query
from .refusals import Undecided
from .small_cases import (
    missing_pairs,
    reach_text,
    single_length,
    smallest_failure,
    special_failure,
)
from .terms import Term, integer_term
from .verdict import Counterexample, Verdict
from .wording import (
    Scope,
    Statement,
    connection_statement,
    path_failure_text,
    position_names,
    reach_statement,
)
from .z3_import import z3

MAX_BETWEEN = 4  # positions for which combinations of i, j and 0 are tried if no path is known


@dataclass(frozen=True)
class Proof:
    """One statement about the layers of a family, and the ways to settle it."""

    family: Family
    residual: bool
    causal: bool
    n: int | None
    deadline: float

    def verdict(self) -> Verdict:
        """What settles the statement; unknown for steps that nest too deeply to be read."""
        try:
            return self.settle()
        except RecursionError:
            reason = "the steps have too many parts to be read"
            return Verdict("unknown", *self.unread_statement(), reason)

    def settle(self) -> Verdict:
        """By small cases, then by z3, then at numbers in the code of the function."""
        try:
            missing = smallest_failure(self.family, self.failures, self.deadline, self.n)
        except Undecided as error:  # the steps hold terms of another proof
            return Verdict("unknown", *self.unread_statement(), str(error))
        if missing is not None:
            return self.path_refutation(missing)
        if not self.family.names:
            length = single_length(self.family.layers_at(), {}, self.n)
            if length is not None:
                return self.exhaustive_proof(length)
        reasons = []
        suspects = []
        for family, eliminate in self.attempts():
            try:
                result = self.attempt(family, eliminate)
            except Discrepancy as error:
                suspects.append(error.values)
                result = str(error)
            except (Undecided, TypeError, AttributeError, z3().Z3Exception) as error:
                result = str(error)
            if isinstance(result, Verdict):
                return result
            reasons.append(result)
        constants = numbers_in(self.family.build)
        missing = special_failure(
            self.family, self.failures, self.deadline, constants, suspects=suspects, n=self.n
        )
        if missing is not None:
            return self.path_refutation(missing)
        try:
            statement = self.statement(self.family)
        except Undecided:
            statement = self.unread_statement()
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
            self.compare(family, query)
            return self.confirmation(family, query, eliminate, negation)
        if answer.case is not None and eliminate:
            case = self.smallest_case(query, answer.case)
            reason = reach_text(family, case, self.residual)
            return self.refutation(case, f"z3 finds no path: {reason}")
        if answer.reason:
            return answer.reason
        return f"z3 finds a case in which {self.failure_text(query)}: {answer.case}"

    def compare(self, family: Family, query: Query) -> None:
        """Raise Discrepancy if the family gives other layers at numbers than z3 read."""
        constants = numbers_in(family.build)
        compare_at_numbers(family, query, layer_readings(query), constants, self.deadline)

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
            paths = query.symbols.call(query.layers.ways, query.j, query.i)
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

    def path_refutation(self, case: Counterexample) -> Verdict:
        """The verdict "refuted" by a check of every path."""
        reason = reach_text(self.family, case, self.residual)
        return self.refutation(case, f"every path was checked: {reason}")

    def refutation(self, case: Counterexample, evidence: str) -> Verdict:
        """The verdict "refuted", with the pair that no path connects."""
        try:
            statement = self.statement(self.family)
        except Undecided:
            # There is no one statement for all parameters: state the one that fails.
            layers = self.family.layers_at(**dict(case.parameters))
            length = single_length(layers, {}, self.n)
            scope = Scope([], self.causal, length, case.parameters)
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

    def unread_statement(self) -> Statement:
        """The statement about a function that no proof can read."""
        names = [name for name in self.family.names if name != "n"]
        length = "n" if "n" in self.family.names else self.n
        return reach_statement(self.family.build, Scope(names, self.causal, length))

    def failure_text(self, query: Query) -> str:
        """The failure that z3 looks for, in words."""
        names = position_names(len(query.layers.steps) - 1, query.values)
        return path_failure_text(names, list(self.candidate_paths(query)))

    def remaining_seconds(self) -> float:
        """Seconds until the deadline, at least 0.1 so that z3 can report that it gave up."""
        return max(0.1, self.deadline - monotonic())
