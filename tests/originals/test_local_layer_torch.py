"""Originals: the small local layer beside four torch.nn.Linear and a mask, by torch's autograd."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import LocalAttention, LocalWeights

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = pytest.mark.originals

NAMES = "qkvo"


@given(
    st.integers(1, 40),
    st.integers(1, 50),
    st.integers(1, 9),
    st.sampled_from([(), (1,), (3,)]),
    st.integers(0, 999),
)
@settings(max_examples=30)
def test_the_layer_and_its_gradients_are_those_of_torch(n, window_size, d_model, batch, seed):
    torch.manual_seed(seed)
    linears = {name: torch.nn.Linear(d_model, d_model, dtype=torch.float64) for name in NAMES}
    X = torch.randn(*batch, n, d_model, dtype=torch.float64, requires_grad=True)
    grad = torch.randn(*batch, n, d_model, dtype=torch.float64)
    positions = torch.arange(n)
    is_near = (positions[:, None] - positions).abs() <= (window_size - 1) // 2
    q, k, v = (linears[name](X) for name in "qkv")
    logits = (q @ k.mT / d_model**0.5).masked_fill(~is_near, -torch.inf)
    out = linears["o"](logits.softmax(dim=-1) @ v)
    out.backward(grad)

    matrices = [linears[name].weight.detach().numpy().T for name in NAMES]
    biases = [linears[name].bias.detach().numpy() for name in NAMES]
    layer = LocalAttention(d_model, window_size, LocalWeights(*matrices, *biases))
    x = X.detach().numpy()
    dX, slopes = layer.backward(grad.numpy(), x)
    by_torch = [linears[name].weight.grad.T for name in NAMES]
    by_torch += [linears[name].bias.grad for name in NAMES]
    np.testing.assert_allclose(layer(x), out.detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dX, X.grad.numpy(), rtol=1e-9, atol=1e-11)
    for field, right in zip(fields(LocalWeights), by_torch):
        slope = getattr(slopes, field.name)
        np.testing.assert_allclose(slope, right.numpy(), rtol=1e-9, atol=1e-11)


def test_its_set_is_what_the_judge_reads_from_torch():
    """Positions at most (window_size - 1) // 2 apart, from the layer's own attention."""

    def attention(q, k, v):
        positions = torch.arange(q.shape[-2])
        is_near = (positions[:, None] - positions).abs() <= (6 - 1) // 2
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=is_near)

    report = sr.verify.check(attention, LocalAttention(4, 6).pattern, n=12, framework="torch")
    assert report.passed, report
