"""The suite on disk: index.json, cases.txt, and per case its arrays, as .npz and as raw files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from tqdm import tqdm

from ... import __version__
from .cases import CASES, Case
from .columns import COLUMNS, line
from .content import arrays, entry, npz
from .flags import FLAGS
from .formats import FORMATS
from .selection import globs, matching_ids

SCHEMA, VERSION = "sparse_ref vectors", 2
FormatName = Literal["suite", "onnx", "hipdnn"]
Globs = tuple[str, ...]
Writer = Callable[[Path], None]


def write(
    folder: str | PathLike[str],
    *,
    only: str | Iterable[str] | None = None,
    format: FormatName = "suite",
    precision: str | None = None,
) -> Path:
    """Write the suite to a new or empty folder, and return its path.

    The same version writes the same bytes each time. The suite is written next to the folder first,
    so that the folder contains all of it or nothing.

    Parameters
    ----------
    folder : path
        New or empty.
    only : str or iterable of str
        Write only the cases whose ids match one of these globs, "lookback*,grouped*".
    format : "suite", "onnx" or "hipdnn"
        The suite that `check` judges; or backend tests of ONNX, or golden reference bundles of
        hipDNN, as many as these formats express. left_out.txt says which are left out, and why.
    precision : str
        Of the tensors: float32, and for hipDNN also float16 or bfloat16. Not for the suite, which
        serves all precisions.

    Raises FileExistsError if `folder` is a file or not empty, OSError if it cannot be written,
    ValueError if a glob matches no case, and for an unknown format or precision; ImportError if
    format is onnx and the package is missing.
    """
    chosen = globs(only)
    cases = _chosen_cases(chosen)
    if format != "suite":
        return _write_folder(folder, _other_files(cases, format, precision or "float32"))
    if precision is not None:
        raise ValueError(f"precision must be None, as the suite serves all, got {precision!r}")
    return _write_folder(folder, lambda partial: _write_files(partial, cases, chosen))


def _chosen_cases(only: Globs) -> list[Case]:
    """The cases whose ids match one of the globs, all of them if there is none."""
    if not only:
        return list(CASES)
    ids = matching_ids([case.id for case in CASES], only)
    return [case for case in CASES if case.id in ids]


def _other_files(cases: Iterable[Case], format: str, precision: str) -> Writer:
    """What writes the cases in the format of another project, and left_out.txt."""
    if format not in FORMATS:
        raise ValueError(f"format must be one of suite, {', '.join(FORMATS)}, got {format!r}")
    other = FORMATS[format]
    if precision not in other.precisions:
        choices = ", ".join(other.precisions)
        raise ValueError(f"precision must be one of {choices} for {other.name}, got {precision!r}")

    def write_files(folder: Path) -> None:
        left_out = []
        for case in tqdm(cases, desc=format, leave=False, delay=1, disable=None):
            content = arrays(case)
            description = entry(case, content)
            if obstacle := other.obstacle(description):
                left_out.append(f"{case.id}: {obstacle}")
            else:
                other.write_case(folder, description, content, precision)
        _write_text(folder / "left_out.txt", "\n".join(left_out))

    return write_files


def _write_folder(folder: str | PathLike[str], write_files: Writer) -> Path:
    """Have a new or empty folder written wholly or not at all, and return its path."""
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
        write_files(partial)
        if folder.exists():
            _move_files(partial, folder)
        else:
            partial.rename(folder)
    return folder


def _move_files(source: Path, target: Path) -> None:
    """Move all files; index.json last, since a folder without it is no suite."""
    for file in sorted(source.iterdir(), key=lambda file: file.name == "index.json"):
        file.rename(target / file.name)


def _write_files(folder: Path, cases: list[Case], only: Globs) -> None:
    """Write all files into an existing folder."""
    entries = []
    for case in tqdm(cases, desc="vectors", leave=False, delay=1, disable=None):
        content = arrays(case)
        entries.append(entry(case, content))
        for name, array in content.items():
            (folder / f"{case.id}.{name}.bin").write_bytes(array.tobytes())
        (folder / f"{case.id}.npz").write_bytes(npz(content))
    index = {
        "schema": SCHEMA,
        "version": VERSION,
        "library": f"sparse_ref {__version__}",
        "only": list(only),
        "total": len(CASES),
        "flags": FLAGS,
        "cases": entries,
    }
    _write_text(folder / "index.json", json.dumps(index, indent=1, allow_nan=False))
    lines = [f"# {SCHEMA} {VERSION}", f"# {COLUMNS}", *map(line, entries)]
    _write_text(folder / "cases.txt", "\n".join(lines))


def _write_text(path: Path, text: str) -> None:
    """Write ASCII with the line ends of Unix, the same on any system."""
    path.write_text(text + "\n", encoding="ascii", newline="\n")
