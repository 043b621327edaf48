"""What is written of a case: its arrays, and its entry in index.json."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np

from ...attention import attend_backward, attend_with_lse
from ...catalogue import notation
from ...lower import dense
from ...sets.checks import lengths
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.types import BoolArray
from .cases import Case
from .columns import kind_of
from .comparison import compare
from .flags import LSE_FLAGS, results
from .inputs import inputs, seed, selected_keys
from .paging import in_pages
from .sequences import Sequences
from .statement import Arrays, CaseInputs, Entry, Gradients, Result
from .tolerance import idle_keys, tolerances

DTYPES = {
    "q": "<f4",
    "k": "<f4",
    "v": "<f4",
    "sinks": "<f4",
    "grad_out": "<f4",
    "k_pages": "<f4",
    "v_pages": "<f4",
    "block_table": "<i4",
    "seq_lens": "<i4",
    "cu_seqlens_q": "<i4",
    "cu_seqlens_k": "<i4",
    "offsets": "<i4",
    "topk": "<i4",
    "mask": "|u1",
    "indptr": "<i8",
    "indices": "<i8",
    "out": "<f8",
    "lse": "<f8",
    "dq": "<f8",
    "dk": "<f8",
    "dv": "<f8",
}
GRADIENTS = ["dq", "dk", "dv"]


def arrays(case: Case) -> dict[str, np.ndarray]:
    """The arrays of a case by name, little-endian: q, k, v, mask, indptr, indices, out and lse.

    `mask` is (H, n_q, n_k), and 1 if i attends to j; indptr (H n_q + 1,) and indices are the same
    as rows, head after head. out and lse are those of `attend_with_lse` with device="reference",
    from the float32 inputs converted to float64. docs/vectors.md names the arrays of options.
    """
    content: dict[str, np.ndarray] = _set_arrays(case)
    mask = content["mask"]
    content |= inputs(case, mask.shape[1:], idle_keys(mask, case.kv_heads))
    content |= _reference(case, content).by_name()
    if case.page_size:
        k, v = content.pop("k"), content.pop("v")
        lengths_k = np.diff(content["cu_seqlens_k"])
        content |= in_pages(k, v, lengths_k, case.page_size, case.stale)
    return {
        name: np.ascontiguousarray(content[name], dtype)
        for name, dtype in DTYPES.items()
        if name in content
    }


def _set_arrays(case: Case) -> dict[str, np.ndarray]:
    """The set of a case: mask, indptr, indices, and where its sequences and its lists are."""
    content: dict[str, np.ndarray] = {}
    if case.topk:
        candidates = dense(_parse(case.sets), lengths(case.n))
        content["topk"] = selected_keys(case, candidates)
        is_key = content["topk"][..., None] == np.arange(candidates.shape[1])
        mask = is_key.any(axis=2)
    elif case.sequences:
        sequences = Sequences.from_lengths(case.sequences)
        mask = sequences.whole(_masks_of_sequences(case))
        content["cu_seqlens_q"] = sequences.queries
        content["cu_seqlens_k"] = sequences.keys
        content["offsets"] = np.array([kind_of(p).offset for p in _patterns(case)])
    else:
        n = lengths(case.n)
        mask = np.stack([dense(p, n) for p in _patterns(case)])
    mask = np.broadcast_to(mask, (case.heads, *mask.shape[-2:]))
    rows = mask.reshape(-1, mask.shape[2])
    counts = rows.sum(axis=1)
    content |= {"mask": mask, "indices": np.nonzero(rows)[1]}
    return {**content, "indptr": np.cumsum([0, *counts])}


def _masks_of_sequences(case: Case) -> list[BoolArray]:
    """The mask (n_q, n_k) of each sequence; one without keys has no pattern."""
    return [
        dense(p, n) if all(n) else np.zeros(n, bool)
        for p, n in zip(_patterns(case), case.sequences)
    ]


def _reference(case: Case, content: Arrays) -> Result:
    """The right output, from the inputs converted to float64."""
    a = CaseInputs.from_arrays(content, _options(case))
    if case.softcap:  # which `attend` has not
        return a.result()
    patterns = _patterns_of_heads(case, content["mask"])
    qkv = a.q, a.k, a.v
    out, lse = attend_with_lse(*qkv, patterns, scale=a.scale, device="reference")
    if a.sinks is not None:
        lse_with_sink = np.logaddexp(lse, a.sinks[:, None])
        out = out * np.exp(lse - lse_with_sink)[..., None]
        lse = lse_with_sink
    if a.grad_out is None:
        return Result(out, lse)
    gradients = attend_backward(
        a.grad_out, *qkv, out, lse, patterns, scale=a.scale, device="reference"
    )
    return Result(out, lse, Gradients(*gradients))


def _options(case: Case) -> dict[str, float]:
    """The numbers that the logits of a case depend on."""
    scale = case.d**-0.5 if case.scale is None else case.scale
    return {"scale": scale, "softcap": case.softcap}


def entry(case: Case, content: Arrays) -> dict[str, Any]:
    """The entry in index.json of a case with these arrays."""
    kind = kind_of() if case.topk else kind_of(*_patterns(case))
    files = {name: _array_entry(case.id, name, content[name]) for name in content}
    without_flags = {
        "id": case.id,
        "comment": case.comment,
        "expected": case.expected,
        "flags": [],
        "flags_in_part": [],
        "patterns": _patterns_as_text(case),
        **kind._asdict(),
        "heads": case.heads,
        "kv_heads": case.kv_heads,
        "n": list(content["mask"].shape[1:]),
        "d": case.d,
        "e": case.e,
        **_options(case),
        "sinks": case.sinks,
        "topk": case.topk,
        "backward": case.backward,
        "sequences": len(case.sequences),
        "page_size": case.page_size,
        "pages": len(content["k_pages"]) if case.page_size else 0,
        "blocks": content["block_table"].shape[1] if case.page_size else 0,
        "seed": seed(case.id),
        "wrong": {flag: _wrong_sets(case, sets) for flag, sets in case.wrong.items()},
        "outputs": GRADIENTS if case.backward else ["out"],
        "optional": ["out", "lse"] if case.backward else ["lse"],
        "tolerance": tolerances(content, _options(case)),
        "arrays": files,
        "npz": f"{case.id}.npz",
        "sha256": sha256(npz(content)).hexdigest(),
    }
    return {**without_flags, **_caught_flags(without_flags, content)}


def _array_entry(case: str, name: str, array: np.ndarray) -> Entry:
    """The entry of an array."""
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "file": f"{case}.{name}.bin",
    }


def _caught_flags(entry: Entry, content: Arrays) -> dict[str, list[str]]:
    """The flags of the bugs whose outputs all fail a case, and of those of which some do."""
    flags, in_part = [], []
    for flag, bug_results in results(entry, content):
        fails = [_fails(entry, content, flag, result) for result in bug_results]
        if fails and all(fails):
            flags.append(flag)
        elif any(fails):
            in_part.append(flag)
    return {"flags": flags, "flags_in_part": in_part}


def _fails(entry: Entry, content: Arrays, flag: str, result: Result) -> bool:
    """Whether the result of a bug fails a case, by lse only if the bug is about it."""
    # an implementation need not write lse
    names = ["lse"] if flag in LSE_FLAGS else entry["outputs"]
    output = {name: result.by_name()[name] for name in names}
    return compare(entry, content, output).status == "fail"


def npz(content: Arrays) -> bytes:
    """A zip of .npy files, not compressed, with one date for all: equal arrays are equal bytes."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, array in content.items():
            npy = BytesIO()
            np.lib.format.write_array(npy, array, allow_pickle=False)
            member = ZipInfo(f"{name}.npy")  # dated 1980, the first year of the format
            member.create_system = 3  # Unix, whatever the system
            archive.writestr(member, npy.getvalue())
    return file.getvalue()


def _patterns_as_text(case: Case) -> list[str]:
    """The sets in notation: one for all heads, one per head, or one per sequence; [] if listed."""
    if case.topk:
        return []
    texts = [text.strip() for text in case.sets.split(";")]
    if case.sequences:
        return Sequences.from_lengths(case.sequences).texts(texts[0])
    return texts


def _wrong_sets(case: Case, sets: str) -> list[list[str]]:
    """The sets that a bug may turn the set into, each as the set itself is written."""
    texts = [text.strip() for text in sets.split(";")]
    if case.sequences:
        sequences = Sequences.from_lengths(case.sequences)
        return [sequences.texts(text) for text in texts]
    return [[text] for text in texts]


def _patterns(case: Case) -> list[Pattern]:
    """The pattern of a case, or one per head or per sequence."""
    return [_parse(text) for text in _patterns_as_text(case)]


_parse = cache(notation.parse)


def _patterns_of_heads(case: Case, mask: BoolArray) -> list[Pattern]:
    """One pattern per head; listed if it is selected or consists of sequences."""
    if case.topk or case.sequences:
        return [_list_of(head) for head in mask]
    patterns = _patterns(case)
    return patterns * (case.heads // len(patterns))


def _list_of(mask: BoolArray) -> Listed:
    """The pattern of a mask (n_q, n_k)."""
    indptr = np.cumsum([0, *mask.sum(axis=1)])
    return Listed(indptr, np.nonzero(mask)[1])
