"""Random sets against random sets: `check` passes exactly if they are the same, however it reads
them; one key too many or too few is seen.
"""

from functools import cache

import exact_sets
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.implementations import masked, spread
from withstood import IS_DEEP, examples, withstands

import sparse_ref as sr
from sparse_ref.verify import strategies as drawn

DTYPES = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}


@cache
def patterns_of(n):
    """Trees for length n; strategies cost more to make than to draw from."""
    return drawn.patterns(n, most=n, leaves=3)


@st.composite
def cases(draw):
    """(asked, mask, n): the set of another pattern, of the same, or that with one pair flipped."""
    n = draw(st.integers(2, 24))
    asked = draw(patterns_of(n))
    mask = exact_sets.mask(asked, n)
    kind = draw(st.sampled_from(["same", "flipped", "flipped", "other"]))
    if kind == "other":
        mask = exact_sets.mask(draw(patterns_of(n)), n)
    elif kind == "flipped":
        mask[draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))] ^= True
    return asked, mask, n


def with_lse(mask):
    """fn that returns (out, lse)."""

    def fn(q, k, v):
        _, keys = spread(q, k, v)[:2]
        x = q @ keys.swapaxes(1, 2) * np.float32(q.shape[-1] ** -0.5)
        top = np.where(mask, x, -np.inf).max(axis=-1, keepdims=True, initial=-1e9)
        with np.errstate(divide="ignore", over="ignore"):
            weights = np.where(mask, np.exp(x - top), 0)
            lse = np.log(weights.sum(axis=-1)) + top[..., 0]
        return masked(mask)(q, k, v), lse.astype(np.float32)

    return fn


def narrow(fn, dtype):
    """fn that computes in float32 at least, and returns another dtype."""

    def call(q, k, v):
        wide = np.float64 if dtype is np.float64 else np.float32
        out = fn(*(x.astype(dtype).astype(wide) for x in (q, k, v)))
        return out.astype(dtype)

    return call


@examples(690, fast=5)
@given(
    cases(),
    st.sampled_from(sorted(DTYPES)),
    st.sampled_from([(1, 1), (4, 2), (2, 2)]),
    st.booleans(),
)
@withstands("verdicts")
def test_sets_pass_exactly_if_they_are_the_same(case, dtype, heads, exhaustive):
    asked, mask, n = case
    fn = narrow(masked(mask), DTYPES[dtype])
    options = dict(kv_heads=heads[1], exhaustive=exhaustive, d=16, layout="hnd")
    report = sr.verify.check(fn, asked, n, heads[0], framework="numpy", **options)
    is_same = np.array_equal(mask, exact_sets.mask(asked, n))
    assert (report.status == "FAIL") == (not is_same), report


@examples(60, fast=2)
@given(cases(), st.booleans())
@withstands("verdicts")
def test_sets_with_an_lse_pass_exactly_if_they_are_the_same(case, exhaustive):
    asked, mask, n = case
    options = dict(exhaustive=exhaustive, lse="natural", d=16, layout="hnd", framework="numpy")
    report = sr.verify.check(with_lse(mask), asked, n, **options)
    is_same = np.array_equal(mask, exact_sets.mask(asked, n))
    assert (report.status == "FAIL") == (not is_same), report


LONG_PATTERNS = drawn.patterns(most=900, leaves=3)


@pytest.mark.skipif(not IS_DEEP, reason="n = 2100 to 3000 takes minutes: make test-deep")
@examples(8)
@given(LONG_PATTERNS, LONG_PATTERNS, st.integers(2100, 3000), st.booleans(), st.data())
@withstands("long verdicts")
def test_long_sets_pass_exactly_if_they_are_the_same(asked, other, n, is_flipped, data):
    expected = exact_sets.mask(asked, n)
    mask = expected.copy() if is_flipped else exact_sets.mask(other, n)
    if is_flipped:
        mask[data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))] ^= True
    options = dict(d=16, layout="hnd", framework="numpy")
    report = sr.verify.check(masked(mask), asked, n, **options)
    assert (report.status == "FAIL") == (not np.array_equal(mask, expected)), report
    assert sr.verify.check(masked(expected), asked, n, **options).status != "FAIL"
