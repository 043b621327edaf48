"""Originals: the package entmax 1.3, its outputs, supports and gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns

from sparse_ref.published import (
    EntmaxAttention,
    entmax,
    entmax15,
    entmax_alpha_backward,
    entmax_backward,
    sparsemax,
)

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
package = pytest.importorskip("entmax", reason="entmax is missing: make test-originals")

pytestmark = pytest.mark.originals


@st.composite
def rows(draw):
    """Logits (3, n), some of them -inf, no row of only -inf."""
    n = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    z = rng.standard_normal((3, n)) * draw(st.sampled_from([0.3, 1, 4]))
    members = rng.random((3, n)) < 0.8
    members[:, 0] = True
    return np.where(members, z, -np.inf)


def assert_same(mine, original, z, alpha):
    """Outputs, supports, gradients at the logits."""
    tensor = torch.tensor(z, requires_grad=True)
    p = original(tensor)
    np.testing.assert_allclose(mine, p.detach(), atol=1e-6)
    sure = (p > 1e-7) | (p == 0)
    assert np.array_equal((mine > 0)[sure], (p > 0)[sure])
    grad = np.random.default_rng(1).standard_normal(z.shape)
    p.backward(torch.tensor(grad))
    found = entmax_backward(grad, p.detach(), alpha)
    np.testing.assert_allclose(found, torch.nan_to_num(tensor.grad), atol=1e-6)


@given(rows())
def test_sparsemax_and_entmax_15(z):
    assert_same(sparsemax(z), lambda t: package.sparsemax(t, dim=-1), z, 2.0)
    assert_same(entmax15(z), lambda t: package.entmax15(t, dim=-1), z, 1.5)


@given(rows(), st.sampled_from([1.1, 1.3, 1.5, 1.75, 2.0, 2.5]))
def test_entmax_by_bisection(z, alpha):
    z = np.where(z == -np.inf, -1e3, z)

    def original(t):
        return package.entmax_bisect(t, alpha=alpha, dim=-1, n_iter=60)

    assert_same(entmax(z, alpha), original, z, alpha)


@given(rows(), st.sampled_from([1.2, 1.5, 1.8, 2.0]))
def test_the_gradient_at_alpha(z, alpha):
    z = np.where(z == -np.inf, -1e3, z)
    parameter = torch.full((3, 1), alpha, dtype=torch.float64, requires_grad=True)
    p = package.entmax_bisect(torch.tensor(z), alpha=parameter, dim=-1, n_iter=60)
    grad = np.random.default_rng(2).standard_normal(z.shape)
    p.backward(torch.tensor(grad))
    found = entmax_alpha_backward(grad, p.detach(), alpha)
    np.testing.assert_allclose(found, parameter.grad[:, 0], atol=1e-5)


@given(patterns(most=6), st.integers(1, 10), st.sampled_from([1.5, 2.0]))
def test_attention_over_a_pattern_is_the_package_under_its_mask(p, n, alpha):
    """On rows that have keys: see the next test."""
    rng = np.random.default_rng(n)
    q, k, v = rng.standard_normal((3, 2, n, 4))
    members = mask(p, n)
    filled = members.any(axis=-1)
    z = np.where(members, q @ k.swapaxes(-1, -2) / 2, -np.inf)
    original = package.sparsemax if alpha == 2 else package.entmax15
    layer = EntmaxAttention(alpha)
    found = layer.mixing(q, k, p)
    if filled.any():
        weights = original(torch.tensor(z[:, filled]), dim=-1).numpy()
        np.testing.assert_allclose(found[:, filled], weights, atol=1e-6)
    assert not found[:, ~filled].any()
    np.testing.assert_allclose(layer(q, k, v, p), found @ v, atol=1e-12)


def test_defect_a_row_without_members_raises_or_is_nan():
    z = torch.full((1, 3), -torch.inf)
    for function in (package.sparsemax, package.entmax15):
        with pytest.raises(RuntimeError, match="index -1 is out of bounds"):
            function(z, dim=-1)
    assert package.entmax_bisect(z, dim=-1).isnan().all()
    for ours in (sparsemax, entmax15, entmax):
        assert not ours(z).any()


def test_a_mask_of_minus_inf_holds_under_bisection_too():
    z = torch.tensor([1.0, 0.5, -torch.inf], dtype=torch.float64)
    exact = package.entmax15(z, dim=-1).numpy()
    np.testing.assert_allclose(entmax(z, 1.5), exact, atol=1e-6)
    found = package.entmax_bisect(z, alpha=1.5, dim=-1).numpy()
    np.testing.assert_allclose(found, exact, atol=1e-6)
    assert package.entmax_bisect(z[2:], alpha=1.5, dim=-1).isnan().all()
