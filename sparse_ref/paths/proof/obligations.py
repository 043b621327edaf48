"""What a verdict rests on, as scripts that any solver can settle without this library.

Each query to z3 whose answer a verdict rests on is an obligation: a script in SMT-LIB 2 under a
head in plain words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .expressions import constants_in
from .facts import Facts, facts_about, general_facts
from .query import Query
from .quotients import Quotient
from .smtlib import Group, Script, comment
from .verdict import Counterexample, Obligation
from .wording import set_text
from .z3_import import z3

DIVISION_TEXT = (
    "Division is that of whole numbers, rounded down. For a divisor b that is a term, |x // b| and "
    "|x % b| are two more numbers: x = b * |x // b| + |x % b|, and |x % b| is from 0 to b - 1."
)
FACTS_TEXT = "Instances of facts about whole numbers, which a file of their own settles."


class Question(NamedTuple):
    """A claim about layers, the question that a solver is asked, and what its answer means."""

    claim: str
    text: str
    meaning: str


class Control(NamedTuple):
    """A negative control in words, and the obligations that it rests on."""

    text: str
    obligations: tuple[Obligation, ...]


class Obligations:
    """The obligations of one query, which collects what all of them rest on."""

    def __init__(self, query: Query, claim: str):
        self.query = query
        self.claim = claim
        self.facts: list[Facts] = []

    def claim_obligation(self, failure: str, negation) -> Obligation:
        """The obligation that no case fulfils the negation of the claim."""
        text = f"Is there a case in which {failure}?"
        question = Question(self.claim, text, "in no case, so the claim is true.")
        return self._obligation("claim", question, negation)

    def step(self, number: int, name: str, condition) -> Obligation:
        """The obligation that a step of an induction fails in no case."""
        text = f"Is there a case in which this step of the induction fails: {name}?"
        meaning = "in no case. The claim follows from all of its steps together."
        return self._obligation(f"step-{number}", Question(self.claim, text, meaning), condition)

    def control(self, failure: str, condition, case: Counterexample) -> Obligation:
        """The obligation that this case fulfils a condition, as the claim is false."""
        claim = f"(false, as a negative control) {self.claim}"
        text = f"Is this a case in which {failure}?"
        meaning = "it is. The same question about the true claim has another answer."
        return self._obligation("control", Question(claim, text, meaning), condition, case)

    def rest(self) -> Iterator[Obligation]:
        """The obligations that divisors are at least 1, and that the facts are true."""
        yield from self._divisors()
        general = general_facts(self.query.symbols, self.facts)
        if general:
            text = "Is any of these facts false of any whole numbers?"
            meaning = "none is, so other files may assume them of the numbers that they are about."
            negation = z3().Not(z3().And(*general))
            yield self._script("facts", Question(self.claim, text, meaning), [], [negation])

    def _divisors(self) -> Iterator[Obligation]:
        """The obligations that divisors are at least 1; none where that is an assumption."""
        symbols = self.query.symbols
        first_uses: dict[int, Quotient] = {}
        for each in symbols.quotients.values():
            first_uses.setdefault(each.divisor.get_id(), each)
        number = 0
        for each in first_uses.values():
            if _is_assumed(each.divisor, symbols.assumptions):
                continue
            number += 1
            text = f"Is the divisor {symbols.text(each.divisor)} below 1 in any case?"
            question = Question(self.claim, text, "in no case, so quotients by it are defined.")
            premises = Group("What the divisor depends on.", list(each.premises))
            is_below = each.divisor < 1
            yield self._script(f"divisor-{number}", question, [premises], [is_below])

    def _obligation(
        self, label: str, question: Question, condition, case: Counterexample | None = None
    ) -> Obligation:
        """The obligation that no case fulfils the condition, or that this one does."""
        query = self.query
        assumptions = query.symbols.assumptions
        bounds = [x for x in query.bounds if not _is_trivial(x)]
        known = [*assumptions, *bounds, condition]
        quotients = self._quotients(known)
        definitions = [x for each in quotients for x in each.definition]
        groups = [
            Group("What the parameters fulfil.", assumptions),
            *(Group(self._quotient_text(each), each.definition) for each in quotients),
            Group("The positions i and j, and the length n.", bounds),
        ]
        if case is None:
            facts = facts_about([*known, *definitions], quotients)
            self.facts.append(facts)
            groups.append(Group(FACTS_TEXT, [*facts.products, *facts.divisions]))
        else:
            groups.append(Group("The case.", query.case_conditions(case)))
        return self._script(
            label, question, groups, [condition], "unsat" if case is None else "sat"
        )

    def _script(
        self,
        label: str,
        question: Question,
        groups: list[Group],
        conditions: list[Any],
        status: str = "unsat",
    ) -> Obligation:
        """An obligation with its head."""
        head = "\n".join(self._head(question, status))
        script = Script(self.query.symbols, [*groups, Group(question.text, conditions)])
        return Obligation(label, status, f"{head}\n{script.text(status)}")

    def _head(self, question: Question, status: str) -> Iterator[str]:
        """The comments before the commands."""
        sets = list(dict.fromkeys(map(set_text, self.query.layers.steps)))
        assumptions = ", ".join(self.query.assumption_texts()) or "none"
        yield from comment(f"Claim: {question.claim}.")
        yield from comment(f"Sets of the layers, the lowest first: {', '.join(sets)}.")
        yield from comment(f"Parameters and assumptions about them: {assumptions}.")
        yield from comment(f"Question: {question.text}")
        yield from comment(f"The answer {status} means: {question.meaning}")
        yield from comment(DIVISION_TEXT)

    def _quotients(self, conditions: list[Any]) -> list[Quotient]:
        """The quotients on which conditions depend, directly or through others."""
        needed = constants_in(conditions)
        used: list[Quotient] = []
        for each in reversed(self.query.symbols.quotients.values()):
            if {each.quotient.get_id(), each.remainder.get_id()} & needed:
                used.append(each)
                needed |= constants_in([each.dividend, each.divisor])
        return used[::-1]

    def _quotient_text(self, quotient: Quotient) -> str:
        """What a definition defines."""
        text = self.query.symbols.text
        dividend, divisor = text(quotient.dividend), text(quotient.divisor)
        return f"The quotient and the remainder of {dividend} by {divisor}."


def _is_trivial(condition) -> bool:
    """Whether a condition is true of all numbers, at first sight."""
    return z3().is_true(z3().simplify(condition))


def _is_assumed(divisor, assumptions: Iterable[Any]) -> bool:
    """Whether it is an assumption that the divisor is at least 1."""
    forms = (divisor >= 1, z3().IntVal(1, divisor.ctx) <= divisor)
    return any(form.eq(assumption) for form in forms for assumption in assumptions)
