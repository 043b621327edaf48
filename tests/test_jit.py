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
from sparse_ref._jit.threads import run_on_threads

COUNT = """
import numpy as np
from sparse_ref.lower import Runs, key_counts
table = np.array([[0, 10, 1, 1], [0, 10, 2, 1]])  # a strided run, since spans need no loop
print(key_counts(Runs(np.array([0, 1, 2]), table, (2, 10)))[0])
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


def test_every_file_that_compiles_is_in_the_stamp():
    package = Path(sr.__file__).parent
    decorators = r"^@(serial|inline|parallel|multithread)$"
    compiling = [
        path for path in package.rglob("*.py") if re.search(decorators, path.read_text(), re.M)
    ]
    assert len(compiling) > 10
    for path in [*compiling, *(package / "_jit").glob("*.py")]:
        assert path in jit.FILES, path


def test_no_file_compiles_but_by_the_decorators_of_one_package():
    """Numba's own njit stands nowhere else; the CUDA kernels are never kept on disk."""
    package = Path(sr.__file__).parent
    for path in package.rglob("*.py"):
        if path.parent.name not in ("_jit", "cuda"):
            imports = r"from numba.* import .*\b(njit|jit|overload|intrinsic|register_model)\b"
            assert not re.search(imports, path.read_text()), path


NOTICE = """
from sparse_ref._jit import notice
notice.PATIENCE = {patience}
import numpy as np, sparse_ref as sr
x = np.ones((1, 200, 4))
for _ in range(2):
    sr.attend(x, x, x, sr.csr(sr.Causal(), 200))
"""


@pytest.mark.parametrize(("patience", "lines"), [(0.01, 1), (1000, 0)])
def test_one_line_says_that_the_kernels_are_compiled(patience, lines, tmp_path):
    """On stderr, once, with the folder; the second process finds everything compiled."""
    here = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", NOTICE.format(patience=patience)]
    for expected in (lines, 0):
        run = subprocess.run(command, env=here, capture_output=True, text=True, check=True)
        assert run.stdout == ""
        assert run.stderr.count("sparse_ref: compiling the kernels once") == expected
        assert run.stderr.count(str(tmp_path)) == expected


def test_a_compiled_queue_reports_what_a_thread_raises():
    with pytest.raises(ZeroDivisionError):
        run_on_threads(lambda x: 1 // x, 2, 0)


def run_python(code, **environment):
    """What a new process prints; it must end well, and within a minute and a half."""
    here = {**os.environ, **environment}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=here, capture_output=True, text=True, timeout=90)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


ATTEND = """
import os, sys, threading, time
import numpy as np, sparse_ref as sr
q, k, v = np.random.default_rng(0).standard_normal((3, 4, 200, 8))
p = sr.csr(sr.Lookback(9), 200)
expected = sr.attend(q, k, v, p).tobytes()
def attend():
    return sr.attend(q, k, v, p).tobytes() == expected
"""


def test_a_thread_that_outlives_the_main_one_attends():
    code = ATTEND + "threading.Thread(target=lambda: (time.sleep(0.5), print(attend()))).start()"
    assert run_python(code) == "True"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_attends():
    code = ATTEND + (
        "child = os.fork()\n"
        "if child == 0: os._exit(0 if attend() else 1)\n"
        "print(os.waitpid(child, 0)[1], attend())"
    )
    assert run_python(code, PYTHONWARNINGS="ignore") == "0 True"


def test_no_thread_library_of_numba_is_needed():
    assert run_python(ATTEND + "print(attend())", NUMBA_THREADING_LAYER="nowhere") == "True"


def test_the_stamp_covers_what_compiled_code_takes_from_its_neighbours():
    package = Path(sr.__file__).parent
    for name in ("kernels/arguments.py", "sets/positions.py", "lower/runs/table.py"):
        assert package / name in jit.FILES
