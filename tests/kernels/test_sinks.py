"""Kernels with a sink, a logit per head in the denominator: against longdouble, where it is one
more logit of value 0, and against differences; and the gradient of the sink.
"""

import numpy as np
import pytest
from exact_attention import Head, assert_within
from hypothesis import given
from hypothesis import strategies as st
from judged import DTYPES, PATHS, SOME, assert_close, attended, every_path
from ml_dtypes import finfo
from strategies import mask, patterns, qkv, shapes

import sparse_ref as sr
from sparse_ref.attention import sink_gradient

LOGITS = st.sampled_from([-np.inf, -1e38, -50.0, 0.0, 0.5, 3.0, 50.0, 1e4, 1e38])
HEADS, GROUPS = 4, 2


def slopes(path, problem, p, n, sink, **options):
    """(out, lse, dq, dk, dv, dsink) along one path; a problem is (grad, q, k, v)."""
    lower, device = PATHS[path]
    grad, q, k, v = problem
    sets = lower(p, n)
    out, lse = sr.attend_with_lse(q, k, v, sets, device=device, sink=sink, **options)
    gradients = sr.attend_backward(
        grad, q, k, v, out, lse, sets, device=device, sink=sink, **options
    )
    return out, lse, *gradients, sink_gradient(grad, out, lse, sink)


def problem_of(n, dtype=np.float32, seed=0, size=1.0, batch=(), d=6, e=5):
    """(grad, q, k, v) drawn from a seed."""
    q, k, v = qkv(n, HEADS, GROUPS, d=d, e=e, dtype=dtype, seed=seed, batch=batch)
    grad = qkv(n, HEADS, d=e, dtype=dtype, seed=seed + 1, batch=batch)[0]
    return grad, (q * dtype(size)).astype(dtype), k, v


def assert_exact(problem, sets, sink, results):
    """Assert that all six results are within what the data allow."""
    grad, q, k, v = problem
    out, lse, dq, dk, dv, dsink = results
    sums = lse.dtype
    totals = [np.zeros((2, *x.shape), np.longdouble) for x in (dk, dv)]
    for h in range(HEADS):
        g = h // (HEADS // GROUPS)
        logit = float(sink[h])
        one = Head(q[h], k[g], v[g], sets, q.shape[-1] ** -0.5, logit)
        for x, exact, budget in zip((out, lse), one.attend(), one.forward_budgets(sums)):
            assert_within(x[h], exact, budget, sums)
        forward = grad[h], out[h], lse[h]
        exact, budgets = one.backward(*forward), one.backward_budgets(*forward, sums)
        assert_within(dq[h], exact[0], budgets[0], sums)
        for total, *pair in zip(totals, exact[1:], budgets[1:]):
            total[:, g] += pair
        slope = one.sink_slope(*forward)
        size = np.abs(grad[h].astype(np.float64) * out[h].astype(np.float64)).sum()
        allowed = (float(finfo(sink.dtype).eps) + 1e-13) * (abs(slope) + size)
        assert abs(np.longdouble(dsink[h]) - slope) <= allowed
    for x, (exact, budget) in zip((dk, dv), totals):
        assert_within(x, exact, HEADS * budget, sums)


@every_path
@given(
    patterns(leaves=3),
    shapes(most=70),
    st.sampled_from(DTYPES),
    st.lists(LOGITS, min_size=HEADS, max_size=HEADS),
    st.sampled_from([1.0, 30.0]),
    st.integers(0, 99),
)
def test_a_sink_is_one_more_logit_of_value_zero(path, p, n, dtype, logits, size, seed):
    problem = problem_of(n, dtype, seed, size)
    sink = np.array(logits)
    results = slopes(path, problem, p, n, sink)
    out, lse, *_, dsink = results
    assert out.dtype == np.dtype(dtype)
    assert lse.dtype == (np.float64 if dtype is np.float64 else np.float32)
    assert dsink.shape == (HEADS,)
    assert_exact(problem, mask(p, n), sink, results)


@every_path
@pytest.mark.parametrize("p", SOME)
def test_a_sink_of_minus_infinity_is_none_bit_for_bit(p, path):
    problem = problem_of((130, 130), batch=(2,))
    grad, q, k, v = problem
    nothing = np.full(HEADS, -np.inf)
    *results, dsink = slopes(path, problem, p, 130, nothing)
    lower, device = PATHS[path]
    out, lse = attended(path, q, k, v, p, 130)
    gradients = sr.attend_backward(grad, q, k, v, out, lse, lower(p, 130), device=device)
    for with_sink, without in zip(results, (out, lse, *gradients)):
        assert with_sink.tobytes() == without.tobytes()
    assert dsink.tolist() == [0] * HEADS


@every_path
def test_a_query_without_keys_gives_zero_and_its_sink(path):
    n, p = (70, 70), sr.Summary(9, 2)
    sink = np.array([-np.inf, -3.0, 0.0, 7.0])
    out, lse, dq, *_ = slopes(path, problem_of(n), p, n, sink)
    assert not out[:, :7].any()
    assert not dq[:, :7].any()
    assert np.array_equal(lse[:, :7], np.broadcast_to(sink[:, None], (HEADS, 7)))
    assert np.isfinite(lse[:, 7:]).all()


@every_path
def test_a_sink_over_no_key_at_all_gets_no_gradient(path):
    sink = np.zeros(HEADS)
    out, lse, *_, dsink = slopes(path, problem_of((9, 0)), sr.Full(), (9, 0), sink)
    assert not out.any()
    assert not lse.any()
    assert not dsink.any()


def test_the_judge_of_other_implementations_means_the_same_sinks_and_lse():
    p, sink = sr.Lookback(4), np.array([0.5, -1.0])

    def attention(q, k, v, sink=sink):
        return sr.attend_with_lse(q, k, v, p, sink=sink)

    report = sr.verify.check(attention, p, n=12, heads=2, sinks=sink, lse="natural")
    assert report.passed, report
    assert not sr.verify.check(attention, p, n=12, heads=2, sinks=sink[::-1], lse="natural").passed


def test_zero_is_softmax_plus_one():
    q, k, v = qkv((20, 20), dtype=np.float64)
    weights = np.exp(q[0] @ k[0].T / np.sqrt(8)) * np.tri(20)
    expected = weights @ v[0] / (1 + weights.sum(axis=1, keepdims=True))
    assert_close(sr.attend(q, k, v, sr.Causal(), sink=np.zeros(1))[0], expected, 1e-14)


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_sink_is_a_key_of_its_own_that_every_query_sees(device):
    """A second formulation: a key of value 0 whose logit is the sink, in front of the others."""
    n, logit = 40, 0.7
    q, k, v = qkv((n, n), dtype=np.float64)
    ones, first = np.ones((1, n, 1)), np.zeros((1, 1, 9))
    first[..., -1] = logit
    K = np.concatenate([first, np.concatenate([k, 0 * ones], axis=-1)], axis=1)
    V = np.concatenate([0 * v[:, :1], v], axis=1)
    p = sr.Local(5) | sr.Strided(7)
    rows = [np.concatenate([[0], p.row(i, n) + 1]) for i in range(n)]
    key = sr.Listed.of_rows(rows)
    Q = np.concatenate([q / np.sqrt(8), ones], axis=-1)
    expected = sr.attend_with_lse(Q, K, V, key, scale=1.0, device=device)
    results = sr.attend_with_lse(q, k, v, p, sink=np.array([logit]), device=device)
    for x, right in zip(results, expected):
        assert_close(x, right, 1e-13)


def test_branches_share_one_sink():
    branches = [sr.Branches((sr.Causal(), sr.Lookback(3))), *SOME[1:2] * 3]
    problem = problem_of((33, 33), np.float64, batch=(2,))
    _, q, k, v = problem
    sink = np.array([0.3, -1.0, 2.0, -np.inf])
    out, lse = sr.attend_with_lse(q, k, v, branches, sink=sink)
    for h, p in enumerate(branches):
        counts = sr.multiplicity(p, 33)
        logits = q[:, h] @ k[:, h // 2].swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        weights = counts * np.exp(logits)
        total = weights.sum(axis=-1, keepdims=True) + np.exp(sink[h])
        assert_close(out[:, h], weights @ v[:, h // 2] / total, 1e-13)
        assert_close(lse[:, h], np.log(total[..., 0]), 1e-13)


@every_path
def test_gradients_agree_with_differences(path):
    n, step = (12, 12), 1e-6
    p = [sr.Causal(), sr.Summary(5, 2), sr.Branches((sr.Full(), sr.Causal())), sr.Strided(3)]
    grad, *x = problem_of(n, np.float64, batch=(2,), d=3, e=2)
    device = PATHS[path][1]
    x.append(np.array([0.5, -1.0, 2.0, 0.0]))

    def loss(q, k, v, sink):
        return (grad * sr.attend(q, k, v, p, sink=sink, device=device)).sum()

    q, k, v, sink = x
    out, lse = sr.attend_with_lse(q, k, v, p, sink=sink, device=device)
    gradients = sr.attend_backward(grad, q, k, v, out, lse, p, sink=sink, device=device)
    gradients = [*gradients, sink_gradient(grad, out, lse, sink)]
    places = [(1, 2, 7, 1), (0, 1, 3, 2), (1, 0, 4, 0), *[(h,) for h in range(HEADS)]]
    which = [0, 1, 2, 3, 3, 3, 3]
    for number, at in zip(which, places):
        ends = []
        for sign in (1, -1):
            moved = [a.copy() for a in x]
            moved[number][at] += sign * step
            ends.append(loss(*moved))
        slope = (ends[0] - ends[1]) / (2 * step)
        assert abs(slope - gradients[number][at]) < 1e-7 * (1 + abs(slope))


def test_parts_are_merged_with_the_sink_once():
    q, k, v = qkv((40, 40), HEADS, GROUPS, dtype=np.float64, batch=(2,))
    sink = np.array([0.3, -np.inf, 5.0, -2.0])
    near, far = sr.Lookback(7), sr.Causal() - sr.Lookback(7)
    whole = sr.attend_with_lse(q, k, v, sr.Causal(), sink=sink)
    with_sink = sr.attend_with_lse(q, k, v, near, sink=sink)
    parts = [sr.attend_with_lse(q, k, v, p) for p in (near, far)]
    ways = sr.merge([with_sink, parts[1]]), sr.merge(parts, sink=sink)
    for merged in ways:
        for x, right in zip(merged, whole):
            assert_close(x, right, 1e-13)
    twice = sr.merge([with_sink, sr.attend_with_lse(q, k, v, far, sink=sink)])
    assert np.abs(twice[0] - whole[0])[:, 2].max() > 1e-3


def test_a_merge_with_sinks_of_minus_infinity_is_one_without_bit_for_bit():
    q, k, v = qkv((70, 70), HEADS, GROUPS)
    parts = [sr.attend_with_lse(q, k, v, p) for p in (sr.Summary(9, 2), sr.Strided(3))]
    for x, right in zip(sr.merge(parts, sink=np.full(HEADS, -np.inf)), sr.merge(parts)):
        assert x.tobytes() == right.tobytes()
    one_head = [(out[0], lse[0]) for out, lse in parts]
    for x, right in zip(sr.merge(one_head, sink=np.zeros(1)), sr.merge(parts, sink=np.zeros(4))):
        assert x.tobytes() == right[0].tobytes()


@every_path
def test_the_bits_do_not_depend_on_the_batch(path):
    sink = np.array([0.3, -1.0, 2.0, 40.0])
    problem = problem_of((130, 130), batch=(3,))
    *results, _ = slopes(path, problem, SOME[1], 130, sink)
    for b in range(3):
        *alone, _ = slopes(path, tuple(x[b] for x in problem), SOME[1], 130, sink)
        for x, right in zip(alone, results):
            assert x.tobytes() == right[b].tobytes()


@every_path
def test_only_members_matter_bit_for_bit(path):
    sink, p = np.array([0.3, -1.0, 2.0, 40.0]), SOME[1]
    grad, q, k, v = problem_of((130, 130))
    results = slopes(path, (grad, q, k, v), p, 130, sink)
    for j in (0, 64, 129):
        K, V = k.copy(), v.copy()
        K[:, j], V[:, j] = np.nan, np.inf
        moved = slopes(path, (grad, q, K, V), p, 130, sink)
        skip = ~mask(p, 130)[:, j]
        for x, right in zip(moved[:3], results[:3]):
            assert x[:, skip].tobytes() == right[:, skip].tobytes()


@every_path
@pytest.mark.parametrize("size", [1e2, 1e4])
def test_weights_are_those_of_the_logits_however_large_the_lse_is(path, size):
    """The sink is near the logits; with the gradient 1 everywhere, all weights add up to n."""
    n, rng = 128, np.random.default_rng(0)
    direction = rng.standard_normal(16)
    direction *= np.sqrt(size * 4) / np.linalg.norm(direction)
    x = (direction + 0.01 * rng.standard_normal((2, HEADS, n, 16))).astype(np.float32)
    q, k = x
    v = np.ones((HEADS, n, 1), np.float32)
    sink = np.full(HEADS, size + 4.0)
    lower, device = PATHS[path]
    sets = lower(sr.Full(), n)
    out, lse = sr.attend_with_lse(q, k, v, sets, sink=sink, device=device)
    assert np.abs(lse - size).min() < 20
    ones = np.ones_like(out)
    dv = sr.attend_backward(ones, q, k, v, out, lse, sets, sink=sink, device=device)[2]
    np.testing.assert_allclose(dv.sum(axis=(1, 2)), out.sum(axis=(1, 2)), rtol=3e-6)


@every_path
def test_a_small_share_of_a_large_value_counts(path):
    """A sink of 90 leaves e^-90 of a value of 1e38."""
    x = np.zeros((1, 3, 1), np.float32)
    out = attended(path, x, x, x + np.float32(1e38), sr.Window(0), 3, sink=np.array([90.0]))[0]
    np.testing.assert_allclose(out, np.exp(-90.0) * 1e38, rtol=1e-6)


@every_path
def test_logits_beyond_float32_leave_the_sink(path):
    q = np.full((1, 5, 1), 1e30, np.float32)
    sink = np.array([2.0])
    with np.errstate(over="ignore"):
        out, lse = attended(path, q, -q, q, sr.Causal(), 5, scale=1.0, sink=sink)
    assert not out.any()
    assert (lse == 2).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_dtype_of_a_sink_is_its_own(dtype):
    grad, q, k, v = problem_of((8, 8))
    logits = np.array([0.5, -1.0, 2.0, -np.inf])  # exact in each dtype
    sink = logits.astype(dtype)
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal(), sink=sink)
    expected, _ = sr.attend_with_lse(q, k, v, sr.Causal(), sink=logits.tolist())
    assert out.tobytes() == expected.tobytes()
    slope = sink_gradient(grad, out, lse, sink)
    exact = sink_gradient(grad, out, lse, logits)
    assert slope.dtype == np.dtype(dtype)
    assert slope.tobytes() == exact.astype(dtype).tobytes()


Q, K, V = qkv((8, 8), HEADS, GROUPS)
OUT, LSE = sr.attend_with_lse(Q, K, V, sr.Causal(), sink=np.ones(HEADS))


@pytest.mark.parametrize(
    ("sink", "error", "problem"),
    [
        (np.zeros(2), ValueError, r"sink must have shape .H,. = .4,., one logit .*, got .2,."),
        (np.zeros((1, 4)), ValueError, r"sink must have shape .H,. = .4,., .*, got .1, 4."),
        (0.0, ValueError, r"sink must have shape .H,. = .4,., .*, got ..$"),
        (np.array([0, 0, np.nan, 0]), ValueError, r"sink\[2\] must be finite, or -inf .* got nan"),
        (np.array([0, np.inf, 0, 0]), ValueError, r"sink\[1\] must be finite, or -inf .* got inf"),
        (np.zeros(4, int), TypeError, "sink must be one of float64, .*, got int64"),
        ("0000", TypeError, "sink must be one of float64, .*, got <U4"),
        (np.ma.masked_array(np.zeros(4)), TypeError, "sink must not be a masked array"),
    ],
)
def test_what_is_no_sink_is_refused(sink, error, problem):
    calls = [
        lambda: sr.attend(Q, K, V, sr.Causal(), sink=sink),
        lambda: sr.attend_backward(OUT, Q, K, V, OUT, LSE, sr.Causal(), sink=sink),
        lambda: sr.merge([(OUT, LSE)], sink=sink),
        lambda: sink_gradient(OUT, OUT, LSE, sink),
    ]
    for call in calls:
        with pytest.raises(error, match=problem):
            call()


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        (lambda: sink_gradient(OUT, OUT, LSE, None), TypeError, "sink must be one of float64"),
        (
            lambda: sink_gradient(OUT[:2], OUT, LSE, np.ones(4)),
            ValueError,
            r"grad_out must have shape .4, 8, 5., got .2, 8, 5.",
        ),
        (
            lambda: sink_gradient(OUT, OUT, LSE[:, :1], np.ones(4)),
            ValueError,
            r"lse must have shape .4, 8., got .4, 1.",
        ),
        (lambda: sink_gradient(OUT[0, 0], OUT[0, 0], LSE[0], np.ones(1)), ValueError, "out must"),
        (
            lambda: sink_gradient(OUT, OUT.astype(int), LSE, np.ones(4)),
            TypeError,
            "out must be one",
        ),
        (
            lambda: sink_gradient(OUT, OUT, LSE - 9, np.ones(4)),
            ValueError,
            r"lse must include the sink, at least sink\[0\] = 1.0, got",
        ),
    ],
)
def test_arrays_that_do_not_fit_a_sink_are_refused(call, error, problem):
    with pytest.raises(error, match=problem):
        call()


@pytest.mark.parametrize("axes", [(8, 5), (2, 3, 8, 5), (2, 1, 3, 0, 5)])
def test_the_gradient_of_a_sink_sums_over_queries_and_the_batch(axes):
    rng = np.random.default_rng(0)
    grad, out = rng.standard_normal((2, *axes))
    heads = axes[-3] if len(axes) > 2 else 1
    sink = rng.standard_normal(heads)
    per_row = sink[:, None] if len(axes) > 2 else sink
    lse = per_row + rng.uniform(0, 2, axes[:-1])
    terms = -np.exp(per_row - lse) * (grad * out).sum(axis=-1)
    expected = terms.reshape(-1, heads, axes[-2]).sum(axis=(0, 2)) if terms.size else 0 * sink
    np.testing.assert_allclose(sink_gradient(grad, out, lse, sink), expected, rtol=1e-12)
