"""Cases as golden reference bundles of hipDNN: a graph as JSON, a raw file per tensor.

    quick/SdpaFwd/bhsd/fp32/lookback/lookback.json, lookback.tensor0.bin, ..., lookback.meta.json

Source: ROCm/rocm-libraries, projects/hipdnn/docs/rfcs/0010_GoldenReferenceValidation.md (the
bundle), flatbuffers_sdk/schemas/sdpa_attributes.fbs and sdpa_backward_attributes.fbs (the fields),
dnn-providers/integration-tests/reference-data-scripts/generate_sdpa_fwd_golden.py (dims, uids,
bounds). `left_bound` counts the keys before the query's own; -1 is no bound.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .... import __version__
from ..statement import Entry

PRECISIONS = ("float32", "float16", "bfloat16")
DATA_TYPES = {"float32": "float", "float16": "half", "bfloat16": "bfloat16"}
FOLDERS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
UIDS = {
    "q": 0,
    "k": 1,
    "v": 2,
    "o": 3,
    "stats": 4,
    "seq_len_q": 5,
    "seq_len_kv": 6,
    "attn_mask": 20,
    "page_table_k": 21,
    "page_table_v": 22,
    "do": 30,
    "dq": 31,
    "dk": 32,
    "dv": 33,
}
FORWARD_INPUTS = (
    "q k v attn_mask scale seq_len_q seq_len_kv seed offset dropout_mask dropout_scale "
    "page_table_k page_table_v block_mask sink_token descale_q descale_k descale_v descale_s "
    "scale_s scale_o"
)
FORWARD_OUTPUTS = "o stats max sum_exp rng_dump amax_s amax_o"
BACKWARD_INPUTS = (
    "q k v o do stats scale attn_mask seq_len_q seq_len_kv seed offset dropout_mask "
    "dropout_scale dropout_scale_inv"
)
BACKWARD_OUTPUTS = "dq dk dv dbias"
Arrays = Mapping[str, np.ndarray]
Json = dict[str, Any]


class Bounds(NamedTuple):
    """The keys before and after the query's own, None if all; and where the diagonal begins."""

    left: int | None = None
    right: int | None = None
    alignment: str = "TOP_LEFT"


def obstacle(entry: Entry) -> str:
    """Why a bundle cannot express a case, "" if it can."""
    if entry["softcap"]:
        return "the graph has no soft cap"
    if entry["sinks"]:
        return "the graph has sink_token, but nothing says what it means"
    if entry["expected"] != "valid":
        return "a bundle is judged by numbers alone, and NaN at masked keys is not one"
    return ""


def write_case(folder: Path, entry: Entry, arrays: Arrays, precision: str) -> None:
    """Write the graph, the tensors and the metadata of a case into a folder of its own."""
    name = entry["id"].replace("-", "_")
    operation = "SdpaBwd" if entry["backward"] else "SdpaFwd"
    bundle = folder / "quick" / operation / "bhsd" / FOLDERS[precision] / name
    bundle.mkdir(parents=True)
    bounds = _bounds(entry)
    tensors = _tensors(entry, arrays, bounds)
    graph = _graph(entry, tensors, bounds, DATA_TYPES[precision])
    _write_json(bundle / f"{name}.json", graph)
    for tensor, array in tensors.items():
        file = bundle / f"{name}.tensor{UIDS[tensor]}.bin"
        file.write_bytes(_file_array(tensor, array, precision).tobytes())
    metadata = {
        "format_version": 1,
        "generator": f"sparse_ref {__version__}",
        "reference_source": "sparse_ref.attend_with_lse, device='reference', float64",
        "operation": operation,
        "notes": entry["comment"],
    }
    _write_json(bundle / f"{name}.meta.json", metadata)


def _write_json(path: Path, content: object) -> None:
    """Write JSON with the line ends of Unix."""
    path.write_text(json.dumps(content, indent=4) + "\n", encoding="ascii", newline="\n")


def _bounds(entry: Entry) -> Bounds | None:
    """The set as bounds, None if it needs a mask."""
    bounds = _window(entry)
    if bounds is None or entry["page_size"]:  # pages are aligned at the bottom right
        return bounds and bounds._replace(alignment="BOTTOM_RIGHT")
    if entry["sequences"]:
        return None
    n_q, n_k = entry["n"]
    if entry["offset"] == 0:
        return bounds
    is_bottom_right = entry["offset"] == n_k - n_q
    return bounds._replace(alignment="BOTTOM_RIGHT") if is_bottom_right else None


def _window(entry: Entry) -> Bounds | None:
    """The bounds of a set at offset 0, None if it is no window."""
    a, b = entry["a"], entry["b"]
    windows = {
        "full": Bounds(),
        "causal": Bounds(-1, 0),
        "lookback": Bounds(a - 1, 0),
        "local": Bounds(a, 0),
        "window": Bounds(a, a),
        "band": Bounds(a, b) if min(a, b) >= 0 else None,
    }
    return windows.get(entry["kind"])


def _tensors(entry: Entry, arrays: Arrays, bounds: Bounds | None) -> Arrays:
    """The tensors of the graph by name, with a batch of 1; k and v of a cache in pages."""
    tensors = {"q": arrays["q"][None]}
    if entry["page_size"]:
        lengths_q = np.diff(arrays["cu_seqlens_q"]).astype(np.int32)
        tensors |= {"k": arrays["k_pages"], "v": arrays["v_pages"]}
        tensors |= {"seq_len_q": lengths_q, "seq_len_kv": arrays["seq_lens"]}
        tensors |= {"page_table_k": arrays["block_table"], "page_table_v": arrays["block_table"]}
    else:
        tensors |= {"k": arrays["k"][None], "v": arrays["v"][None]}
    tensors["o"] = arrays["out"][None]
    stats = arrays["lse"][None, ..., None]
    if entry["backward"] or np.isfinite(stats).all():
        tensors["stats"] = stats
    if bounds is None:
        tensors["attn_mask"] = np.where(arrays["mask"] > 0, 0, -np.inf)[None]
    if entry["backward"]:
        tensors["do"] = arrays["grad_out"][None]
        tensors |= {name: arrays[name][None] for name in ("dq", "dk", "dv")}
    return tensors


def _file_array(name: str, array: np.ndarray, precision: str) -> np.ndarray:
    """A tensor as it is in its file, little-endian; stats are float32, integers int32."""
    if array.dtype.kind == "i":
        return array.astype("<i4")
    if name == "stats" or precision == "float32":
        return array.astype("<f4")
    if precision == "float16":
        return array.astype("<f2")
    return _bfloat16(array)


def _bfloat16(array: np.ndarray) -> np.ndarray:
    """The upper halves of float32, rounded to the nearest, ties to even."""
    bits = array.astype("<f4").view("<u4")
    is_odd = (bits >> 16) & 1
    return ((bits + 0x7FFF + is_odd) >> 16).astype("<u2")


def _graph(entry: Entry, tensors: Arrays, bounds: Bounds | None, data_type: str) -> Json:
    """The graph of one node."""
    return {
        "nodes": [_node(entry, tensors, bounds)],
        "tensors": [_tensor(name, array, data_type) for name, array in tensors.items()],
        "io_data_type": data_type,
        "compute_data_type": "float",
        "intermediate_data_type": "float",
        "name": entry["id"],
    }


def _tensor(name: str, array: np.ndarray, data_type: str) -> Json:
    """The entry of a tensor; strides count elements."""
    if array.dtype.kind == "i":
        data_type = "int32"
    elif name == "stats":
        data_type = "float"
    inner_sizes = reversed(array.shape[1:])
    strides = [*accumulate(inner_sizes, int.__mul__, initial=1)]
    return {
        "uid": UIDS[name],
        "name": name.upper(),
        "dims": list(array.shape),
        "strides": strides[::-1],
        "data_type": data_type,
        "virtual": False,
        "is_runtime_pass_by_value": False,
    }


def _node(entry: Entry, tensors: Arrays, bounds: Bounds | None) -> Json:
    """The forward or the backward node; the uids of tensors that it lacks are null."""
    left, right, alignment = bounds or Bounds()
    attributes: Json = {
        "alibi_mask": False,
        "padding_mask": False,
        "causal_mask": False,
        "causal_mask_bottom_right": False,
        "dropout_probability": None,
        "attn_scale_value": entry["scale"],
        "left_bound": left,
        "right_bound": right,
        "diagonal_alignment": alignment,
    }
    if entry["backward"]:
        return {
            "type": "SdpaBackwardAttributes",
            "compute_data_type": "float",
            "name": "",
            "inputs": _uids(BACKWARD_INPUTS, tensors),
            "outputs": _uids(BACKWARD_OUTPUTS, tensors),
            "parameters": attributes,
        }
    attributes |= {
        "generate_stats": True if "stats" in tensors else None,
        "max_seq_len_kv": None,
        "mma_core_mode": "float",
        "implementation": "AUTO",
    }
    return {
        "type": "SdpaAttributes",
        "compute_data_type": "float",
        "name": "",
        "inputs": _uids(FORWARD_INPUTS, tensors),
        "outputs": _uids(FORWARD_OUTPUTS, tensors),
        "attributes": attributes,
    }


def _uids(names: str, tensors: Arrays) -> dict[str, int | None]:
    """The uid of each tensor by the name of its field, None for one that is not there."""
    uids = {name: UIDS[name] for name in tensors}
    return {f"{name}_tensor_uid": uids.get(name) for name in names.split()}
