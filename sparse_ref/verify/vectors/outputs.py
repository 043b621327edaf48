"""Arrays from disk: those of the suite, as written, and those of an implementation, unchecked."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from math import prod
from pathlib import Path

import numpy as np

from ...sets.types import FloatArray
from .archives import MAX_HEADER, Form, read_npz
from .array_entries import array_bytes
from .numbers import check_numbers
from .regular_files import FileError, regular_file
from .statement import Entry

Shape = tuple[int, ...]
Shapes = dict[str, Shape]  # by name
Output = dict[str, FloatArray]  # what an implementation wrote, by name

MEMBER_BYTES = 512  # what an archive of the suite has of an array besides its numbers, at most
SPARE_BYTES = 2**20  # of arrays that an implementation may add to its archive


def suite_arrays(folder: Path, entry: Entry) -> dict[str, np.ndarray]:
    """The arrays of a case, by name.

    Raises FileNotFoundError if they are missing, ValueError if they changed since the index was
    written, or are not what it says.
    """
    name = entry["npz"]
    forms = _forms(entry)
    most = array_bytes(entry) + MEMBER_BYTES * (len(forms) + 1)
    with regular_file(folder, name) as file:
        is_small = file.size <= most
        content = file.content() if is_small else b""
    if sha256(content).hexdigest() != entry["sha256"]:
        raise FileError(
            f"folder must hold the suite as it was written, but {folder / name} has changed since"
        )
    arrays = read_npz(name, content, forms)
    for array in forms:
        if array not in arrays:
            raise FileError(f"{name} must hold an array `{array}`, as index.json says")
    check_numbers(name, entry, arrays)
    return arrays


def _forms(entry: Entry) -> dict[str, Form]:
    """What the arrays of a case must be."""
    arrays = entry["arrays"].items()
    return {name: Form(tuple(array["shape"]), array["dtype"]) for name, array in arrays}


def read_output(folder: Path, entry: Entry, files: Collection[str]) -> Output | None:
    """The arrays that an implementation wrote for a case, float64, by name; None without a file.

    `files` are the names in the folder. Raises FileError for what is not as it should be.
    """
    name = entry["id"]
    npz = f"{name}.npz"
    names = [*entry["outputs"], *entry["optional"]]
    raw = [array for array in names if f"{name}.{array}.bin" in files]
    shapes = {array: tuple(entry["arrays"][array]["shape"]) for array in names}
    if npz in files:
        if raw:
            raise FileError(f"both {name}.{raw[0]}.bin and {npz} are there")
        output = _read_npz(folder, npz, shapes, entry)
    elif not raw:
        return None
    else:
        output = {x: _read_raw(folder, f"{name}.{x}.bin", shapes[x]) for x in raw}
    missing = [array for array in entry["outputs"] if array not in output]
    if missing and npz in files:
        raise FileError(f"{npz} must hold an array `{missing[0]}`")
    if missing:
        raise FileError(f"{name}.{raw[0]}.bin is there, but {name}.{missing[0]}.bin is not")
    return output


def _read_raw(folder: Path, name: str, shape: Shape) -> FloatArray:
    """Little-endian float32 or float64; the size of the file says which."""
    count = prod(shape)
    with regular_file(folder, name) as file:
        dtype = {4 * count: "<f4", 8 * count: "<f8"}.get(file.size)
        if dtype is None:
            raise FileError(
                f"{name} must hold {shape} numbers, {4 * count} bytes as float32 or {8 * count} "
                f"as float64, got {file.size} bytes"
            )
        content = file.content()
    return np.frombuffer(content, dtype).reshape(shape).astype(np.float64)


def _read_npz(folder: Path, name: str, shapes: Shapes, entry: Entry) -> Output:
    """The arrays of these names that are there."""
    numbers = sum(prod(said["shape"]) for said in entry["arrays"].values())
    most = 16 * numbers + MAX_HEADER * len(shapes) + SPARE_BYTES
    with regular_file(folder, name) as file:
        if file.size > most:
            raise FileError(f"{name} must be at most {most} bytes for this case, got {file.size}")
        content = file.content()
    forms = {array: Form(shape) for array, shape in shapes.items()}
    arrays = read_npz(name, content, forms)
    return {array: x.astype(np.float64) for array, x in arrays.items()}
