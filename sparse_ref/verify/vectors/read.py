"""Arrays from disk: those of the suite, as they were written, and those of an implementation, which may be anything."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np


class OutputError(ValueError):
    """A file of outputs that holds something else than the arrays it should."""


def expected(folder: Path, entry: dict) -> dict[str, np.ndarray]:
    """The arrays of a case, by name.

    Raises FileNotFoundError where they are not there, ValueError where they are not those that the index was written with.
    """
    content = (folder / entry["npz"]).read_bytes()
    if sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(
            f"folder must hold the suite as it was written, but {folder / entry['npz']} has changed since"
        )
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def output(folder: Path, entry: dict) -> tuple[np.ndarray, np.ndarray | None] | None:
    """(out, lse or None) that an implementation wrote for a case, in float64; None where it wrote neither file."""
    raw, zipped = folder / f"{entry['id']}.out.bin", folder / f"{entry['id']}.npz"
    if raw.exists() and zipped.exists():
        raise OutputError(f"both {raw.name} and {zipped.name} are there")
    shape = tuple(entry["arrays"]["out"]["shape"])
    if zipped.exists():
        return _zipped(zipped, shape)
    lse = folder / f"{entry['id']}.lse.bin"
    return (
        (_raw(raw, shape), _raw(lse, shape[:-1]) if lse.exists() else None)
        if raw.exists()
        else None
    )


def _raw(path: Path, shape) -> np.ndarray:
    """Little-endian float32 or float64, told by the size of the file."""
    content, count = path.read_bytes(), int(np.prod(shape))
    if len(content) not in (4 * count, 8 * count):
        raise OutputError(
            f"{path.name} must hold {shape} numbers, {4 * count} bytes as float32 or {8 * count} as float64, "
            f"got {len(content)} bytes"
        )
    return (
        np.frombuffer(content, "<f4" if len(content) == 4 * count else "<f8")
        .reshape(shape)
        .astype(np.float64)
    )


def _zipped(path: Path, shape) -> tuple[np.ndarray, np.ndarray | None]:
    """`out` and, where it is there, `lse`; never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("out", "lse") if name in file.files}
    except Exception as error:  # a damaged zip raises whatever its reader stumbled over
        raise OutputError(
            f"{path.name} is no .npz of arrays: {type(error).__name__}: {error}"
        ) from error
    if "out" not in arrays:
        raise OutputError(f"{path.name} must hold an array `out`")
    for name, array, said in (
        ("out", arrays["out"], shape),
        ("lse", arrays.get("lse", np.zeros(shape[:-1])), shape[:-1]),
    ):
        if array.shape != said or array.dtype.kind != "f":
            raise OutputError(
                f"{name} in {path.name} must be floats {said}, got {array.dtype} {array.shape}"
            )
    lse = arrays.get("lse")
    return arrays["out"].astype(np.float64), None if lse is None else lse.astype(np.float64)
