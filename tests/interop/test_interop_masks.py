"""Round trips, and errors: masks of either polarity, biases and packed bits, by broadcast."""

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns, patterns_at, shapes

import sparse_ref as sr
from sparse_ref import interop

HEADS = st.lists(patterns(most=12), min_size=1, max_size=3)
ORDERS = st.sampled_from(["little", "big"])


def test_golden():
    p = sr.Causal() - sr.Window(0)
    allowed = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]], bool)
    assert np.array_equal(interop.allowed_mask(p, 3), allowed)
    assert np.array_equal(interop.forbidden_mask(p, 3), ~allowed)
    assert np.array_equal(
        interop.additive_bias(p, 3),
        np.array([[-np.inf] * 3, [0, -np.inf, -np.inf], [0, 0, -np.inf]]),
    )
    assert interop.packed_bits(p, 3).tolist() == [0b11001000, 0]
    assert interop.packed_bits(p, 3, bitorder="big").tolist() == [0b00010011, 0]
    assert interop.packed_rows(p, 3).tolist() == [[0b000], [0b001], [0b011]]


@given(patterns(), shapes())
def test_masks_are_the_sets_and_come_back(p, n):
    expected = mask(p, n)
    allowed, forbidden = interop.allowed_mask(p, n), interop.forbidden_mask(p, n)
    assert allowed.dtype == forbidden.dtype == bool
    assert np.array_equal(allowed, expected)
    assert np.array_equal(forbidden, ~expected)
    assert_listed(interop.from_allowed_mask(allowed), expected)
    assert_listed(interop.from_forbidden_mask(forbidden), expected)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), patterns_at(n, most=12))))
def test_patterns_of_one_length_go_out_and_come_back(drawn):
    n, p = drawn
    expected = mask(p, n)
    assert_listed(interop.from_allowed_mask(interop.allowed_mask(p, n)), expected)
    assert_listed(interop.from_packed_bits(interop.packed_bits(p, n), n), expected)
    assert_listed(interop.from_packed_rows(interop.packed_rows(p, n), n), expected)


@given(
    patterns(),
    shapes(60),
    st.sampled_from(["float64", "float32", "float16", ml_dtypes.bfloat16]),
    st.sampled_from([-math.inf, -1e4, -2.0]),
)
def test_biases_are_the_sets_and_come_back(p, n, dtype, fill):
    bias = interop.additive_bias(p, n, dtype=dtype, fill=fill)
    assert bias.dtype == np.dtype(dtype)
    assert np.array_equal(bias, np.where(mask(p, n), 0.0, fill).astype(dtype))
    assert_listed(interop.from_additive_bias(bias, fill=fill), mask(p, n))


@given(patterns(), shapes(), ORDERS)
def test_bits_are_the_sets_and_come_back(p, n, order):
    assert_bits(p, n, order)


@given(patterns(most=12), st.tuples(st.integers(20, 50), st.integers(0, 50)), ORDERS)
def test_slabs_of_rows_join_without_a_seam(p, n, order):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparse_ref.interop.heads.PAIRS_PER_SLAB", 64)
        assert_bits(p, n, order)


def assert_bits(p, n, order):
    """The packed mask of p is what NumPy packs, and comes back."""
    expected = mask(p, n)
    bits, rows = (
        interop.packed_bits(p, n, bitorder=order),
        interop.packed_rows(p, n, bitorder=order),
    )
    assert np.array_equal(bits, np.packbits(expected.ravel(), bitorder=order))
    assert np.array_equal(rows, np.packbits(expected, axis=1, bitorder=order))
    assert_listed(interop.from_packed_bits(bits, n, bitorder=order), expected)
    assert_listed(interop.from_packed_rows(rows, n[1], bitorder=order), expected)


@given(HEADS, st.tuples(st.integers(0, 20), st.integers(0, 20)))
def test_a_sequence_has_an_axis_of_heads_and_comes_back_as_a_tuple(heads, n):
    expected = np.stack([mask(p, n) for p in heads])
    there = {
        "allowed_mask": {},
        "forbidden_mask": {},
        "additive_bias": {},
        "packed_bits": {"n": n},
        "packed_rows": {"n_k": n[1]},
    }
    for name, back in there.items():
        out = getattr(interop, name)(heads, n)
        assert len(out) == len(heads), name
        found = getattr(interop, f"from_{name}")(out, **back)
        assert isinstance(found, tuple), name
        for p, own in zip(found, expected):
            assert_listed(p, own)


def assert_listed(p, expected):
    """p is a Listed pattern with exactly this mask."""
    assert isinstance(p, sr.Listed)
    rows, keys = np.nonzero(expected)
    assert np.array_equal(p.indptr, np.searchsorted(rows, np.arange(len(expected) + 1)))
    assert np.array_equal(p.indices, keys)


def test_a_mask_that_is_read_attends_as_the_pattern_does():
    q, k, v = np.random.default_rng(0).standard_normal((3, 2, 9, 4))
    heads = (sr.Causal(), sr.Window(2))
    assert np.array_equal(
        sr.attend(q, k, v, interop.from_allowed_mask(interop.allowed_mask(heads, 9))),
        sr.attend(q, k, v, heads),
    )


def test_the_bits_of_a_long_pattern_are_made_and_read_some_rows_at_a_time():
    n = 5001  # beyond what a dense mask may have
    bits = interop.packed_bits(sr.Strided(1000), n)
    assert bits.nbytes == -(-n * n // 8)
    p = interop.from_packed_bits(bits, n)
    assert np.array_equal(p.indices, sr.csr(sr.Strided(1000), n).indices)


FLOAT, BOOL, BYTES = (
    np.zeros((2, 2), np.float32),
    np.ones((2, 2), bool),
    np.array([[1, 0], [1, 16]], np.uint8),
)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: interop.from_allowed_mask(FLOAT),
            TypeError,
            r"^mask must be a bool array, got dtype float32: from_additive_bias",
        ),
        (
            lambda: interop.from_allowed_mask(np.eye(2, dtype=int)),
            TypeError,
            r"^mask must be a bool array, got dtype int64: say which",
        ),
        (
            lambda: interop.from_forbidden_mask(BOOL[0]),
            ValueError,
            r"^mask must have axes \(n_q, n_k\) or \(heads, n_q, n_k\), got sh",
        ),
        (
            lambda: interop.from_allowed_mask(BOOL[None, None]),
            ValueError,
            r"\(1, 1, 2, 2\): pass one batch element, mask\[b\]",
        ),
        (
            lambda: interop.from_additive_bias(BOOL),
            TypeError,
            "^bias must be one of .* got bool: from_allowed_mask or from_forbidden",
        ),
        (
            lambda: interop.from_additive_bias(FLOAT + np.eye(2, dtype=np.float32)),
            ValueError,
            r"^bias must be 0 or -inf everywhere, got 1\.0 at \(0, 0\)",
        ),
        (
            lambda: interop.from_additive_bias(FLOAT - 1, fill=-2),
            ValueError,
            r"^bias must be 0 or -2\.0 everywhere, got -1\.0",
        ),
        (
            lambda: interop.additive_bias(sr.Causal(), 2, dtype=int),
            TypeError,
            "^dtype must be one of float64, .* got int64",
        ),
        (
            lambda: interop.additive_bias(sr.Causal(), 2, fill=0),
            ValueError,
            "^fill must be a number below 0 .* got 0",
        ),
        (
            lambda: interop.additive_bias(sr.Causal(), 2, fill=math.nan),
            ValueError,
            "^fill must .* got nan",
        ),
        (
            lambda: interop.additive_bias(sr.Causal(), 2, fill=-1e9, dtype=np.float16),
            ValueError,
            "^fill must .* float16 can hold",
        ),
        (
            lambda: interop.allowed_mask(sr.Causal(), 5000),
            ValueError,
            "^n must be at most 4096 for a dense mask, got 5000",
        ),
        (
            lambda: interop.allowed_mask([], 2),
            TypeError,
            r"^p must be a Pattern, or a sequence with one for each head, got \[\]",
        ),
        (
            lambda: interop.forbidden_mask((sr.Causal(), 3), 2),
            TypeError,
            r"^p\[1\] must be a Pattern, got 3",
        ),
        (lambda: interop.packed_bits(sr.strided(3), 2), TypeError, "^p .* is 2 steps, not one set"),
        (
            lambda: interop.packed_bits(sr.Causal(), 0, bitorder="up"),
            ValueError,
            "^bitorder must be 'little' or 'big', got 'up'",
        ),
        (
            lambda: interop.additive_bias(sr.Causal(), 2, fill="x"),
            TypeError,
            "^fill must be a number below 0, got 'x'",
        ),
        (
            lambda: interop.additive_bias(sr.Causal(), 2, dtype="zzz"),
            TypeError,
            "^dtype must be one of .*, got 'zzz'",
        ),
        (
            lambda: interop.packed_bits(sr.Causal(), 2, bitorder="up"),
            ValueError,
            "^bitorder must be 'little' or 'big', got 'up'",
        ),
        (lambda: interop.packed_rows(sr.Causal(), -1), ValueError, "^n must be at least 0, got -1"),
        (lambda: interop.from_packed_bits(BOOL[0], 2), TypeError, "^bits must be uint8, got bool"),
        (
            lambda: interop.from_packed_bits(BYTES[0], 2),
            ValueError,
            "^bits must have 1 bytes, those of n_q n_k = 4 pairs, got 2",
        ),
        (
            lambda: interop.from_packed_bits(BYTES[1, 1:], 2),
            ValueError,
            "^bits must be 0 past .* n_q n_k = 4 pairs, got 16",
        ),
        (
            lambda: interop.from_packed_rows(BYTES[:, 1:], 4),
            ValueError,
            "^rows must be 0 past bit n_k = 4, .* in row 1",
        ),
        (
            lambda: interop.from_packed_rows(BYTES, 8),
            ValueError,
            "^rows must have 1 bytes, those of n_k = 8 keys, got 2",
        ),
        (
            lambda: interop.from_packed_rows(BYTES[0, 1:], 8),
            ValueError,
            r"^rows must have axes \(n_q, bytes\) or \(heads, n_q",
        ),
    ],
)
def test_errors_name_the_argument_the_value_and_the_bound(call, error, said):
    with pytest.raises(error, match=said):
        call()
