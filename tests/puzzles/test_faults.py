"""What is wrong with an answer before it can be compared: named kindly, with the line."""

from inspect import signature

import numpy as np
import pytest
from example_puzzles import EXAMPLES

import sparse_ref as sr
from sparse_ref.define import span
from sparse_ref.puzzles import find
from sparse_ref.puzzles.answer_calls import Fault
from sparse_ref.puzzles.answer_source import answer_of
from sparse_ref.puzzles.answer_text import read_answer
from sparse_ref.puzzles.judge_answer import judge

HEAD = "def last_three(i, j):\n"
RUNS = "def last_three(i, n):\n"


def mistake_of(code, name="last_three"):
    """The mistake that the verdict on code names."""
    examples = {puzzle.name: puzzle for puzzle in EXAMPLES}
    puzzle = examples.get(name) or find(name)
    verdict = judge(puzzle, answer_of(code, name))
    assert not verdict
    assert "Traceback" not in repr(verdict)
    return verdict.mistake


@pytest.mark.parametrize(("code", "words"), [
    (HEAD + "    return (i - 3 < j) and (j <= i)", "write & and |"),
    (HEAD + "    return not (i - 3 >= j)", "write & and |"),
    (HEAD + "    return i - 3 < j <= i", "`i - 3 < j <= i`: `and`"),
    (HEAD + "    return 1 // 0", "line 2, `return 1 // 0`: ZeroDivisionError"),
    (HEAD + "    return unknown", "NameError: name 'unknown' is not defined"),
    (HEAD + "    return None", "returns nothing: is a `return` missing?"),
    (HEAD + "    i - 3 < j", "returns nothing: is a `return` missing?"),
    (HEAD + "    mask = i - 3 < j\n    return mask & (j <= i)",
     "the set is right, but it must be one line: `return` and an expression"),
    (HEAD + "    mask = i - 4 < j\n    return mask & (j <= i)", "this window has four keys"),
    (HEAD + "    return (\n        (i - 3 < j) & (j <= i))",
     "the set is right, but it must be on one line"),
    (HEAD + f"    return (i - 3 < j) & (j <= i) {'& (j <= i) ' * 5}",
     "the set is right, but the line must be under 80 columns, got 88"),
    (HEAD + "    return i - j", "True or False for each pair, got int64"),
    (HEAD + "    return np.ones((3, 3), bool)", "shape (1, 1), got (3, 3)"),
    (HEAD + "    return span(i - 2, i + 1)", "got runs or a list of keys"),
    (HEAD + "    return (_ for _ in ()).throw(SystemExit(0))", "SystemExit"),
    ("def last_three(q, k):\n    return k <= q", "must be (i, j), in this order, got (q, k)"),
    ("def last_three(j, i):\n    return j <= i", "must be (i, j), in this order, got (j, i)"),
    ("last_three = 3", "must be a function of (i, j), got 3"),
    (RUNS + "    return i", "for an int i, the answer must be a Run or a tuple of them"),
    (RUNS + "    return None", "returns nothing"),
    (RUNS + "    return span(max(i - 2, 0), i + 1)", "np.maximum for `max`"),
    (RUNS + "    return span(i - 2, i + 1) if isinstance(i, int) else span(i, i + 1)",
     "for an array of queries the answer has other keys"),
    (RUNS + "    return every(0, i, i + 1)", "step of a run must be at least 1, got 0"),
])  # fmt: skip
def test_a_fault_is_named(code, words):
    assert words in mistake_of(code)


@pytest.mark.parametrize("catch", ["except Exception", "except BaseException"])
def test_an_answer_cannot_catch_what_ends_it(catch):
    body = "sr.puzzles.find('last_three').reference(x, x)"
    code = (
        f"def softmax_row(x):\n    try:\n        {body}\n    {catch}:\n        pass\n    return x"
    )
    assert mistake_of(code, "softmax_row") == "the answer calls the stored one: write your own"


def test_a_long_message_is_cut():
    mistake = mistake_of("def softmax_row(x):\n    raise ValueError('y' * 9999)", "softmax_row")
    assert mistake.endswith("yyy ...")
    assert len(mistake) < 400


def test_any_exception_but_that_of_the_keyboard_is_named():
    assert "GeneratorExit" in mistake_of(
        "def softmax_row(x):\n    raise GeneratorExit", "softmax_row"
    )
    with pytest.raises(KeyboardInterrupt):
        mistake_of("def softmax_row(x):\n    raise KeyboardInterrupt", "softmax_row")


def test_a_mask_of_another_shape_is_shown_as_text():
    code = "def top_blocks(scores):\n    return np.ones((1000, 1000), bool)"
    verdict = judge(find("top_blocks"), answer_of(code, "top_blocks"))
    assert "got bool of shape (1000, 1000)" in repr(verdict)
    assert "got bool of shape (1000, 1000)" in verdict._repr_html_()


def test_an_answer_works_on_copies_and_may_not_write_to_them():
    code = "def softmax_row(x):\n    x -= x.max()\n    return np.exp(x) / np.exp(x).sum()"
    assert "writes to its argument `x`" in mistake_of(code, "softmax_row")


@pytest.mark.parametrize("body", [
    "sr.puzzles.find('last_three').reference(i, j)",
    "sr.puzzles.book()[1].reference(i, j)",
    "sr.puzzles.find('last_three').kind.runs(i, 9)",
    "__import__('sparse_ref.puzzles.thirty.state_windows', fromlist='*').last_three(i, j)",
])  # fmt: skip
def test_a_stored_answer_cannot_be_called(body):
    mistake = mistake_of(f"{HEAD}    return {body}")
    assert "calls the stored one" in mistake or "80 columns" in mistake


def test_a_stored_answer_cannot_be_handed_in():
    with pytest.raises(LookupError, match="is the stored one"):
        sr.puzzles.check(find("last_three").reference)


def test_a_class_answers_both_parts():
    code = (
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\n"
        "class LastThree(Rule):\n"
        "    @staticmethod\n"
        "    def formula(i, j):\n"
        "        return (i - 3 < j) & (j <= i)\n"
        "    @staticmethod\n"
        "    def solution(i, n):\n"
        "        return span(i - 2, i + 1)\n"
    )
    verdict = judge(find("last_three"), read_answer(find("last_three"), code))
    assert verdict
    assert verdict.parts == ("formula", "runs")
    wrong = code.replace("span(i - 2", "span(i - 3")
    assert not judge(find("last_three"), answer_of(wrong, "LastThree"))
    half = code[: code.rindex("    @staticmethod")]
    assert judge(find("last_three"), answer_of(half, "LastThree")).mistake.endswith("no `solution`")
    other = answer_of("class LastThree:\n    pass", "LastThree")
    assert "must be a sparse_ref" in judge(find("last_three"), other).mistake
    assert "only formulas have classes" in judge(find("16"), answer_of(code, "LastThree")).mistake


def test_a_name_in_camel_case_finds_its_puzzle():
    class LastThree(sr.define.Rule):
        @staticmethod
        def formula(i, j):
            return (i - 3 < j) & (j <= i)

        @staticmethod
        def solution(i, n):
            return span(i - 2, i + 1)

    assert sr.puzzles.check(LastThree)


def test_a_typed_answer_is_an_expression_or_code():
    puzzle = find("last_three")
    for text in (
        "(i - 3 < j) & (j <= i)",
        "return (i - 3 < j) & (j <= i)",
        "lambda i, j: (i - 3 < j) & (j <= i)",
        "def last_three(i, j):\n    return (i - 3 < j) & (j <= i)",
    ):
        assert judge(puzzle, read_answer(puzzle, text)).parts == ("formula",)
    assert judge(puzzle, read_answer(puzzle, "span(i - 2, i + 1)")).parts == ("runs",)
    for text, words in (
        ("(i - 3 <", "is not a Python expression"),
        ("span(start=0, stop=i))", "expression: unmatched"),
        ("j = i", "not a Python expression: = assigns a name, == compares"),
        ("j => i", "not a Python expression: write >= for =>"),
        ("(i - 3 < j) && (j <= i)", "not a Python expression: write & for &&"),
        ("def last_three(i, j):\n    return j ≤ i", "line 2 is not Python: write <= for ≤"),
        ("def other(i, j): return i", "does not define `last_three`"),
        ("def last_three(", "line 1 is not Python"),
        ("import nothing_of_this_name", "does not run: ModuleNotFoundError"),
    ):
        with pytest.raises(Fault, match=words):
            read_answer(puzzle, text)


NAMELESS = {"lambda": lambda i, j: j <= i, "number": 3, "pattern": sr.Lookback(3)}


@pytest.mark.parametrize("answer", NAMELESS.values(), ids=NAMELESS)
def test_an_answer_without_a_name_is_told_how_to_give_one(answer):
    with pytest.raises(LookupError, match=r"sr.puzzles.check\(answer, 'last_three'\)"):
        sr.puzzles.check(answer)
    assert not sr.puzzles.check(answer, "last_three")


def test_a_pattern_is_no_formula():
    verdict = sr.puzzles.check(sr.Lookback(3), "last_three")
    assert verdict.mistake == "the answer must be a function of (i, j), got Lookback(3)"


def test_a_pattern_answers_by_the_puzzle_s_name():
    puzzle = next(p for p in EXAMPLES if p.name == "window_and_sinks")
    assert judge(puzzle, sr.Sinks(2) | sr.Lookback(3))
    assert judge(puzzle, lambda: sr.Sinks).mistake.startswith("Sinks is a class")
    assert "must be a pattern" in judge(puzzle, lambda: "Sinks(2)").mistake
    wrong = judge(puzzle, sr.Sinks(3) | sr.Lookback(3))
    assert wrong.mistake.startswith("you wrote Sinks(3) | Lookback(3)")


class Hostile:
    """A value that fails whatever is asked of it."""

    def fail(self, *arguments, **options):
        raise RuntimeError("hostile")

    __eq__ = __repr__ = __bool__ = __len__ = __iter__ = __array__ = __format__ = fail
    __hash__ = None


NO_NUMBERS = [[], {}, "x", b"x", np.array(["a"]), [[1], [2, 3]], iter([]), type]
NUMBERS = [1j, np.nan, np.zeros((2, 2, 2)), 10**30]
PATTERNS = [sr.Lookback, (sr.Lookback(3),)]
VALUES = [Hostile(), (Hostile(),), *NO_NUMBERS, *NUMBERS, *PATTERNS]


@pytest.mark.parametrize("number", range(len(VALUES)))
@pytest.mark.parametrize("puzzle", EXAMPLES, ids=lambda puzzle: puzzle.name)
def test_no_value_raises_and_none_of_these_is_right(puzzle, number):
    for _, reference in puzzle.kind.parts(puzzle.reference):
        parameters = ", ".join(signature(reference).parameters)
        names = {"value": VALUES[number]}
        answer = answer_of(f"def f({parameters}):\n    return value", "f", names)
        verdict = judge(puzzle, answer)
        assert not verdict
        assert verdict.mistake
        assert verdict.mistake in repr(verdict)
        assert verdict._repr_html_()


@pytest.mark.parametrize("parameters", ["*a", "**k", "i, j, n=3", "", "i, j, k"])
def test_other_parameters_are_named_or_harmless(parameters):
    answer = answer_of(f"def f({parameters}):\n    return 1 > 2", "f")
    assert judge(find("last_three"), answer).mistake


def test_an_answer_that_changes_is_named():
    code = "calls = []\ndef pairs_of_window(n, keys):\n    calls.append(1)\n"
    right = "sum(min(i + 1, keys) for i in range(n))"
    for condition in ("len(calls) % 2", "len(calls) < 4", "len(calls) > 40", "len(calls) == 30"):
        code_of_one = f"{code}    return {right} + ({condition})\n"
        verdict = judge(EXAMPLES[7], answer_of(code_of_one, "pairs_of_window"))
        assert not verdict
        assert verdict.mistake
        assert repr(verdict)
