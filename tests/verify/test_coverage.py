"""What was not checked is named with the argument that would check it."""

from dataclasses import replace

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.checks.coverage import leak_coverage, set_coverage
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.meaning.statement import Statement
from sparse_ref.verify.reading.leaks import read_leaks
from sparse_ref.verify.reading.sample import read_sample

N = 300


def sampled(fn, pattern, n=N, **options):
    subject = Subject.new(fn, n, 1, CallOptions(**options))
    statement = Statement(Meaning(), 1, subject.n, subject.d)
    return subject, read_sample(subject, (pattern,), statement, 0)


def test_sets_that_depend_on_data_are_covered_by_q_and_k():
    _, evidence = sampled(masked(tri(N)), sr.Causal(), d=64)
    lines = set_coverage(evidence)
    assert len(lines) == 2
    assert lines[0].startswith("coverage: keys checked in all 300 rows (chance to miss one wrong")
    assert lines[1].endswith("(top-k, hashing): q= and k= check them")


@pytest.mark.parametrize(
    ("dtype", "words"),
    [
        ("bfloat16", "exhaustive=True or dtype='float32' shows them"),
        ("float32", "exhaustive=True shows them"),
    ],
)
def test_rows_that_rounding_hides_are_covered_by_every_pair_or_another_dtype(dtype, words):
    _, evidence = sampled(masked(tri(N)), sr.Causal(), d=64)
    blind = np.arange(N)[None] > 100
    sums = evidence.sums._replace(dtype=dtype)
    line = set_coverage(replace(evidence, blind=blind, sums=sums))[2]
    assert line == (
        f"not checked: single keys in 199 rows with so many keys that {dtype} rounds one away: "
        f"{words}"
    )


def test_keys_that_took_too_many_calls_are_covered_by_every_pair():
    _, evidence = sampled(masked(tri(N)), sr.Causal(), d=64)
    known = np.ones_like(evidence.expected)
    known[0, :2, :5] = False
    line = set_coverage(replace(evidence, known=known))[2]
    assert line == (
        "not checked: 10 keys of mismatching rows (too many calls): exhaustive=True reads them"
    )


@pytest.mark.parametrize(
    ("n", "words"),
    [(N, ": exhaustive=True checks all"), (5000, ": exhaustive=True at n <= 4,096 checks all")],
)
def test_finite_masks_are_covered_by_every_pair(n, words):
    p = sr.Lookback(40)
    subject, evidence = sampled(lambda q, k, v: sr.attend(q, k, v, p), p, n, d=64)
    (line,) = leak_coverage(evidence, read_leaks(subject, evidence, 0))
    assert line.startswith("coverage: finite masks checked in 64 of ")
    assert line.endswith(words)


def test_keys_of_a_list_that_are_no_keys_at_n_are_named():
    listed = sr.Listed.of_rows([[0, 2], [1, 3], [0, 4]])

    def fn(q, k, v):
        return sr.attend(q, k, v, listed, device="reference")

    report = sr.verify.check(fn, listed, 3, align="upper-left", layout="hnd", ragged=False)
    line = f"not checked: 2 of the keys of {listed!r}, which are not below n_k = 3"
    assert line in report.remarks
    whole = sr.verify.check(fn, listed, (3, 5), align="upper-left", layout="hnd", ragged=False)
    assert not any("n_k" in remark for remark in whole.remarks)
