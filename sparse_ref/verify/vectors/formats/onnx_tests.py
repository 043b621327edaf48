"""Cases as backend tests of ONNX: a model of one Attention node, its inputs and its output.

    test_lookback/model.onnx
    test_lookback/test_data_set_0/input_0.pb, input_1.pb, ..., output_0.pb

The set is `is_causal` if it is causal from the upper left, else a boolean mask. Opset 24 is the
first to say that a row without keys is 0; other cases are in opset 23, the first with Attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..statement import Entry

PRECISIONS = ("float32",)
MAX_ERROR = 1e-4  # the runner of backend tests allows a relative error of 1e-3, and nothing near 0
Arrays = Mapping[str, np.ndarray]


def obstacle(entry: Entry) -> str:
    """Why Attention cannot express a case, "" if it can."""
    if entry["sinks"]:
        return "the operator has no sinks"
    if entry["backward"]:
        return "the operator has no gradients"
    if entry["page_size"]:
        return "the operator has no pages"
    if entry["expected"] != "valid":
        return "the operator defines no result for NaN and inf at masked keys"
    if entry["scale"] <= 0:
        return "the operator multiplies q and k by the square root of the scale"
    if entry["tolerance"]["out"]["float32"] > MAX_ERROR:
        return "float32 may be off by more than the runner of backend tests allows"
    return ""


def write_case(folder: Path, entry: Entry, arrays: Arrays, precision: str) -> None:
    """Write the model and the data of a case into a folder of its own.

    Raises ImportError without the package `onnx`.
    """
    onnx = _onnx()
    inputs, attributes = _inputs(entry, arrays), _attributes(entry)
    outputs = {"Y": arrays["out"].astype(np.float32)[None]}
    node = onnx.helper.make_node("Attention", [*inputs], [*outputs], **attributes)
    graph = onnx.helper.make_graph(
        [node],
        entry["id"],
        [_value_info(name, array) for name, array in inputs.items()],
        [_value_info(name, array) for name, array in outputs.items()],
        doc_string=entry["comment"],
    )
    has_empty_rows = not arrays["mask"].any(axis=2).all()
    opset = onnx.helper.make_opsetid("", 24 if has_empty_rows else 23)
    model = onnx.helper.make_model(
        graph,
        opset_imports=[opset],
        producer_name="sparse_ref",
        ir_version=onnx.helper.find_min_ir_version_for([opset]),
    )
    test = folder / f"test_{entry['id'].replace('-', '_')}"
    data = test / "test_data_set_0"
    data.mkdir(parents=True)
    (test / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for number, (name, array) in enumerate(tensors.items()):
            tensor = onnx.numpy_helper.from_array(array, name)
            content = tensor.SerializeToString(deterministic=True)
            (data / f"{kind}_{number}.pb").write_bytes(content)


def _onnx() -> Any:
    """The package.

    Raises ImportError that says how to have it.
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError("format onnx needs the package onnx: pip install onnx") from error
    return onnx


def _inputs(entry: Entry, arrays: Arrays) -> dict[str, np.ndarray]:
    """Q, K and V with a batch of 1, and the mask if there is one, (n_q, n_k) or for each head."""
    inputs = {name.upper(): arrays[name][None] for name in "qkv"}
    if entry["kind"] == "full" or _is_causal(entry):
        return inputs
    mask = arrays["mask"].astype(bool)
    is_same = (mask == mask[0]).all()
    return {**inputs, "attn_mask": mask[0] if is_same else mask[None]}


def _is_causal(entry: Entry) -> bool:
    """Whether the set is j <= i."""
    return entry["kind"] == "causal" and not entry["offset"] and not entry["sequences"]


def _attributes(entry: Entry) -> dict[str, float]:
    """The attributes of the node; those at their default are left out."""
    attributes: dict[str, float] = {"scale": entry["scale"]}
    if _is_causal(entry):
        attributes["is_causal"] = 1
    if entry["softcap"]:
        attributes["softcap"] = entry["softcap"]
    return attributes


def _value_info(name: str, array: np.ndarray) -> Any:
    """The type and shape of a tensor."""
    helper = _onnx().helper
    dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, dtype, array.shape)
