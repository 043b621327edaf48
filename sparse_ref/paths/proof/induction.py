"""Statements about any number of layers, by an induction whose steps z3 confirms; abstract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from time import monotonic
from typing import Any, NamedTuple

from ...sets.types import BoolArray
from .agreement import Discrepancy, Reading, compare_at_numbers, layer_readings
from .constants import numbers_in
from .family import Family, Layers, Values
from .mutations import Mutation, counterexamples
from .obligations import Control, Obligations
from .query import Answer, Query
from .refusals import Undecided
from .small_cases import LONG_LENGTH, SHORT_LENGTH, smallest_failure, special_failure
from .verdict import Counterexample, Obligation, Verdict
from .wording import Scope, Statement
from .z3_import import z3


class StepFailure(NamedTuple):
    """A step of an induction that z3 does not confirm, and its answer."""

    name: str
    condition: Any
    answer: Answer

    def __str__(self) -> str:
        return f"{self.name}: {self.answer.reason or f'fails at {self.answer.case}'}"


class Induction:
    """A statement about any number of layers; abstract.

    `assumes_causal`: z3 may assume j <= i, and does not have to derive it.
    """

    assumes_causal: bool

    def __init__(self, family: Family, causal: bool, deadline: float):
        self.family = family
        self.causal = causal
        self.deadline = deadline

    def functions(self) -> tuple[Callable[..., Any], ...]:
        """The functions of j, i and the parameters that the statement is about."""
        raise NotImplementedError

    def readings(self, query: Query) -> Iterator[Reading]:
        """What z3 read of these functions."""
        raise NotImplementedError

    def claim(self, scope: Scope) -> Statement:
        """The statement about functions that no proof can read."""
        raise NotImplementedError

    def constants(self) -> list[int]:
        """The numbers in the code of the functions."""
        return numbers_in(self.family.build, *self.functions())

    def induction_steps(self, query: Query) -> Iterator[tuple[str, Any]]:
        """(a step of the induction in words, the condition under which it fails)."""
        raise NotImplementedError

    def failures(self, values: Values, layers: Layers, n: int) -> BoolArray:
        """The pairs for which the statement is false at one length, bool [i, j], without z3."""
        raise NotImplementedError

    def mutations(self, count: int) -> Iterator[Mutation]:
        """Mutations of so many layers that may make the statement false."""
        raise NotImplementedError

    def statement(self, query: Query) -> Statement:
        """The statement, in words and in TeX."""
        raise NotImplementedError

    def evidence(self, query: Query) -> str:
        """The evidence for "proved"."""
        raise NotImplementedError

    def verdict(self) -> Verdict:
        """By small cases, then by induction."""
        start = monotonic()
        verdict = self._verdict()
        return replace(verdict, seconds=monotonic() - start)

    def _verdict(self) -> Verdict:
        """The same, without the seconds."""
        try:
            query = Query(self.family, self.assumes_causal)
            statement = self.statement(query)
        except (Undecided, z3().Z3Exception) as error:
            return self.unread_verdict(str(error))
        return self._induction_verdict(query, statement)

    def unread_verdict(self, reason: str) -> Verdict:
        """The verdict on functions that no proof can read, by cases at numbers."""
        try:
            case = smallest_failure(self.family, self.failures, self.deadline)
            case = case or self.special_case()
        except Exception:  # neither terms nor arrays can be read
            case = None
        if case is None:
            names = [name for name in self.family.names if name != "n"]
            length = "n" if "n" in self.family.names else None
            return Verdict("unknown", *self.claim(Scope(names, self.causal, length)), reason)
        layers = self.family.layers_at(**dict(case.parameters))
        scope = Scope([], self.causal, layers.own_length, case.parameters)
        return Verdict("refuted", *self.claim(scope), "every path was checked", case)

    def special_case(self, suspects: Iterable[Values] = ()) -> Counterexample | None:
        """The first failure at suspect parameters, or at numbers in the code of the functions."""
        return special_failure(
            self.family, self.failures, self.deadline, self.constants(), suspects=suspects
        )

    def _induction_verdict(self, query: Query, statement: Statement) -> Verdict:
        """The verdict on functions that a proof can read."""
        suspects = []
        try:
            case = smallest_failure(self.family, self.failures, self.deadline)
            if case is not None:
                return Verdict("refuted", *statement, "every path was checked", case)
            reason = self.obstacle(query)
            control = None if reason else self.negative_control()
            if control is not None:
                return Verdict(
                    "proved",
                    *statement,
                    self.evidence(query),
                    negative_control=control.text,
                    solvers="z3 alone",
                    obligations=(*self.obligations(statement.words), *control.obligations),
                )
            reason = reason or "no change that was tried makes the statement false"
        except Discrepancy as error:
            suspects = [error.values]
            reason = str(error)
        except (Undecided, z3().Z3Exception) as error:
            reason = str(error)
        case = self.special_case(suspects)
        if case is not None:
            return Verdict("refuted", *statement, "every path was checked", case)
        return Verdict("unknown", *statement, reason)

    def obstacle(self, query: Query) -> str:
        """Why the induction proves nothing; "" if it does."""
        failure = self.step_failure(query)
        if failure is not None:
            return str(failure)
        if query.is_vacuous(values for values, _ in self.family.instances()):
            return "no parameters that were tried fulfil the assumptions"
        readings = [*layer_readings(query), *self.readings(query)]
        compare_at_numbers(self.family, query, readings, self.constants(), self.deadline)
        return ""

    def step_failure(self, query: Query) -> StepFailure | None:
        """The first step that z3 does not confirm; None if it confirms all."""
        for name, condition in self.induction_steps(query):
            seconds = max(0.1, self.deadline - monotonic())
            answer = query.solve(condition, seconds=seconds)
            if answer.status != "unsat":
                return StepFailure(name, condition, answer)
        return None

    def obligations(self, claim: str) -> Iterator[Obligation]:
        """The steps, and the divisors that occur in them."""
        query = Query(self.family, self.assumes_causal)
        obligations = Obligations(query, claim)
        for number, (name, condition) in enumerate(self.induction_steps(query), 1):
            yield obligations.step(number, name, condition)
        yield from obligations.rest()

    def negative_control(self) -> Control | None:
        """A mutation that makes the statement false at a small case, and a step fail."""
        mutations = self.mutations(self.family.layer_count())
        longest = SHORT_LENGTH if self.family.names else LONG_LENGTH
        for mutation, case in counterexamples(
            self.family, mutations, self.failures, self.deadline, longest=longest
        ):
            query = Query(self.family, self.assumes_causal, change=mutation.change)
            failure = self.step_failure(query)
            if failure is not None:
                text = f"{mutation.text}, the induction fails: the counterexample is {case}"
                return Control(text, tuple(self.control_obligations(query, failure)))
        return None

    def control_obligations(self, query: Query, failure: StepFailure) -> Iterator[Obligation]:
        """The obligation that a step fails for sets of which the statement is false.

        None if z3 gave up on it.
        """
        case = failure.answer.case
        if case is not None:
            obligations = Obligations(query, self.statement(query).words)
            yield obligations.control(f"this fails: {failure.name}", failure.condition, case)

    def scope(self, query: Query) -> Scope:
        """The cases that the statement is for."""
        return Scope(query.assumption_texts(), self.causal, query.length)
