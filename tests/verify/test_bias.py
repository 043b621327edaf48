"""Biases have names: ALiBi with its slope, head by head, relative positions, and those of keys;
others have none.
"""

import ml_dtypes
import numpy as np
import pytest
from verify.implementations import softmax, spread

import sparse_ref as sr
from sparse_ref.verify import check, probe
from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.meaning.statement import Statement
from sparse_ref.verify.naming.bias import (
    bias_in_words,
    describe_bias,
    explained_rows,
    sample_weights,
)
from sparse_ref.verify.reading.sample import read_sample

N = 24
i, j = np.ogrid[:N, :N]
CAUSAL = sr.Causal()
TABLE = np.random.default_rng(0).normal(size=2 * N).astype(np.float32)
DTYPES = {"float32": np.float32, "bfloat16": ml_dtypes.bfloat16, "float16": np.float16}


def biased(bias, mask, dtype):
    """Attention over a mask with this bias, (n, n) or one a head, in a precision."""

    def fn(q, k, v):
        q, k, v = spread(*(x.astype(dtype).astype(np.float32) for x in (q, k, v)))
        x = q @ k.swapaxes(1, 2) / np.float32(4) + np.asarray(bias, np.float32)
        return (softmax(np.where(mask, x, np.float32(-np.inf))) @ v).astype(dtype)

    return fn


def said(bias, p=CAUSAL, heads=1, dtype="float32"):
    """The message of the bias that a check finds."""
    report = check(biased(bias, sr.dense(p, N), DTYPES[dtype]), p, N, heads)
    return next(finding.message for finding in report.findings if finding.kind == "bias")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [sr.Causal(), sr.Full(), sr.Local(5) | sr.Strided(5)])
def test_alibi_has_a_slope_a_head(p, dtype):
    text = said(-np.array([0.5, 0.25])[:, None, None] * abs(i - j), p, 2, dtype)
    slope, other = text.partition(": it is ")[2].split(" |i - j|, as with ALiBi, in head 0; ")
    assert abs(float(slope) + 0.5) < 0.005
    assert abs(float(other.partition(" ")[0]) + 0.25) < 0.005


@pytest.mark.parametrize("dtype", DTYPES)
def test_relative_positions_and_biases_of_keys_are_told(dtype):
    advice = "; declare bias= as a function of h, i and j if that is meant"
    assert said(TABLE[i - j + N], sr.Full(), dtype=dtype).endswith(
        "it is a function of i - j alone in head 0" + advice
    )
    assert said(TABLE[j] + 0 * i, dtype=dtype).endswith(
        "it is a function of j alone in head 0" + advice
    )
    both = np.stack([TABLE[i - j + N], -abs(i - j) / 4])
    assert "a function of i - j alone in head 0; -0.25" in said(both, heads=2, dtype="float32")


def test_any_other_bias_has_no_name():
    assert said(np.random.default_rng(1).normal(size=(N, N))).endswith(
        "weights differ at equal q . k"
    )


def test_the_bias_itself_is_what_a_probe_has():
    found = probe(biased(TABLE[i - j + N], np.True_, np.float32), N)
    own = TABLE[i - j + N]
    assert np.allclose(found.bias[0], own - own.max(axis=1, keepdims=True), atol=1e-4)


def usual_slopes(heads):
    """The slopes of the ALiBi paper, as its published code has them: recursive between powers."""
    if heads & (heads - 1) == 0:
        return [2.0 ** (-8 * (h + 1) / heads) for h in range(heads)]
    lower = 1 << (heads.bit_length() - 1)
    return usual_slopes(lower) + usual_slopes(2 * lower)[0::2][: heads - lower]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("heads", [1, 8, 12])
def test_the_usual_slopes_are_declared_by_a_word(heads, dtype):
    slopes = np.array(usual_slopes(heads))
    bias = -slopes[:, None, None] * abs(i - j)
    text = said(bias, heads=heads, dtype=dtype)
    named = [f"{-slope:.3g} |i - j|" for slope in slopes[:8]]
    if dtype == "float32":
        assert all(name in text for name in named)
        assert text.endswith("; declare alibi=True if that is meant")
    assert "counted" not in str(check(biased(bias, sr.dense(CAUSAL, N), DTYPES[dtype]), CAUSAL, N))


def test_other_slopes_are_declared_by_their_numbers():
    bias = -np.array([0.3, 0.0, 0.1])[:, None, None] * abs(i - j)
    assert said(bias, heads=3).endswith("; declare alibi=[0.3, 0, 0.1] if that is meant")
    assert "-0.2 (i - j) in head 0; declare bias=" in said(-0.2 * (i - j), sr.Full())


def explained(bias, wrong, dtype="float32"):
    """Which rows of causal attention with a bias `explained_rows` explains by the rows `wrong`."""
    x = np.where(sr.dense(CAUSAL, N), bias, -np.inf)[None]
    weights = softmax(x).astype(DTYPES[dtype]).astype(np.float64)
    others = ~wrong[None] & (np.arange(N) > 0)
    return explained_rows(weights, np.arange(N), wrong[None], others, dtype)[0]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rows_that_look_like_counts_are_explained_by_the_bias_of_the_others(dtype):
    wrong = np.arange(N) > 4
    for bias in (-0.6931 * abs(i - j), TABLE[i - j + N]):
        assert explained(bias, wrong, dtype)[1:5].all()
    counts = np.where((i < 5) & (j == 0), np.log(2.0), -0.7 * abs(i - j))
    assert not explained(counts, wrong, dtype)[1:5].any()


@pytest.mark.parametrize("e", [16, 64])
@pytest.mark.parametrize("slope", [0.5, 2.0**-8, 1e-4])
@pytest.mark.parametrize("p", [sr.Causal(), sr.Lookback(100)], ids=repr)
def test_a_sample_of_keys_names_slopes_at_large_n(p, slope, e):
    n = 900
    distance = abs(np.arange(n)[:, None] - np.arange(n))
    fn = biased(-slope * distance, sr.dense(p, n), np.float32)
    subject = Subject.new(fn, n, 1, CallOptions(e=e))
    weights, rows, keys = sample_weights(subject, *subject.equal_logits)
    wrong = np.ones((1, len(rows)), bool)
    text = describe_bias(weights, rows, wrong, "float32", keys)
    assert text.startswith(f": it is {-slope:.3g} |i - j|, as with ALiBi, in head 0")
    evidence = read_sample(subject, (p,), Statement(Meaning(), 1, (n, n), subject.d), 0)
    if slope > 1e-3:  # smaller ones are below what the sums of long rows show
        assert bias_in_words(subject, evidence) == text
    shuffled = np.random.default_rng(0).permutation(n)
    fn = biased(-0.01 * distance[shuffled][:, shuffled], sr.dense(p, n), np.float32)
    subject = Subject.new(fn, n, 1, CallOptions(e=e))
    weights, rows, keys = sample_weights(subject, *subject.equal_logits)
    assert describe_bias(weights, rows, wrong, "float32", keys) == ""
