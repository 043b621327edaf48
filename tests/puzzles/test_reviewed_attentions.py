"""The ten attentions of puzzle 30: each passes its review, and is what the reference says.

Mutation test: the stored attentions are judged by `sr.verify`, whose verdict must be the reference.
"""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.kernels import reference
from sparse_ref.puzzles import book, find, passed_review
from sparse_ref.puzzles.answer_text import read_answer
from sparse_ref.puzzles.judge_answer import judge

REVIEWS = [puzzle for puzzle in book() if puzzle.number.startswith("30.")]
FINDING_OF = {
    "key heads": ("kv map", "h % 2"),
    "finite mask": ("leak", "finite mask: masked logits get about -1e4"),
    "ghost": ("ghost", ""),
    "twice": ("multiplicity", "keys count up to 2 times"),
    "rescale": ("numerics", "missing rescale of the accumulator in online softmax"),
}


def options(kind):
    """How `sr.verify` calls an attention of a puzzle."""
    is_square = isinstance(kind.n, int)
    align = {} if is_square else {"align": "none"}
    return {"n": kind.n, "heads": kind.heads, "kv_heads": kind.kv_heads, "ragged": False, **align}


def report(kind, sets):
    return sr.verify.check(kind.attention, sets, **options(kind))


def id_of(puzzle):
    return puzzle.name


@pytest.mark.parametrize("puzzle", REVIEWS, ids=id_of)
def test_verify_finds_what_the_reference_says(puzzle):
    kind, answer = puzzle.kind, puzzle.reference()
    asked = report(kind, kind.target)
    assert not asked.passed
    if isinstance(answer, str):
        finding, text = FINDING_OF[answer]
        assert finding in {found.kind for found in asked.findings}, asked
        assert text in str(asked)
    else:
        assert report(kind, answer).passed


@pytest.mark.parametrize("puzzle", REVIEWS, ids=id_of)
def test_the_sets_are_read_from_the_weights(puzzle):
    """Sets that are not asked for are those of the reference; the others are as asked for."""
    kind, answer = puzzle.kind, puzzle.reference()
    heads = {"heads": kind.heads, "kv_heads": kind.kv_heads}
    mask = sr.verify.probe(kind.attention, kind.n, **heads).mask
    wanted = kind.masks(kind.target if isinstance(answer, str) else answer)
    assert (mask == wanted).all()


TWO, SIX = sr.Lookback(2), sr.Lookback(6)


def softmax_attention(q, k, v, mask):
    """The statement, head by head; key head h // (H / G) for query head h."""
    kv = np.arange(len(q)) * len(k) // len(q)
    heads, n_q, d = q.shape
    masks = np.broadcast_to(mask, (heads, n_q, k.shape[1]))
    outs = []
    for head in zip(q, k[kv], v[kv], masks):
        out, _ = reference.attend(*head, d**-0.5)
        outs.append(out)
    return np.stack(outs)


def error(attention, sets, n, heads=1, kv_heads=1):
    """The difference from the statement, per head and row, for normal q, k and v."""
    n_q, n_k = (n, n) if isinstance(n, int) else n
    rng = np.random.default_rng(n_k)
    q = rng.normal(size=(heads, n_q, 8))
    k, v = rng.normal(size=(2, kv_heads, n_k, 8))
    patterns = sets if isinstance(sets, tuple) else (sets,)
    mask = np.stack([pattern.mask(n) for pattern in patterns])
    wanted = softmax_attention(q, k, v, mask)
    return np.abs(attention(q, k, v) - wanted).max(axis=2)


def passes(*arguments, **counts):
    return error(*arguments, **counts).max() < 1e-12


def test_each_passed_its_review():
    """The tests that the questions tell of pass; at the puzzle's length they do not."""
    code = passed_review
    assert passes(code.window_of_four, sr.Causal(), 4)
    assert passes(code.grouped_queries, sr.Causal(), 12, heads=4, kv_heads=4)
    assert passes(code.grouped_queries, sr.Causal(), 12, heads=4, kv_heads=1)
    assert passes(code.newest_queries, sr.Causal(), 12)
    assert passes(code.biased_window, sr.Lookback(4), 64)
    for n in (8, 16, 64):
        assert passes(code.all_keys_in_tiles, sr.Full(), n)
    for n in (1, 2, 3, 16, 64):
        assert passes(code.causal_in_tiles, sr.Causal(), n)
    for n in range(1, 9):
        assert passes(code.causal_in_one_pass, sr.Causal(), n)
    windows = tuple(sr.Lookback(keys) for keys in (2, 4, 6, 8))
    head, *_ = error(code.window_per_head, windows, 12, heads=4, kv_heads=2)
    assert head.max() < 1e-12
    sinks = sr.Sinks(2) | sr.Lookback(4)
    assert error(code.gathered_keys, sinks, 16)[:, 6:].max() < 1e-12
    assert passes(code.ring_buffer, sr.Sinks(2) | sr.Lookback(6), 8)


def test_a_window_for_all_heads_hides_the_index():
    def attention(q, k, v):
        return passed_review.window_per_head(q, k, v, windows=(3, 3, 3, 3))

    assert passes(attention, sr.Lookback(3), 12, heads=4, kv_heads=2)


@pytest.mark.parametrize("puzzle", REVIEWS, ids=id_of)
def test_normal_numbers_at_the_length_of_the_puzzle(puzzle):
    """Negative control: at the length of the question all but the finite mask differ."""
    kind = puzzle.kind
    counts = {"heads": kind.heads, "kv_heads": kind.kv_heads}
    is_finite_mask = puzzle.name == "review_4"
    assert passes(kind.attention, kind.target, kind.n, **counts) == is_finite_mask


@pytest.mark.parametrize(("name", "answer", "mistake"), [
    ("review_1", "Lookback(5)", "write a pattern without quotes: sr.Lookback(5)"),
    ("review_1", sr.Causal, "Causal is a class: write it with parentheses"),
    ("review_1", "window", "a word must be one of 'key heads', 'finite mask', 'ghost'"),
    ("review_1", np.eye(12), "the answer must be a pattern, a tuple with a pattern per head"),
    ("review_1", sr.natten(6, 3), "for n = 12: "),
    ("review_1", sr.Lookback(6), "you wrote Lookback(6): one key too many at the left edge"),
    ("review_1", "twice", "it is not 'twice': the sets are not those that were asked for"),
    ("review_2", sr.Full(), "the code has the sets that were asked for: choose a word"),
    ("review_2", "overflow", "it is not 'overflow' (exp of a large logit is infinite)"),
    ("review_8", (TWO, TWO, TWO), "the answer must be 1 pattern or 4, got 3"),
    ("review_8", (TWO, TWO, SIX, SIX), "head 2: you wrote Lookback(6)"),
    ("review_10", sr.Lookback(7), "you wrote Lookback(7): one key missing at the left edge"),
])  # fmt: skip
def test_answers_that_nobody_stored_are_named(name, answer, mistake):
    def review():
        return answer

    review.__name__ = name
    verdict = sr.puzzles.check(review)
    assert not verdict
    assert verdict.mistake.startswith(mistake)
    assert verdict.pictures is None, "what is wanted stays hidden"


def test_an_answer_may_be_a_value():
    assert sr.puzzles.check(sr.Lookback(5), "review_1")
    assert sr.puzzles.check("ghost", "review_5")
    assert not sr.puzzles.check("twice", "review_5")


@pytest.mark.parametrize("text", ["key heads", '"key heads"', "return 'key heads'"])
def test_a_word_may_be_typed(text):
    puzzle = find("review_2")
    assert judge(puzzle, read_answer(puzzle, text))
    assert not judge(puzzle, read_answer(puzzle, "twice"))
    words = judge(puzzle, read_answer(puzzle, "off by one")).mistake
    assert words.startswith("a word must be one of 'key heads'")


def test_a_stub_is_no_answer():
    def review_1():
        return ...

    assert sr.puzzles.check(review_1).state == "not answered yet"
