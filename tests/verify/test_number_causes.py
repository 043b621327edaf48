"""A check reports the cause of wrong numbers first, and no words that the cause makes untrue."""

import numpy as np
import pytest
from verify.implementations import masked, tri
from verify.test_number_faults import N, streamed, with_lse
from verify.test_other_scores import CASES, retained, sigmoid

import sparse_ref as sr
from sparse_ref.verify import check

OPTIONS = dict(n=N, heads=4, kv_heads=2, ragged=False)


def first_line(fn, **options):
    """The first line of the report on what should be causal attention."""
    return str(check(fn, sr.Causal(), **OPTIONS | options)).split("\n")[0]


def kinds(report):
    return {finding.kind for finding in report.findings}


@pytest.mark.parametrize("exhaustive", [True, False], ids=["every pair", "sums"])
def test_a_missing_rescale_leads_the_report_at_any_n(exhaustive):
    line = first_line(streamed(16, acc_scaled=False), exhaustive=exhaustive)
    assert "missing rescale of the accumulator in online softmax, tiles of 16 keys" in line


def test_a_base_2_log_sum_exp_leads_the_report_with_its_option():
    report = check(with_lse(lambda s, x, lse: lse / np.log(2)), sr.Causal(), **OPTIONS)
    assert kinds(report) == {"lse"}
    assert 'declare lse="base2" if that is meant' in report.findings[0].message
    declared = check(
        with_lse(lambda s, x, lse: lse / np.log(2)), sr.Causal(), lse="base2", **OPTIONS
    )
    assert declared.passed, declared


@pytest.mark.parametrize("bias", [0.0, -np.log(N)])
def test_sigmoid_attention_is_no_ghost(bias):
    report = check(sigmoid(bias), sr.Causal(), **OPTIONS)
    assert "sigmoid attention" in report.findings[0].message
    assert "ghost" not in kinds(report)


def test_attention_without_weights_at_zero_has_no_kv_heads_that_do_not_exist():
    linear = CASES["relu(q) . relu(k), not divided by their sum"]
    for fn, words in ((linear, "linear attention"), (retained, "retention, no softmax")):
        report = check(fn, sr.Causal(), **OPTIONS)
        assert words in report.findings[0].message
        assert not kinds(report) & {"kv map", "bias", "ghost", "leak"}, report


def test_right_numbers_at_ordinary_logits_are_not_explained():
    def clipped(q, k, v):
        return masked(tri(N), weigh=clip)(q, np.repeat(k, 2, axis=0), np.repeat(v, 2, axis=0))

    def clip(x):
        p = np.exp(np.minimum(x, np.float32(8)))
        return p / p.sum(axis=-1, keepdims=True)

    report = check(clipped, sr.Causal(), **OPTIONS)
    assert not report.passed
    assert "online softmax" not in str(report)


@pytest.mark.parametrize("name", ["dq", "dk", "dv"])
def test_a_gradient_is_named_with_its_factor(name):
    def vjp(q, k, v, grad):
        out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
        parts = sr.attend_backward(grad, q, k, v, out, lse, sr.Causal())
        named = dict(zip(("dq", "dk", "dv"), parts))
        named[name] = named[name] * np.float32(0.5)
        return tuple(named.values())

    report = check(
        lambda q, k, v: sr.attend(q, k, v, sr.Causal()), sr.Causal(), gradients=vjp, **OPTIONS
    )
    assert report.findings[0].message.startswith(f"{name} is 0.5 of what it should be")
