"""What an attacker found: right functions that failed, wrong ones that passed, untrue words."""

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check

HOW = dict(layout="hnd", framework="numpy")


class Biased:
    """Causal attention with sinks, ALiBi, a finite mask, and a window."""

    def __init__(self, heads, sinks=None, fill=-np.inf, additive=False, scale=None, keys=None):
        self.slopes = 2.0 ** (-8 * np.arange(1, heads + 1) / heads)
        self.sinks, self.fill, self.additive = sinks, fill, additive
        self.scale, self.keys = scale, keys

    def __call__(self, q, k, v):
        dtype = q.dtype
        q, k, v = (x.astype(np.float32) for x in (q, k, v))
        scale = q.shape[-1] ** -0.5 if self.scale is None else self.scale
        i, j = np.ogrid[: q.shape[1], : k.shape[1]]
        x = q @ k.swapaxes(1, 2) * np.float32(scale)
        if self.scale is None:
            x = x - (self.slopes[:, None, None] * abs(i - j)).astype(np.float32)
        mask = tri(q.shape[1], k.shape[1], keys=self.keys)
        if self.additive:
            x = x + np.where(mask, 0, self.fill).astype(np.float32)
        else:
            x = np.where(mask, x, np.float32(self.fill))
        top = x.max(axis=-1, keepdims=True)
        extra = 0.0
        if self.sinks is not None:
            top = np.maximum(top, np.float32(self.sinks))
            extra = np.exp(np.float32(self.sinks) - top)
        p = np.exp(x - top)
        return (p / (p.sum(axis=-1, keepdims=True) + extra) @ v).astype(dtype)


@pytest.mark.parametrize("exhaustive", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_sinks_beside_alibi_pass(dtype, exhaustive):
    fn = Biased(8, sinks=2.0, keys=8)
    options = dict(dtype=dtype, exhaustive=exhaustive, sinks=2.0, alibi=True)
    report = check(fn, sr.Lookback(8), 64, 8, **options, **HOW)
    assert report.passed, report


@pytest.mark.parametrize("additive", [True, False])
def test_a_fill_beside_alibi_passes(additive):
    fn = Biased(4, fill=-1e4, additive=additive)
    report = check(fn, sr.Causal(), 64, 4, fill=-1e4, alibi=True, **HOW)
    assert report.passed, report


@pytest.mark.parametrize("additive", [True, False])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1])
def test_a_fill_beside_another_scale_passes(scale, additive):
    fn = Biased(2, fill=-1e4, additive=additive, scale=scale)
    report = check(fn, sr.Causal(), 64, 2, fill=-1e4, scale=scale, **HOW)
    assert report.passed, report


@pytest.mark.parametrize("additive", [True, False])
def test_a_fill_that_large_logits_reach_is_judged_where_it_does_not_matter(additive):
    fn = masked_at_any_length(fill=-100.0, additive=additive)
    report = check(fn, sr.Causal(), 64, 4, fill=-100.0, **HOW)
    assert report.passed, report
    assert report.numbers[-1].rows < 4 * 64


def masked_at_any_length(**options):
    return lambda q, k, v: masked(tri(q.shape[1], k.shape[1]), **options)(q, k, v)


def test_a_length_that_is_wrong_fails_even_after_a_false_alarm():
    right = masked_at_any_length()

    def fn(q, k, v):
        return right(q, k, v) * np.float32(np.nan if q.shape[1] == 63 else 1)

    report = check(fn, sr.Causal(), 64, 2, **HOW)
    assert report.status == "FAIL"
    assert "n = 63" in report.verdict


@pytest.mark.parametrize(("pattern", "keys"), [(sr.Causal(), None), (sr.Lookback(1), 1)])
def test_a_layout_is_not_guessed_from_one_position(pattern, keys):
    def fn(q, k, v):
        assert q.ndim == 3
        return masked(tri(q.shape[1], k.shape[1], keys=keys))(q, k, v)

    report = check(fn, pattern, 1, 1)
    assert report.status != "FAIL", report
    assert report.form.layout == "hnd"


def test_the_log_sum_exp_of_rows_without_keys_is_no_constant_off():
    def fn(q, k, v):
        out = masked(tri(q.shape[1], offset=-1))(q, k, v)
        x = q @ k.swapaxes(1, 2) / np.float32(4)
        x = np.where(tri(q.shape[1], offset=-1), x, -np.inf)
        with np.errstate(divide="ignore"):
            lse = np.log(np.exp(x).sum(axis=-1))
        return out, np.where(lse == -np.inf, 0, lse).astype(np.float32)

    report = check(fn, sr.Causal() - sr.Window(0), 40, 2, **HOW)
    assert {finding.kind for finding in report.findings} == {"lse"}
    assert "off by" not in str(report)


def test_weights_at_given_q_and_k_are_not_called_a_bias():
    q, k = np.random.default_rng(0).standard_normal((2, 4, 40, 16), np.float32)
    report = check(masked(tri(40), scale=0.26), sr.Causal(), q=q, k=k, **HOW)
    assert report.heads == 4
    assert "other weights than the softmax of the logits that are meant" in report.verdict


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(q=np.ones((4, 8, 16)), k=np.ones((4, 8, 16)), heads=2), "q must have 2 heads"),
        (dict(q=np.full((1, 8, 4), np.nan), k=np.ones((1, 8, 4))), "q must be finite"),
        (dict(n=8, also=[0]), "also must have lengths of at least 1, got 0"),
    ],
    ids=["heads", "finite", "also"],
)
def test_what_cannot_be_asked_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        check(masked_at_any_length(), sr.Causal(), **options)
