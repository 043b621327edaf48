"""The value of a finite mask and its manner are read off, at small and at large n, in any dtype."""

import ml_dtypes
import numpy as np
import pytest
from verify.implementations import masked, softmax, spread, tri

import sparse_ref as sr
from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.meaning.statement import Statement
from sparse_ref.verify.naming.finite_mask import (
    FiniteMask,
    describe_finite_mask,
    find_fill,
    read_finite_mask,
)
from sparse_ref.verify.reading.evidence import read_every_pair
from sparse_ref.verify.reading.leaks import read_leaks
from sparse_ref.verify.reading.sample import read_sample

N = 40
DTYPES = {"float32": np.float32, "bfloat16": ml_dtypes.bfloat16, "float16": np.float16}
PAST = tri(N)


def finite_mask(fn, p=sr.Causal(), n=N, large=False, **options):  # noqa: B008
    """What is read of the finite mask of fn."""
    subject = Subject.new(fn, n, 1, CallOptions(**options))
    statement = Statement(Meaning(), 1, subject.n, subject.d)
    if not large:
        evidence = read_every_pair(subject, (p,), statement)
        return read_finite_mask(subject, evidence, evidence.leaks)
    evidence = read_sample(subject, (p,), statement, 0)
    return read_finite_mask(subject, evidence, read_leaks(subject, evidence, 0))


def rounded(fn, dtype):
    """fn with its input and output in a dtype."""

    def call(q, k, v):
        return fn(*(np.asarray(x, np.float32) for x in (q, k, v))).astype(DTYPES[dtype])

    return call


@pytest.mark.parametrize("large", [False, True], ids=["every pair", "sums"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("additive", [False, True], ids=["replaced", "added"])
@pytest.mark.parametrize("fill", [-1e4, -9984.0, -1000.0, -200.0])
def test_the_value_and_the_manner_are_read(fill, additive, dtype, large):
    fn = rounded(masked(PAST, fill=fill, additive=additive), dtype)
    found = finite_mask(fn, dtype=dtype, large=large)
    assert found.manner == ("added" if additive else "replaced")
    assert abs(found.value - fill) <= (0.05 if dtype == "float32" else 0.1), found


@pytest.mark.parametrize("fill", [-np.inf, np.finfo(np.float32).min, -1e9])
def test_what_no_logit_overcomes_has_no_value(fill):
    assert finite_mask(masked(PAST, fill=fill)) is None


def test_weights_that_are_clipped_are_named_as_such():
    def clipped(q, k, v):
        q, k, v = spread(q, k, v)
        x = np.where(PAST, q @ k.swapaxes(1, 2) / np.float32(4), np.float32(-np.inf))
        p = np.exp(np.maximum(x - x.max(axis=-1, keepdims=True), np.float32(-64)))
        return p / p.sum(axis=-1, keepdims=True) @ v

    found = finite_mask(clipped)
    assert found.manner == "clipped"
    assert abs(found.value + 64) < 1e-3
    assert "keep e^-64 of a member's weight" in describe_finite_mask(found)


@pytest.mark.parametrize("e", [1, 2, 5])
def test_values_of_any_width_do(e):
    found = finite_mask(masked(PAST, fill=-1e4), e=e)
    assert abs(found.value + 1e4) < 0.05


def test_windows_and_other_sets_do():
    p = sr.Local(5) | sr.Strided(5)
    found = finite_mask(masked(sr.dense(p, N), fill=-3e4), p)
    assert (found.manner, round(found.value)) == ("replaced", -30000)


def test_nothing_else_is_taken_for_a_finite_mask():
    assert find_fill(lambda member, masked: np.nan, 4e4) is None
    assert find_fill(lambda member, masked: 0.5 * (masked - member) - 1e3, 4e4) is None
    assert find_fill(lambda member, masked: np.inf, 4e4) is None

    def half(q, k, v):
        x = q @ k.swapaxes(1, 2) / np.float32(4)
        return softmax(np.where(PAST, x, x / 2 - np.float32(1e3))) @ v

    assert finite_mask(half) is None


def test_the_words_have_the_value_the_manner_and_the_option():
    words = {
        FiniteMask(-9999.98, "replaced"): (
            "masked logits get about -1e4, not -inf (-1e4 replaces them); "
            "declare fill=-1e4 if that is meant"
        ),
        FiniteMask(-9984.1, "added"): (
            "masked logits get about -9984, not -inf (-9984 is added to them); "
            "declare fill=-9984 if that is meant"
        ),
        FiniteMask(-3e4, "replaced"): (
            "masked logits get about -3e4, not -inf (-3e4 replaces them); "
            "declare fill=-3e4 if that is meant"
        ),
    }
    for mask, text in words.items():
        assert describe_finite_mask(mask) == text
