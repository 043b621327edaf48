"""Originals: masks and biases that interop makes, handed to PyTorch's attention, and its tensors
and functions read.
"""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import mask, patterns, qkv

import sparse_ref as sr
from sparse_ref import interop

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))
HEADS = st.lists(patterns(most=10), min_size=2, max_size=3)
sdpa = torch.nn.functional.scaled_dot_product_attention


@given(HEADS, LENGTHS, st.integers(0, 99))
@settings(max_examples=40)
def test_sdpa_takes_the_allowed_mask_and_the_bias(heads, n, seed):
    q, k, v = qkv(n, heads=len(heads), groups=len(heads), dtype=np.float64, seed=seed)
    ours = sr.attend(q, k, v, heads)
    for given_mask in (
        interop.allowed_mask(heads, n),
        interop.additive_bias(heads, n, dtype=np.float64),
    ):
        theirs = sdpa(
            *(torch.from_numpy(x)[None] for x in (q, k, v)), attn_mask=torch.from_numpy(given_mask)
        )
        np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-12)


@given(HEADS, st.integers(1, 30), st.integers(0, 99))
@settings(max_examples=40)
def test_multihead_attention_takes_the_forbidden_mask(heads, n, seed):
    heads = [p | sr.Window(0) for p in heads]  # it gives NaN for empty rows
    width = 4 * len(heads)
    layer = torch.nn.MultiheadAttention(
        width, len(heads), bias=False, batch_first=True, dtype=torch.float64
    ).eval()
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.cat([torch.eye(width, dtype=torch.float64)] * 3))
        layer.out_proj.weight.copy_(torch.eye(width, dtype=torch.float64))
        x = np.random.default_rng(seed).standard_normal((n, width))
        theirs, weights = layer(
            *[torch.from_numpy(x)[None]] * 3,
            attn_mask=torch.from_numpy(interop.forbidden_mask(heads, n)),
            average_attn_weights=False,
        )
    split = x.reshape(n, len(heads), 4).swapaxes(0, 1)
    ours = sr.attend(split, split, split, heads)
    np.testing.assert_allclose(ours.swapaxes(0, 1).reshape(n, width), theirs[0].numpy(), atol=1e-12)
    assert np.array_equal(weights[0].numpy() > 0, interop.allowed_mask(heads, n))


@given(patterns(), LENGTHS)
@settings(max_examples=30)
def test_tensors_are_read_as_arrays_are(p, n):
    allowed = torch.from_numpy(interop.allowed_mask(p, n))
    rows = sr.csr(p, n)
    for found in (
        interop.from_allowed_mask(allowed),
        interop.from_forbidden_mask(~allowed),
        interop.from_additive_bias(torch.zeros(n).masked_fill(~allowed, -torch.inf)),
        interop.from_csr(torch.from_numpy(rows.indptr), torch.from_numpy(rows.indices), n),
    ):
        assert np.array_equal(sr.dense(found, n), mask(p, n))


def test_a_function_of_tensors_needs_the_framework_by_name():
    with pytest.raises(TypeError):
        interop.from_mask_mod(lambda q, kv: torch.le(kv, q), 4)
    found = interop.from_mask_mod(lambda q, kv: torch.le(kv, q), 4, framework="torch")
    assert np.array_equal(sr.dense(found, 4), sr.dense(sr.Causal(), 4))


def test_importing_interop_imports_neither_torch_nor_scipy():
    """They cannot be imported there. Numba imports SciPy of itself where it can."""
    missing = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'scipy', 'jax', 'transformers']))"
    )
    code = f"{missing}; from sparse_ref import interop"
    subprocess.run([sys.executable, "-c", code], check=True)
