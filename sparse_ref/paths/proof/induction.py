"""Statements about any number of layers, whose induction z3 is asked for step by step; abstract."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Any

import numpy as np

from .family import Family, Layers
from .mutations import Change
from .query import Question
from .small_cases import FEW, MANY, first, least, length_of, lengths
from .solver import z3
from .symbols import Undecided
from .verdict import Verdict


class Induction:
    """A statement about any number of layers; abstract. `assumed` says that z3 may take j <= i for given."""

    assumed: bool

    def __init__(self, given: Family, causal: bool, deadline: float):
        self.given, self.causal, self.deadline, self.start = given, causal, deadline, monotonic()

    def conditions(self, question: Question) -> Iterator[tuple[str, Any]]:
        """(a step of the induction, a condition under which it fails): it holds where z3 finds no case."""
        raise NotImplementedError

    def wrong(self, values, found: Layers, n: int) -> np.ndarray:
        """The pairs for which the statement is false at one length, bool [i, j], by walking."""
        raise NotImplementedError

    def changes(self, count: int) -> Iterator[Change]:
        """Changes of so many layers that may make the statement false."""
        raise NotImplementedError

    def verdict(self) -> Verdict:
        """By walking, then by induction."""
        question = Question(self.given, self.assumed)
        status, case, planted = "unknown", None, ""
        said = self.said(question)
        try:
            case = least(self.given, self.wrong, self.deadline)
            if case is not None:
                status, evidence = "refuted", "every path was walked"
            elif failed := self.failed(question):
                evidence = failed
            elif question.vacuous(values for values, _ in self.given.small()):
                evidence = "no small parameters fulfil what is assumed"
            elif not (planted := self.planted()):
                evidence = "no other sets were found for which it is false"
            else:
                status, evidence = "proved", self.evidence(question)
        except (Undecided, z3().Z3Exception) as error:
            evidence = str(error)
        return Verdict(status, *said, evidence, case, planted, monotonic() - self.start)

    def failed(self, question: Question) -> str:
        """The first step of the induction that is not confirmed, and why; "" where all are."""
        for name, condition in self.conditions(question):
            answer = question.case(condition, seconds=max(0.1, self.deadline - monotonic()))
            if answer.found != "no":
                return f"{name}: {answer.reason or f'not at {answer.case}'}"
        return ""

    def planted(self) -> str:
        """A change that makes the statement false at some small case, and by which a step of the induction fails."""
        most = FEW if self.given.names else MANY
        for text, change in self.changes(
            next((len(found.steps) for _, found in self.given.small()), 0)
        ):
            for values, found in self.given.small():
                other, own = change(found), length_of(found, values)
                case = first(
                    other,
                    lengths(other, own, most),
                    partial(self.wrong, values, other),
                    own is None,
                    self.deadline,
                )
                if case is not None and self.failed(
                    Question(self.given, self.assumed, change=change)
                ):
                    return f"{text} it is false at {case._replace(parameters=tuple(values.items()))}, and z3 says so"
                if monotonic() > self.deadline:
                    return ""
        return ""

    def said(self, question: Question) -> tuple[str, str]:
        """The statement, in words and in TeX."""
        raise NotImplementedError

    def evidence(self, question: Question) -> str:
        """What it rests on."""
        raise NotImplementedError
