"""Every puzzle of the book, and the examples: answers judged, stubs, hints, numbers."""

import ast
import html
from collections import Counter

import numpy as np
import pytest
from example_puzzles import EXAMPLES

from sparse_ref.puzzles import Puzzle, book, find
from sparse_ref.puzzles.answer_calls import Unanswered, call
from sparse_ref.puzzles.answer_source import answer_of
from sparse_ref.puzzles.judge_answer import judge
from sparse_ref.puzzles.kinds import Formula, PatternAnswer
from sparse_ref.puzzles.kinds.pattern_kind import attention_mask
from sparse_ref.puzzles.kinds.set_kind import SetKind
from sparse_ref.puzzles.puzzle_session import Question
from sparse_ref.puzzles.puzzle_verdict import SOLVED, UNANSWERED, WRONG

PUZZLES = (*book(), *EXAMPLES)
each_puzzle = pytest.mark.parametrize("puzzle", PUZZLES, ids=lambda puzzle: puzzle.name)


@each_puzzle
def test_the_reference_is_right(puzzle):
    for kind, reference in puzzle.kind.parts(puzzle.reference):
        verdict = judge(puzzle, reference)
        assert verdict.state == SOLVED, verdict
        assert verdict.parts == (kind.noun,)


@each_puzzle
def test_wrong_answers_fail_by_their_names(puzzle):
    assert len(puzzle.mistakes) >= 3
    assert len({mistake.name for mistake in puzzle.mistakes}) == len(puzzle.mistakes)
    for mistake in puzzle.mistakes:
        verdict = judge(puzzle, mistake.answer)
        assert verdict.state == WRONG, mistake.name
        assert verdict.mistake == mistake.name
        assert not mistake.name.endswith(".")
    assert mistake.name in repr(verdict)
    assert mistake.name in html.unescape(verdict._repr_html_())


@each_puzzle
def test_the_stub_is_code_that_is_not_answered_yet(puzzle):
    statements = ast.parse(puzzle.code).body
    names = [node.name for node in statements if isinstance(node, ast.FunctionDef)]
    assert names == [puzzle.name]
    assert puzzle.code.rstrip().endswith("return ...")
    verdict = judge(puzzle, answer_of(puzzle.code, puzzle.name))
    assert verdict.state == UNANSWERED
    assert not verdict
    assert "not answered yet" in repr(verdict)


@each_puzzle
def test_a_question_a_title_and_hints_are_there(puzzle):
    for text in (puzzle.title, puzzle.question, *puzzle.hints):
        assert text.strip() == text != ""
    assert puzzle.hints
    assert len(set(puzzle.hints)) == len(puzzle.hints)
    question = Question(puzzle)
    assert puzzle.code in repr(question)
    assert "<svg" in question._repr_html_() or not isinstance(puzzle.kind, Formula)


@each_puzzle
def test_the_solution_can_be_read_and_is_right(puzzle):
    """As a reader's code: by itself, with np, sr and the names of sr.define."""
    assert puzzle.solutions
    for code in puzzle.solutions:
        assert judge(puzzle, answer_of(code, puzzle.name)).state == SOLVED


@pytest.mark.parametrize(
    "puzzle",
    [p for p in PUZZLES if isinstance(p.kind, SetKind) and p.kind.pattern],
    ids=lambda p: p.name,
)
def test_the_pattern_of_a_set_is_its_reference(puzzle):
    kind = puzzle.kind
    for case in kind.cases():
        wanted = kind.value(puzzle.reference, case)
        assert np.array_equal(kind.pattern_of(case, wanted).mask(case["n"]), wanted)


@pytest.mark.parametrize(
    "puzzle",
    [p for p in PUZZLES if isinstance(p.kind, PatternAnswer) and p.kind.attention],
    ids=lambda p: p.name,
)
def test_an_attention_has_the_pattern_that_the_answer_is(puzzle):
    for case in puzzle.kind.cases():
        wanted = puzzle.kind.value(puzzle.reference, case)
        assert np.array_equal(attention_mask(puzzle.kind.attention, case["n"]), wanted)


def test_names_and_numbers_are_unique():
    for field in ("name", "number"):
        counts = Counter(getattr(puzzle, field) for puzzle in PUZZLES)
        assert [value for value, count in counts.items() if count > 1] == []


def test_a_puzzle_is_found_by_name_and_by_number():
    for puzzle in book():
        assert find(puzzle.name) is puzzle
        assert find(puzzle.number) is puzzle
    with pytest.raises(LookupError, match="did you mean 'last_three'"):
        find("last_tree")
    with pytest.raises(LookupError, match="sparse-ref puzzles` list them"):
        find("")


def test_a_number_is_given_as_a_text_and_a_long_name_is_cut():
    with pytest.raises(TypeError, match="named by a text, 'causal' or '7', got 7"):
        find(7)
    with pytest.raises(LookupError, match=r"^.{,150}$"):
        find("x" * 10_000)


def test_the_stub_of_an_example_returns_an_ellipsis():
    """Negative control: the marker of a stub is what `call` looks for."""
    with pytest.raises(Unanswered):
        call(lambda: ...)
    assert all(isinstance(puzzle, Puzzle) for puzzle in PUZZLES)
    assert len(EXAMPLES) == 13
