"""What a user hands over is spoiled in every way: no signal ends the process, and nothing but right
answers and documented errors come out of it.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import qkv
from withstood import withstands

import sparse_ref as sr
from sparse_ref import interop
from sparse_ref.define import Rule, Run

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def run_apart(arguments, log="", seconds=3600):
    """The output of another process, which must have ended by itself and without an error."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE.parent}",
        "DOOR_LOG": str(log),
    }
    run = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    last = Path(log).read_text().splitlines()[-3:] if log else ""
    ended = signal.Signals(-run.returncode).name if run.returncode < 0 else run.returncode
    assert run.returncode == 0, f"ended by {ended} after {last}:\n{run.stderr[-4000:]}"
    return run.stdout


@withstands("tampered arrays", settings.default.max_examples)
def test_fields_spoiled_one_after_the_other_are_refused_by_name_or_answered_rightly(tmp_path):
    examples = settings.default.max_examples
    output = run_apart([str(HERE / "door_machine.py"), str(examples)], tmp_path / "log")
    counts = {name: int(count) for count, name in zip(*[iter(output.split())] * 2)}
    assert counts["tampered"] > examples
    assert counts["refused"] > 0
    assert counts["answered"] > 0


WRAPPING = np.array([0, 2**63 - 1, -(2**63), -1, 5])
SAWTOOTH = np.array([0, 5, 0, 5, 0, 5], np.uint32)


@pytest.mark.parametrize("indptr", [WRAPPING, SAWTOOTH], ids=["wrapping", "sawtooth"])
@pytest.mark.parametrize(
    "call",
    [
        lambda indptr: sr.Listed(indptr, np.arange(5)),
        lambda indptr: interop.from_csr(indptr, np.arange(5)),
        lambda indptr: interop.from_bsr(indptr, np.arange(5), np.ones((5, 1, 1), bool)),
    ],
    ids=["Listed", "from_csr", "from_bsr"],
)
def test_an_indptr_whose_differences_wrap_does_not_rise(call, indptr):
    """np.repeat of such differences writes outside of its result."""
    with pytest.raises(ValueError, match=r"indptr must rise from 0 to len\(indices\) = 5, got"):
        call(indptr)


def test_unsigned_pointers_that_fall_are_refused():
    plan = sr.plan(sr.Random(130, 9, 0), 130)
    q = np.ones((130, 2), np.float32)
    ptr = plan.ptr.astype(np.uint64)
    ptr[1] = 2**40
    with pytest.raises(TypeError, match=r"^Plan: ptr must be int64, got uint64"):
        sr.attend(q, q, q, replace(plan, ptr=ptr))
    indptr = np.full(131, 129, np.uint32)
    indptr[::2] = 0
    rows = sr.CSR(indptr, np.arange(130, dtype=np.int32), (130, 130))
    with pytest.raises(TypeError, match=r"^CSR: indptr must be int64, got uint32"):
        sr.attend(q, q, q, rows)
    with pytest.raises(TypeError, match=r"^CSR: indptr must be int64"):
        rows.transpose()


def test_a_plan_that_is_its_own_rest_is_refused():
    plan = sr.plan(sr.Causal(), 20)
    object.__setattr__(plan, "rest", plan)
    q = np.ones((20, 2))
    for call in (lambda: sr.attend(q, q, q, plan), plan.csr, lambda: plan.parts):
        with pytest.raises(ValueError, match=r"^Plan: rest must end in None"):
            call()
    assert repr(plan).startswith("<Plan that check refuses: Plan: rest must end")


def test_a_plan_of_many_rests_is_one_like_any_other():
    nothing = sr.plan(~sr.Full(), 20)
    chain = sr.plan(sr.Causal(), 20)
    for _ in range(2000):
        chain = replace(nothing, rest=chain, nnz=chain.nnz)
    assert len(chain.parts) == 2001
    assert (chain.csr().dense() == sr.dense(sr.Causal(), 20)).all()


def test_a_plan_that_has_a_pair_twice_is_refused():
    plan = sr.plan(sr.Causal(), 20)
    with pytest.raises(ValueError, match=r"^Plan: rest must have other keys .* key 0 of query 0"):
        replace(plan, rest=plan, nnz=2 * plan.nnz).csr()
    keys = np.sort(plan.keys)[:, ::-1].copy()
    with pytest.raises(ValueError, match=r"^Plan: keys of tile 0 must ascend"):
        replace(plan, keys=keys).check()
    with pytest.raises(ValueError, match=r"^Plan: nnz must be 210, the number of pairs, got 211"):
        replace(plan, nnz=211).check()


@given(st.sampled_from(["indptr", "indices"]), st.integers(-3, 300))
def test_nothing_writes_to_a_listed_pattern(name, number):
    p = sr.Listed.of_rows([[i % 7, 9] for i in range(130)])
    with pytest.raises(ValueError, match="WRITEABLE"):
        getattr(p, name).flags.writeable = True
    other = np.array(getattr(p, name))
    other[1] = number
    object.__setattr__(p, name, other)
    if message := refusal(lambda: sr.Listed(p.indptr, p.indices)):
        assert refusal(lambda: sr.plan(p, 130)) == message
    else:
        assert sr.csr(p, (130, 301)).indices.max() == p.indices.max()


def refusal(call):
    """The text of the ValueError that a call raises; "" if it raises none."""
    try:
        call()
    except ValueError as error:
        return str(error)
    return ""


def test_arrays_that_are_not_contiguous_or_read_only_are_read_as_they_are():
    p, n = sr.Local(5) | sr.Strided(7), 130
    q, k, v = qkv((n, n))
    expected = sr.attend(q, k, v, p)
    rows, plan = sr.csr(p, n), sr.plan(p, n)
    indices = np.repeat(rows.indices, 2)[::2]
    words = np.asfortranarray(plan.words)
    words.flags.writeable = False
    assert (sr.attend(q, k, v, replace(plan, words=words)) == expected).all()
    strided = replace(rows, indices=indices)
    assert (sr.attend(q, k, v, strided) == sr.attend(q, k, v, rows)).all()
    assert (strided.transpose().indices == rows.transpose().indices).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("step", 0),
        ("step", -3),
        ("step", 2**63 - 1),
        ("width", 0),
        ("width", -5),
        ("width", np.arange(20) % 3 - 1),
        ("start", 0.5),
        ("start", np.zeros(20)),
        ("start", np.zeros(3, int)),
        ("stop", 2**64),
        ("stop", None),
    ],
)
def test_runs_that_no_loop_ends_on_are_refused(field, value):
    @dataclass(frozen=True)
    class Odd(Rule):
        @staticmethod
        def formula(i, j):
            return i == j

        @staticmethod
        def solution(i, n):
            run = Run(0 * i, i + 1, 2, 1)
            return run._replace(**{field: value})

    with pytest.raises((TypeError, ValueError), match=rf"^Odd\(\): {field} of a run must be"):
        sr.csr(Odd(), 20)


def test_merge_refuses_arrays_without_a_row():
    with pytest.raises(ValueError, match=r"^parts must have out \(..., n, e\) .* got out \(\)"):
        sr.merge([(np.float32(1), np.float32(0))])
    with pytest.raises(ValueError, match=r"^parts must have out"):
        sr.merge([(np.ones(3), np.float64(0))])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr"])
def test_corrupt_arrays_of_scipy_are_refused_before_scipy_reads_them(form):
    scipy = pytest.importorskip("scipy.sparse")
    a = scipy.csr_array(np.tri(6)).asformat(form)
    index = a.coords[0] if form == "coo" else a.indptr
    index[1:-1] = 2**30
    with pytest.raises(ValueError, match=r"^a(.indptr|: the row of an entry) must"):
        interop.from_scipy(a)
