"""Originals: the numbers and gradients of `attend` beside those of PyTorch, both judged by float64;
tensors as input.
"""

import sys

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import patterns, qkv

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
flex = pytest.importorskip(
    "torch.nn.attention.flex_attention", reason="torch is missing: make test-originals"
)

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 150), st.integers(1, 150))
SEEDS = st.integers(0, 9999)
FLOAT32 = 2.0**-23
sdpa = torch.nn.functional.scaled_dot_product_attention


def tensors(*arrays):
    return tuple(torch.from_numpy(x) for x in arrays)


def masked(p, n):
    return torch.from_numpy(sr.dense(p, n))


@given(patterns(), LENGTHS, SEEDS, st.sampled_from([1, 8, 64]), st.sampled_from([0.1, 1, 5]))
@settings(max_examples=40)
def test_float32_is_as_near_to_float64_as_torch_is(p, n, seed, d, spread):
    q, k, v = qkv(n, heads=2, groups=2, d=d, seed=seed)
    q *= np.float32(spread)
    mask = masked(p, n)
    exact = sdpa(*(x.double()[None] for x in tensors(q, k, v)), attn_mask=mask)[0].numpy()
    theirs = sdpa(*(x[None] for x in tensors(q, k, v)), attn_mask=mask)[0].numpy()
    ours = sr.attend(q, k, v, p)
    floor = (
        FLOAT32 * abs(v).max() * (1 + spread)
    )  # one rounding of v, where torch happened to make none
    assert abs(ours - exact).max() <= 2 * abs(theirs - exact).max() + floor


@given(patterns(), LENGTHS, SEEDS)
@settings(max_examples=30)
def test_float64_and_the_reference_are_torch_float64(p, n, seed):
    q, k, v = qkv(n, heads=2, groups=2, dtype=np.float64, seed=seed)
    theirs = sdpa(*(x[None] for x in tensors(q, k, v)), attn_mask=masked(p, n))[0].numpy()
    for device in ("cpu", "reference"):
        np.testing.assert_allclose(sr.attend(q, k, v, p, device=device), theirs, atol=1e-12)


@given(
    patterns(),
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
    SEEDS,
    st.sampled_from([None, 0.3]),
)
@settings(max_examples=30)
def test_gradients_are_those_of_autograd(p, n, seed, scale):
    q, k, v = qkv(n, heads=4, groups=2, dtype=np.float64, seed=seed)
    out, lse = sr.attend_with_lse(q, k, v, p, scale=scale)
    grad = np.random.default_rng(seed).standard_normal(out.shape)
    leaves = [x.requires_grad_() for x in tensors(q, k, v)]
    theirs = sdpa(*(x[None] for x in leaves), attn_mask=masked(p, n), scale=scale, enable_gqa=True)
    theirs.backward(torch.from_numpy(grad)[None])
    for device in ("cpu", "reference"):
        ours = sr.attend_backward(grad, q, k, v, out, lse, p, scale=scale, device=device)
        for name, mine, leaf in zip("qkv", ours, leaves):
            np.testing.assert_allclose(
                mine, leaf.grad.numpy(), atol=1e-11, err_msg=f"d{name}, {device}"
            )


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@given(patterns(), LENGTHS, SEEDS)
@settings(max_examples=20)
def test_flex_attention_and_its_log_sum_exp(p, n, seed):
    q, k, v = qkv(n, heads=4, groups=2, dtype=np.float64, seed=seed)
    block_mask = flex.create_block_mask(
        lambda b, h, i, j: p.contains(i, j), None, None, *n, device="cpu"
    )
    theirs = flex.flex_attention(
        *(x[None] for x in tensors(q, k, v)),
        block_mask=block_mask,
        enable_gqa=True,
        return_aux=flex.AuxRequest(lse=True),
    )
    out, lse = sr.attend_with_lse(q, k, v, p)
    np.testing.assert_allclose(out, theirs[0][0].numpy(), atol=1e-12)
    np.testing.assert_allclose(lse, theirs[1].lse[0].numpy(), atol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_tensors_are_taken_as_arrays(dtype):
    q, k, v = (x.astype(dtype) for x in qkv((9, 7), heads=2, groups=2))
    ours = sr.attend(*tensors(q, k, v), sr.Causal())
    assert type(ours) is torch.Tensor
    assert ours.numpy().dtype == dtype
    assert np.array_equal(ours.numpy(), sr.attend(q, k, v, sr.Causal()))
    strided = tuple(x.transpose(0, 1).contiguous().transpose(0, 1) for x in tensors(q, k, v))
    assert torch.equal(sr.attend(*strided, sr.Causal()), ours)


def test_bfloat16_crosses_by_its_bits():
    q, k, v = tensors(*qkv((40, 30), heads=2, groups=2))
    half = [x.bfloat16() for x in (q, k, v)]
    ours = sr.attend(*half, sr.Causal())
    assert ours.dtype == torch.bfloat16
    bits = [x.view(torch.int16).numpy().view(ml_dtypes.bfloat16) for x in half]
    by_hand = sr.attend(*bits, sr.Causal()).view(np.int16)
    assert np.array_equal(ours.view(torch.int16).numpy(), by_hand)
    mask = masked(sr.Causal(), (40, 30))
    exact = sdpa(*(x.double()[None] for x in half), attn_mask=mask)[0].numpy()
    np.testing.assert_allclose(ours.double().numpy(), exact, rtol=2**-8, atol=1e-5)


def test_bfloat16_without_ml_dtypes_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    half = torch.ones(4, 8, dtype=torch.bfloat16)
    with pytest.raises(TypeError, match=r"^q must be .* package ml_dtypes, which has it, is not"):
        sr.attend(half, half, half, sr.Causal())


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    "pattern", [sr.Lookback(3), sr.Branches((sr.Causal(), sr.Window(0)))], ids=repr
)
def test_autograd_goes_back_through_attend(pattern, groups):
    vectors = tensors(*qkv((7, 7), heads=2, groups=groups))
    q, k, v = (x.double().requires_grad_() for x in vectors)

    def out(q, k, v):
        return sr.attend(q, k, v, pattern)

    assert torch.autograd.gradcheck(out, (q, k, v))
    out, lse = sr.attend_with_lse(q, k, v, pattern)
    assert (out.requires_grad, lse.requires_grad) == (True, False)
    with torch.no_grad():
        assert not sr.attend(q, k, v, pattern).requires_grad


def test_the_other_doors_give_back_tensors():
    q, k, v = tensors(*qkv((5, 5), heads=2, groups=2))
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    gradients = sr.attend_backward(out, q, k, v, out, lse, sr.Causal())
    merged = sr.merge([(out, lse), (out, lse)])
    assert {type(x) for x in (out, lse, *gradients, *merged)} == {torch.Tensor}
    assert torch.allclose(merged[0], out)
    assert torch.allclose(merged[1], lse + np.log(2))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda x: x.to("meta"), "meta"),
        (lambda x: x.to_sparse(), "[Ss]parse"),
        (lambda x: x.long(), "int64"),
    ],
)
def test_tensors_that_cannot_cross_are_refused_by_name(spoil, reason):
    q, k, v = tensors(*qkv((4, 4)))
    with pytest.raises(TypeError, match=rf"(?s)^k must .*{reason}"):
        sr.attend(q, spoil(k), v, sr.Causal())


def test_a_gradient_of_a_gradient_is_refused():
    q, k, v = tensors(*qkv((4, 4)))
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    with pytest.raises(TypeError, match=r"(?s)^k must .*requires grad"):
        sr.attend_backward(out, q, k.requires_grad_(), v, out, lse, sr.Causal())
