"""Tests of the tests: right implementations pass, whatever their style, layout, shape and dtype."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.implementations import masked, online, rowwise, tri

import sparse_ref as sr
from sparse_ref.verify import assert_conforms, check, probe

LOOKBACK = tri(9, keys=3)


@pytest.mark.parametrize(
    "fn",
    [
        masked(LOOKBACK),
        online(LOOKBACK),
        rowwise(lambda h, i: range(max(0, i - 2), i + 1)),
        masked(LOOKBACK, fill=-1e9),
        masked(LOOKBACK, fill=-1e9, additive=True),
    ],
)
def test_every_style_of_the_same_sets_passes(fn):
    report = check(fn, sr.Lookback(3), n=9, heads=2)
    assert report.passed, report
    assert report
    assert [x.rows for x in report.numbers] == [18, 18]


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([(1, 1), (2, 1), (4, 2), (3, 3)]),
    st.integers(2, 20),
    st.integers(1, 20),
    st.integers(0, 2**32),
    st.data(),
)
def test_any_sets_any_shape_any_seed(n_q, n_k, heads, d, e, seed, data):
    cells = st.lists(st.booleans(), min_size=n_q * n_k, max_size=n_q * n_k)
    mask = np.array([data.draw(cells) for _ in range(heads[0])]).reshape(heads[0], n_q, n_k)
    patterns = [sr.Listed.of_rows([np.flatnonzero(row) for row in head]) for head in mask]
    found = check(
        masked(mask), patterns, n=(n_q, n_k), heads=heads[0], kv_heads=heads[1], d=d, e=e, seed=seed
    )
    assert found.passed, found
    assert np.array_equal(found.actual_mask, mask)


def test_each_head_has_its_own_pattern():
    mask = np.stack([tri(8), np.ones((8, 8), bool), tri(8, keys=2), np.eye(8, dtype=bool)])
    assert_conforms(masked(mask), [sr.Causal(), sr.Full(), sr.Lookback(2), sr.Window(0)], n=8)


def test_bidirectional_and_rows_without_keys():
    i = np.arange(7)
    assert_conforms(masked(abs(i[:, None] - i) <= 2), sr.Window(2), n=7)
    found = check(masked(i[:, None] > i), sr.Causal() - sr.Window(0), n=7)
    assert found.passed, found
    assert found.probe.row_sums[0].tolist() == [0, *[pytest.approx(1)] * 6]


@pytest.mark.parametrize("n", [(3, 8), (8, 3)])
def test_both_alignments_where_the_lengths_differ(n):
    offset = n[1] - n[0]
    assert_conforms(masked(tri(*n)), sr.Causal(), n=n, align="upper-left")
    assert_conforms(masked(tri(*n, offset=offset)), sr.Shifted(sr.Causal(), offset), n=n)


AXES = {
    "hnd": (lambda x: x, lambda x: x),
    "bhnd": (lambda x: x[0], lambda x: x[None]),
    "bnhd": (lambda x: x[0].transpose(1, 0, 2), lambda x: x.transpose(1, 0, 2)[None]),
    "nd": (lambda x: x[None], lambda x: x[0]),
}


@pytest.mark.parametrize("layout", AXES)
def test_layouts(layout):
    into, back = AXES[layout]
    heads, n = (1 if layout == "nd" else 4), (5, 6)
    shapes = {
        "hnd": (heads, 5, 16),
        "bhnd": (1, heads, 5, 16),
        "bnhd": (1, 5, heads, 16),
        "nd": (5, 16),
    }
    masks = np.array([tri(5, 6, keys=h + 1) for h in range(heads)])

    def fn(q, k, v):
        assert q.shape == shapes[layout]
        assert {x.dtype.name for x in (q, k, v)} == {"float32"}
        return back(masked(masks)(into(q), into(k), into(v)))

    assert_conforms(
        fn,
        [sr.Lookback(h + 1) for h in range(heads)],
        n=n,
        align="upper-left",
        layout=layout,
        kv_heads=1 if layout == "nd" else 2,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float16, "bfloat16"])
def test_a_lower_precision_is_judged_by_its_own_rounding(dtype):
    dtype = np.dtype(pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype)

    def fn(q, k, v, scale=None):
        rounded = (x.astype(dtype).astype(np.float32) for x in (q, k, v))
        return masked(tri(48), scale=scale)(*rounded).astype(dtype)

    found = check(fn, sr.Causal(), n=48, heads=2, d=64)
    assert found.passed, found
    assert found.probe.dtype == dtype.name
    wrong = check(lambda q, k, v: fn(q, k, v, scale=0.1), sr.Causal(), n=48, heads=2, d=64)
    assert {finding.kind for finding in wrong.findings} == {"numerics", "scale"}, wrong
    assert "logits are 0.1" in str(wrong) or "logits are 0.099" in str(wrong)


def test_another_scale_is_right_where_it_is_asked_for():
    assert_conforms(masked(tri(6), scale=0.1), sr.Causal(), n=6, scale=0.1)


def test_fn_may_write_on_its_input_and_reuse_its_output():
    buffer = np.zeros((1, 6, 16), np.float32)

    def fn(q, k, v):
        buffer[:] = masked(tri(6))(q, k, v)
        q[:], k[:], v[:] = np.nan, np.nan, np.nan
        return buffer

    assert_conforms(fn, sr.Causal(), n=6)


class Tensor:
    """What torch tensors and JAX arrays have in common with this: a shape, a dtype, and a way
    back.
    """

    def __init__(self, x):
        self.x, self.shape, self.dtype = x, x.shape, f"torch.{x.dtype}"

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.x


def test_torch_is_called_with_tensors(monkeypatch):
    """With a stand-in for torch: what fn gets is made by from_dlpack, and what it returns comes
    back by detach, cpu, numpy.
    """
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(from_dlpack=Tensor))
    assert_conforms(
        lambda q, k, v: Tensor(masked(tri(5))(q.x, k.x, v.x)), sr.Causal(), n=5, framework="torch"
    )


def test_the_library_passes_its_own_check():
    pattern = sr.Local(3) | sr.Strided(3)
    assert_conforms(
        lambda q, k, v: sr.attend(q, k, v, sr.Shifted(pattern, k.shape[1] - q.shape[1])),
        pattern,
        n=(20, 30),
        heads=4,
        kv_heads=2,
        d=8,
        align="bottom-right",
    )


def test_probe_needs_no_pattern():
    found = probe(masked(tri(20, keys=4)), 20, d=4, e=3)
    assert np.array_equal(found.mask[0], tri(20, keys=4))
    assert np.array_equal(found.multiplicity, found.mask)
    assert not found.leaks.any()
    assert not found.nan_rows.any()
    assert not found.overflow.any()
    assert repr(found) == "Probe(heads=1, n=(20, 20), keys=74, leaks=0)"


def test_a_layout_that_runs_only_in_a_batch_is_not_taken():
    """A mask (1, 2, 1) also broadcasts in the layout (n, batch, heads * d) of two sequences."""
    mask = np.array([[[True], [False]]])
    rows = sr.Listed.of_rows([[0], []])
    report = check(masked(mask), rows, n=(2, 1), heads=1, kv_heads=1, d=2, e=1, ragged=False)
    assert report.passed, report
