"""NumPy alone: sets, pictures, lowering, attention, paths and verification without Numba.

As in a browser, which has neither Numba nor its compiler. Loops run as plain Python there.
"""

import subprocess
import sys

import pytest

PREAMBLE = """
import sys

class Missing:
    names = {"numba", "llvmlite", "matplotlib", "scipy", "z3", "PIL"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import numpy as np
import sparse_ref as sr
"""

PICTURES = """
entries = sr.catalogue()
for entry in entries:
    for pattern in entry.patterns():
        rows = sr.picture(pattern, entry.shape()).split("\\n")
        cells = np.array([list(row) for row in rows])
        assert (pattern.mask(entry.shape()) == (cells == "█")).all()
assert len(entries) > 60
"""

ARRAYS = """
p = sr.Lookback(3) | sr.Strided(4)
mask = p.mask(40)
assert (sr.csr(p, 40).dense() == mask).all()
assert (sr.plan(p, 40).csr().dense() == mask).all()
assert sr.nnz(p, 40) == mask.sum()
assert (sr.paths.reach(sr.strided(4), 40) == np.tri(40, dtype=bool)).all()
"""

ATTENTION = """
p = sr.Lookback(3) | sr.Strided(4)
q, k, v = np.random.default_rng(0).standard_normal((3, 2, 40, 4))
out = sr.attend(q, k, v, p)
exact = sr.attend(q, k, v, p, device="reference")
assert np.abs(out - exact).max() < 1e-12
"""

VERDICTS = """
def wide(q, k, v):
    return sr.attend(q, k, v, sr.Lookback(4))

report = sr.verify.check(wide, sr.Lookback(3), n=12)
assert not report.passed
assert "one key too many at the left edge" in str(report)
assert sr.verify.identify(sr.Lookback(3).mask(12))[0] == sr.Lookback(3)
"""

PUZZLES = """
from sparse_ref.puzzles.judge_answer import judge

puzzles = [puzzle for puzzle in sr.puzzles.book() if puzzle.number.isdecimal()]
assert len(puzzles) > 20
for puzzle in puzzles:
    assert judge(puzzle, puzzle.reference), puzzle.name
    for mistake in puzzle.mistakes:
        verdict = judge(puzzle, mistake.answer)
        assert verdict.mistake == mistake.name, (puzzle.name, verdict.mistake)
"""

PAGE = """
assert "<!doctype html>" in sr.explore(sr.Lookback(3), 12).html[:100].lower()
"""

PROGRAMS = {
    "pictures": PICTURES,
    "arrays": ARRAYS,
    "attention": ATTENTION,
    "verdicts": VERDICTS,
    "puzzles": PUZZLES,
    "page": PAGE,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_runs_without_numba(name):
    result = run_without_numba(PROGRAMS[name])
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


def test_a_device_is_refused_by_name_without_numba():
    program = "x = np.zeros((4, 2))\nsr.attend(x, x, x, sr.Causal(), device='cuda')"
    result = run_without_numba(program)
    assert result.returncode == 1
    assert 'pip install "sparse-ref[cuda]"' in result.stderr


def run_without_numba(program):
    command = [sys.executable, "-c", PREAMBLE + program]
    return subprocess.run(command, capture_output=True, text=True)
