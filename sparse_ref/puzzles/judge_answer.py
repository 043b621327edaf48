"""An answer judged: the smallest case at which it fails, and the name of the mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

from .. import patterns
from .._text import error_text
from ..sets.rule import Rule
from .answer_calls import Fault, Unanswered, is_stored
from .answer_source import precedence_words
from .kinds.formula_kind import Formula
from .kinds.kind import Answer, Case, Kind, parameter_names
from .kinds.pattern_mask import check_pattern
from .puzzle import Puzzle
from .puzzle_verdict import SOLVED, UNANSWERED, WRONG, Comparison, Verdict

MAX_DRAWN = 50
CHANGES = "the answer changes from call to call"


class Part(NamedTuple):
    """One way to answer a puzzle, with a reader's answer."""

    kind: Kind
    reference: Answer
    answer: Any


def require_hypothesis() -> None:
    """Raise ImportError if the package that draws the cases is missing."""
    if find_spec("hypothesis") is None:
        raise ImportError(
            "a check of puzzles needs the package hypothesis: pip install 'sparse-ref[testing]'"
        )


def judge(puzzle: Puzzle, answer: Any) -> Verdict:
    """The verdict on an answer. An answer is never the cause of an exception."""
    require_hypothesis()
    try:
        parts = _parts(puzzle, answer)
    except Fault as fault:
        return Verdict(puzzle, WRONG, mistake=str(fault))
    for part in parts:
        verdict = _judge_part(puzzle, part)
        if not verdict:
            return verdict
    return Verdict(puzzle, SOLVED, parts=tuple(part.kind.noun for part in parts))


def _parts(puzzle: Puzzle, answer: Any) -> list[Part]:
    """The parts of a puzzle that an answer answers: both if it is a Rule."""
    choices = puzzle.kind.parts(puzzle.reference)
    if isinstance(answer, type):
        if not isinstance(puzzle.kind, Formula):
            if answer.__name__ in patterns.__all__:
                check_pattern(answer)
            raise Fault(f"only formulas have classes: write a function, not {answer.__name__}")
        if not issubclass(answer, Rule):
            raise Fault(f"the class {answer.__name__} must be a sparse_ref.define.Rule")
        names = ("formula", "solution")
        return [
            Part(kind, reference, _method(answer, name))
            for name, (kind, reference) in zip(names, choices)
        ]
    actual = parameter_names(answer) if callable(answer) else None
    for kind, reference in choices:
        if actual == parameter_names(reference):
            return [Part(kind, reference, answer)]
    kind, reference = choices[0]
    return [Part(kind, reference, answer)]


def _method(rule: type, name: str) -> Any:
    """A method of a Rule. Raises Fault if the class has none."""
    method = getattr(rule, name, None)
    if method is None:
        raise Fault(f"the class {rule.__name__} has no `{name}`")
    return method


def _judge_part(puzzle: Puzzle, part: Part) -> Verdict:
    """The verdict on one part, whatever the answer gives."""
    try:
        return _compare_part(puzzle, part)
    except Unanswered:
        return Verdict(puzzle, UNANSWERED)
    except Exception as error:  # of a value that fails when it is compared
        if is_stored(part.answer):
            raise
        mistake = f"the answer cannot be compared: {error_text(error)}"
        return Verdict(puzzle, WRONG, mistake=mistake)


def _compare_part(puzzle: Puzzle, part: Part) -> Verdict:
    """The verdict on one part. Raises Unanswered, and what a value raises when it is compared."""
    kind, reference, answer = part
    case = None
    try:
        kind.check_answer(answer, reference)
        case = _failure(part)
        if case is None:
            kind.check_form(answer)
            return Verdict(puzzle, SOLVED, parts=(kind.noun,))
        actual = kind.value(answer, case)
    except Fault as fault:
        text = "" if case is None else kind.case_text(case, reference)
        return Verdict(puzzle, WRONG, mistake=str(fault), case=text)
    return _name_mistake(puzzle, part, case, actual)


def _name_mistake(puzzle: Puzzle, part: Part, case: Case, actual: Any) -> Verdict:
    """The verdict on an answer whose value at a case is wrong."""
    kind, reference, answer = part
    wanted = kind.value(reference, case)
    verdict = Verdict(
        puzzle,
        WRONG,
        case=kind.case_text(case, reference),
        place=kind.first_difference(actual, wanted),
    )
    try:
        shown = _display_case(part, case)
    except Fault as fault:
        return replace(verdict, mistake=str(fault))
    comparison = _comparison(part, shown)
    mistake = (
        precedence_words(answer)
        or _stored_name(puzzle, part, case)
        or _cause(part, shown, comparison.describe() or CHANGES)
    )
    return replace(verdict, mistake=mistake, comparison=comparison)


def _comparison(part: Part, case: Case) -> Comparison:
    """Both values at a case, as they are shown."""
    kind, reference, answer = part
    actual, wanted = kind.value(answer, case), kind.value(reference, case)
    return Comparison(
        kind.case_text(case, reference),
        kind.display_value(actual, case),
        kind.display_value(wanted, case),
        partial(kind.words, actual, wanted, case),
        kind.is_secret,
    )


def _cause(part: Part, case: Case, words: str) -> str:
    """The likely cause of what is wrong; if none is known, what is wrong."""
    return part.kind.cause(part.answer, part.reference, case, words) or words


def _passes(part: Part, case: Case) -> bool:
    """Whether an answer is right at a case; what cannot be compared is not."""
    kind, reference, answer = part
    try:
        actual = kind.value(answer, case)
    except Fault:
        return False
    return kind.accepts(actual, kind.value(reference, case), case)


def _failure(part: Part) -> Case | None:
    """The smallest case at which an answer is wrong; None if none is found."""
    for case in part.kind.cases():
        if not _passes(part, case):
            return case
    strategy = part.kind.strategy()
    return None if strategy is None else _drawn_failure(strategy, lambda case: _passes(part, case))


def _drawn_failure(strategy: Any, passes: Callable[[Case], bool]) -> Case | None:
    """The smallest drawn case that does not pass, the same in every run; None if all do."""
    from hypothesis import HealthCheck, Phase, given, settings

    failures: list[Case] = []

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=MAX_DRAWN,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(strategy)
    def check_case(case: Case) -> None:
        if not passes(case):
            failures.append(case)
            raise AssertionError

    try:
        check_case()
    except Exception:  # Hypothesis has one of its own for an answer that changes
        if not failures:
            raise
        return failures[-1]  # the last is the smallest
    return None


def _display_case(part: Part, case: Case) -> Case:
    """The case at which a failure is shown: that of the picture, if it fails there too.

    Raises Fault for an answer that has no value there: `max(0, i)` has one for a single query only.
    """
    shown = part.kind.display_case(case)
    try:
        part.kind.value(part.answer, shown)
    except Unanswered:
        return case
    return case if _passes(part, shown) else shown


def _stored_name(puzzle: Puzzle, part: Part, failure: Case) -> str:
    """The name of the stored wrong answer that has the same values; "" if none has."""
    cases = [failure, *part.kind.cases()]
    for mistake in puzzle.mistakes:
        if all(_same_value(part, mistake.answer, case) for case in cases):
            return mistake.name
    return ""


def _same_value(part: Part, other: Answer, case: Case) -> bool:
    """Whether another answer has the same value at a case."""
    kind = part.kind
    try:
        actual = kind.value(part.answer, case)
        return kind.agrees(actual, kind.value(other, case), case)
    except (Fault, Unanswered):
        return False
    except Exception:  # a stored wrong answer may break where the reader's does not
        return False
