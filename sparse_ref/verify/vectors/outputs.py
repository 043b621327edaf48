"""Arrays from disk: those of the suite, as written, and those of an implementation, unchecked."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np

from ...sets.types import FloatArray
from .statement import Entry

Shape = tuple[int, ...]
Output = dict[str, FloatArray]  # what an implementation wrote, by name


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
    """The arrays that an implementation wrote for a case, float64, by name; None without a file."""
    name = entry["id"]
    npz = folder / f"{name}.npz"
    names = [*entry["outputs"], *entry["optional"]]
    raw = [array for array in names if (folder / f"{name}.{array}.bin").exists()]
    shapes = {array: tuple(entry["arrays"][array]["shape"]) for array in names}
    if npz.exists():
        if raw:
            raise OutputError(f"both {name}.{raw[0]}.bin and {npz.name} are there")
        output = _read_npz(npz, shapes)
    elif not raw:
        return None
    else:
        output = {x: _read_raw(folder / f"{name}.{x}.bin", shapes[x]) for x in raw}
    missing = [array for array in entry["outputs"] if array not in output]
    if missing and npz.exists():
        raise OutputError(f"{npz.name} must hold an array `{missing[0]}`")
    if missing:
        raise OutputError(f"{name}.{raw[0]}.bin is there, but {name}.{missing[0]}.bin is not")
    return output


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


def _read_npz(path: Path, shapes: dict[str, Shape]) -> Output:
    """The arrays of these names that are there; never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in shapes if name in file.files}
    except Exception as error:  # a damaged zip raises almost anything
        raise OutputError(
            f"{path.name} is no .npz of arrays: {type(error).__name__}: {error}"
        ) from error
    for name, array in arrays.items():
        if array.shape != shapes[name] or array.dtype.kind != "f":
            raise OutputError(
                f"{name} in {path.name} must be floats {shapes[name]}, "
                f"got {array.dtype} {array.shape}"
            )
    return {name: array.astype(np.float64) for name, array in arrays.items()}
