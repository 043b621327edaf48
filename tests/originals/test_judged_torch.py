"""Verify on torch itself: in bfloat16 at real lengths, and through autograd."""

import pytest

import sparse_ref as sr
from sparse_ref.verify import check

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = pytest.mark.originals
N, W = 4096, 2048


def windowed(keys, n=N):
    """PyTorch's attention over a window of so many keys."""
    i = torch.arange(n)
    mask = (i <= i[:, None]) & (i > i[:, None] - keys)
    return lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def test_a_window_of_2048_that_holds_one_key_more_is_named_in_bfloat16():
    options = dict(layout="bhnd", framework="torch", dtype="bfloat16", d=64)
    assert check(windowed(W), sr.Lookback(W), N, **options).passed
    report = check(windowed(W + 1), sr.Lookback(W), N, **options)
    assert report.names == {0: f"Lookback({W + 1})"}
    assert "one key too many at the left edge of 2,048 of 4,096 rows" in str(report)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_by_autograd(dtype):
    options = dict(layout="bhnd", framework="torch", dtype=dtype, gradients="torch", d=32)
    assert check(windowed(9, 40), sr.Lookback(9), 40, 2, **options).passed

    def detached(q, k, v):
        return windowed(9, 40)(q, k.detach(), v) + 0 * k.sum()

    report = check(detached, sr.Lookback(9), 40, 2, **options)
    assert [finding.kind for finding in report.findings] == ["gradient"]
    assert "of dk with wrong numbers" in report.findings[0].message


class Scaled(torch.autograd.Function):
    """What it is given, with nine tenths of its gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * 0.9


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_gradient_a_tenth_too_small_is_found_and_eager_attention_passes(dtype):
    i = torch.arange(200)
    mask = (i <= i[:, None]) & (i > i[:, None] - 64)

    def eager(q, k, v):
        x = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(~mask, -torch.inf)
        return torch.softmax(x, -1) @ v

    options = dict(layout="bhnd", framework="torch", dtype=dtype, gradients="torch", d=64)
    assert check(eager, sr.Lookback(64), 200, 2, **options).passed
    for at, name in enumerate(("dq", "dk", "dv")):

        def wrong(*x, at=at):
            return eager(*(Scaled.apply(y) if place == at else y for place, y in enumerate(x)))

        report = check(wrong, sr.Lookback(64), 200, 2, **options)
        assert [finding.kind for finding in report.findings] == ["gradient"]
        assert f"of {name} with wrong numbers" in report.findings[0].message
