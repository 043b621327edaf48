"""How a statement about fixed layers is settled: walked at small lengths, then put to z3, most general first.

Symbols:  as in `connectivity`; what lies between j and i are the positions a, b, c, ...
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise, product
from time import monotonic

import numpy as np

from ..finite.reach import reach
from ..layers import MAX_LENGTH
from .family import Family, generalised
from .mutations import narrower
from .query import Answer, Question
from .small_cases import FEW, first, length_of, lengths, smallest, unreached
from .solver import z3
from .symbols import Undecided
from .terms import integer
from .verdict import Counterexample, Verdict
from .wording import connected, letters

FEW_WAYS = 4  # that are told
MOST_BETWEEN = 4  # positions for which i, j and 0 are tried where no path is known


class Proof:
    """One statement, and the ways in which it may be settled."""

    def __init__(self, given: Family, residual: bool, causal: bool, n: int | None, deadline: float):
        self.given, self.residual, self.causal, self.n, self.deadline = (
            given,
            residual,
            causal,
            n,
            deadline,
        )

    def verdict(self) -> Verdict:
        """By walking, then by z3."""
        missing = smallest(self.given, self.residual, self.causal, self.n, self.deadline)
        if missing is not None:
            return self.refuted(
                missing, f"every path was walked, and {heard(self.given, missing, self.residual)}"
            )
        if not self.given.names and (self.n is not None or self.given.at().own_length is not None):
            return self.exhausted()
        reasons = []
        for given, eliminate in self.attempts():
            try:
                answer = self.asked(given, eliminate)
                if isinstance(answer, Verdict):
                    return answer
                reasons.append(answer)
            except (Undecided, TypeError, AttributeError, z3().Z3Exception) as error:
                reasons.append(str(error))
        return Verdict("unknown", *self.said(self.given), "; ".join(dict.fromkeys(reasons)))

    def attempts(self) -> Iterator[tuple[Family, bool]]:
        """(layers, whether to eliminate quantifiers), the most general first."""
        if not self.given.names and (general := generalised(self.given)):
            yield general, False
        yield self.given, False
        if not self.given.names:
            yield self.given, True

    def asked(self, given: Family, eliminate: bool) -> Verdict | str:
        """What z3 says, or why it says nothing."""
        question = Question(given, self.causal, self.n)
        if question.vacuous([given.own] if given.own else (values for values, _ in given.small())):
            return "no parameters are both assumed and given"
        answer = question.case(
            self.negation(question, eliminate), seconds=self.left(), eliminate=eliminate
        )
        if answer.found == "no":
            return self.proved(given, question, eliminate)
        if answer.case is not None and eliminate:
            found = self.minimised(question, answer.case)
            return self.refuted(
                found, f"z3 finds no positions between; {heard(given, found, self.residual)}"
            )
        return (
            answer.reason or f"z3 finds a case in which {self.way(question)} fails: {answer.case}"
        )

    def negation(self, question: Question, eliminate: bool):
        """No path from j to i: through any positions, or through those that are proposed."""
        if eliminate:
            between = [
                integer(question.symbols, name)
                for name in letters("abcdefgh", len(question.layers.steps) - 1)
            ]
            none = z3().Not(self.path(question, between))
            return z3().ForAll([a.expression for a in between], none) if between else none
        return z3().Not(
            z3().Or(*(self.path(question, between) for between in self.proposed(question)))
        )

    def proposed(self, question: Question) -> Iterator[list]:
        """The positions between that are known to lie on a path; or i, j and 0, in every order."""
        i, j, many = question.i, question.j, len(question.layers.steps) - 1
        if question.layers.ways is not None:
            ways = question.layers.ways(j, i)
            if any(len(way) != many for way in ways):
                raise ValueError(
                    f"via must give {many} positions between j and i, got {', '.join(map(repr, ways))}"
                )
        elif many <= MOST_BETWEEN:
            ways = list(product((j, i, 0), repeat=many))
        else:
            raise Undecided(
                f"no path is known through {many} positions, and i, j and 0 are tried for {MOST_BETWEEN} alone"
            )
        yield from ([question.term(a) for a in way] for way in ways)

    def path(self, question: Question, between):
        """Each position attends to the one before, and lies within 0 <= a < n."""
        links = zip(
            question.layers.steps, pairwise([question.j, *between, question.i]), strict=True
        )
        hops = [question.holds(p, b, a, self.residual) for p, (a, b) in links]
        return z3().And(*hops, *(bound for a in between for bound in question.within(a)))

    def proved(self, given: Family, question: Question, eliminate: bool) -> Verdict | str:
        """The verdict, once a narrower set was refused."""
        planted = self.planted(given, eliminate)
        if not planted:
            return (
                "z3 finds no case without a path, but no narrower set was found that it must refuse"
            )
        evidence = (
            "z3 finds no case without a path, by elimination of quantifiers at these numbers"
            if eliminate
            else f"z3 finds no case in which {self.way(question)} fails"
        )
        here = (
            f"; given here are {', '.join(f'{name} = {x}' for name, x in given.own.items())}"
            if given.own
            else ""
        )
        return Verdict("proved", *self.said(given, question), evidence + here, planted=planted)

    def planted(self, given: Family, eliminate: bool | None) -> str:
        """A change that makes the statement false at some small case, and that the same question, asked there, confirms."""
        for text, change in narrower(
            next((len(found.steps) for _, found in given.small()), 0), self.causal
        ):
            for values, found in given.small():
                less, own = change(found), length_of(found, values, self.n)
                wrong = partial(unreached, less.steps, self.residual, self.causal)
                missing = first(less, lengths(less, own, FEW), wrong, own is None, self.deadline)
                if missing is not None:
                    at = missing._replace(parameters=tuple(values.items()))
                    if eliminate is None:
                        return f"{text} it is false at {at}"
                    question = Question(given, self.causal, self.n, change)
                    answer = question.case(
                        self.negation(question, eliminate),
                        seconds=self.left(),
                        eliminate=eliminate,
                        at=at,
                    )
                    if answer.found == "yes":
                        return f"{text} it is false at {at}, and z3 says so"
                if monotonic() > self.deadline:
                    return ""
        return ""

    def exhausted(self) -> Verdict:
        """The verdict where every pair of the one length has a path."""
        n = self.n if self.n is not None else self.given.at().own_length
        planted = self.planted(self.given, None) or "no change that was tried makes it false"
        return Verdict(
            "proved", *self.said(self.given), f"every pair of n = {n} was walked", planted=planted
        )

    def refuted(self, missing: Counterexample, evidence: str) -> Verdict:
        """The verdict, with the pair that no path connects."""
        try:
            said = self.said(self.given)
        except Undecided:  # which is no matter where numbers refute
            found = self.given.at(**dict(missing.parameters))
            said = connected(
                found.steps,
                [f"{name} = {x}" for name, x in missing.parameters],
                self.residual,
                self.causal,
                length_of(found, {}, self.n),
            )
        return Verdict("refuted", *said, evidence, missing)

    def minimised(self, question: Question, found: Counterexample) -> Counterexample:
        """A case without a path that has the least n, then i, then j, as far as time allows."""
        kept: list = [self.negation(question, True)]
        for name in ("n", "i", "j"):
            term, answer = getattr(question, name), Answer("yes", found)
            while answer.found == "yes" and self.left() > 1:
                found = answer.case or found
                answer = question.case(
                    *kept,
                    term.expression < getattr(found, name),
                    seconds=self.left(),
                    eliminate=True,
                )
            kept.append(term.expression == getattr(found, name))
        return found

    def said(self, given: Family, question: Question | None = None) -> tuple[str, str]:
        """The statement, in words and in TeX."""
        if not given.names:
            return connected(
                given.at().steps, [], self.residual, self.causal, length_of(given.at(), {}, self.n)
            )
        question = question or Question(given, self.causal, self.n)
        return connected(
            question.layers.steps,
            question.assumed(),
            self.residual,
            self.causal,
            question.own,
            given.names,
        )

    def way(self, question: Question) -> str:
        """The path, in words."""
        if len(question.layers.steps) == 1:
            return "that i attends to j"
        names = letters("abcdefgh", len(question.layers.steps) - 1, question.values)
        ways = [
            ", ".join(f"{name} = {a!r}" for name, a in zip(names, way))
            for way in self.proposed(question)
        ]
        return (
            f"the path through {' or '.join(ways)}"
            if len(ways) < FEW_WAYS
            else "every path through j, i and 0"
        )

    def left(self) -> float:
        """Seconds until the deadline; some are always left, to hear of it."""
        return max(0.1, self.deadline - monotonic())


def heard(given: Family, missing: Counterexample, residual: bool) -> str:
    """What the position j reaches, where i is not among it."""
    if missing.n > MAX_LENGTH:
        return f"n = {missing.n} is beyond what is walked"
    found = np.flatnonzero(
        reach(given.at(**dict(missing.parameters)).steps, missing.n, residual=residual)[
            :, missing.j
        ]
    )
    some = ", ".join(map(str, found[:12])) + ", ..." * (len(found) > 12)
    return f"j = {missing.j} reaches {f'i = {some} alone' if len(found) else 'nothing'}"
