"""Large n: random sums find what is there, and the report lists what was not checked."""

import ml_dtypes
import numpy as np
import pytest
from verify.implementations import masked, spread

import sparse_ref as sr
from sparse_ref.sets.mask import brute_mask
from sparse_ref.verify import check

N = 300


def kinds(report):
    return {finding.kind for finding in report.findings}


def judged(p, asked, n=N, **options):
    """The report on dense attention over p, of which `asked` is asked, without a look at every
    pair.
    """
    return check(masked(brute_mask(p, n)), asked, n, exhaustive=False, d=64, **options)


@pytest.mark.parametrize(
    "p",
    [
        sr.Causal(),
        sr.Lookback(40),
        sr.Strided(17),
        sr.Band(90, -3),
        sr.Window(5) | sr.Global(3),
        sr.Listed.of_rows([[(7 * i) % N, 5] if i % 3 else [] for i in range(N)]),
    ],
)
def test_right_sets_pass_and_the_report_says_what_was_seen(p):
    report = judged(p, p)
    assert report.passed, report
    assert "coverage: keys checked in all 300 rows" in str(report)
    assert "coverage: finite masks checked in 64 of 300 rows" in str(report)


@pytest.mark.parametrize(
    ("p", "asked", "said"),
    [
        (
            sr.Lookback(41),
            sr.Lookback(40),
            "is Lookback(41), asked Lookback(40): one key too many at the left edge of 260 "
            "of 300 rows",
        ),
        (
            sr.Lookback(39),
            sr.Lookback(40),
            "is Lookback(39), asked Lookback(40): one key missing at the left edge of 261 "
            "of 300 rows",
        ),
        (
            sr.Shifted(sr.Causal(), 1),
            sr.Causal(),
            "the future leaks: one key after i in 299 of 300 rows",
        ),
        (sr.Strided(16), sr.Strided(17), "is Strided(16), asked Strided(17)"),
        (sr.Window(7), sr.Window(8), "is Window(7), asked Window(8)"),
    ],
)
def test_wrong_sets_are_found_and_named_by_every_row(p, asked, said):
    report = judged(p, asked)
    assert kinds(report) <= {"extra", "missing"}
    assert report.findings
    assert said in str(report)
    right = brute_mask(p, N) == brute_mask(asked, N)
    assert report.sample.mismatched.sum() == (~right.all(axis=1)).sum()
    rows = report.sample.rows
    assert (report.actual_mask[0] == brute_mask(p, N)[rows]).all()
    assert (report.expected_mask[0] == brute_mask(asked, N)[rows]).all()


def test_a_single_key_anywhere_is_seen_in_its_row():
    rng = np.random.default_rng(0)
    for i, j in rng.integers(0, N, (8, 2)):
        mask = brute_mask(sr.Lookback(60), N).copy()
        mask[i, j] ^= True
        report = check(masked(mask), sr.Lookback(60), N, exhaustive=False, d=64)
        assert np.flatnonzero(report.sample.mismatched[0]).tolist() == [i]
        assert report.findings[0].at == (0, i, j)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_an_off_by_one_window_is_seen_in_half_precision(dtype):
    def fn(mask):
        return lambda q, k, v: masked(mask)(
            *(x.astype(dtype).astype(np.float32) for x in (q, k, v))
        ).astype(dtype)

    assert check(
        fn(brute_mask(sr.Lookback(150), N)), sr.Lookback(150), N, exhaustive=False, d=64
    ).passed
    report = check(fn(brute_mask(sr.Lookback(151), N)), sr.Lookback(150), N, exhaustive=False, d=64)
    assert kinds(report) == {"extra"}
    assert report.names == {0: "Lookback(151)"}


def test_keys_that_count_twice_nan_and_finite_sentinels():
    twice = sr.Branches((sr.Lookback(30), sr.Strided(10)))
    report = check(
        lambda q, k, v: sr.attend(*spread(q, k, v), twice),
        sr.Lookback(30) | sr.Strided(10),
        N,
        exhaustive=False,
        d=64,
    )
    assert "multiplicity" in kinds(report)
    report = check(
        masked(brute_mask(sr.Causal(), N), fill=-1e4), sr.Causal(), N, exhaustive=False, d=64
    )
    assert kinds(report) == {"leak"}
    assert report.findings[0].count == 63, (
        "every row that was tried but the last, which has all keys"
    )
    broken = masked(brute_mask(sr.Causal(), N))

    def fn(q, k, v):
        out = broken(q, k, v)
        out[:, 77] = np.nan
        return out

    assert kinds(check(fn, sr.Causal(), N, exhaustive=False, d=64)) == {"nan"}


def test_each_head_is_judged_by_its_own_set():
    masks = np.stack(
        [brute_mask(p, N) for p in (sr.Lookback(20), sr.Lookback(31), sr.Strided(7), sr.Causal())]
    )
    report = check(
        masked(masks),
        [sr.Lookback(20), sr.Lookback(30), sr.Strided(7), sr.Causal()],
        N,
        exhaustive=False,
        d=64,
    )
    assert report.names == {1: "Lookback(31)"}
    assert report.findings[0].at[0] == 1


def test_a_window_one_key_too_wide_at_16_384():
    n = 16_384
    lowered = sr.plan(sr.Lookback(513), n)
    report = check(lambda q, k, v: sr.attend(q, k, v, lowered), sr.Lookback(512), n, d=64)
    assert report.names == {0: "Lookback(513)"}
    assert "one key too many at the left edge of 15,872 of 16,384 rows" in str(report)
    assert "keys checked in all 16,384 rows (chance to miss one wrong key: 2^-63 a row)" in str(
        report
    )
    right = sr.plan(sr.Lookback(512), n)
    assert check(lambda q, k, v: sr.attend(q, k, v, right), sr.Lookback(512), n, d=64).passed
