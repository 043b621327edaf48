"""A small suite and its right outputs as folders, and the hostile files that are put into them."""

import json
import os
import shutil
import socket
import struct
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import numpy as np
import pytest
from verify.vector_outputs import read_index

from sparse_ref.verify.vectors.content import npz

IDS = (
    "full",
    "lookback",
    "grouped",
    "softcap",
    "sink-logits",
    "topk",
    "packed",
    "paged",
    "backward",
)
SHAPE = (2, 18, 4)  # of out in the case `full`
GIGABYTES = 6 * 2**30
MEMORY = 128 * 2**20  # of the process
BOMB = 160 * 2**20


@contextmanager
def copied(folder, target):
    """A copy of a folder, removed at the end."""
    shutil.copytree(folder, target)
    try:
        yield target
    finally:
        shutil.rmtree(target)


def rewrite(suite, change):
    """Change what index.json says."""
    index = read_index(suite)
    changed = change(index)
    text = json.dumps(index if changed is None else changed)
    (suite / "index.json").write_text(text.replace("Infinity", "1e999"))


def rewrite_arrays(suite, position, change):
    """Change arrays of a case, in its archive, with the right hash in index.json."""
    index = read_index(suite)
    entry = index["cases"][position]
    with np.load(suite / entry["npz"]) as file:
        arrays = dict(file)
    change(arrays)
    rewrite_archive(suite, position, npz(arrays))


def rewrite_archive(suite, position, content):
    """Replace the archive of a case, with the right hash in index.json."""

    def hashed(index):
        entry = index["cases"][position]
        (suite / entry["npz"]).write_bytes(content)
        entry["sha256"] = sha256(content).hexdigest()

    rewrite(suite, hashed)


def npy(header, data=b"", version=b"\x01\x00"):
    """A .npy file with any header."""
    text = header.encode("latin1") + b"\n"
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + length + text + data


def header_of(descr="'<f8'", fortran=False, shape=SHAPE):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}}}"


def zipped(path, members, compression=ZIP_DEFLATED):
    """An archive with these members, a member given as bytes or as (beginning, zeros after it)."""
    with ZipFile(path, "w", compression, compresslevel=1) as archive:
        for name, content in members:
            beginning, zeros = content if isinstance(content, tuple) else (content, 0)
            with archive.open(name, "w") as file:
                file.write(beginning)
                for _ in range(zeros // 2**20):
                    file.write(bytes(2**20))


RIGHT_NPY = npy(header_of(), bytes(8 * 144))


def fifo(path):
    os.mkfifo(path)


def socket_file(path):
    server = socket.socket(socket.AF_UNIX)
    directory = os.open(path.parent, os.O_RDONLY)
    try:  # the path of a socket is short
        server.bind(f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)
        server.close()


def link(target):
    return lambda path: path.symlink_to(target)


def loop(path):
    path.symlink_to(path.name)


def link_out(path):
    """A link to a file of the right size that lies in no folder of outputs."""
    other = path.parent.parent / "outside"
    other.write_bytes(bytes(8 * 144))
    path.symlink_to(other)


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(GIGABYTES)


def written(content):
    return lambda path: path.write_bytes(content)


KINDS = {
    "a folder": (Path.mkdir, "must be a regular file, got a folder"),
    "a FIFO": (fifo, "must be a regular file, got a FIFO"),
    "a socket": (socket_file, "must be a regular file, got a socket"),
    "a device": (link("/dev/zero"), "must be in its folder, got a link that leads out of it"),
    "a link out": (link_out, "must be in its folder, got a link that leads out of it"),
    "a link to none": (link("nowhere"), "must be a regular file, got a link to none"),
    "a loop of links": (loop, "cannot be read: Too many levels of symbolic links"),
    "a file of gigabytes": (sparse, f"got {GIGABYTES}"),
}


def archive(*members, compression=ZIP_DEFLATED):
    return lambda path: zipped(path, members, compression)


def edited(old, new):
    """A right archive, with some bytes replaced wherever they are."""

    def write(path):
        file = BytesIO()
        zipped(file, [("out.npy", RIGHT_NPY)])
        assert old in file.getvalue()
        path.write_bytes(file.getvalue().replace(old, new))

    return write


def encrypted(path):
    """The bit that says so, set in both headers."""
    zipped(path, [("out.npy", RIGHT_NPY)])
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)


def overlapping(path):
    """Many members in the directory that are one in the file."""
    zipped(path, [("out.npy", RIGHT_NPY), ("lse.npy", RIGHT_NPY)])
    content = bytearray(path.read_bytes())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 42 : second + 46] = bytes(4)  # where its data begin
    path.write_bytes(content)


def twice(path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(path, [("out.npy", RIGHT_NPY)] * 2)


def huge_directory(path):
    """The end of a zip of 2 GB of directory, in a sparse file."""
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**31, 0, 0)
    with open(path, "wb") as file:
        file.seek(2**31)
        file.write(end)


MUST = "out in full.npz must be floats (2, 18, 4)"
ARCHIVES = {
    "no zip": (written(b"no zip"), "full.npz is no .npz of arrays: BadZipFile: "),
    "nothing": (written(b""), "full.npz is no .npz of arrays: BadZipFile: "),
    "half a zip": (edited(b"PK\x05\x06", b"PK\x05\x07"), "full.npz is no .npz of arrays: "),
    "an end of another": (huge_directory, "full.npz must be at most "),
    "a bomb": (archive(("out.npy", (RIGHT_NPY, BOMB))), f"{MUST}, 1152 bytes, got more"),
    "a bomb of zeros": (archive(("out.npy", (b"", BOMB))), "out in full.npz is no array: "),
    "a bomb beside it": (
        archive(("x.npy", (b"", BOMB)), ("out.npy", RIGHT_NPY)),
        "out: 144 of 144 numbers are wrong",
    ),
    "a header of gigabytes": (
        archive(("out.npy", (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f", BOMB))),
        "out in full.npz is no array: ValueError: ",
    ),
    "a huge shape": (
        archive(("out.npy", npy(header_of(shape=(10**9, 10**9))))),
        f"{MUST}, got float64 (1000000000, 1000000000)",
    ),
    "a negative shape": (
        archive(("out.npy", npy(header_of(shape=(-2, -18, 4)), bytes(1152)))),
        f"{MUST}, got float64 (-2, -18, 4)",
    ),
    "a nested header": (
        archive(("out.npy", npy("(" * 9000))),
        "out in full.npz is no array: ",
    ),
    "an object": (
        archive(("out.npy", npy(header_of("'|O'"), b"cos\nsystem\n(S'false'\ntR."))),
        f"{MUST}, got object (2, 18, 4)",
    ),
    "a structure": (
        archive(("out.npy", npy(header_of("[('a', '<f8')]"), bytes(1152)))),
        f"{MUST}, got [('a', '<f8')] (2, 18, 4)",
    ),
    "complex numbers": (
        archive(("out.npy", npy(header_of("'<c16'"), bytes(2304)))),
        f"{MUST}, got complex128 (2, 18, 4)",
    ),
    "too few bytes": (archive(("out.npy", RIGHT_NPY[:-1])), f"{MUST}, 1152 bytes, got 1151"),
    "too many bytes": (archive(("out.npy", RIGHT_NPY + b"1")), f"{MUST}, 1152 bytes, got more"),
    "another magic": (
        archive(("out.npy", b"\x94" + RIGHT_NPY[1:])),
        "out in full.npz is no array: ValueError: the magic string is not correct",
    ),
    "a later version": (
        archive(("out.npy", b"\x93NUMPY\x09\x00" + RIGHT_NPY[8:])),
        "out in full.npz is no array: ValueError: ",
    ),
    "bzip2": (
        archive(("out.npy", RIGHT_NPY), compression=ZIP_BZIP2),
        "out in full.npz must be stored or deflated, got compression 12",
    ),
    "lzma": (
        archive(("out.npy", RIGHT_NPY), compression=ZIP_LZMA),
        "out in full.npz must be stored or deflated, got compression 14",
    ),
    "encrypted": (encrypted, "out in full.npz must not be encrypted"),
    "overlapping members": (overlapping, "full.npz is no .npz of arrays: BadZipFile: "),
    "a member twice": (twice, "full.npz must hold one array `out`, got 2"),
    "members of other places": (
        archive(("../out.npy", RIGHT_NPY), ("/out.npy", RIGHT_NPY)),
        "full.npz must hold an array `out`",
    ),
}
