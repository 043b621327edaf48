"""Compiled code: kept while the sources stay, never used after any of them changed, and done
without where it cannot be kept.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sparse_ref as sr
from sparse_ref import _jit as jit

COUNT = """
import numpy as np
from sparse_ref.lower import Runs, key_counts
print(key_counts(Runs(np.array([0, 1]), np.array([[0, 10, 1, 1]]), (1, 10)))[0])
"""


def counted(folder, **environment):
    """What a new process counts with the library that lies in `folder`."""
    here = {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1", **environment}
    run = subprocess.run(
        [sys.executable, "-c", COUNT],
        cwd=folder,
        env=here,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(
        Path(sr.__file__).parent,
        tmp_path / "sparse_ref",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


def test_an_edit_to_an_inner_function_is_compiled_in(copy):
    assert counted(copy) == 10
    assert list(copy.rglob("*.nbi")), "nothing was kept"
    inner = copy / "sparse_ref" / "lower" / "runs" / "keys.py"
    right = inner.read_text()
    size = "table[r, STOP] - table[r, START]"
    inner.write_text(right.replace(f"span_keys += {size}", "span_keys += 1000"))
    assert inner.read_text() != right
    assert counted(copy) == 1000
    inner.write_text(right)
    assert counted(copy) == 10


def test_where_nothing_can_be_kept_all_is_compiled_anew(copy):
    """Numba is told to keep its code below a path that is a file, as unwritable as can be."""
    (copy / "file").write_text("")
    assert counted(copy, NUMBA_CACHE_DIR=str(copy / "file" / "cache")) == 10


def test_every_room_that_compiles_is_in_the_stamp():
    package = Path(sr.__file__).parent
    for path in package.rglob("*.py"):
        if re.search(r"jit import .*(serial|parallel)", path.read_text()):
            assert path in jit.COMPILING, path
