"""The bytes of regular files, whose kind, place and size are known before they are read.

The files may come from anyone. A FIFO blocks its reader for ever, a device has no end, a sparse
file of gigabytes costs its author nothing, and a link leads anywhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
# a FIFO opens at once, a terminal gets no control, and no link is followed; not all on Windows
FLAGS = ("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")


class FileError(ValueError):
    """A file that is not what it should be; the message begins with its name."""


@dataclass(frozen=True)
class RegularFile:
    """An open regular file: its name, and its size in bytes."""

    name: str
    size: int
    stream: FileIO

    def content(self) -> bytes:
        """All of it. Its size must be known to be small."""
        content = self.stream.read(self.size + 1)
        if len(content) != self.size:
            raise FileError(
                f"{self.name} must not change while it is read, got {len(content)} bytes of "
                f"{self.size}"
            )
        return content


@contextmanager
def regular_file(folder: Path, name: str) -> Iterator[RegularFile]:
    """A regular file of a folder, open for reading; nothing of it is read yet.

    Raises FileNotFoundError if there is none, FileError if it is of another kind, leads out of the
    folder by a link, or cannot be read.
    """
    try:
        path = _path_inside(folder, name)
        _check_kind(name, os.stat(path))
        with open(path, "rb", buffering=0, opener=_descriptor) as stream:
            status = os.fstat(stream.fileno())  # of what is open, whatever the path leads to now
            _check_kind(name, status)
            yield RegularFile(name, status.st_size, stream)
    except FileNotFoundError:
        if not os.path.islink(folder / name):
            raise
        raise FileError(f"{name} must be a regular file, got a link to none") from None
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}") from None


def _path_inside(folder: Path, name: str) -> str:
    """The path of a file without links, which must lie in the folder itself."""
    path = os.path.realpath(folder / name, strict=True)
    if os.path.dirname(path) != os.path.realpath(folder):
        raise FileError(f"{name} must be in its folder, got a link that leads out of it")
    return path


def _check_kind(name: str, status: os.stat_result) -> None:
    """Refuse what is no regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "another kind")
        raise FileError(f"{name} must be a regular file, got {kind}")


def _descriptor(path: str, flags: int) -> int:
    """What opens a file, without waiting for one that writes to it."""
    for name in FLAGS:
        flags |= getattr(os, name, 0)
    return os.open(path, flags)
