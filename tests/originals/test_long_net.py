"""Originals: the package longnet, whose sets are those of one branch of LongNet as far as its
output goes, and no further.

Its flash attention comes from a package that is not installed, and is replaced by torch's.
torchscale, the code of the paper's authors, has no release with this layer: its rule is tested from
its statement, in tests/patterns and tests/published.
"""

import numpy as np
import pytest
from by_path import long_net
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = pytest.mark.originals
original = long_net()


def layer(w, r, dim, heads=1, causal=False):
    """The layer with logits 0 and values that are its input."""
    torch.manual_seed(0)
    made = original.DilatedAttention(
        dim, heads, r, w, causal=causal, dtype=torch.float32, device="cpu"
    )
    with torch.no_grad():
        for part in (made.proj_q, made.proj_k, made.proj_v):
            part.weight.zero_()
            part.bias.zero_()
        made.proj_v.weight.copy_(torch.eye(dim))
    return made.eval()


def weights(n, w, r, **options):
    """What each row of the output takes from each position, (rows, n)."""
    return layer(w, r, n, **options)(torch.eye(n)[None])[0].detach().numpy()


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 5))
def test_the_rows_it_has_are_those_of_a_segment_at_offset_0(w, r, count):
    n = count * w
    p = sr.dense(sr.DilatedSegment(w, r, 0), n)
    held = [i for i in range(n) if i % w % r == 0]
    expected = p[held] / p[held].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights(n, w, r), expected, rtol=1e-5)


@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 30))
def test_where_segments_do_not_divide_n_it_attends_to_as_many_zeros_as_counted(w, r, more):
    n, slots = w + more, -(-w // r)
    p, ghosts = sr.dense(sr.DilatedSegment(w, r, 0), n), sr.published.ghost_counts((w,), (r,), n)
    held = [i for i in range(n) if i % w % r == 0]
    rows = weights(n, w, r)[[i // w * slots + i % w // r for i in held]]
    assert np.array_equal(rows > 0, p[held])
    np.testing.assert_allclose(1 - rows.sum(axis=1), ghosts[held] / slots, atol=1e-6)


@pytest.mark.parametrize(("w", "r"), [(8, 2), (8, 4), (6, 3)])
def test_defect_the_output_is_not_scattered_back(w, r):
    n = 2 * w
    assert weights(n, w, r).shape == (n // r, n), (
        "longnet now has a row for each position: compare it with sr.longnet"
    )


def test_defect_heads_have_no_offsets_of_their_own():
    one, four = (weights(16, 8, 2, heads=heads) for heads in (1, 4))
    assert np.array_equal(one, four), "longnet's heads now differ: compare them with sr.longnet"
    assert not four[:, 1::2].any(), "some head of longnet now takes odd positions"


def test_defect_causal_does_not_run():
    with pytest.raises(
        RuntimeError, match="must match the size"
    ):  # it masks the output, segments by segments
        weights(16, 4, 1, causal=True)
