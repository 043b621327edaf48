"""Kernels and published sets: Reformer's layer against its codes' finite penalties, in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import ReformerAttention, bucket_factors
from sparse_ref.selection import angular_buckets, random_rotations

OWN, MASK = {"trax": 1e5, "hf": 1e5, "lucidrains": 5e4}, 1e9


def stated(x, v, buckets, layer):
    """A softmax for each round over all places of its chunks, penalties and not sets, and the
    rounds merged by their log-sum-exp: the published codes, one query at a time.
    """
    rounds, n = buckets.shape
    mean = (x**2).mean(axis=1, keepdims=True)
    k = x / np.sqrt(mean + 1e-6 if layer.rule != "lucidrains" else mean * x.shape[1])
    order = [j for r in range(rounds) for j in np.lexsort((np.arange(n), buckets[r]))]
    chunks = np.reshape(order, (-1, layer.keys))
    out, lse = np.zeros((rounds, n, v.shape[1])), np.zeros((rounds, n))
    for c, chunk in enumerate(chunks):
        offsets = range(-layer.before, layer.after + 1)
        seen = np.concatenate([chunks[(c + o) % len(chunks)] for o in offsets])
        r = c * layer.keys // n
        for i in chunk:
            logits = k[seen] @ x[i] / np.sqrt(x.shape[1])
            if layer.causal:
                logits = logits - MASK * (seen > i)
            own = -OWN[layer.rule] + (logits if layer.rule == "trax" else 0)
            logits = np.where(seen == i, own, logits)
            lse[r, i] = logits.max() + np.log(np.exp(logits - logits.max()).sum())
            out[r, i] = np.exp(logits - lse[r, i]) @ v[seen]
    shares = np.exp(lse - lse.max(axis=0))
    return np.einsum("rn,rne->ne", shares / shares.sum(axis=0), out)


def drawn(seed, keys, chunks, rounds, d=6, e=3):
    rng = np.random.default_rng(seed)
    x, v = (rng.standard_normal((keys * chunks, width)) for width in (d, e))
    return x, v, angular_buckets(x, random_rotations(1, rounds, d, 4, seed)[0])


@given(
    st.integers(0, 99),
    st.sampled_from([(1, 4), (2, 2), (2, 4), (3, 6)]),
    st.integers(1, 3),
    st.sampled_from([(0, 0), (1, 0), (1, 1)]),
    st.sampled_from(sorted(OWN)),
    st.booleans(),
)
def test_the_layer_is_its_codes_penalties(seed, shape, rounds, sides, rule, causal):
    keys, chunks = shape
    if rule == "lucidrains":
        sides = 1, 0
    x, v, buckets = drawn(seed, keys, chunks, rounds)
    layer = ReformerAttention(keys, rule, *sides, causal=causal)
    np.testing.assert_allclose(layer(x, v, buckets), stated(x, v, buckets, layer), atol=1e-9)


@pytest.mark.parametrize("rule", sorted(OWN))
@pytest.mark.parametrize("duplicates", [True, False])
def test_gradients_are_the_differences(rule, duplicates):
    x, v, buckets = drawn(5, 2, 4, 2)
    layer = ReformerAttention(2, rule, causal=True, duplicates=duplicates)
    grad = np.random.default_rng(1).standard_normal(v.shape)
    dx, dv = layer.backward(grad, x, v, buckets)
    for place in [(0, 0), (3, 2), (7, 5)]:
        step = np.zeros_like(x)
        step[place] = 1e-5
        change = layer(x + step, v, buckets) - layer(x - step, v, buckets)
        assert (grad * change).sum() / 2e-5 == pytest.approx(dx[place], abs=1e-7)
    step = np.random.default_rng(2).standard_normal(v.shape)
    change = layer(x, v + step, buckets) - layer(x, v, buckets)
    assert (grad * change).sum() == pytest.approx((step * dv).sum(), abs=1e-9)


def test_without_duplicates_a_key_counts_once_however_many_rounds_meet_it():
    """-log N_ij is one softmax over the union; the same buckets twice then are as once."""
    x, v, buckets = drawn(2, 4, 4, 1)
    again = np.concatenate([buckets, buckets])
    twice = ReformerAttention(4, "trax")
    once = ReformerAttention(4, "trax", duplicates=False)
    np.testing.assert_allclose(once(x, v, again), once(x, v, buckets), atol=1e-14)
    np.testing.assert_allclose(twice(x, v, again), twice(x, v, buckets), atol=1e-14)
    three = np.concatenate([again, drawn(3, 4, 4, 1)[2]])
    assert np.abs(once(x, v, three) - twice(x, v, three)).max() > 0.01


def test_the_restriction_to_the_bucket_keeps_pairs_of_one_bucket():
    buckets = drawn(8, 4, 8, 2)[2]
    sets = ReformerAttention(4, same_bucket=True, causal=True).sets(buckets)
    n = buckets.shape[1]
    alike = (buckets[:, :, None] == buckets[:, None, :]).any(axis=0)
    m = sr.multiplicity(sets, n)
    assert not (m > 0)[~alike].any()
    free = ReformerAttention(4, causal=True).sets(buckets)
    assert (m > 0).sum() < (sr.multiplicity(free, n) > 0).sum()


@pytest.mark.parametrize("rule", sorted(OWN))
def test_a_suffix_moves_no_earlier_output_bit_for_bit_while_the_buckets_stay(rule):
    x, v, buckets = (a.astype(t) for a, t in zip(drawn(4, 4, 8, 2), ("f4", "f4", "i8")))
    layer = ReformerAttention(4, rule, causal=True)
    out = layer(x, v, buckets)
    for start in (1, 13, 31):
        y, w = x.copy(), v.copy()
        y[start:], w[start:] = 1e3, np.nan
        assert layer(y, w, buckets)[:start].tobytes() == out[:start].tobytes()


def test_rehashed_a_suffix_moves_earlier_outputs_because_it_moves_the_chunks():
    """The published method: which positions share a chunk depends on later positions' buckets."""
    x, v, buckets = drawn(4, 4, 8, 1)
    layer = ReformerAttention(4, causal=True)
    moved = buckets.copy()
    moved[:, 16:] = 3 - moved[:, 16:]
    change = np.abs(layer(x, v, moved) - layer(x, v, buckets))[:16]
    assert change.max() > 0.01


def test_at_most_one_chunk_is_plain_attention_for_transformers_and_an_error_elsewhere():
    x, v, buckets = drawn(0, 5, 1, 3)
    out = ReformerAttention(8, "hf", causal=True)(x, v, buckets)
    k = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-6)
    expected = sr.attend(x, k, v, sr.Causal() - sr.Window(0))
    expected[0] = v[0]
    np.testing.assert_allclose(out, expected, atol=1e-14)
    with pytest.raises(ValueError, match=r"n must be a multiple of keys = 8 \(trax\), got 5"):
        ReformerAttention(8, "trax")(x, v, buckets)


def test_heads_and_batches_have_buckets_of_their_own():
    parts = [drawn(seed, 2, 4, 2) for seed in range(6)]
    x, v, buckets = (np.stack(part).reshape(2, 3, *part[0].shape) for part in zip(*parts))
    layer = ReformerAttention(2)
    out = layer(x, v, buckets)
    dx, dv = layer.backward(out, x, v, buckets)
    for place, part in zip(np.ndindex(2, 3), parts):
        assert out[place].tobytes() == layer(*part).tobytes()
        assert dx[place].tobytes() == layer.backward(out[place], *part)[0].tobytes()
        assert dv[place].tobytes() == layer.backward(out[place], *part)[1].tobytes()
    assert layer(x[:0], v[:0], buckets[:0]).shape == (0, 3, 8, 3)
    assert layer(x[0, 0, :0], v[0, 0, :0], buckets[0, 0, :, :0]).shape == (0, 3)


def test_a_vector_of_zeros_is_a_key_of_logit_0_and_has_a_gradient():
    x, v, buckets = drawn(1, 2, 4, 2)
    x[3] = 0
    for rule in OWN:
        layer = ReformerAttention(2, rule)
        assert np.isfinite(layer(x, v, buckets)).all()
        assert np.isfinite(layer.backward(v, x, v, buckets)[0]).all()


def test_numbers_of_buckets():
    assert bucket_factors(16, 4, "trax") == (8,)
    assert bucket_factors(4, 4, "trax") == (2,)
    assert bucket_factors(64 * 65, 64, "trax") == (16, 8)
    assert bucket_factors(64 * 96, 64, "hf") == (128,)
    assert bucket_factors(65536, 64, "hf") == (32, 64)
    assert bucket_factors(65536, 64, "hf", max_positions=2**32) == (2048,)


@pytest.mark.parametrize(
    ("refused", "error", "message"),
    [
        (
            lambda: ReformerAttention(4, "idiap"),
            ValueError,
            "rule must be one of 'trax', 'hf', 'lucidrains', got 'idiap'",
        ),
        (
            lambda: ReformerAttention(4, "lucidrains", 2),
            ValueError,
            r"before, after must be 1, 0 \(lucidrains, look one back\), got 2, 0",
        ),
        (
            lambda: ReformerAttention(4).sets(np.zeros((1, 6), int)),
            ValueError,
            r"n must be a multiple of keys = 4, or at most keys \(hf\), got 6",
        ),
        (
            lambda: ReformerAttention(2)(np.ones((4, 3)), np.ones((4, 3)), np.ones((1, 6), int)),
            ValueError,
            r"must agree in n .* got \(4, 3\), \(4, 3\), \(1, 6\)",
        ),
        (lambda: bucket_factors(4, 4, "hf"), ValueError, "n must be above keys = 4"),
        (lambda: ReformerAttention(4, duplicates=1), TypeError, "duplicates must be True or False"),
    ],
)
def test_refusals(refused, error, message):
    with pytest.raises(error, match=message):
        refused()
