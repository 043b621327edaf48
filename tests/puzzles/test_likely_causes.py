"""Wrong answers that nobody stored: the likely cause is named, and not only what differs."""

import pytest
from example_puzzles import EXAMPLES

import sparse_ref as sr
from sparse_ref.puzzles import find
from sparse_ref.puzzles.answer_source import answer_of
from sparse_ref.puzzles.judge_answer import judge


def answer(body, name="last_three", parameters="i, j"):
    return answer_of(f"def {name}({parameters}):\n    return {body}", name)


CAUSES = [
    ("j >= i - 2 & j <= i", "& binds tighter than a comparison, so Python reads `i - 2 & j` first"),
    ("(j <= i) & i - j < 3", "so Python reads `(j <= i) & i - j` first"),
    ("j in (i, i - 1, i - 2)", "`in`, `if` and chained comparisons"),
    ("(j <= i) & (i - j < 3) & (j > 0)", "key 0 is missing: no query attends to it"),
    ("(j <= i) & (i - j < 3) & (i != 4)", "query 4 attends to nothing"),
    ("sr.Lookback(3)", "got Lookback(3): compare, as in `j <= i`"),
    ("[j for j in range(i + 1)]", "an array stands where Python takes one number, as range(i)"),
    ("(j <= i) & (j - i + 3) / 3", "& and | join truth values, but one side is a number"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), CAUSES)
def test_a_likely_cause_is_named(body, words):
    verdict = sr.puzzles.check(answer(body))
    assert not verdict
    assert words in verdict.mistake


def test_an_answer_without_a_value_at_the_picture_s_length_is_no_empty_set():
    verdict = sr.puzzles.check(answer("(j < i + 1) & (j > max(0, i - 3))"))
    assert "np.maximum for `max`" in verdict.mistake
    assert (verdict.case, verdict.place) == ("n = 1", "query 0: key 0 is missing")
    assert not verdict.words


def test_the_source_of_a_lambda_is_read_if_it_is_alone_in_its_line():
    verdict = sr.puzzles.check(lambda i, j: (j > i - 3) & j <= i, "last_three")
    assert "so Python reads `(j > i - 3) & j` first" in verdict.mistake
    chain = sr.puzzles.check(lambda i, j: i - 3 < j <= i, "last_three")
    assert chain.mistake.startswith("`i - 3 < j <= i`: `and`")
    two = [lambda i, j: j <= i, lambda i, j: (j > i - 3) & j <= i]
    assert "Python reads" not in sr.puzzles.check(two[0], "last_three").mistake


def test_a_class_of_patterns_is_no_answer_but_its_patterns_are():
    assert sr.puzzles.check(sr.Full, "review_1").mistake.startswith("Full is a class: write it")


def test_a_comparison_that_binds_otherwise_and_is_right_is_no_mistake():
    code = "def same_column(i, j):\n    return (i - j) % 4 == 0 & (j <= i)"
    assert judge(find("same_column"), answer_of(code, "same_column"))


def test_a_set_of_four_queries_has_no_name_that_is_only_one_of_four_queries():
    code = "def bottom_right(i, j):\n    return j <= i + 7 - (i == 2)"
    verdict = judge(find("bottom_right"), answer_of(code, "bottom_right"))
    assert "you wrote" not in verdict.words


UPDATE = "top = max(m, x.max()); a = np.exp(m - top); p = np.exp(x - top); l = a * l + p.sum(); "
HALVES = "out_a, lse_a, out_b, lse_b"
ANSWERS = [
    ("online_update", "m, l, o, x, v", f"{UPDATE}return a * o + p @ v, l, top",
     "the order must be (m, l, o), got (o, l, m)"),
    ("online_update", "m, l, o, x, v", "return np.maximum(m, x), l, o",
     "m: it must be one number, got an array of shape (2,)"),
    ("merge_halves", HALVES, "return lse_a, lse_b", "out: the shape must be (4, 2), got (4,)"),
    ("masked_attention", "x, v", "return x - x.max(axis=1)",
     "one number for each row needs an axis of its own, by keepdims=True or [:, None]"),
    ("value_gradient", "p, g", "return np.exp(p.T @ g)",
     "it is the exponential of what is wanted: "),
    ("two_steps", "", "return sr.Full, sr.Causal", "Full is a class: write it with parentheses"),
    ("middle_position", "j, i", "return j + 3", "i = 0 does not read a = 3: a is later"),
    ("sinks_and_window", "i, n", "return span(0, 2) | span(i - 2, i + 1)",
     "several runs are a tuple"),
    ("every_third_runs", "i, n", "return range(i % 3, i + 1, 3)",
     "write span(start, stop), or every(step, start, stop)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters", "body", "words"), ANSWERS)
def test_a_likely_cause_is_named_where_values_are_asked_for(name, parameters, body, words):
    code = f"def {name}({parameters}):\n    {body}"
    assert words in judge(find(name), answer_of(code, name)).mistake


def test_the_line_that_overflows_is_named_if_its_number_is_wrong():
    puzzle = next(p for p in EXAMPLES if p.name == "softmax_row")
    code = "def softmax_row(x):\n    p = np.exp(x + 900)\n    return p / p.sum()"
    verdict = judge(puzzle, answer_of(code, "softmax_row"))
    assert verdict.mistake == "line 2, `p = np.exp(x + 900)`: overflow encountered in exp"
    assert verdict.words.startswith("nan in place of ")
    finite = code.replace("return p / p.sum()", "return np.zeros(len(x))")
    words = judge(puzzle, answer_of(finite, "softmax_row")).mistake
    assert "overflow" not in words and words.startswith("0 in place of ")


@pytest.mark.parametrize(("body", "mistake"), [
    ("right + 1", "it is what is wanted plus 1, in each case"),
    ("2 * right", "it is 2 times what is wanted, in each case"),
    ("right + (n > 3)", "8 in place of 7"),
    ("10**400", "the answer must have numbers, got 1000"),
])  # fmt: skip
def test_what_holds_of_a_number_in_each_case_is_named(body, mistake):
    code = (
        "def pairs_of_window(n, keys):\n"
        "    right = sum(min(i + 1, keys) for i in range(n))\n"
        f"    return {body}\n"
    )
    puzzle = next(p for p in EXAMPLES if p.name == "pairs_of_window")
    assert judge(puzzle, answer_of(code, "pairs_of_window")).mistake.startswith(mistake)


@pytest.mark.parametrize(("change", "mistake"), [
    ("mask[:, -1] = True", "the future leaks: query 0 reads key 1; in all 2 pairs too many"),
    ("mask[1] = False", "query 1: key 0 is missing; in all 1 pair missing"),
])  # fmt: skip
def test_a_mask_is_compared_pair_by_pair(change, mistake):
    code = find("causal_top_k").solutions[0].replace("def causal_top_k", "def right")
    code += f"\ndef causal_top_k(s, k):\n    mask = right(s, k)\n    {change}\n    return mask\n"
    assert judge(find("causal_top_k"), answer_of(code, "causal_top_k")).mistake == mistake


def test_the_only_row_that_differs_is_named():
    code = find("masked_attention").solutions[0].replace("def masked", "def right_masked")
    code += (
        "\ndef masked_attention(x, v):\n"
        "    out = right_masked_attention(x, v)\n"
        "    out[4] = 1\n"
        "    return out\n"
    )
    words = judge(find("masked_attention"), answer_of(code, "masked_attention")).mistake
    assert words.endswith("at [4, 0], only in row 4")
