"""Large n: each fault has the name that it has at small n, right implementations pass, and calls
are few.
"""

import time
import tracemalloc

import numpy as np
import pytest
from verify.implementations import masked, softmax, spread, tri

import sparse_ref as sr
from sparse_ref.sets.mask import brute_mask
from sparse_ref.verify import check

N = 300
PAST = tri(N)


def both(fn, pattern, heads=None, **options):
    """The reports on fn, of every pair and of random sums."""
    return [
        check(fn, pattern, N, heads, exhaustive=every, d=64, **options) for every in (True, False)
    ]


def kinds(report):
    return {finding.kind for finding in report.findings}


def of(report, kind):
    return next(finding for finding in report.findings if finding.kind == kind)


def biased(q, k, v):
    """Causal attention with ALiBi of slope 1/16."""
    q, k, v = spread(q, k, v)
    i = np.arange(N, dtype=np.float32)
    x = q @ k.swapaxes(1, 2) / np.float32(8) + (i - i[:, None]) / np.float32(16)
    return softmax(np.where(PAST, x, np.float32(-np.inf))) @ v


def diluted(ghosts):
    """Causal attention with so many more keys of logit 0 and value 0."""

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        x = np.where(PAST, q @ k.swapaxes(1, 2) / np.float32(8), np.float32(-np.inf))
        x = np.concatenate([x, np.zeros((*x.shape[:2], ghosts), np.float32)], axis=2)
        return softmax(x)[..., :N] @ v

    return fn


FAULTS = {
    "ghost": diluted(1),
    "row sum": lambda q, k, v: masked(PAST)(q, k, v) * np.float32(0.99),
    "bias": biased,
    "poison": lambda q, k, v: masked(PAST)(q, k, v / np.maximum(1, np.abs(v).max() / 100)),
    "kv map": lambda q, k, v: masked(PAST)(q, np.roll(k, 1, axis=0), np.roll(v, 1, axis=0)),
    "leak": masked(PAST, fill=-1e4),
    "numerics": masked(PAST, scale=0.1),
    "missing": lambda q, k, v: np.zeros_like(q),
    "nan": lambda q, k, v: (
        masked(PAST)(q, k, v)
        * np.where(np.arange(N) == 7, np.float32(np.nan), np.float32(1))[:, None]
    ),
    "empty row": masked(tri(N, offset=-1), fill=np.finfo(np.float32).min),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_has_the_same_name_at_any_n(kind):
    asked = sr.Band(N, -1) if kind == "empty row" else sr.Causal()
    small, large = both(FAULTS[kind], asked, 2, kv_heads=2)
    assert kind in kinds(large), large
    assert kinds(small) == kinds(large)


def test_alibi_is_told_with_its_slope():
    for report in both(biased, sr.Causal(), 2, kv_heads=2):
        assert "it is -0.0625 |i - j|, as with ALiBi, in heads 0, 1" in of(report, "bias").message


def test_ghosts_are_counted_and_told_from_a_sink_that_takes_a_share():
    for ghosts in (1, 5):
        _, report = both(diluted(ghosts), sr.Causal())
        assert kinds(report) == {"ghost"}
        assert of(report, "ghost").count == N
        assert f"as by {ghosts} key" in of(report, "ghost").message


@pytest.mark.parametrize("n", [1500, 6000])
def test_long_rows_that_are_summed_key_after_key_pass_and_a_ghost_in_them_does_not(n):
    def fn(ghosts):
        def summed(q, k, v):
            x = q[0] @ k[0].T / np.float32(np.sqrt(q.shape[-1]))
            p = np.exp(x - np.maximum(x.max(axis=-1, keepdims=True), 0 if ghosts else -np.inf))
            total = p.sum(axis=-1, keepdims=True) + ghosts * np.exp(
                -np.maximum(x.max(axis=-1, keepdims=True), 0)
            )
            p = (p / total).astype(np.float32)
            return np.cumsum(p[..., None] * v[0], axis=1, dtype=np.float32)[None, :, -1]

        return summed

    options = dict(n=(4, n), exhaustive=False, d=64, e=8)
    assert check(fn(0), sr.Full(), **options).passed
    report = check(fn(1), sr.Full(), **options)
    assert kinds(report) == {"ghost"}
    assert "as by 1 key of logit 0 and value 0" in of(report, "ghost").message


def test_infinity_is_told_and_nothing_else():
    for report in both(lambda q, k, v: masked(PAST)(q, k, v) + np.float32(np.inf), sr.Causal()):
        assert kinds(report) == {"nan"}


def test_a_ghost_beside_a_wrong_window_is_told_apart():
    def fn(q, k, v):
        return masked(tri(N, keys=41))(q, k, v) * np.float32(41 / 42)

    _, report = both(fn, sr.Lookback(40))
    assert "extra" in kinds(report)
    assert "is Lookback(41), asked Lookback(40)" in str(report)


def test_leaks_are_looked_for_in_all_heads_of_a_group_with_different_patterns():
    patterns = [sr.Lookback(20), sr.Strided(7), sr.Causal(), sr.Window(9)]
    masks = np.stack([brute_mask(p, N) for p in patterns])
    assert check(masked(masks), patterns, N, kv_heads=1, exhaustive=False, d=64).passed

    def fn(q, k, v):
        out = masked(masks)(q, k, v)
        out[1] = masked(masks, fill=-1e4)(q, k, v)[1]
        return out

    report = check(fn, patterns, N, kv_heads=1, exhaustive=False, d=64)
    assert kinds(report) == {"leak"}
    assert of(report, "leak").at[0] == 1
    assert "finite masks checked in 256 of 1,200 rows" in str(report)


@pytest.mark.parametrize("e", [1, 3, 16, 40])
def test_values_of_any_width_leave_nothing_to_chance(e):
    for mask, right in (
        (brute_mask(sr.Lookback(40), N), True),
        (brute_mask(sr.Lookback(41), N), False),
    ):
        report = check(masked(mask), sr.Lookback(40), N, exhaustive=False, d=64, e=e)
        assert report.passed is right
        assert report.sample.sums.signs.shape == (N, max(31, e - 1))
        assert right or report.names == {0: "Lookback(41)"}


@pytest.mark.parametrize(
    ("has", "asked", "e"),
    [
        (sr.Strided(64), sr.Strided(65), 64),
        (sr.Full(), sr.Causal(), 64),
        (sr.Strided(64), sr.Strided(64), 64),
        (sr.Strided(128), sr.Strided(129), 64),
        (sr.Local(128) | sr.Strided(128), sr.Local(128) | sr.Strided(128), 64),
        (sr.Lookback(2049), sr.Lookback(2048), 64),
        (sr.Lookback(512), sr.Causal(), 16),
        (sr.Causal(), sr.Lookback(512), 4),
    ],
)
def test_few_calls_tell_what_large_sets_are(has, asked, e):
    n, calls = 6000, []
    lowered = sr.plan(has, n)

    def fn(q, k, v):
        calls.append(v.shape)
        return sr.attend(q, k, v, lowered)

    report = check(fn, asked, n, d=64, e=e)
    assert report.passed == (has == asked)
    assert has == asked or report.names == {0: repr(has)}, report
    assert len(calls) < 80 + 3000 / e, len(calls)


def test_what_was_left_unread_is_said():
    rng = np.random.default_rng(0)
    mask = rng.random((2, 9000)) < 0.5
    p = sr.Listed.of_rows([np.flatnonzero(row) for row in mask])
    report = check(masked(~mask), p, (2, 9000), exhaustive=False, d=16)
    assert {"extra", "missing"} <= kinds(report)
    assert "keys of mismatching rows (too many calls)" in str(report)
    assert check(masked(mask), p, (2, 9000), exhaustive=False, d=16).passed


def test_heads_that_have_one_another_s_sets_are_told_by_all_rows():
    patterns = [sr.Lookback(20), sr.Strided(7), sr.Lookback(30)]
    masks = np.stack([brute_mask(p, N) for p in patterns])
    report = check(masked(masks[[1, 2, 0]]), patterns, N, exhaustive=False, d=64)
    assert "heads have the sets of heads 1, 2, 0" in str(report)
    masks[1, 8, 3] ^= True
    report = check(masked(masks[[1, 2, 0]]), patterns, N, exhaustive=False, d=64)
    assert "have the sets" not in str(report), "one row of head 0 has not"


@pytest.mark.parametrize(
    ("has", "asked", "kind", "said"),
    [
        (
            ~sr.Lookback(5),
            sr.Lookback(5),
            "inverted",
            "attends exactly where Lookback(5) forbids it",
        ),
        (
            sr.Shifted(sr.Lookback(5), 2),
            sr.Lookback(5),
            "shifted",
            "query i has the keys of query i + 2",
        ),
        (sr.Window(3), sr.Window(3) | sr.Global(2), "globals missing", "Global(2) is missing"),
        (sr.Window(3), sr.Window(3) | sr.Random(N, 3, 0), "random missing", "is missing"),
        (
            sr.Causal(),
            sr.Documents((100, 150, 50), sr.Causal()),
            "documents",
            "up to 250 keys of other documents in 200 of 300 rows",
        ),
    ],
)
def test_differences_are_put_in_the_same_words_at_any_n(has, asked, kind, said):
    for report in both(masked(brute_mask(has, N)), asked):
        told = [each.text for each in report.diagnosis if each.kind == kind]
        assert told, report
        if report.sample is None or kind != "documents":
            assert said in told[0]


def test_the_other_alignment_is_told_where_lengths_differ():
    report = check(
        masked(tri(100, N)), sr.Shifted(sr.Causal(), 200), (100, N), exhaustive=False, d=64
    )
    assert "upper-left alignment" in str(report)


def test_the_report_says_what_was_seen_and_what_was_not():
    report = check(masked(PAST), sr.Causal(), N, exhaustive=False, d=64)
    said = "\n".join(report.remarks)
    assert (
        "coverage: keys checked in all 300 rows (chance to miss one wrong key: 2^-63 a row); "
        "numbers in 64 rows" in said
    )
    assert "coverage: huge numbers in 4 masked keys at most, checked in" in said
    assert "coverage: finite masks checked in 64 of 300 rows" in said
    assert "not checked: masks that depend on q and k (top-k, hashing)" in said


def test_no_array_of_every_pair_is_made():
    n = 30_000
    lowered = sr.plan(sr.Lookback(100), n)
    sr.attend(*(np.ones((n, 16), np.float32) for _ in range(3)), lowered)
    tracemalloc.start()
    assert check(lambda q, k, v: sr.attend(q, k, v, lowered), sr.Lookback(100), n).passed
    assert tracemalloc.get_traced_memory()[1] < n * n / 2
    tracemalloc.stop()


def test_what_hangs_raises_or_differs_late_loses_nothing_of_what_was_found():
    def late(then):
        def fn(q, k, v):
            return then() if np.abs(q).max() > 0 else masked(tri(N, keys=41))(q, k, v)

        return fn

    rng = np.random.default_rng(0)
    for then, kind in (
        (lambda: time.sleep(1), "timeout"),
        (lambda: 1 / 0, "error"),
        (lambda: np.zeros(3), "shape"),
    ):
        report = check(late(then), sr.Lookback(40), N, exhaustive=False, d=64, seconds=0.5)
        assert kinds(report) == {"extra", kind}
        assert report.names == {0: "Lookback(41)"}
    report = check(
        lambda q, k, v: masked(PAST & (rng.random((N, N)) > 0.1))(q, k, v),
        sr.Causal(),
        N,
        exhaustive=False,
        d=64,
    )
    assert kinds(report) == {"random"}
