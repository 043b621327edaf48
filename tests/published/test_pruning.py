"""Published layers, chosen by data: thresholds, and SpAtten's cascade, against their sentences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_gradients, assert_suffix_moves_nothing_before, softmax
from strategies import mask, patterns

import sparse_ref as sr
from sparse_ref.published import SpAttenLayer, Survivors, ThresholdAttention


def weights_of(q, k, p, n):
    """(logits, softmax) over the set; 0 in rows without keys."""
    logits = np.where(mask(p, n), q @ k.swapaxes(-1, -2) / 2, -np.inf)
    filled = np.where(np.isinf(logits.max(axis=-1, keepdims=True, initial=-np.inf)), 0, logits)
    return logits, np.where(np.isinf(logits), 0, softmax(filled))


thresholds = st.sampled_from([0.0, 0.05, 0.2, 0.4, 1.1])


@given(patterns(most=8), st.integers(1, 9), thresholds)
def test_pruned_weights_stay_as_they_are(p, n, threshold):
    q, k, v = arrays(n)
    layer = ThresholdAttention(threshold)
    logits, weights = weights_of(q, k, p, n)
    kept = (weights >= threshold) & np.isfinite(logits)
    np.testing.assert_allclose(layer(q, k, v, p), (weights * kept) @ v, atol=1e-12)
    found = [sr.dense(chosen, n) for chosen in layer.sets(q, k, p)]
    assert np.array_equal(found, kept)


@given(patterns(most=8), st.integers(1, 9), st.sampled_from([-np.inf, -0.5, 0.3, 9.0]))
def test_pruned_logits_leave_a_softmax_over_the_rest(p, n, threshold):
    q, k, v = arrays(n)
    layer = ThresholdAttention(threshold, "logit")
    logits, _ = weights_of(q, k, p, n)
    kept = (logits >= threshold) & np.isfinite(logits)
    weights = np.where(kept, np.exp(logits), 0)
    total = weights.sum(axis=-1, keepdims=True)
    expected = weights / np.where(total == 0, 1, total) @ v
    np.testing.assert_allclose(layer(q, k, v, p), expected, atol=1e-12)


@pytest.mark.parametrize("layer", [
    ThresholdAttention(0.15), ThresholdAttention(0.0), ThresholdAttention(1.1),
    ThresholdAttention(0.1, "logit"),
], ids=repr)  # fmt: skip
def test_gradients_are_differences(layer):
    inputs, p = arrays(8, heads=4, groups=2), sr.Causal()
    assert_gradients(lambda *x: layer(*x, p), lambda g, *x: layer.backward(g, *x, p), inputs)


@given(st.integers(1, 9), st.sampled_from(["logit", "weight"]), st.data())
def test_causal_a_suffix_moves_nothing_before_it(n, measure, data):
    layer = ThresholdAttention(0.2, measure)
    cut = data.draw(st.integers(0, n))
    inputs = arrays(n, dtype=np.float32)
    assert_suffix_moves_nothing_before(lambda *x: layer(*x, sr.Causal()), inputs, cut)


def cascade(layers, n, heads, p, seed=0):
    """(survivors before each layer, outputs) of a stack, each layer with inputs of its own."""
    left = Survivors.everyone(n, heads)
    before, outputs = [left], []
    for number, layer in enumerate(layers):
        q, k, v = arrays(n, heads=heads, groups=heads, seed=seed + number)
        out, left = layer(q, k, v, left, p)
        before.append(left)
        outputs.append(out)
    return before, outputs


@given(st.integers(0, 9), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=4))
def test_a_layer_attends_to_who_is_left_and_ranks_them(n, counts):
    layers = [SpAttenLayer(*count) for count in counts]
    before, outputs = cascade(layers, n, 3, sr.Causal())
    token_scores, head_scores = np.zeros(n), np.zeros(3)
    for number, layer in enumerate(layers):
        left, after = before[number], before[number + 1]
        q, k, v = arrays(n, heads=3, groups=3, seed=number)
        both = np.logical_and.outer(left.tokens, left.tokens) & np.tril(np.ones((n, n), bool))
        exponentials = np.exp(q @ k.swapaxes(-1, -2) / 2) * both * left.heads[:, None, None]
        total = exponentials.sum(axis=-1, keepdims=True)
        P = exponentials / np.where(total == 0, 1, total)
        np.testing.assert_allclose(outputs[number], P @ v, atol=1e-12)
        token_scores += P.sum(axis=(0, 1))
        head_scores += np.abs(P @ v).sum(axis=(1, 2))
        np.testing.assert_allclose(after.token_scores, token_scores, atol=1e-12)
        np.testing.assert_allclose(after.head_scores, head_scores, atol=1e-12)
        for scores, kept, was, count in (
            (after.token_scores, after.tokens, left.tokens, layer.tokens),
            (after.head_scores, after.heads, left.heads, layer.heads),
        ):
            assert not (kept & ~was).any(), "pruned and back"
            assert kept.sum() == min(count, was.sum())
            if kept.any() and (was & ~kept).any():
                assert scores[kept].min() >= scores[was & ~kept].max()


def test_pruned_tokens_and_heads_are_read_no_more():
    n, layer = 8, SpAttenLayer(5, 1)
    _, left = layer(*arrays(n), Survivors.everyone(n, 2), sr.Full())
    q, k, v = arrays(n, seed=1)
    out, _ = layer(q, k, v, left, sr.Full())
    assert not out[~left.heads].any()
    assert not out[:, ~left.tokens].any()
    for x in (q, k, v):
        x[:, ~left.tokens] = np.nan
        x[~left.heads] = np.nan
    assert layer(q, k, v, left, sr.Full())[0].tobytes() == out.tobytes()


def test_ties_go_to_the_smallest_number():
    zeros = np.zeros((3, 6, 2))
    _, left = SpAttenLayer(2, 1)(zeros, zeros, zeros, Survivors.everyone(6, 3), sr.Full())
    assert np.flatnonzero(left.tokens).tolist() == [0, 1]
    assert np.flatnonzero(left.heads).tolist() == [0]


@pytest.mark.parametrize(("refused", "said"), [
    (lambda: ThresholdAttention(0.1, "rank"), "measure must be 'logit' or 'weight', got 'rank'"),
    (lambda: ThresholdAttention(np.nan), "threshold must be a number, got nan"),
    (lambda: SpAttenLayer(-1, 2), "SpAttenLayer: tokens must be at least 0, got -1"),
    (lambda: SpAttenLayer(1, -2), "SpAttenLayer: heads must be at least 0, got -2"),
    (lambda: SpAttenLayer(1, 1)(*arrays(4), Survivors.everyone(5, 2), sr.Full()),
     r"q must have axes \(H, n, d\), \(H, n\) = \(2, 5\), got \(2, 4, 4\)"),
])  # fmt: skip
def test_refusals(refused, said):
    with pytest.raises(ValueError, match=said):
        refused()
