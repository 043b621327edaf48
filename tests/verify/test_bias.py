"""Biases have names: ALiBi with its slope, head by head, relative positions, and those of keys;
others have none.
"""

import ml_dtypes
import numpy as np
import pytest
from verify.implementations import softmax, spread

import sparse_ref as sr
from sparse_ref.verify import check, probe

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
    assert said(TABLE[i - j + N], sr.Full(), dtype=dtype).endswith(
        "it is a function of i - j alone in head 0"
    )
    assert said(TABLE[j] + 0 * i, dtype=dtype).endswith("it is a function of j alone in head 0")
    both = np.stack([TABLE[i - j + N], -abs(i - j) / 4])
    assert "a function of i - j alone in head 0; -0.25" in said(both, heads=2, dtype="float32")


def test_any_other_bias_has_no_name():
    assert said(np.random.default_rng(1).normal(size=(N, N))).endswith("as if a bias were added")


def test_the_bias_itself_is_what_a_probe_has():
    found = probe(biased(TABLE[i - j + N], np.True_, np.float32), N)
    own = TABLE[i - j + N]
    assert np.allclose(found.bias[0], own - own.max(axis=1, keepdims=True), atol=1e-4)
