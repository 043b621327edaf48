"""One test for each row of docs/differs.md on coarse keys and hierarchies."""

import numpy as np
import pytest
from layer_checks import arrays
from strategies import mask

import sparse_ref as sr
from sparse_ref.published import (
    AdaptiveSpan,
    EntmaxAttention,
    HTransformer1D,
    LinearAttention,
    Poolingformer,
    SpAttenLayer,
    Survivors,
    TransientGlobalAttention,
    TransientGlobalWeights,
    entmax,
    package_level_sets,
    sparsemax,
)


def test_mean_queries_of_a_causal_h_transformer_see_the_future():
    q, k, v = arrays(16)
    moved = q.copy()
    moved[:, 15] += 1
    for coarse_query, leaks in (None, False), ("first", False), ("mean", True):
        layer = HTransformer1D(2, True, coarse_query)
        change = np.abs(layer(moved, k, v) - layer(q, k, v))
        assert (change[:, :15].max() > 1e-3) == leaks


def test_flaxformer_fades_rows_far_below_its_greatest_logit():
    layer, (q, k, v) = HTransformer1D(2, scale=1.0), arrays(8, heads=1, groups=1)
    q[0, 0] = 0
    k[0, 7] = 30 * q[0, 6] / (q[0, 6] @ q[0, 6])  # the logit of row 6 and key 7 is 30
    exact, faded = layer(q, k, v), layer.flaxformer_output(q, k, v)
    assert np.abs(exact[0, 0]).max() > 0.01
    assert np.abs(faded[0, 0]).max() < 1e-10
    np.testing.assert_allclose(faded[0, 6], exact[0, 6])


def test_flaxformer_scales_the_inputs_of_queries_and_not_their_bias():
    X, k, v = arrays(8, heads=1, groups=1)
    W, root = arrays(4, heads=1, groups=1, seed=1)[0][0], 2.0  # d = 4
    for bias, is_same in (np.zeros(4), True), (np.arange(4.0), False):
        rescaled = HTransformer1D(2, scale=1.0)(X / root @ W + bias, k, v)
        exact = HTransformer1D(2)(X @ W + bias, k, v)
        assert np.allclose(rescaled, exact) == is_same
        np.testing.assert_allclose(rescaled, HTransformer1D(2)(X @ W + root * bias, k, v))


def block_of(n, block):
    """The block of each token, by the running sum of Hugging Face transformers."""
    one, share = np.float32(1), np.float32(1 / block)
    sums = np.cumsum(np.full(n, share), dtype=np.float64).astype(np.float32)
    return np.minimum(np.floor(one + (sums - share) - one), n // block - 1)


def test_longt5_rounds_the_first_token_of_some_blocks_into_the_block_before():
    n, width = 550, 2
    nothing = TransientGlobalWeights(*np.zeros((4, width, width)), np.ones(width))
    for block, late in (25, [425, 450, 475, 500, 525]), (16, []), (32, []):
        members = TransientGlobalAttention(nothing, 1, 1, block).block_weights(n)
        exact, rounded = members.argmax(axis=0), block_of(n, block)
        assert np.flatnonzero(rounded != exact).tolist() == late
        assert (rounded[late] == exact[late] - 1).all()


def test_poolingformers_second_level_reads_the_first():
    layer, (q, k, v) = Poolingformer(1, 4, 2), arrays(10, e=4)
    y = layer.first(q, k, v)
    np.testing.assert_allclose(y, sr.attend(q, k, v, sr.Window(1)))
    paper = y + layer.second(y, 2 * y, 3 * y)
    assert np.abs(paper - layer(q, k, v)).max() > 0.1
    np.testing.assert_allclose(layer(q, k, v), y + layer.second(q, k, v))


def union(levels, n):
    return np.any([mask(p, n) for p in levels], axis=0)


def test_the_package_h_transformer_has_siblings_for_neighbours():
    n = 32
    package = union(package_level_sets(n, 4), n)
    assert union(HTransformer1D(4).level_sets(n), n).all()
    assert not package[:16, 16:].any()
    assert not package[16:, :16].any()
    near = mask(package_level_sets(n, 4)[0], n) | mask(package_level_sets(n, 4)[1], n)
    assert near[3, 4]
    assert not near[7, 8]
    assert mask(HTransformer1D(4).level_sets(n)[0], n)[7, 8]


def test_the_causal_package_h_transformer_misses_most_of_the_past():
    n = 64
    past = np.tril(np.ones((n, n), bool))
    assert np.array_equal(union(HTransformer1D(4, causal=True).level_sets(n), n), past)
    package = union(package_level_sets(n, 4, causal=True), n)
    assert not (package & ~past).any()
    assert (past & ~package).sum() == 1536
    assert past.sum() == 2080
    to_first_quarter = package[16:32, :16].any(axis=1)
    assert (16 + np.flatnonzero(to_first_quarter)).tolist() == [19, 23, 27, 31]


def test_causal_linear_attention_needs_a_key_for_each_query():
    (q, k, v), layer = arrays(6), LinearAttention(causal=True)
    for queries, keys in (4, 6), (6, 4):
        with pytest.raises(ValueError, match=f"got {queries} queries and {keys} keys"):
            layer(q[:, :queries], k[:, :keys], v[:, :keys])
    first = layer(q[:, :4], k[:, :4], v[:, :4])
    np.testing.assert_allclose(first, layer(q, k, v)[:, :4])


def test_the_ramp_of_the_adaptive_span_ends_one_key_later_in_its_code():
    n, z = 12, [0.3]
    paper, code = (AdaptiveSpan(10, 2.0, rule) for rule in ("paper", "code"))
    extra = mask(code.sets(z)[0], n) & ~mask(paper.sets(z)[0], n)
    i, j = np.nonzero(extra)
    assert (i - j == 5).all()  # R + z L = 5
    assert len(i) == n - 5
    assert not (mask(paper.sets(z)[0], n) & ~mask(code.sets(z)[0], n)).any()
    np.testing.assert_allclose(code.membership(0.3)[1:], paper.membership(0.3)[:-1])


def test_entmax_of_a_row_without_keys_is_0():
    nothing = np.full((2, 3), -np.inf)
    for p in (sparsemax(nothing), entmax(nothing, 1.5), entmax(nothing, 1.2)):
        assert not p.any()
    x = np.ones((3, 2))
    assert not EntmaxAttention()(x, x, x, sr.Band(1, -1))[0].any()


def test_spattens_cascade_lets_later_queries_prune_earlier_tokens():
    n, layer, everyone = 8, SpAttenLayer(3, 2), Survivors.everyone(8, 2)
    q, k, v = arrays(n)
    out, left = layer(q, k, v, everyone, sr.Causal())
    moved = q.copy()
    moved[:, 6:] = 50 * k[:, 5:6]  # the last two queries find token 5 important
    moved_out, moved_left = layer(moved, k, v, everyone, sr.Causal())
    assert moved_out[:, :6].tobytes() == out[:, :6].tobytes()
    assert moved_left.tokens.tolist() != left.tokens.tolist()
    following, _ = layer(q, k, v, left, sr.Causal())
    moved_following, _ = layer(q, k, v, moved_left, sr.Causal())
    assert np.abs(moved_following - following)[:, :6].max() > 0.1
