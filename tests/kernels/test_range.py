"""Kernels over the whole range of float32: an answer that is a float32 number is found, whatever
its sums and products come to on the way.

Sizes are drawn evenly over the exponents, from the least subnormal number to the largest, one for
each query feature, key feature and value; logits are moderate all the same, since a feature's
exponents of query, key and scale add up to little. The oracle is longdouble, the budget that of
rounding: `test_fuzz` says how it is made.
"""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import attended, every_path
from withstood import withstands

import sparse_ref as sr

LONG = np.longdouble
LARGEST = np.finfo(np.float32).max
N = 70  # more than a tile
NEAR = sr.Local(6)
PATTERN = NEAR | sr.Strided(9)
HALVES = [np.float16, ml_dtypes.bfloat16]


def in_two_parts(q, k, v, **options):
    """Over a plan of two parts."""
    first, rest = sr.plan(NEAR, N), sr.plan(PATTERN - NEAR, N)
    plan = replace(first, rest=rest, nnz=first.nnz + rest.nnz)
    return sr.attend_with_lse(q, k, v, plan, **options)


def merged(q, k, v, **options):
    """Of two softmaxes, whose outputs and lse are rounded."""
    sets = NEAR, PATTERN - NEAR
    return sr.merge([sr.attend_with_lse(q, k, v, p, **options) for p in sets])


WAYS = {
    "tiles": lambda *x, **options: sr.attend_with_lse(*x, PATTERN, **options),
    "rows": lambda *x, **options: sr.attend_with_lse(*x, sr.csr(PATTERN, N), **options),
    "parts": in_two_parts,
    "merge": merged,
    "reference": lambda *x, **options: sr.attend_with_lse(
        *x, PATTERN, device="reference", **options
    ),
}
every_way = pytest.mark.parametrize("way", WAYS)


def exact(q, k, v, scale):
    """(out, budget) of one head in longdouble; the budget in float32's units."""
    sets = sr.dense(PATTERN, N)
    q, k, v = (x.astype(LONG) for x in (q, k, v))
    x = np.where(sets, q @ k.T * LONG(scale), -np.inf)
    weights = np.exp(x - x.max(axis=1, keepdims=True))
    p = weights / weights.sum(axis=1, keepdims=True)
    unit = LONG(np.finfo(np.float32).eps)
    products = np.where(sets, np.abs(q) @ np.abs(k).T * abs(LONG(scale)), 0)
    of_logits = (q.shape[1] + 4) * unit * products.max(axis=1)
    of_lse = 4 * unit * np.abs(np.where(sets, x, 0)).max(axis=1)
    spread = np.expm1(4 * (of_logits + of_lse)) + (sets.sum(axis=1) + 16) * unit
    return p @ v, spread[:, None] * (p @ np.abs(v))


def assert_near(found, expected, budget, dtype):
    """Finite, and within the budget and the rounding to the dtype."""
    info = ml_dtypes.finfo(dtype)
    found = found.astype(LONG)
    allowed = budget + LONG(info.eps) * np.abs(expected) + LONG(info.smallest_subnormal)
    assert np.isfinite(found).all()
    assert (np.abs(found - expected) <= allowed).all(), np.abs(found - expected).max()


@st.composite
def problems(draw, dtype=np.float32):
    """(q, k, v, scale) with logits of some tens at most."""
    info = ml_dtypes.finfo(dtype)
    least = int(np.log2(float(info.smallest_subnormal)))
    most = int(np.log2(float(info.max)))
    exponents = st.integers(least, most - 1)
    d = draw(st.integers(1, 3))
    of_q = np.array([draw(exponents) for _ in range(d)])
    of_k = np.array([draw(exponents) for _ in range(d)])
    of_scale = int(np.clip(draw(st.integers(-2, 4)) - (of_q + of_k).max(), -300, 127))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    q = rng.uniform(-1, 1, (N, d)) * np.exp2(of_q)
    k = rng.uniform(-1, 1, (N, d)) * np.exp2(of_k)
    low, high = sorted(draw(exponents) for _ in range(2))
    v = rng.uniform(-1, 1, (N, 3)) * np.exp2(rng.integers(low, high + 1, (N, 3)))
    if draw(st.booleans()):
        v = np.abs(v)
    scale = float(np.float32(rng.uniform(0.5, 1))) * 2.0**of_scale
    return *(x.astype(dtype) for x in (q, k, v)), scale


@every_way
@given(problems())
@withstands("range")
def test_an_answer_that_is_a_float32_number_is_found(way, problem):
    q, k, v, scale = problem
    out, _ = WAYS[way](q, k, v, scale=scale)
    assert_near(out, *exact(q, k, v, scale), np.float32)


@pytest.mark.parametrize("way", ["tiles", "rows", "parts"])
@pytest.mark.parametrize("dtype", HALVES)
@given(data=st.data())
@withstands("range")
def test_so_is_one_of_16_bits(way, dtype, data):
    q, k, v, scale = data.draw(problems(dtype))
    out, _ = WAYS[way](q, k, v, scale=scale)
    assert_near(out, *exact(q, k, v, scale), dtype)


def rows_of(*numbers):
    """N rows of these numbers, float32."""
    return np.full((N, len(numbers)), numbers, np.float32)


ONES, ZEROS = rows_of(1, 1), rows_of(0)
SIGNS = np.where(np.arange(N) % 2, 1, -1)[:, None]
CASES = {
    "values of 1e38": (ZEROS, ZEROS, rows_of(1e38), 1.0),
    "the largest values": (ZEROS, ZEROS, rows_of(LARGEST, -LARGEST), 1.0),
    "values of 1e38 that cancel": (ZEROS, ZEROS, (SIGNS * 1e38).astype(np.float32), 1.0),
    "the least values": (ZEROS, ZEROS, rows_of(1e-45, 1e-40), 1.0),
    "large queries, small keys": (rows_of(1e30), rows_of(1e-39), ONES, 1e9),
    "a tiny scale": (rows_of(1e25), rows_of(1e25), ONES, 1e-50),
    "a large scale": (rows_of(1e-20), rows_of(1e-20), ONES, 1e38),
    "products that cancel": (rows_of(1e20, 1e20), rows_of(-1e20, 1e20), ONES, 1.0),
    "large and tiny in a row": (rows_of(1e30, 1e-30), rows_of(1e-30, 1e30), ONES, 1.0),
    "logits beyond float32": (rows_of(1e30), rows_of(1e30), ONES, -1.0),
}


@every_way
@pytest.mark.parametrize("case", CASES)
@withstands("range")
def test_what_has_one_answer_has_it(case, way):
    if (case, way) == ("logits beyond float32", "merge"):
        return  # the lse that it is merged by are beyond float32, too
    q, k, v, scale = CASES[case]
    out, _ = WAYS[way](q, k, v, scale=scale)
    if "cancel" in case and v is not ONES:
        assert_near(out, *exact(q, k, v, scale), np.float32)
    else:
        np.testing.assert_allclose(out, v, rtol=1e-6, atol=0)


@pytest.mark.parametrize("way", ["tiles", "rows", "parts", "reference"])
def test_a_small_weight_of_a_large_value_counts(way):
    """e^-90 of the largest weight, times 1e38."""
    k, v = rows_of(0), rows_of(0)
    k[3], v[3] = -90, 1e38
    out, _ = WAYS[way](rows_of(1), k, v, scale=1.0)
    has_key = sr.dense(PATTERN, N)
    expected = has_key[:, 3] * np.exp(-90.0) * 1e38 / (has_key.sum(axis=1) - has_key[:, 3])
    np.testing.assert_allclose(out[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("lower", [sr.plan, sr.csr])
@pytest.mark.parametrize("value", [1e34, 1e38, 1e-38])
def test_sums_of_many_keys_stay_in_range(lower, value):
    n = 100_000
    q, k = np.zeros((1, 1), np.float32), np.zeros((n, 1), np.float32)
    out = sr.attend(q, k, np.full((n, 2), value, np.float32), lower(sr.Full(), (1, n)))
    np.testing.assert_allclose(out, value, rtol=2e-3)  # rows are summed one by one in float32


@every_path
def test_a_key_that_is_no_member_moves_nothing_in_rows_that_need_float64(path):
    """Row by row: which rows are computed again depends on their own keys alone."""
    q, k, v = (np.random.default_rng(0).standard_normal((3, 1, N, 4))).astype(np.float32)
    v[0, ::3] *= np.float32(1e38)
    q[0, 5, 0], q[0, 6, 1] = 1e35, 1e-42
    out, lse = attended(path, q, k, v, PATTERN, N)
    for j in (0, 5, 69):
        K, V, skip = k.copy(), v.copy(), ~sr.dense(PATTERN, N)[:, j]
        K[:, j], V[:, j] = LARGEST, np.nan
        moved_out, moved_lse = attended(path, q, K, V, PATTERN, N)
        assert moved_out[0, skip].tobytes() == out[0, skip].tobytes()
        assert moved_lse[0, skip].tobytes() == lse[0, skip].tobytes()


@pytest.mark.parametrize("lower", [sr.plan, sr.csr])
def test_gradients_that_are_float32_numbers_are_found(lower):
    """grad . v is 1e40 and more, gradients are not: keys and scale are small."""
    rng = np.random.default_rng(0)
    q, k, v, grad = rng.standard_normal((4, N, 3)).astype(np.float32)
    k, v, grad = k * np.float32(1e-20), v * np.float32(1e25), grad * np.float32(1e15)
    q *= np.float32(1e-10)
    sets = lower(PATTERN, N)
    out, lse = sr.attend_with_lse(q, k, v, sets, scale=1e-3)
    wide = [x.astype(np.float64) for x in (grad, q, k, v, out, lse)]
    expected = sr.attend_backward(*wide, PATTERN, scale=1e-3, device="reference")
    found = sr.attend_backward(grad, q, k, v, out, lse, sets, scale=1e-3)
    for x, right in zip(found, expected):
        np.testing.assert_allclose(x, right, rtol=0, atol=1e-5 * np.abs(right).max())
