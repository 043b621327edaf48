"""Arrays from disk: those of the suite, as written, and those of an implementation, unchecked."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np

from ...sets.types import FloatArray
from .tolerance import Entry

Shape = tuple[int, ...]
Output = tuple[FloatArray, FloatArray | None]  # out, and lse if written


class OutputError(ValueError):
    """A file of outputs without the arrays that it should contain."""


def suite_arrays(folder: Path, entry: Entry) -> dict[str, np.ndarray]:
    """The arrays of a case, by name.

    Raises FileNotFoundError if they are missing, ValueError if they changed since the index was
    written.
    """
    path = folder / entry["npz"]
    content = path.read_bytes()
    if sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(
            f"folder must hold the suite as it was written, but {path} has changed since"
        )
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def read_output(folder: Path, entry: Entry) -> Output | None:
    """(out, lse or None) that an implementation wrote for a case, float64; None without a file."""
    name = entry["id"]
    raw, npz = folder / f"{name}.out.bin", folder / f"{name}.npz"
    if raw.exists() and npz.exists():
        raise OutputError(f"both {raw.name} and {npz.name} are there")
    shape = tuple(entry["arrays"]["out"]["shape"])
    if npz.exists():
        return _read_npz(npz, shape)
    if not raw.exists():
        return None
    out = _read_raw(raw, shape)
    raw_lse = folder / f"{name}.lse.bin"
    return out, _read_raw(raw_lse, shape[:-1]) if raw_lse.exists() else None


def _read_raw(path: Path, shape: Shape) -> FloatArray:
    """Little-endian float32 or float64; the size of the file says which."""
    content = path.read_bytes()
    count = int(np.prod(shape))
    dtype = {4 * count: "<f4", 8 * count: "<f8"}.get(len(content))
    if dtype is None:
        raise OutputError(
            f"{path.name} must hold {shape} numbers, {4 * count} bytes as float32 or {8 * count} "
            f"as float64, got {len(content)} bytes"
        )
    return np.frombuffer(content, dtype).reshape(shape).astype(np.float64)


def _read_npz(path: Path, shape: Shape) -> Output:
    """`out` and, if it is there, `lse`; never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("out", "lse") if name in file.files}
    except Exception as error:  # a damaged zip raises almost anything
        raise OutputError(
            f"{path.name} is no .npz of arrays: {type(error).__name__}: {error}"
        ) from error
    if "out" not in arrays:
        raise OutputError(f"{path.name} must hold an array `out`")
    shapes = {"out": shape, "lse": shape[:-1]}
    for name, array in arrays.items():
        if array.shape != shapes[name] or array.dtype.kind != "f":
            raise OutputError(
                f"{name} in {path.name} must be floats {shapes[name]}, "
                f"got {array.dtype} {array.shape}"
            )
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    return wide["out"], wide.get("lse")
