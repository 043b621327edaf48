"""Gradients of others: right ones pass, wrong ones are told by their name."""

import numpy as np
import pytest
from verify.implementations import masked, tri
from withstood import withstands

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
            assert f"of {name} with wrong numbers" in report.findings[0].message


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_at_large_n_are_those_of_the_rows_that_were_looked_at(dtype):
    options = dict(n=400, dtype=dtype, d=32, exhaustive=False)
    assert check(fn, P, gradients=vjp(), **options).passed
    for name in ("dq", "dk", "dv"):
        assert f"of {name} with wrong numbers" in str(
            check(fn, P, gradients=vjp(name, 0.9), **options)
        )


@pytest.mark.parametrize("name", ["dq", "dk", "dv"])
@withstands("wrong gradients")
def test_a_wrong_gradient_is_named(name):
    report = check(masked(tri(40, keys=5)), P, 40, gradients=vjp(name, 1.1, slice(7, 9)))
    assert [finding.kind for finding in report.findings] == ["gradient"]
    assert f"2 rows of {name} with wrong numbers" in report.findings[0].message
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


def wider(keys):
    """Gradients of a window of so many keys, whatever the forward pass does; those of q and k are
    the right ones.
    """

    def back(q, k, v, grad):
        found = []
        for p in (P, sr.Lookback(keys)):
            out, lse = sr.attend_with_lse(q, k, v, p)
            found.append(sr.attend_backward(grad, q, k, v, out, lse, p))
        return *found[0][:2], found[1][2]

    return back


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("every", [True, False])
def test_a_backward_pass_over_other_sets_is_told_with_its_first_query(dtype, every):
    report = check(
        fn, P, 300, 4, kv_heads=2, d=32, gradients=wider(6), dtype=dtype, exhaustive=every
    )
    said = [
        finding.message
        for finding in report.findings
        if "comes from other queries" in finding.message
    ]
    assert said
    assert "head 0, query 5 reaches key 0" in said[0] if every else "reaches key" in said[0]


def test_a_backward_pass_that_lacks_a_single_key_of_a_long_window_is_told_in_half_precision():
    long, short = sr.Lookback(600), sr.Lookback(599)

    def back(q, k, v, grad):
        out, lse = sr.attend_with_lse(q, k, v, long)
        dq, dk, _ = sr.attend_backward(grad, q, k, v, out, lse, long)
        return dq, dk, sr.attend_backward(grad, q, k, v, out, lse, short)[2]

    options = dict(dtype="bfloat16", d=64, exhaustive=True)
    right = check(
        lambda q, k, v: sr.attend(q, k, v, long),
        long,
        1300,
        gradients=lambda q, k, v, g: sr.attend_backward(
            g, q, k, v, *sr.attend_with_lse(q, k, v, long), long
        ),
        **options,
    )
    assert right.passed, right
    report = check(lambda q, k, v: sr.attend(q, k, v, long), long, 1300, gradients=back, **options)
    assert "head 0, query 599 does not reach key 0" in str(report)
