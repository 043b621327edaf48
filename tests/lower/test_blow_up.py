"""Growth: expressions lower in the memory of their result, whatever their parts are alone."""

import json
import operator
import pickle
import resource
import subprocess
import sys
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from withstood import withstands

import sparse_ref as sr

N = 100_000
BYTES_PER_PAIR = 64
BYTES = 200_000_000
CPU_SECONDS = 10  # 5 s on two cores
MAX_MEMORY = 8_000_000_000  # of the process: beyond it malloc fails
EXPRESSIONS = settings.default.max_examples // 5


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def lowered(*arguments):
    """What tests/lower/blow_up.py prints, from a process that has little memory."""
    script = Path(__file__).with_name("blow_up.py")
    run = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        preexec_fn=limit_memory,
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def assert_small(measured):
    """Memory is at most 64 bytes a pair, and a query of a leaf, and 200 MB; time 5 s."""
    cells = measured["pairs"] + N * measured["leaves"]
    assert measured["peak"] <= BYTES_PER_PAIR * cells + BYTES, measured
    assert measured["seconds"] <= CPU_SECONDS, measured


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@withstands("lowering memory", EXPRESSIONS)
def test_random_expressions_of_depth_5_lower_in_the_memory_of_their_pairs():
    measured = lowered("random", 0, EXPRESSIONS)
    assert len(measured) == EXPRESSIONS
    for line in measured:
        assert_small(line)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@withstands("lowering memory", 9)
def test_few_keys_cut_from_many_lower_in_little_memory():
    """Each listed more than a billion keys once, and kept them as spans of 32 bytes."""
    texts = (
        "Strided(2) & Strided(3) & Window(10)",
        "Window(3) - (Strided(2) & Strided(3))",
        "Summary(2, 1) & Strided(3) & Lookback(5)",
        "Strided(1) - Strided(2) - Strided(3) & Window(4)",
        "Strided(2) & Dilated(100000, 3) & Window(1)",
        "Blockwise(Strided(2) & Strided(3), 1) & Window(10)",
        "Shifted(Strided(2) - Strided(317), 7) & Window(10)",
        "Grid((100, 1000), (Full(), Strided(2))) & Window(10)",
        "Documents((40000, 60000), Strided(2) - Strided(317)) & Window(10)",
    )
    for line in lowered("texts", *texts):
        assert line["pairs"] <= 21 * N
        assert_small(line)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_the_pairs_of_a_set_without_closed_form_are_counted_without_listing_them():
    for line in lowered("texts", "Strided(2) - Strided(317) - Strided(101)"):
        assert line["pairs"] == 2_467_446_988
        assert line["peak"] <= BYTES


@pytest.mark.parametrize("sign", [operator.or_, operator.and_, operator.sub])
@pytest.mark.parametrize("operands", [600, 1200])
def test_chains_of_many_patterns_work(sign, operands):
    """Recursion would end at about 1000."""
    parts = [sr.Dilated(2 + i % 7, 1 + i % 5) for i in range(operands)]
    p, same = reduce(sign, parts), reduce(sign, parts)
    assert p == same
    assert hash(p) == hash(same)
    assert pickle.loads(pickle.dumps(p)) == p
    assert repr(p).count("Dilated") == operands
    expected = reduce(lambda left, right: sign(left, right), [part.mask(40) for part in parts[:1]])
    for part in parts[1:]:
        mask = part.mask(40)
        expected = expected & ~mask if sign is operator.sub else sign(expected, mask)
    assert (p.mask(40) == expected).all()
    assert (sr.csr(p, 40).dense() == expected).all()
    assert (sr.plan(p, 40).csr().dense() == expected).all()
    assert sr.nnz(p, 40) == expected.sum()
    assert p.row(39, 40).tolist() == np.flatnonzero(expected[39]).tolist()
    assert ((39, 38) in p) == expected[39, 38]
