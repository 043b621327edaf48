"""Arrays in .npz archives, of which no more is read than the arrays should have.

A zip of kilobytes can hold gigabytes, and the header of an array can claim any shape: both are
compared with what is expected before numbers are read. Nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from math import prod
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from .regular_files import FileError

MAX_HEADER = 2**14  # bytes; NumPy writes 128
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
ENCRYPTED = 1  # the bit of a member's flags
Archive = dict[str, np.ndarray]  # arrays by name


class Form(NamedTuple):
    """What an array must be: its shape, and the name of its dtype, or "floats" for any of them."""

    shape: tuple[int, ...]
    dtype: str = "floats"

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"

    def fits(self, header: Header) -> bool:
        """Whether an array with this header has this form."""
        if header.shape != self.shape:
            return False
        if self.dtype == "floats":
            return header.dtype.kind == "f"
        return header.dtype == np.dtype(self.dtype)


class Header(NamedTuple):
    """The header of a .npy file."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype

    @property
    def size(self) -> int:
        """The bytes that follow the header."""
        return prod(self.shape) * self.dtype.itemsize


def read_npz(name: str, content: bytes, forms: Mapping[str, Form]) -> Archive:
    """The arrays of these names that are in an archive, in their own dtypes.

    Raises FileError, beginning with `name`, if it is no archive, or if an array has another form.
    """
    with _file_errors(f"{name} is no .npz of arrays"), ZipFile(BytesIO(content)) as archive:
        names = [member.filename for member in archive.infolist()]
        arrays = {}
        for array, form in forms.items():
            count = names.count(f"{array}.npy")
            if count > 1:
                raise FileError(f"{name} must hold one array `{array}`, got {count}")
            if count == 1:
                member = archive.getinfo(f"{array}.npy")
                arrays[array] = _read_member(f"{array} in {name}", archive, member, form)
        return arrays


def _read_member(name: str, archive: ZipFile, member: ZipInfo, form: Form) -> np.ndarray:
    """An array: first its header, and its numbers only if that has the right form."""
    if member.flag_bits & ENCRYPTED:
        raise FileError(f"{name} must not be encrypted")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise FileError(
            f"{name} must be stored or deflated, got compression {member.compress_type}"
        )
    with archive.open(member) as file:
        beginning = BytesIO(file.read(MAX_HEADER))
        with _file_errors(f"{name} is no array"):
            header = _read_header(beginning)
        if not form.fits(header):
            raise FileError(f"{name} must be {form}, got {header.dtype} {header.shape}")
        data = beginning.read()
        # one byte more than there should be, which also has the checksum compared
        data += file.read(max(header.size + 1 - len(data), 0))
    if len(data) != header.size:
        more = "more" if len(data) > header.size else f"{len(data)}"
        raise FileError(f"{name} must be {form}, {header.size} bytes, got {more}")
    numbers = np.frombuffer(data, header.dtype)
    if header.is_fortran:
        return numbers.reshape(header.shape, order="F")
    return numbers.reshape(header.shape)


def _read_header(file: IO[bytes]) -> Header:
    """The header of a .npy file, no longer than MAX_HEADER."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"the version of .npy must be 1.0 or 2.0, got {version}")
    return Header(*HEADERS[version](file, max_header_size=MAX_HEADER))


@contextmanager
def _file_errors(problem: str) -> Iterator[None]:
    """Turn whatever a damaged archive or header raises into a FileError."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:  # almost anything, RecursionError and MemoryError among it
        raise FileError(f"{problem}: {type(error).__name__}: {error}") from None
