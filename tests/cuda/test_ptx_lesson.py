"""What lesson 11 says of its kernel, compiled with no GPU: the excerpt of PTX, and ptxas' report.

numba.cuda.compile_ptx(row_kernel(d).py_func, types, cc=(8, 0), device=False)
ptxas -v -arch=sm_90 kernel.ptx
"""

import json
import math
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from numba import cuda, float32, types
from test_ptx import said

pytestmark = pytest.mark.skipif(
    not find_spec("numba_cuda"), reason="needs numba-cuda and ptxas: make test-cuda"
)
LESSON = Path(__file__).parents[2] / "notebooks" / "11_on_a_gpu.ipynb"
SOURCES = ["".join(cell["source"]) for cell in json.loads(LESSON.read_text())["cells"]]
ROWS, MASK = types.float32[:, ::1], types.boolean[:, ::1]
REPORT = re.findall(
    r"^d = (\d+): (\d+) registers, +(\d+) bytes of spills, (\d+) ld.shared, (\d+) fma \(sm_90\)$",
    "\n".join(SOURCES),
    re.M,
)


def kernel_of_lesson(d):
    """The kernel, from the text of its cell, before the cell runs it."""
    (cell,) = [source for source in SOURCES if "def row_kernel(d):" in source]
    definition = cell[: cell.index("    return attend_rows") + len("    return attend_rows")]
    names = {"cuda": cuda, "float32": float32, "math": math}
    exec(definition, names)
    return names["row_kernel"](d)


def ptx_of_lesson(d):
    arguments = (ROWS, ROWS, ROWS, MASK, ROWS)
    function = kernel_of_lesson(d).py_func
    return cuda.compile_ptx(function, arguments, cc=(8, 0), device=False)[0]


def words_of(text):
    """The lines of PTX without blanks at their sides and between words."""
    return [" ".join(line.split()) for line in text.strip().split("\n")]


def test_the_excerpt_is_in_the_ptx():
    (cell,) = [source for source in SOURCES if source.startswith("PTX = ")]
    excerpt = "\n".join(words_of(cell.split('"""')[1]))
    assert excerpt.count("\n") == 5
    assert excerpt in "\n".join(words_of(ptx_of_lesson(64)))


def test_the_lesson_reports_two_widths():
    assert [int(row[0]) for row in REPORT] == [64, 96]


@pytest.mark.parametrize(("d", "registers", "spilled", "loads", "fused"), REPORT)
def test_the_report_is_that_of_ptxas(d, registers, spilled, loads, fused, tmp_path):
    ptx = ptx_of_lesson(int(d))
    used, _, lost = said(ptx, (9, 0), tmp_path)
    assert (used, lost) == (int(registers), int(spilled))
    assert ptx.count("ld.shared.f32") == int(loads)
    assert ptx.count("fma.rn.f32") == int(fused)
