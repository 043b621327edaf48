"""Kernels and published sets: dilated attention against a softmax over a multiset, in float64.

torchscale is not on the package index with this layer; what it does is written out here, padded
segment by padded segment.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import qkv

import sparse_ref as sr
from sparse_ref.published import dilated_attention, ghost_counts

OFFSET = {"paper": lambda h, H, r: h % r, "torchscale": lambda h, H, r: h // ((H + r - 1) // r)}


def stated(q, k, v, segments, rates, rule, causal, zeros):
    """Logits of each branch's members, and of the zeros of its padded segment."""
    H, n, d = q.shape
    out = np.zeros((H, n, v.shape[2]))
    for h in range(H):
        for i in range(n):
            logits, values = [], []
            for w, r in zip(segments, rates):
                w, s = min(w, n), OFFSET[rule](h, H, r)
                filled = w + -w % r
                for p in range(s, filled, r) if i % w % r == s else ():
                    j = i // w * w + p
                    if p < w and j < n and (j <= i or not causal):
                        logits.append(q[h, i] @ k[h, j] / np.sqrt(d))
                        values.append(v[h, j])
                    elif zeros and (p >= w or j >= n):
                        logits.append(0.0)
                        values.append(np.zeros(v.shape[2]))
            weights = np.exp(logits)
            out[h, i] = weights @ np.array(values) / weights.sum() if values else 0
    return out


@st.composite
def settings_of(draw):
    """(n, heads, segments, rates, rule)"""
    branches = draw(st.integers(1, 3))
    segments, rates = (
        tuple(draw(st.integers(1, most)) for _ in range(branches)) for most in (30, 6)
    )
    return (
        draw(st.integers(1, 24)),
        draw(st.integers(1, 5)),
        segments,
        rates,
        draw(st.sampled_from(sorted(OFFSET))),
    )


@given(settings_of(), st.booleans(), st.booleans())
def test_dilated_attention_is_one_softmax_over_the_multiset(drawn, causal, ghosts):
    n, heads, segments, rates, rule = drawn
    q, k, v = qkv((n, n), heads, heads, dtype=np.float64)
    found = dilated_attention(q, k, v, segments, rates, rule=rule, causal=causal, ghosts=ghosts)
    expected = stated(q, k, v, segments, rates, rule, causal, ghosts and not causal)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(settings_of())
def test_ghosts_are_the_padding_at_the_offset_of_the_head(drawn):
    """By marks: a sequence of ones, padded with zeros twice, cut at the head's residue, counted."""
    n, heads, segments, rates, rule = drawn
    for head in range(heads):
        expected = np.zeros(n, int)
        for w, r in zip(segments, rates):
            w, s = min(w, n), OFFSET[rule](head, heads, r)
            marks = np.pad(np.ones(n, int), (0, -n % w)).reshape(-1, w)
            kept = np.pad(marks, ((0, 0), (0, -w % r)))[:, s::r]
            expected += [(kept[i // w] == 0).sum() if i % w % r == s else 0 for i in range(n)]
        assert ghost_counts(segments, rates, n, head, heads, rule).tolist() == expected.tolist()


def test_ghosts_matter_and_vanish_where_everything_divides():
    q, k, v = qkv((30, 30), 2, 2, dtype=np.float64)
    for n, moved in (30, True), (24, False):
        parts = [x[:, :n] for x in (q, k, v)]
        plain, padded = (
            dilated_attention(*parts, (8, 24), (2, 4), ghosts=ghosts) for ghosts in (False, True)
        )
        assert (np.abs(plain - padded).max() > 0.05) == moved


@pytest.mark.parametrize("ghosts", [False, True])
def test_shapes_and_dtypes_are_those_of_attend(ghosts):
    def layer(q, k, v):
        return dilated_attention(q, k, v, (5, 9), (2, 1), ghosts=ghosts)

    q, k, v = qkv((12, 12), 4, 2, batch=(3,))
    out = layer(q, k, v)
    assert out.shape == (3, 4, 12, 5) and out.dtype == np.float32
    np.testing.assert_allclose(out[1], layer(q[1], k[1], v[1]), atol=1e-6)
    head = layer(q[0, 0], k[0, 0], v[0, 0])
    np.testing.assert_allclose(head, layer(q[:1, :1], k[:1, :1], v[:1, :1])[0, 0], atol=1e-6)
    assert layer(q[..., :0, :], k[..., :0, :], v[..., :0, :]).shape == (3, 4, 0, 5)


def test_refusals():
    q, k, v = qkv((4, 4))
    with pytest.raises(
        ValueError, match="longnet: rule must be one of 'paper', 'torchscale', got 'mod'"
    ):
        dilated_attention(q, k, v, (4,), (1,), rule="mod")
    with pytest.raises(TypeError, match="dilated_attention: causal must be True or False, got 1"):
        dilated_attention(q, k, v, (4,), (1,), causal=1)
    with pytest.raises(ValueError, match="longnet: rates must be one for each"):
        ghost_counts((4,), (), 4)
    assert sr.published.dilated_attention is dilated_attention
