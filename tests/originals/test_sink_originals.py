"""Originals: sinks with a logit as transformers computes them in gpt-oss and DeepSeek V4, and their
gradients by torch's autograd.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import patterns, qkv

import sparse_ref as sr
from sparse_ref.attention import sink_gradient

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
gpt_oss = pytest.importorskip(
    "transformers.models.gpt_oss.modeling_gpt_oss",
    reason="transformers is missing: make test-originals",
)
deepseek = pytest.importorskip(
    "transformers.models.deepseek_v4.modeling_deepseek_v4",
    reason="transformers is missing: make test-originals",
)

pytestmark = pytest.mark.originals

THEIRS = {"gpt-oss": gpt_oss, "DeepSeek V4": deepseek}
LENGTHS = st.tuples(st.integers(1, 60), st.integers(1, 60))
HEADS, GROUPS, BATCH = 4, 2, 2


def drawn(n, seed, dtype):
    """grad, q, k, v (B, H, n, d) and sink (H,), as NumPy arrays."""
    q, k, v = qkv(n, HEADS, GROUPS, d=6, e=6, dtype=dtype, seed=seed, batch=(BATCH,))
    grad = qkv(n, HEADS, d=6, dtype=dtype, seed=seed + 1, batch=(BATCH,))[0]
    rng = np.random.default_rng(seed)
    return grad, q, k, v, (3 * rng.standard_normal(HEADS)).astype(dtype)


def by_transformers(model, p, n, grad, *arrays):
    """[out, dq, dk, dv, dsink] of the eager attention of a model, in the dtype of the arrays."""
    q, k, v, sink = (torch.from_numpy(x).requires_grad_() for x in arrays)
    layer = SimpleNamespace(sinks=sink, num_key_value_groups=HEADS // GROUPS, training=False)
    mask = torch.zeros(n, dtype=q.dtype).masked_fill(~torch.from_numpy(sr.dense(p, n)), -np.inf)
    scale = q.shape[-1] ** -0.5
    out, _ = THEIRS[model].eager_attention_forward(layer, q, k, v, mask, scale)
    out = out.transpose(1, 2)
    out.backward(torch.from_numpy(grad))
    return [x.detach().numpy() for x in (out, q.grad, k.grad, v.grad, sink.grad)]


@pytest.mark.parametrize("model", THEIRS)
@given(patterns(), LENGTHS, st.integers(0, 9999))
@settings(max_examples=25)
def test_float64_is_what_transformers_computes(model, p, n, seed):
    grad, q, k, v, sink = drawn(n, seed, np.float64)
    out, lse = sr.attend_with_lse(q, k, v, p, sink=sink)
    gradients = sr.attend_backward(grad, q, k, v, out, lse, p, sink=sink)
    slope = sink_gradient(grad, out, lse, sink)
    theirs = by_transformers(model, p, n, grad, q, k, v, sink)
    for ours, right in zip((out, *gradients, slope), theirs):
        np.testing.assert_allclose(ours, right, rtol=1e-10, atol=1e-12)


@given(patterns(), LENGTHS, st.integers(0, 9999))
@settings(max_examples=25)
def test_float32_is_as_near_to_float64_as_transformers_is(p, n, seed):
    arrays = drawn(n, seed, np.float32)
    grad, q, k, v, sink = arrays
    exact = by_transformers("gpt-oss", p, n, *(x.astype(np.float64) for x in arrays))
    theirs = by_transformers("gpt-oss", p, n, *arrays)
    out, lse = sr.attend_with_lse(q, k, v, p, sink=sink)
    gradients = sr.attend_backward(grad, q, k, v, out, lse, p, sink=sink)
    slope = sink_gradient(grad, out, lse, sink)
    for ours, their, right in zip((out, *gradients, slope), theirs, exact):
        floor = 2.0**-20 * max(np.abs(right).max(), 1)  # the worst number of one input is luck
        assert np.abs(ours - right).max() <= 2 * np.abs(their - right).max() + floor


@given(patterns(), LENGTHS, st.integers(0, 9999), st.sampled_from([np.float64, np.float32]))
@settings(max_examples=25)
def test_autograd_goes_back_to_the_sink(p, n, seed, dtype):
    arrays = drawn(n, seed, dtype)
    grad = torch.from_numpy(arrays[0])
    q, k, v, sink = (torch.from_numpy(x).requires_grad_() for x in arrays[1:])
    out = sr.attend(q, k, v, p, sink=sink)
    out.backward(grad)
    _, *right = by_transformers("gpt-oss", p, n, *(x.astype(np.float64) for x in arrays))
    bound = 1e-11 if dtype is np.float64 else 1e-5
    for leaf, slope in zip((q, k, v, sink), right):
        assert leaf.grad.dtype == leaf.dtype
        size = max(np.abs(slope).max(), 1)
        np.testing.assert_allclose(leaf.grad.numpy(), slope, rtol=0, atol=bound * size)


@pytest.mark.parametrize("logit", [1e2, 1e4])
def test_autograd_keeps_the_share_of_a_large_sink(logit):
    """Rounding an lse of 1e4 to float32 would move the share of the sink by up to 5e-4."""
    q = torch.full((1, 9, 1), logit + 0.3)
    k, v = torch.ones(1, 9, 1), torch.ones(1, 9, 1)
    sink = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    out = sr.attend(q, k, v, sr.Window(0), scale=1.0, sink=sink)
    out.sum().backward()
    share = 1 / (1 + np.exp(float(q[0, 0, 0]) - logit))
    np.testing.assert_allclose(sink.grad.item(), -9 * share * (1 - share), rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_sink_of_16_bits_gets_a_gradient_of_16_bits(dtype):
    arrays = drawn((20, 20), 0, np.float32)
    grad, q, k, v, sink = (torch.from_numpy(x).to(dtype) for x in arrays)
    leaves = [x.requires_grad_() for x in (q, k, v, sink)]
    out, lse = sr.attend_with_lse(*leaves[:3], sr.Causal(), sink=sink)
    assert (out.dtype, lse.dtype) == (dtype, torch.float32)
    out.backward(grad)
    wide = [x.detach().double().numpy() for x in (grad, *leaves)]
    theirs = by_transformers("gpt-oss", sr.Causal(), (20, 20), *wide)
    assert sink.grad.dtype == dtype
    np.testing.assert_allclose(sink.grad.double().numpy(), theirs[-1], rtol=0.05, atol=0.05)


def test_a_sink_need_not_be_learned_nor_a_tensor():
    grad, *arrays = drawn((9, 9), 3, np.float64)
    q, k, v, sink = (torch.from_numpy(x) for x in arrays)
    expected = sr.attend(*arrays[:3], sr.Causal(), sink=arrays[3])
    assert torch.equal(sr.attend(q, k, v, sr.Causal(), sink=sink), torch.from_numpy(expected))
    slopes = []
    for logits in (sink, arrays[3], arrays[3].tolist()):
        leaf = q.clone().requires_grad_()
        sr.attend(leaf, k, v, sr.Causal(), sink=logits).backward(torch.from_numpy(grad))
        slopes.append(leaf.grad)
    assert torch.equal(slopes[0], slopes[1])
    assert torch.equal(slopes[0], slopes[2])


def test_only_the_sink_may_be_learned():
    grad, *arrays = drawn((9, 9), 3, np.float64)
    q, k, v, sink = (torch.from_numpy(x) for x in arrays)
    sink.requires_grad_()
    sr.attend(q, k, v, sr.Causal(), sink=sink).backward(torch.from_numpy(grad))
    theirs = by_transformers("gpt-oss", sr.Causal(), (9, 9), grad, *arrays)
    np.testing.assert_allclose(sink.grad.numpy(), theirs[-1], rtol=1e-11)
    with pytest.raises(TypeError, match=r"q must be a torch tensor, since another .* got ndarray"):
        sr.attend(arrays[0], k, v, sr.Causal(), sink=sink)


def test_the_other_doors_give_back_tensors():
    grad, *arrays = drawn((9, 9), 3, np.float32)
    q, k, v, sink = (torch.from_numpy(x) for x in arrays)
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal(), sink=sink)
    slope = sink_gradient(torch.from_numpy(grad), out, lse, sink)
    merged, _ = sr.merge([(out, lse), (out, lse)], sink=sink)
    assert isinstance(slope, torch.Tensor)
    assert isinstance(merged, torch.Tensor)
