"""What a verdict, a question and progress show, in text and in HTML."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from example_puzzles import EXAMPLES

import sparse_ref as sr
from sparse_ref.puzzles import find
from sparse_ref.puzzles.answer_source import answer_of
from sparse_ref.puzzles.judge_answer import judge
from sparse_ref.puzzles.puzzle_session import SESSION


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(SESSION, "states", {})
    monkeypatch.setattr(SESSION, "hints", {})


def answer(body, name="last_three", parameters="i, j"):
    return answer_of(f"def {name}({parameters}):\n    return {body}", name)


WRONG = "(i - 3 < j) & (j < i + 2)"


def test_a_verdict_shows_both_sets_the_mistake_and_the_smallest_case():
    assert (
        repr(sr.puzzles.check(answer(WRONG)))
        == """\
last_three: not yet
you wrote Band(2, 1): the future leaks: one key after i
smallest failing case: n = 2, query 0: key 1 is too many

yours           wanted, n = 12
█+··········    █···········
██+·········    ██··········
███+········    ███·········
·███+·······    ·███········
··███+······    ··███·······
···███+·····    ···███······
····███+····    ····███·····
·····███+···    ·····███····
······███+··    ······███···
·······███+·    ·······███··
········███+    ········███·
·········███    ·········███
█ attends  · does not  + extra  - missing
sr.puzzles.hint("last_three") gives a hint"""
    )


WORDS = [
    ("i - 3 < j", "no right edge: all later keys are included"),
    ("(i - 3 < j) & (j <= i + 2)", "you wrote Window(2): the future leaks: up to 2 keys after i"),
    ("(i - 3 < j) & (j <= i + 1)", "you wrote Band(2, 1): the future leaks: one key after i"),
    ("(i - 5 < j) & (j <= i)", "you wrote Lookback(5): up to 2 keys too many at the left edge"),
    ("(i - 2 < j) & (j <= i)", "you wrote Lookback(2): one key missing at the left edge"),
    ("(j - 3 < i) & (i <= j)", "transposed mask: queries and keys exchanged"),
    ("(i - 3 >= j) | (j > i)", "inverted mask"),
    ("j <= i", "only causality is left of the mask"),
    ("j < 0", "you wrote the empty set: it attends to nothing"),
    ("(i - j) % 3 == 0", "too many"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), WORDS)
def test_verify_s_words_name_what_is_not_stored(body, words):
    assert words in sr.puzzles.check(answer(body)).mistake


NAMELESS = [
    ("causal", "j <= i + 2", "query i has the keys of query i + 2"),
    ("own_block", "j // 4 <= i // 4",
     "up to 8 keys too many at the left edge; the future leaks: up to 3 keys after i"),
    ("two_before", "abs(i - j) == 2",
     "one key missing at the left edge; one key missing at the right edge; "
     "the future leaks: one key after i; in all 10 pairs too many and 11 pairs missing"),
    ("prefix_then_causal", "(i < 5) | (j <= i)",
     "7 keys too many at the right edge; in all 35 pairs too many"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "words"), NAMELESS)
def test_words_name_no_length_and_say_all_that_differs(name, body, words):
    code = f"def {name}(i, j):\n    return {body}"
    assert judge(find(name), answer_of(code, name)).mistake == words


def test_a_mistake_that_shows_only_at_longer_sequences_is_found_and_shrunk():
    verdict = judge(find("last_three"), answer("(i - 3 < j) & (j <= i) & (i < 17)"))
    assert verdict.case == "n = 18"
    assert verdict.place == "query 17: key 15 is missing"


def test_the_html_is_well_formed_and_draws_both_sets():
    verdict = sr.puzzles.check(answer(WRONG))
    html = verdict._repr_html_()
    tree = ElementTree.fromstring(html)
    drawings = tree.findall(".//svg")
    assert len(drawings) == 2
    labels = [drawing.get("aria-label") for drawing in drawings]
    assert labels == ["your set, n = 12: 11 pairs too many", "the wanted set, n = 12"]
    signs = [text.text for text in drawings[0].iter("text")]
    assert signs == ["+"] * 11
    folded = tree.find(".//details")
    assert find("last_three").hints[0] in "".join(folded.itertext())
    assert verdict.mistake in "".join(tree.itertext())


def test_only_a_set_has_a_smallest_case():
    code = "def block_csr(n):\n    return np.arange(n + 1) * 0, np.arange(0)"
    text = repr(judge(find("block_csr"), answer_of(code, "block_csr")))
    assert "\nfailing case: n = 6" in text  # the first that is tried, long enough to be read
    assert "\nsmallest failing case: " in repr(judge(find("causal"), lambda i, j: j < i))


def test_a_right_answer_and_a_stub_show_no_picture_and_no_hint():
    for body, words in (("(i - 3 < j) & (j <= i)", "last_three: solved"), ("...", "not answered")):
        html = sr.puzzles.check(answer(body))._repr_html_()
        assert words in html
        assert "<svg" not in html
        assert "A hint" not in html or body == "..."


def test_values_are_shown_one_below_the_other():
    puzzle = next(p for p in EXAMPLES if p.name == "softmax_row")
    code = answer("np.exp(x - x.max()) + 1", "softmax_row", "x")
    verdict = judge(puzzle, code)
    assert verdict.mistake == "2 in place of 1 at [0]" or " in place of " in verdict.mistake
    assert "yours:\n" in repr(verdict)
    assert "<pre" in verdict._repr_html_()
    shape = judge(puzzle, answer("x[:1] * 0", "softmax_row", "x"))
    assert shape.mistake == "the shape must be (2,), got (1,)"
    kind = judge(puzzle, answer("x > 0", "softmax_row", "x"))
    assert kind.mistake == "the dtype must be float64, got bool"
    text = judge(puzzle, answer("'a'", "softmax_row", "x"))
    assert text.mistake == "the answer must have numbers, got 'a'"


def test_hints_come_one_by_one_and_the_last_stays():
    first, second = find("last_three").hints
    assert sr.puzzles.check(answer(WRONG)).hint == first
    assert str(sr.puzzles.hint("last_three")) == f"1 of 2: {first}"
    assert sr.puzzles.check(answer(WRONG)).hint == second
    assert str(sr.puzzles.hint("last_three")) == f"2 of 2: {second}"
    assert str(sr.puzzles.hint("last_three")) == f"2 of 2: {second}"


def test_progress_keeps_the_best_state():
    assert sr.puzzles.progress().count == 0
    sr.puzzles.check(answer("..."))
    assert not SESSION.states
    sr.puzzles.check(answer(WRONG))
    assert SESSION.states == {"last_three": "not yet"}
    sr.puzzles.check(answer("(i - 3 < j) & (j <= i)"))
    sr.puzzles.check(answer(WRONG))
    table = sr.puzzles.progress(["last_three", "causal"])
    assert table.count == 1
    assert repr(table) == (
        "2     solved   last_three  The last three keys\n"
        "1              causal      Causal\n"
        "1 of 2 solved"
    )
    assert ElementTree.fromstring(table._repr_html_()).find("caption").text == "1 of 2 solved"


def test_a_question_is_well_formed_html():
    for puzzle in (find("last_three"), *EXAMPLES):
        html = sr.puzzles.puzzle_pages.Question(puzzle)._repr_html_()
        text = "".join(ElementTree.fromstring(html).itertext())
        assert puzzle.title in text
        assert f"def {puzzle.name}(" in text


def test_a_check_needs_no_numba_and_no_matplotlib():
    import subprocess
    import sys

    code = (
        "import sys, sparse_ref as sr\n"
        "def last_three(i, j): return (i - 4 < j) & (j <= i)\n"
        "assert 'Lookback(4)' in sr.puzzles.check(last_three).words\n"
        "assert not {'numba', 'matplotlib', 'scipy', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_hypothesis_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr("sparse_ref.puzzles.judge_answer.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'sparse-ref\[testing\]'"):
        sr.puzzles.check(answer(WRONG))


def test_the_verdict_is_the_same_in_every_run():
    verdicts = [repr(judge(find("last_three"), answer("(i - 3 < j) & (j <= i) & (i < 17)")))]
    np.random.default_rng().standard_normal(3)
    verdicts.append(repr(judge(find("last_three"), answer("(i - 3 < j) & (j <= i) & (i < 17)"))))
    assert verdicts[0] == verdicts[1]


def test_words_between_backticks_are_code_in_html():
    html = sr.puzzles.show("is_top_k")._repr_html_()
    assert "<code>chosen</code> is a list of atoms" in html
    assert "`" not in html.partition("The stub")[0]


def test_an_array_may_stand_for_a_tuple_of_numbers():
    puzzle = find("place_of_copy")
    code = "np.array(divmod(64 * step + t, d))"
    assert judge(puzzle, answer(code, "place_of_copy", "t, step, d"))
    words = judge(puzzle, answer("np.zeros(3)", "place_of_copy", "t, step, d")).mistake
    assert words == "the answer must be a tuple of 2, got an array of shape (3,)"


def test_numbers_that_differ_late_are_shown_with_the_digits_that_differ():
    puzzle = next(p for p in EXAMPLES if p.name == "softmax_row")
    code = "np.exp(x - x.max()) / np.exp(x - x.max()).sum() + np.array([3e-8, 0])"
    words = judge(puzzle, answer(code, "softmax_row", "x")).mistake
    actual, wanted = words.split(" at ")[0].split(" in place of ")
    assert actual != wanted and abs(float(actual) - float(wanted) - 3e-8) < 1e-9


def test_a_mask_is_no_pattern_but_one_can_be_made_of_it():
    puzzle = find("packed_with_sinks")
    mask = np.asarray(puzzle.reference().mask(16))
    assert "sr.interop.from_allowed_mask" in judge(puzzle, lambda: mask).mistake
    pattern = sr.interop.from_allowed_mask(mask)
    assert judge(puzzle, lambda: pattern)
