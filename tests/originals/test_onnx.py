"""Originals: the Attention operator of ONNX, by its NumPy reference evaluator, run as a black box
against patterns.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from originals.set_verdict import assert_right
from strategies import patterns, qkv

import sparse_ref as sr

onnx = pytest.importorskip("onnx", reason="onnx is missing: make test-originals")
reference = pytest.importorskip("onnx.reference", reason="onnx is missing: make test-originals")

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 12), st.integers(1, 12))


def attention(mask=None, *, opset=25, past=0, dtype=np.float32, **attributes):
    """fn(q, k, v) on (1, H, n, d) that evaluates one Attention node; the first `past` keys are
    handed over as a cache.
    """
    names = [
        "q",
        "k",
        "v",
        "mask" if mask is not None else "",
        *(["past_k", "past_v"] if past else []),
    ]
    node = onnx.helper.make_node(
        "Attention", names, ["out", *(["all_k", "all_v"] if past else [])], **attributes
    )
    inputs = {name: value(name, bool if name == "mask" else dtype) for name in names if name}
    graph = onnx.helper.make_graph([node], "one", list(inputs.values()), [value("out", dtype)])
    evaluator = reference.ReferenceEvaluator(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    )

    def fn(q, k, v):
        known = dict(
            q=q,
            k=k[..., past:, :],
            v=v[..., past:, :],
            mask=mask,
            past_k=k[..., :past, :],
            past_v=v[..., :past, :],
        )
        return evaluator.run(None, {name: known[name] for name in inputs})[0]

    return fn


def value(name, dtype):
    """An input or output of the graph, of any shape."""
    return onnx.helper.make_tensor_value_info(
        name, onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), None
    )


@pytest.mark.parametrize("opset", [23, 24, 25])
@pytest.mark.parametrize("n", [(5, 5), (3, 7), (7, 3), (1, 4), (4, 1)])
def test_is_causal_is_upper_left_without_a_cache(opset, n):
    fn = attention(opset=opset, is_causal=1)
    assert_right(fn, sr.Causal(), n, heads=2, layout="bhnd")
    if n[1] > n[0] > 1:
        assert not sr.verify.check(
            fn, sr.Shifted(sr.Causal(), n[1] - n[0]), n, layout="bhnd"
        ).passed


@pytest.mark.parametrize("opset", [24, 25])
@pytest.mark.parametrize(("new", "past"), [(1, 5), (3, 4), (4, 1)])
def test_is_causal_is_lower_right_with_a_cache(opset, new, past):
    fn = attention(opset=opset, past=past, is_causal=1)
    sr.verify.assert_conforms(
        fn, sr.Shifted(sr.Causal(), past), (new, new + past), heads=2, layout="bhnd"
    )


@given(st.integers(0, 12), st.integers(0, 12), LENGTHS, st.integers(0, 4))
@settings(max_examples=25)
def test_window_sizes_are_a_band_that_reaches_past_the_cache(left, right, n, past):
    n_q, n_k = n
    for right_is, sizes in (right, dict(right_window_size=right)), (0, dict(is_causal=1)):
        p = sr.Shifted(sr.Band(left, right_is), past)
        fn = attention(past=past, left_window_size=left, **sizes)
        assert_right(fn, p, (n_q, n_k + past), layout="bhnd")


@given(patterns(most=8), LENGTHS)
@settings(max_examples=25)
def test_a_bool_mask_is_taken_as_it_is_empty_rows_and_all(p, n):
    assert_right(attention(sr.dense(p, n)), p, n, heads=2, layout="bhnd")


def test_grouped_heads_are_shared_by_neighbours():
    sr.verify.assert_conforms(
        attention(sr.dense(sr.Strided(3), 9)), sr.Strided(3), 9, heads=4, kv_heads=2, layout="bhnd"
    )


@given(patterns(most=20), st.tuples(st.integers(1, 70), st.integers(1, 70)), st.integers(0, 999))
@settings(max_examples=25)
def test_float64_numbers_agree(p, n, seed):
    q, k, v = qkv(n, heads=2, groups=2, dtype=np.float64, seed=seed)
    theirs = attention(sr.dense(p, n), dtype=np.float64)(q[None], k[None], v[None])[0]
    np.testing.assert_allclose(sr.attend(q, k, v, p), theirs, atol=1e-12)
