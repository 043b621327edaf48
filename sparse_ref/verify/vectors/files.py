"""The suite on disk: index.json, cases.txt, and per case its arrays, as .npz and as raw files."""

from __future__ import annotations

import json
from hashlib import sha256
from io import BytesIO
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
from tqdm import tqdm

from ... import __version__
from ...attention import attend_with_lse
from ...catalogue import notation
from ...lower import dense
from ...sets.checks import lengths
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from .cases import CASES, Case
from .flags import FLAGS, results
from .inputs import inputs, seed
from .statement import Arrays, Result
from .tolerance import Entry, compare, idle_keys, tolerances

SCHEMA, VERSION = "sparse_ref vectors", 1
DTYPES = {
    "q": "<f4",
    "k": "<f4",
    "v": "<f4",
    "mask": "|u1",
    "indptr": "<i8",
    "indices": "<i8",
    "out": "<f8",
    "lse": "<f8",
}
COLUMNS = "id heads groups n_q n_k d e scale tolerance"


def write(folder: str | PathLike[str]) -> Path:
    """Write the suite to a new or empty folder, and return its path.

    The same version writes the same bytes each time. The suite is written next to the folder first,
    so that the folder contains all of it or nothing.

    Raises FileExistsError if `folder` is a file or not empty, OSError if it cannot be written.
    """
    folder = Path(folder).resolve()
    if folder.is_dir():
        problem = "neither" if any(folder.iterdir()) else None
    else:
        problem = "a file" if folder.exists() else None
    if problem is not None:
        raise FileExistsError(f"folder must be new or empty, got {folder}, which is {problem}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".vectors-") as temporary:
        partial = Path(temporary) / "suite"
        partial.mkdir()
        _write_files(partial)
        if folder.exists():
            _move_files(partial, folder)
        else:
            partial.rename(folder)
    return folder


def _move_files(source: Path, target: Path) -> None:
    """Move all files; index.json last, since a folder without it is no suite."""
    for file in sorted(source.iterdir(), key=lambda file: file.name == "index.json"):
        file.rename(target / file.name)


def _write_files(folder: Path) -> None:
    """Write all files into an existing folder."""
    entries = []
    for case in tqdm(CASES, desc="vectors", leave=False, delay=1):
        content = arrays(case)
        entries.append(entry(case, content))
        for name, array in content.items():
            (folder / f"{case.id}.{name}.bin").write_bytes(array.tobytes())
        (folder / f"{case.id}.npz").write_bytes(npz(content))
    index = {
        "schema": SCHEMA,
        "version": VERSION,
        "library": f"sparse_ref {__version__}",
        "flags": FLAGS,
        "cases": entries,
    }
    _write_text(folder / "index.json", json.dumps(index, indent=1, allow_nan=False))
    lines = [f"# {SCHEMA} {VERSION}", f"# {COLUMNS}", *map(_line, entries)]
    _write_text(folder / "cases.txt", "\n".join(lines))


def _write_text(path: Path, text: str) -> None:
    """Write ASCII with the line ends of Unix, the same on any system."""
    path.write_text(text + "\n", encoding="ascii", newline="\n")


def arrays(case: Case) -> dict[str, np.ndarray]:
    """The arrays of a case by name, little-endian: q, k, v, mask, indptr, indices, out and lse.

    `mask` is (H, n_q, n_k), and 1 if i attends to j; indptr (H n_q + 1,) and indices are the same
    as rows, head after head. out and lse are those of `attend_with_lse` with device="reference",
    from the float32 inputs converted to float64.
    """
    n = lengths(case.n)
    mask = np.stack([dense(p, n) for p in _patterns(case)])
    mask = np.broadcast_to(mask, (case.heads, *n))
    q, k, v = inputs(case, n, idle_keys(mask, case.groups))
    out, lse = _reference(q, k, v, case)
    rows = mask.reshape(-1, n[1])
    content = {
        "q": q,
        "k": k,
        "v": v,
        "mask": mask,
        "indptr": np.cumsum([0, *rows.sum(axis=1)]),
        "indices": np.nonzero(rows)[1],
        "out": out,
        "lse": lse,
    }
    return {name: np.ascontiguousarray(content[name], DTYPES[name]) for name in DTYPES}


def _reference(
    q: FloatArray,
    k: FloatArray,
    v: FloatArray,
    case: Case,
) -> Result:
    """The right output, from the inputs converted to float64."""
    out, lse = attend_with_lse(
        q.astype(np.float64),
        k.astype(np.float64),
        v.astype(np.float64),
        _patterns_of_heads(case),
        scale=_scale(case),
        device="reference",
    )
    return Result(out, lse)


def entry(case: Case, content: Arrays) -> dict[str, Any]:
    """The entry in index.json of a case with these arrays."""
    without_flags = {
        "id": case.id,
        "comment": case.comment,
        "expected": case.expected,
        "flags": [],
        "patterns": _texts(case.sets),
        "heads": case.heads,
        "groups": case.groups,
        "n": list(lengths(case.n)),
        "d": case.d,
        "e": case.e,
        "scale": _scale(case),
        "seed": seed(case.id),
        "wrong": {flag: _texts(sets) for flag, sets in case.wrong.items()},
        "tolerance": tolerances(content, _patterns_of_heads(case), _scale(case)),
        "arrays": {
            name: _array_entry(f"{case.id}.{name}.bin", array) for name, array in content.items()
        },
        "npz": f"{case.id}.npz",
        "sha256": sha256(npz(content)).hexdigest(),
    }
    return {**without_flags, "flags": _caught_flags(without_flags, content)}


def _array_entry(file: str, array: np.ndarray) -> dict[str, Any]:
    """The entry of an array."""
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "file": file,
    }


def _caught_flags(entry: Entry, content: Arrays) -> list[str]:
    """The flags of the bugs that apply to a case and whose outputs all fail it."""
    flags = []
    for flag, bug_results in results(entry, content):
        fails = [_fails(entry, content, flag, result) for result in bug_results]
        if fails and all(fails):
            flags.append(flag)
    return flags


def _fails(entry: Entry, content: Arrays, flag: str, result: Result) -> bool:
    """Whether the result of a bug fails a case, by lse only if the bug is about it."""
    lse = result.lse if flag == "lse" else None  # an implementation need not write lse
    return compare(entry, content, result.out, lse).status == "fail"


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


def _line(entry: Entry) -> str:
    """A case in cases.txt."""
    sizes = (entry["heads"], entry["groups"], *entry["n"], entry["d"], entry["e"])
    numbers = (entry["scale"], entry["tolerance"]["out"]["float32"])
    columns = [entry["id"], *map(str, sizes), *map(repr, numbers)]
    return " ".join(columns)


def _texts(sets: str) -> list[str]:
    """The notations between semicolons."""
    return [text.strip() for text in sets.split(";")]


def _patterns(case: Case) -> list[Pattern]:
    """The pattern of a case, or one per head."""
    return [notation.parse(text) for text in _texts(case.sets)]


def _patterns_of_heads(case: Case) -> list[Pattern]:
    """One pattern per head."""
    patterns = _patterns(case)
    return patterns * (case.heads // len(patterns))


def _scale(case: Case) -> float:
    """The scale of the logits, by default 1 / sqrt(d)."""
    return case.d**-0.5 if case.scale is None else case.scale
