"""Gradients of others: right ones pass, wrong ones are told by their name."""

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check

P = sr.Lookback(5)


def fn(q, k, v):
    """The library's own attention."""
    return sr.attend(q, k, v, P)


def vjp(wrong=None, factor=1.0, rows=slice(None)):
    """The library's own gradients, one of the three off by a factor in some rows."""
    def back(q, k, v, grad):
        out, lse = sr.attend_with_lse(q, k, v, P)
        found = dict(zip(("dq", "dk", "dv"), sr.attend_backward(grad, q, k, v, out, lse, P)))
        if wrong:
            found[wrong][:, rows] *= np.float32(factor)
        return tuple(found.values())
    return back


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_right_gradients_pass_and_those_a_tenth_too_small_do_not(dtype):
    for seed in range(3):
        options = dict(heads=4, kv_heads=2, dtype=dtype, seed=seed)
        assert check(fn, P, 40, gradients=vjp(), **options).passed
        for name in ("dq", "dk", "dv"):
            report = check(fn, P, 40, gradients=vjp(name, 0.9), **options)
            assert [finding.kind for finding in report.findings] == ["gradient"]
            assert f"of {name} off" in report.findings[0].message


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_at_large_n_are_those_of_the_rows_that_were_looked_at(dtype):
    options = dict(n=400, dtype=dtype, d=32, exhaustive=False)
    assert check(fn, P, gradients=vjp(), **options).passed
    for name in ("dq", "dk", "dv"):
        assert f"of {name} off" in str(check(fn, P, gradients=vjp(name, 0.9), **options))


@pytest.mark.parametrize("name", ["dq", "dk", "dv"])
def test_a_wrong_gradient_is_named(name):
    report = check(masked(tri(40, keys=5)), P, 40, gradients=vjp(name, 1.1, slice(7, 9)))
    assert [finding.kind for finding in report.findings] == ["gradient"]
    assert f"2 rows of {name} off" in report.findings[0].message
    assert report.findings[0].at == (0, 7)


def test_a_key_head_that_is_not_summed_and_a_backward_that_raises_are_findings():
    def last(q, k, v, grad):
        dq, dk, dv = vjp()(q, k, v, grad)
        return dq, dk[:1], dv
    report = check(fn, P, 40, 4, kv_heads=2, gradients=last)
    assert "dk must have shape (2, 40, 16), got (1, 40, 16)" in str(report)
    report = check(fn, P, 40, gradients=lambda q, k, v, grad: 1 / 0)
    assert [finding.kind for finding in report.findings] == ["error"]
    assert "the gradient of fn raised ZeroDivisionError" in str(report)
