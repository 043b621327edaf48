"""The suite on disk: index.json, cases.txt, and of each case the arrays as .npz and as raw little-endian files."""

from __future__ import annotations

import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile, ZipInfo

import numpy as np
from tqdm import tqdm

from ... import __version__
from ...attention import attend_with_lse
from ...catalogue import notation
from ...lower import dense
from ...sets.checks import lengths
from .cases import CASES, Case
from .flags import FLAGS, results
from .inputs import inputs, seed
from .tolerance import compared, outside, tolerances

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


def write(folder) -> Path:
    """Write the suite to a new or empty folder, and give its path. The same version writes the same bytes each time.

    It is written beside the folder first, so that the folder holds all of it or nothing.

    Raises FileExistsError where `folder` is a file or holds anything, OSError where it cannot be written.
    """
    folder = Path(folder).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(
            f"folder must be new or empty, got {folder}, which is {'neither' if folder.is_dir() else 'a file'}"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".vectors-") as beside:
        partial = Path(beside) / "suite"
        partial.mkdir()
        _write(partial)
        if folder.exists():
            for file in sorted(
                partial.iterdir(), key=lambda file: file.name == "index.json"
            ):  # last: without it, it is no suite
                file.rename(folder / file.name)
        else:
            partial.rename(folder)
    return folder


def _write(folder: Path) -> None:
    """All files, into a folder that is there."""
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
    (folder / "index.json").write_text(
        json.dumps(index, indent=1, allow_nan=False) + "\n", encoding="ascii", newline="\n"
    )
    lines = [f"# {SCHEMA} {VERSION}", f"# {COLUMNS}", *map(_line, entries)]
    (folder / "cases.txt").write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def arrays(case: Case) -> dict[str, np.ndarray]:
    """What is written of a case, by name, little-endian: q, k, v, mask, indptr, indices, out and lse.

    `mask` is (H, n_q, n_k), and 1 where i attends to j; indptr (H n_q + 1,) and indices are the same as rows, head after head.
    out and lse are those of `attend_with_lse` with device="reference", from the float32 inputs taken as float64.
    """
    n, patterns = lengths(case.n), _patterns(case)
    mask = np.broadcast_to(np.stack([dense(p, n) for p in patterns]), (case.heads, *n))
    q, k, v = inputs(case, n, outside(mask, case.groups))
    rows = mask.reshape(-1, n[1])
    q64, k64, v64 = (x.astype(np.float64) for x in (q, k, v))
    out, lse = attend_with_lse(
        q64, k64, v64, _of_heads(case), scale=_scale(case), device="reference"
    )
    indptr, indices = np.cumsum([0, *rows.sum(axis=1)]), np.nonzero(rows)[1]
    content = (q, k, v, mask, indptr, indices, out, lse)
    return {
        name: np.ascontiguousarray(array, dtype)
        for (name, dtype), array in zip(DTYPES.items(), content)
    }


def entry(case: Case, content) -> dict:
    """What index.json says of a case and its arrays."""
    said = {
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
        "tolerance": tolerances(content, _of_heads(case), _scale(case)),
        "arrays": {
            name: {
                "dtype": array.dtype.name,
                "shape": list(array.shape),
                "file": f"{case.id}.{name}.bin",
            }
            for name, array in content.items()
        },
        "npz": f"{case.id}.npz",
        "sha256": sha256(npz(content)).hexdigest(),
    }
    said["flags"] = [
        flag
        for flag, bugs in results(said, content)
        if bugs
        and all(
            compared(said, content, out, lse if flag == "lse" else None)[0] == "fail"
            for out, lse in bugs
        )
    ]  # lse need not be written
    return said


def npz(content) -> bytes:
    """A zip of .npy files, not compressed, with one date for all, so that equal arrays are equal bytes."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, array in content.items():
            member, npy = (
                ZipInfo(f"{name}.npy"),
                BytesIO(),
            )  # dated 1980, the first year that a zip knows
            member.create_system = 3
            np.lib.format.write_array(npy, array, allow_pickle=False)
            archive.writestr(member, npy.getvalue())
    return file.getvalue()


def _line(entry: dict) -> str:
    """A case in cases.txt."""
    n_q, n_k = entry["n"]
    return (
        f"{entry['id']} {entry['heads']} {entry['groups']} {n_q} {n_k} {entry['d']} {entry['e']} {entry['scale']!r} "
        f"{entry['tolerance']['out']['float32']!r}"
    )


def _texts(sets: str) -> list[str]:
    """The notations between semicolons."""
    return [text.strip() for text in sets.split(";")]


def _patterns(case: Case) -> list:
    """The pattern of a case, or one for each head."""
    return [notation.parse(text) for text in _texts(case.sets)]


def _of_heads(case: Case) -> list:
    """One pattern for each head."""
    patterns = _patterns(case)
    return patterns * (case.heads // len(patterns))


def _scale(case: Case) -> float:
    """The scale, which is 1 / sqrt(d) unless the case has one."""
    return case.d**-0.5 if case.scale is None else case.scale
