"""The cases as backend tests of ONNX, which the package's checker and evaluator judge."""

import sys
import warnings

import numpy as np
import pytest
from verify.vector_outputs import left_out

from sparse_ref.verify import vectors

pytest.importorskip("onnx", reason="onnx is missing: `make test` installs it")

ARRAYS = {case.id: vectors.arrays(case) for case in vectors.CASES}
ENTRIES = {case.id: vectors.entry(case, ARRAYS[case.id]) for case in vectors.CASES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return vectors.write(tmp_path_factory.mktemp("onnx") / "attention", format="onnx")


def test_each_case_is_written_or_left_out_for_a_reason(folder):
    tests = {path.name.removeprefix("test_").replace("_", "-") for path in folder.glob("test_*")}
    out = left_out(folder)
    assert tests | set(out) == set(ENTRIES)
    assert not tests & set(out)
    assert len(tests) > 65
    assert out["sink-logits"] == "the operator has no sinks"
    assert out["backward"] == "the operator has no gradients"
    assert out["paged"] == "the operator has no pages"


def test_models_are_sound_and_the_reference_evaluator_agrees(folder):
    import onnx
    from onnx.reference import ReferenceEvaluator

    opsets = set()
    for path in sorted(folder.glob("test_*")):
        case = path.name.removeprefix("test_").replace("_", "-")
        model = onnx.load(path / "model.onnx")
        onnx.checker.check_model(model, full_check=True)
        assert [node.op_type for node in model.graph.node] == ["Attention"]
        names = [value.name for value in model.graph.input]
        inputs = [tensor(path, "input", t) for t in range(len(names))]
        assert len(list((path / "test_data_set_0").iterdir())) == len(names) + 1
        with np.errstate(all="ignore"):
            (out,) = ReferenceEvaluator(model).run(None, dict(zip(names, inputs)))
        expected = tensor(path, "output", 0)
        assert np.allclose(out, expected, rtol=1e-3, atol=1e-7), case
        allowed = ENTRIES[case]["tolerance"]["out"]["float32"]
        assert np.abs(out - ARRAYS[case]["out"]).max() <= 2 * allowed, case
        opsets |= {(case.startswith("empty"), model.opset_import[0].version)}
    assert (True, 24) in opsets, "rows without keys need opset 24"
    assert (False, 23) in opsets


def tensor(path, kind, number):
    import onnx

    content = (path / "test_data_set_0" / f"{kind}_{number}.pb").read_bytes()
    return onnx.numpy_helper.to_array(onnx.TensorProto.FromString(content))


def test_the_runner_of_onnx_finds_them(folder):
    with warnings.catch_warnings(action="ignore"):  # of the tests that it generates itself
        from onnx.backend.test.loader import load_model_tests

        found = load_model_tests(data_dir=str(folder.parent), kind=folder.name)
    assert {test.name for test in found} == {path.name for path in folder.glob("test_*")}


def test_sets_are_is_causal_or_a_mask_and_options_are_attributes(folder):
    import onnx

    def node_of(case):
        model = onnx.load(folder / f"test_{case}" / "model.onnx")
        (node,) = model.graph.node
        values = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
        return list(node.input), values

    assert node_of("full") == (["Q", "K", "V"], {"scale": pytest.approx(8**-0.5)})
    assert node_of("ragged_top_left")[1]["is_causal"] == 1
    inputs, attributes = node_of("ragged_bottom_right")
    assert inputs == ["Q", "K", "V", "attn_mask"]
    assert "is_causal" not in attributes
    assert node_of("softcap")[1]["softcap"] == 1.5
    assert node_of("scale")[1]["scale"] == 0.75
    mask = tensor(folder / "test_heads_differ", "input", 3)
    assert (mask.dtype, mask.shape) == (bool, (1, 2, 18, 18))


def test_a_wrong_model_is_not_what_the_output_says(folder):
    """Negative control: the evaluator without the mask gives something else."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    path = folder / "test_causal"
    model = onnx.load(path / "model.onnx")
    for attribute in model.graph.node[0].attribute:
        if attribute.name == "is_causal":
            attribute.i = 0
    names = [value.name for value in model.graph.input]
    inputs = [tensor(path, "input", t) for t in range(3)]
    (out,) = ReferenceEvaluator(model).run(None, dict(zip(names, inputs)))
    assert not np.allclose(out, tensor(path, "output", 0), rtol=1e-3, atol=1e-7)


def test_without_the_package_it_says_what_is_needed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match="format onnx needs the package onnx: pip install"):
        vectors.write(tmp_path / "new", format="onnx")
    assert not (tmp_path / "new").exists()
