"""Statements about any number of layers, by an induction whose steps z3 confirms; abstract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

from ...sets.types import BoolArray
from .family import Family, Layers, Values
from .mutations import Mutation, counterexamples
from .query import Query
from .small_cases import LONG_LENGTH, SHORT_LENGTH, smallest_failure
from .terms import Undecided, z3
from .verdict import Verdict
from .wording import Scope, Statement


class Induction:
    """A statement about any number of layers; abstract.

    `assumes_causal`: z3 may assume j <= i, and does not have to derive it.
    """

    assumes_causal: bool

    def __init__(self, family: Family, causal: bool, deadline: float):
        self.family = family
        self.causal = causal
        self.deadline = deadline

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
        query = Query(self.family, self.assumes_causal)
        statement = self.statement(query)
        try:
            case = smallest_failure(self.family, self.failures, self.deadline)
            if case is not None:
                return Verdict("refuted", *statement, "every path was checked", case)
            reason = self.obstacle(query)
            control = "" if reason else self.negative_control()
            if control:
                evidence = self.evidence(query)
                return Verdict("proved", *statement, evidence, negative_control=control)
            reason = reason or "no change that was tried makes the statement false"
        except (Undecided, z3().Z3Exception) as error:
            reason = str(error)
        return Verdict("unknown", *statement, reason)

    def obstacle(self, query: Query) -> str:
        """Why the induction proves nothing; "" if it does."""
        failure = self.step_failure(query)
        if failure:
            return failure
        if query.is_vacuous(values for values, _ in self.family.instances()):
            return "no parameters that were tried fulfil the assumptions"
        return ""

    def step_failure(self, query: Query) -> str:
        """The first step that z3 does not confirm, and why; "" if it confirms all."""
        for name, condition in self.induction_steps(query):
            seconds = max(0.1, self.deadline - monotonic())
            answer = query.solve(condition, seconds=seconds)
            if answer.status != "unsat":
                return f"{name}: {answer.reason or f'fails at {answer.case}'}"
        return ""

    def negative_control(self) -> str:
        """A mutation that makes the statement false at a small case, and a step fail."""
        mutations = self.mutations(self.family.layer_count())
        longest = SHORT_LENGTH if self.family.names else LONG_LENGTH
        for mutation, case in counterexamples(
            self.family, mutations, self.failures, self.deadline, longest=longest
        ):
            query = Query(self.family, self.assumes_causal, change=mutation.change)
            if self.step_failure(query):
                return f"{mutation.text}, the induction fails: the counterexample is {case}"
        return ""

    def scope(self, query: Query) -> Scope:
        """The cases that the statement is for."""
        return Scope(query.assumption_texts(), self.causal, query.length)
