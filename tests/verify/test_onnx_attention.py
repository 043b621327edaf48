"""Originals: the ONNX reference evaluator's `Attention` operator, executed, and the sets that it
turns out to attend to.
"""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify import check, identify, probe

onnx = pytest.importorskip("onnx", reason="onnx is missing")
reference = pytest.importorskip("onnx.reference", reason="onnx is missing")


BEFORE = sr.Causal() - sr.Window(0)  # the first row has no keys


def attention(opset=23, mask=None, **attributes):
    """fn(q, k, v), (1, H, n, d): a model of one Attention node; `mask` is its attn_mask input."""
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    names = ["q", "k", "v", *(["mask"] if mask is not None else [])]
    kinds = [float32] * 3 + (
        [helper.np_dtype_to_tensor_dtype(mask.dtype)] if mask is not None else []
    )
    inputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(names, kinds)]
    node = helper.make_node("Attention", names, ["out"], **attributes)
    graph = helper.make_graph(
        [node], "attention", inputs, [helper.make_tensor_value_info("out", float32, None)]
    )
    session = reference.ReferenceEvaluator(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    )
    extra = {} if mask is None else {"mask": mask}
    return lambda q, k, v: session.run(None, {"q": q, "k": k, "v": v, **extra})[0]


@pytest.mark.parametrize("opset", [23, 24])
@pytest.mark.parametrize("n", [(6, 6), (3, 8), (8, 3), (1, 5)])
def test_is_causal_counts_both_from_the_first_position_without_a_cache(opset, n):
    """Query i sees the keys j <= i whatever the lengths: Causal(), never Shifted by n_k - n_q, the
    end-aligned reading.
    """
    fn = attention(opset, is_causal=1)
    mask = probe(fn, n, heads=2, layout="bhnd").mask
    assert [identify(head)[0] for head in mask] == [sr.Causal()] * 2
    assert check(fn, sr.Causal(), n=n, heads=2, layout="bhnd", align="upper-left")
    if n[0] != n[1]:
        other = check(fn, sr.Shifted(sr.Causal(), n[1] - n[0]), n=n, heads=2, layout="bhnd")
        assert {finding.kind for finding in other.findings} == (
            {"alignment", "missing"} if n[1] > n[0] else {"alignment", "extra", "empty row"}
        )


def test_without_is_causal_every_key_is_seen():
    assert check(attention(), sr.Full(), n=(4, 7), heads=2, layout="bhnd").passed


def test_grouped_heads_are_consecutive():
    report = check(attention(is_causal=1), sr.Causal(), n=9, heads=6, kv_heads=2, layout="bhnd")
    assert report.passed, report


def test_a_bool_mask_means_attends_and_rows_without_keys_give_0():
    mask = np.tri(6, k=-1, dtype=bool)
    report = check(attention(mask=mask), BEFORE, n=6, layout="bhnd")
    assert report.passed, report
    turned = check(attention(mask=~mask), BEFORE, n=6, layout="bhnd")
    assert turned.names == {0: "Band(0, 5)"}


@pytest.mark.parametrize("pattern", [sr.Local(2) | sr.Strided(3), sr.Summary(3, 1)])
def test_a_mask_of_the_library_comes_back_as_its_pattern(pattern):
    report = check(attention(mask=sr.dense(pattern, 8)), pattern, n=8, heads=2, layout="bhnd")
    assert report.passed, report


def test_a_float_mask_of_minus_1e4_leaks():
    mask = np.where(np.tri(6, dtype=bool), 0, -1e4).astype(np.float32)
    report = check(attention(mask=mask), sr.Causal(), n=6, layout="bhnd")
    assert [finding.kind for finding in report.findings] == ["leak"]
    assert report.findings[0].count == 15


def test_another_scale_is_a_matter_of_numbers():
    report = check(attention(is_causal=1, scale=0.3), sr.Causal(), n=6, layout="bhnd")
    assert {finding.kind for finding in report.findings} == {"numerics", "scale"}
    assert check(attention(is_causal=1, scale=0.3), sr.Causal(), n=6, layout="bhnd", scale=0.3)
