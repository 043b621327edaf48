"""The cases as golden bundles of hipDNN, by the rules of the verifier of bundles.

The rules: names, sizes, finite outputs, and who made it.
"""

import json

import numpy as np
import pytest
from verify.vector_outputs import left_out

from sparse_ref.cli import main
from sparse_ref.verify import vectors

ARRAYS = {case.id: vectors.arrays(case) for case in vectors.CASES}
ENTRIES = {case.id: vectors.entry(case, ARRAYS[case.id]) for case in vectors.CASES}
SIZES = {"float": 4, "half": 2, "bfloat16": 2, "int32": 4}
DTYPES = {"float": "<f4", "half": "<f2", "int32": "<i4"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return vectors.write(tmp_path_factory.mktemp("hipdnn") / "new", format="hipdnn")


def bundle(folder, case, data_type="fp32"):
    name = case.replace("-", "_")
    (path,) = folder.glob(f"quick/*/bhsd/{data_type}/{name}/{name}.json")
    return path, json.loads(path.read_text())


def read_tensors(path, graph):
    """The tensors by name, strided as the graph says."""
    tensors = {}
    for said in graph["tensors"]:
        content = path.with_suffix(f".tensor{said['uid']}.bin").read_bytes()
        size = SIZES[said["data_type"]]
        space = 1 + sum((d - 1) * s for d, s in zip(said["dims"], said["strides"]))
        assert len(content) == space * size
        if said["data_type"] == "bfloat16":
            flat = (np.frombuffer(content, "<u2").astype("<u4") << 16).view("<f4")
        else:
            flat = np.frombuffer(content, DTYPES[said["data_type"]])
        strides = [stride * flat.itemsize for stride in said["strides"]]
        view = np.lib.stride_tricks.as_strided(flat, said["dims"], strides)
        tensors[said["name"].lower()] = view
    return tensors


def test_each_case_is_written_or_left_out_for_a_reason(folder):
    written = {path.name.removesuffix(".meta.json") for path in folder.rglob("*.meta.json")}
    out = left_out(folder)
    assert {name.replace("_", "-") for name in written} | set(out) == set(ENTRIES)
    assert len(written) > 80
    assert out["softcap"] == "the graph has no soft cap"


def test_bundles_keep_the_rules_of_their_verifier(folder):
    for meta in folder.rglob("*.meta.json"):
        said = json.loads(meta.read_text())
        assert said["format_version"] == 1
        assert said["generator"].startswith("sparse_ref ")
        assert said["reference_source"]
        path = meta.with_name(f"{meta.parent.name}.json")
        graph = json.loads(path.read_text())
        assert sum(file.stat().st_size for file in path.parent.iterdir()) < 2**20
        uids = [tensor["uid"] for tensor in graph["tensors"]]
        assert len(set(uids)) == len(uids)
        assert all(min(tensor["dims"]) > 0 for tensor in graph["tensors"])
        (node,) = graph["nodes"]
        named = [uid for uid in node["inputs"].values() if uid is not None]
        outputs = [uid for uid in node["outputs"].values() if uid is not None]
        assert sorted({*named, *outputs}) == sorted(uids)
        tensors = read_tensors(path, graph)
        names = {tensor["uid"]: tensor["name"].lower() for tensor in graph["tensors"]}
        assert all(np.isfinite(tensors[names[uid]]).all() for uid in outputs)


def test_tensors_are_the_arrays(folder):
    for case, entry in ENTRIES.items():
        if case in left_out(folder):
            continue
        path, graph = bundle(folder, case)
        tensors, arrays = read_tensors(path, graph), ARRAYS[case]
        assert np.array_equal(tensors["q"][0], arrays["q"])
        if entry["page_size"]:
            assert np.array_equal(tensors["k"], arrays["k_pages"], equal_nan=True)
            assert np.array_equal(tensors["page_table_v"], arrays["block_table"])
            assert np.array_equal(tensors["seq_len_kv"], arrays["seq_lens"])
            assert tensors["seq_len_q"].sum() == entry["n"][0]
        else:
            assert np.array_equal(tensors["k"][0], arrays["k"])
            assert np.array_equal(tensors["v"][0], arrays["v"])
        assert np.array_equal(tensors["o"][0], arrays["out"].astype("<f4"))
        if entry["backward"]:
            assert np.array_equal(tensors["do"][0], arrays["grad_out"])
            assert np.array_equal(tensors["dk"][0], arrays["dk"].astype("<f4"))


def test_bounds_and_masks_give_the_set(folder):
    """Computed from the graph as its generator does: row + offset - col <= left_bound."""
    bounded = 0
    for case, entry in ENTRIES.items():
        if case in left_out(folder) or entry["page_size"]:
            continue
        path, graph = bundle(folder, case)
        (node,) = graph["nodes"]
        said = node["parameters" if entry["backward"] else "attributes"]
        n_q, n_k = entry["n"]
        if node["inputs"]["attn_mask_tensor_uid"] is not None:
            bias = read_tensors(path, graph)["attn_mask"][0]
            assert (np.isneginf(bias) == (ARRAYS[case]["mask"] == 0)).all()
            assert said["left_bound"] is said["right_bound"] is None
            continue
        bounded += 1
        is_bottom_right = said["diagonal_alignment"] == "BOTTOM_RIGHT"
        row = np.arange(n_q)[:, None] + (n_k - n_q if is_bottom_right else 0)
        col = np.arange(n_k)
        keep = np.ones((n_q, n_k), bool)
        if said["left_bound"] is not None and said["left_bound"] >= 0:
            keep &= row - col <= said["left_bound"]
        if said["right_bound"] is not None:
            keep &= col - row <= said["right_bound"]
        assert (ARRAYS[case]["mask"] == keep).all(), case
    assert bounded > 30


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_half_precision_holds_inputs_exactly_and_rounds_outputs(precision, tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is missing")
    folder = vectors.write(
        tmp_path / "new", only="lookback,paged-nan-pages", format="hipdnn", precision=precision
    )
    data_type = {"float16": "fp16", "bfloat16": "bf16"}[precision]
    path, graph = bundle(folder, "lookback", data_type)
    assert graph["io_data_type"] == {"float16": "half", "bfloat16": "bfloat16"}[precision]
    tensors = read_tensors(path, graph)
    assert np.array_equal(tensors["q"][0], ARRAYS["lookback"]["q"])
    dtype = np.float16 if precision == "float16" else ml_dtypes.bfloat16
    expected = ARRAYS["lookback"]["out"].astype("<f4").astype(dtype).astype("<f4")
    assert np.array_equal(tensors["o"][0], expected)
    paged = read_tensors(*bundle(folder, "paged-nan-pages", data_type))
    v_pages = ARRAYS["paged-nan-pages"]["v_pages"]
    assert np.array_equal(paged["v"], v_pages, equal_nan=True)


@pytest.mark.parametrize("name", ["onnx", "hipdnn"])
def test_the_command_writes_the_same_bytes_each_time(name, tmp_path, capsys):
    if name == "onnx":
        pytest.importorskip("onnx", reason="onnx is missing: make test")
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        command = ["vectors", str(folder), "--format", name, "--only", "causal,sink-logits"]
        assert main(command) == 0
        text = f"{folder}: 1 of 2 cases as {vectors.FORMATS[name].name}; left_out.txt says why not"
        assert capsys.readouterr().out.startswith(text)
    first, second = (
        {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*")}
        for folder in folders
    )
    assert first == second


def test_wrong_formats_and_precisions_are_refused(tmp_path, capsys):
    new = tmp_path / "new"
    with pytest.raises(ValueError, match="format must be one of suite, onnx, hipdnn, got 'pb'"):
        vectors.write(new, format="pb")
    with pytest.raises(ValueError, match="must be one of float32 for ONNX backend tests, got 'f"):
        vectors.write(new, format="onnx", precision="float16")
    with pytest.raises(ValueError, match="precision must be None, as the suite serves all, got"):
        vectors.write(new, precision="float16")
    assert not new.exists()
    assert main(["vectors", str(new), "--format", "onnx", "--check", str(tmp_path)]) == 2
    assert "--format is about writing: it cannot be given with" in capsys.readouterr().err
    assert main(["vectors", str(new), "--precision", "float16"]) == 2
    assert "--precision is about checking outputs: it needs --check" in capsys.readouterr().err
