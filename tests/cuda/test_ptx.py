"""What ptxas says of each kernel, with no GPU: nothing spills; registers and shared memory keep to
the table in docs/cuda.md.
"""

import re
import shutil
import subprocess
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest
from numba import cuda, types

from sparse_ref.kernels.arguments import Factors, HeadTriples, Statistics, Tiles, Vectors
from sparse_ref.kernels.cuda import rows as cuda_rows
from sparse_ref.kernels.cuda import tiles as cuda_tiles
from sparse_ref.kernels.cuda.tile import LAYOUT

pytestmark = pytest.mark.skipif(
    not find_spec("numba_cuda"), reason="needs numba-cuda and ptxas: make test-cuda"
)
PAGE = (Path(__file__).parents[2] / "docs" / "cuda.md").read_text()
PTXAS = Path(sysconfig.get_path("purelib"), "nvidia", "cu13", "bin", "ptxas")
ARCHITECTURES = [(8, 0), (9, 0), (10, 0), (12, 0)]
ROWS = re.findall(
    r"^\| (rows|tiles) \| (\S+) \| (\S+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$",
    PAGE,
    re.M,
)
FLAGS = {"dq": (False, False), "dk": (True, False), "dv": (True, True)}  # keyed, plain
LONG, KEYS, WORDS = types.int64[::1], types.int32[:, ::1], types.uint64[:, ::1]


def group(kind, *fields):
    """The type of a named tuple of arrays of these types."""
    return types.BaseTuple.from_types(fields, kind)


TILES = group(Tiles, KEYS, LONG, LONG, KEYS, LONG, WORDS)
SETS = {"rows": (types.Tuple((LONG, types.int32[::1])),), "tiles": (TILES, LONG)}


def kernel(form, what, dtype, width):
    """One kernel for this width of what it sums, and the types of its arguments."""
    number = getattr(types, dtype)
    vectors, of_rows = number[:, :, ::1], number[:, ::1]
    module = {"rows": cuda_rows, "tiles": cuda_tiles}[form]
    sizes = (width, dtype) if form == "rows" else (LAYOUT[dtype], dtype, width)
    if what == "forward":
        inputs = group(Vectors, *[vectors] * 3), LONG, number
        results = types.Tuple((vectors, types.float64[:, ::1]))
        return module.attend_kernel(*sizes), (*inputs, *SETS[form], results)
    factors = group(Factors, *[vectors] * 5)
    statistics = group(Statistics, of_rows, of_rows, of_rows)
    heads = group(HeadTriples, types.int64[:, ::1], LONG)
    inputs = factors, statistics, heads, number
    return module.gradient_kernel(*sizes, *FLAGS[what]), (*inputs, *SETS[form], vectors)


def ptx_of(form, what, dtype, width, architecture):
    """The kernel's text in PTX."""
    built, arguments = kernel(form, what, dtype, width)
    return cuda.compile_ptx(built.py_func, arguments, cc=architecture, device=False)[0]


def said(ptx, architecture, folder):
    """ptxas' words: (registers, bytes of shared memory, bytes of stack and spills)."""
    (folder / "kernel.ptx").write_text(ptx)
    ptxas = PTXAS if PTXAS.exists() else shutil.which("ptxas")
    assert ptxas, "ptxas is in nvidia-cuda-nvcc, as pinned in requirements/cuda.txt"
    command = [
        ptxas,
        "-v",
        f"-arch=sm_{architecture[0]}{architecture[1]}",
        folder / "kernel.ptx",
        "-o",
        folder / "kernel.cubin",
    ]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    registers, shared = (
        int(re.search(words, report)[1]) for words in (r"Used (\d+) registers", r"(\d+) bytes smem")
    )
    lost = re.search(
        r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", report
    )
    return registers, shared, sum(map(int, lost.groups()))


def test_the_table_has_every_kernel():
    expected = {
        (form, what, dtype, width)
        for form in ("rows", "tiles")
        for what in ("forward", "dq", "dk", "dv")
        for dtype, width in (("float32", "64"), ("float32", "128"), ("float64", "64"))
    }
    assert {row[:4] for row in ROWS} == expected
    assert len(ROWS) == len(expected)


@pytest.mark.parametrize(
    ("form", "what", "dtype", "width", "registers", "shared"),
    [(*row[:3], int(row[3]), list(map(int, row[4:8])), int(row[8])) for row in ROWS],
)
def test_nothing_spills_and_the_table_holds(form, what, dtype, width, registers, shared, tmp_path):
    for architecture, most in zip(ARCHITECTURES, registers):
        used, memory, lost = said(
            ptx_of(form, what, dtype, width, architecture), architecture, tmp_path
        )
        print(form, what, dtype, width, architecture, used, memory, lost)
        assert lost == 0
        assert used <= most
        assert memory <= shared


COUNTS = re.findall(r"^\| (float\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.M)


def test_the_counts_have_every_width():
    assert {row[:2] for row in COUNTS} == {("float32", "64"), ("float32", "128"), ("float64", "64")}


@pytest.mark.parametrize(("dtype", "width", "fused", "loads", "numbers"), COUNTS)
def test_a_step_of_the_product_reads_shared_memory_as_often_as_the_page_says(
    dtype, width, fused, loads, numbers
):
    """In the loop that adds weights times values, which is the one with most fused multiplications
    and nothing but them.
    """
    ptx = ptx_of("tiles", "forward", dtype, int(width), (8, 0))
    loops = [
        block
        for block in re.split(r"^\$L\w+:", ptx, flags=re.M)
        if block.count("fma.rn") == int(fused)
    ]
    found = [
        [int(n or 1) for n in re.findall(r"ld\.shared\.(?:v(\d)\.)?f", block)] for block in loops
    ]
    assert (int(loads), int(numbers)) in {(len(each), sum(each)) for each in found}
