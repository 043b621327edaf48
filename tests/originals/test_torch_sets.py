"""Originals: what PyTorch calls causal, and patterns that are evaluated on torch tensors or handed
to FlexAttention as they are.
"""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from originals.set_verdict import assert_right
from strategies import RULES, instances, patterns

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
flex = pytest.importorskip(
    "torch.nn.attention.flex_attention", reason="torch is missing: make test-originals"
)
bias = pytest.importorskip(
    "torch.nn.attention.bias", reason="torch is missing: make test-originals"
)

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))
sdpa = torch.nn.functional.scaled_dot_product_attention


def members(p, n, dtype=torch.int64):
    """The mask of p evaluated on tensors alone."""
    mask = p.contains(
        torch.arange(n[0], dtype=dtype)[:, None], torch.arange(n[1], dtype=dtype)[None, :]
    )
    assert isinstance(mask, torch.Tensor)
    assert mask.dtype == torch.bool
    return np.broadcast_to(mask.numpy(), n)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_reads_tensors(rule):
    for p in instances(rule, most=4):
        n = (9, 13) if p.own_length is None else (p.own_length, p.own_length)
        for dtype in (torch.int32, torch.int64):
            assert np.array_equal(members(p, n, dtype), sr.dense(p, n)), f"{p!r}, {dtype}"


@given(patterns(), LENGTHS)
def test_the_algebra_reads_tensors(p, n):
    assert np.array_equal(members(p, n), sr.dense(p, n)), f"{p!r}"


@given(patterns(), LENGTHS, st.sampled_from([1, 4, 16, (8, 3)]))
@settings(max_examples=40)
def test_contains_is_a_mask_mod_and_its_block_mask_holds_the_blocks_of_bsr(p, n, block):
    theirs = flex.create_block_mask(mask_mod(p), None, None, *n, device="cpu", BLOCK_SIZE=block)
    ours = sr.bsr(p, n, block)
    holds = np.zeros(theirs.to_dense().shape[-2:], bool)
    holds[np.repeat(np.arange(len(holds)), np.diff(ours.indptr)), ours.indices] = True
    assert np.array_equal(theirs.to_dense()[0, 0].numpy() != 0, holds)
    assert np.array_equal(
        flex.create_mask(mask_mod(p), None, None, *n, device="cpu")[0, 0].numpy(), sr.dense(p, n)
    )


def mask_mod(p):
    """p as FlexAttention asks for masks."""
    return lambda b, h, i, j: p.contains(i, j)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@given(patterns(most=10), LENGTHS)
@settings(max_examples=20)
def test_flex_attention_attends_to_exactly_these_sets(p, n):
    block_mask = flex.create_block_mask(mask_mod(p), None, None, *n, device="cpu")
    fn = partial(flex.flex_attention, block_mask=block_mask)
    assert_right(fn, p, n, heads=2, layout="bhnd", framework="torch")


@pytest.mark.parametrize("n", [(5, 5), (3, 7), (7, 3), (1, 6), (70, 65)])
def test_is_causal_and_its_two_biases(n):
    n_q, n_k = n
    causal, corner = sr.Causal(), sr.Shifted(sr.Causal(), n_k - n_q)
    fns = [
        (partial(sdpa, is_causal=True), causal),
        (partial(sdpa, attn_mask=bias.causal_upper_left(n_q, n_k)), causal),
    ]
    if n_k >= n_q:
        fns.append((partial(sdpa, attn_mask=bias.causal_lower_right(n_q, n_k)), corner))
    for fn, p in fns:
        assert_right(fn, p, n, heads=2, layout="bhnd", framework="torch")
    if 1 < n_q < n_k:
        report = sr.verify.check(fns[0][0], corner, n, layout="bhnd", framework="torch")
        assert {finding.kind for finding in report.findings} == {"alignment", "missing"}


def test_square_subsequent_mask_is_causal():
    mask = torch.nn.Transformer.generate_square_subsequent_mask(9)
    assert np.array_equal(torch.isfinite(mask).numpy(), sr.dense(sr.Causal(), 9))


@given(patterns(most=10), LENGTHS)
@settings(max_examples=25)
def test_sdpa_takes_a_dense_mask_as_it_is_empty_rows_and_all(p, n):
    mask = torch.from_numpy(sr.dense(p, n))
    fn = partial(sdpa, attn_mask=mask)
    assert_right(fn, p, n, heads=2, layout="bhnd", framework="torch")


def test_a_finite_mask_value_is_no_mask():
    mask = torch.from_numpy(np.where(sr.dense(sr.Causal(), 6), 0, -1e4).astype(np.float32))
    report = sr.verify.check(
        partial(sdpa, attn_mask=mask), sr.Causal(), 6, layout="bhnd", framework="torch"
    )
    assert "leak" in {finding.kind for finding in report.findings}
