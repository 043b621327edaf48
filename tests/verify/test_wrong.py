"""Tests of the tests: stored mutants of an implementation are caught, each with the finding that
names its fault.
"""

import time

import numpy as np
import pytest
from verify.implementations import masked, online, rowwise, spread, tri

import sparse_ref as sr
from sparse_ref.verify import ProbeError, assert_conforms, check, probe

NONE = "no such finding"


def kinds(report):
    return {finding.kind for finding in report.findings}


def of(report, kind):
    return next((finding for finding in report.findings if finding.kind == kind), NONE)


def test_a_window_one_key_wider():
    report = check(masked(tri(9, keys=4)), sr.Lookback(3), n=9)
    assert kinds(report) == {"extra"}
    assert (of(report, "extra").count, of(report, "extra").at) == (6, (0, 3, 0))
    assert report.names == {0: "Lookback(4)"}


def test_a_window_one_key_narrower():
    report = check(masked(tri(9, keys=2)), sr.Lookback(3), n=9)
    assert kinds(report) == {"missing"}
    assert (of(report, "missing").count, of(report, "missing").at) == (7, (0, 2, 0))


def test_leaked_future():
    report = check(masked(tri(6, offset=1)), sr.Causal(), n=6)
    assert kinds(report) == {"extra"}
    assert of(report, "extra").at == (0, 0, 1)
    assert report.names == {0: "Band(5, 1)"}


@pytest.mark.parametrize("n", [(3, 6), (6, 3)])
def test_the_other_alignment(n):
    offset = n[1] - n[0]
    bottom = check(masked(tri(*n, offset=offset)), sr.Causal(), n=n, align="upper-left")
    assert bottom.names == {0: f"Shifted(Causal(), {offset})"}
    top = check(masked(tri(*n)), sr.Shifted(sr.Causal(), offset), n=n)
    assert top.names == {0: "Causal()"}
    assert not bottom.passed
    assert not top.passed


def test_the_other_alignment_of_a_pattern_that_is_no_rule():
    pattern = sr.Lookback(2) | sr.Strided(3)
    mask = np.array([[j in pattern.row(i + 2, 7) for j in range(7)] for i in range(5)])
    assert check(masked(mask), pattern, n=(5, 7), align="upper-left").names == {
        0: f"Shifted({pattern!r}, 2)"
    }
    mask = np.array([[j in pattern.row(i, 7) for j in range(7)] for i in range(5)])
    assert check(masked(mask), sr.Shifted(pattern, 2), n=(5, 7)).names == {0: repr(pattern)}


def test_a_key_counted_twice():
    report = check(rowwise(lambda h, i: [*range(i + 1), 0]), sr.Causal(), n=5)
    assert kinds(report) == {"multiplicity"}
    assert of(report, "multiplicity").count == 4, "row 0 has key 0 alone, twice or not"
    assert of(report, "multiplicity").at == (0, 1, 0)
    assert report.probe.multiplicity[0, 4].tolist() == [2, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("fill", "additive"), [(-1e4, False), (-1e4, True), (-3e4, False), (-7e4, True)]
)
@pytest.mark.parametrize("mask", [tri(9), tri(9, keys=2), np.eye(9, dtype=bool)])
def test_a_finite_sentinel_leaks_every_masked_key(mask, fill, additive):
    """No key gets weight at equal logits; each masked one does once its logit wins, from a d as
    small as 2 on.
    """
    for d in (2, 4, 16):
        found = probe(masked(mask, fill=fill, additive=additive), 9, d=d)
        assert np.array_equal(found.mask[0], mask)
        assert np.array_equal(found.leaks[0], ~mask)
    report = check(masked(tri(9), fill=fill, additive=additive), sr.Causal(), n=9)
    assert kinds(report) == {"leak"}
    assert "+" in str(report)


def test_a_sentinel_that_gets_weight_at_equal_logits_already():
    report = check(masked(tri(4), fill=-20.0), sr.Causal(), n=4)
    assert kinds(report) == {"leak"}
    assert report.names == {}
    assert not report.probe.multiplicity[0, 0, 1:].any(), "too little weight to be attended to"


@pytest.mark.parametrize("additive", [False, True])
def test_the_least_float_averages_all_keys_in_rows_without_any(additive):
    fn = masked(tri(5, offset=-1), fill=np.finfo(np.float32).min, additive=additive)
    report = check(fn, sr.Band(5, -1), n=5)
    assert kinds(report) == {"extra", "empty row"}
    assert (of(report, "empty row").count, of(report, "empty row").at) == (1, (0, 0))
    assert of(report, "extra").count == 5


def test_nan_in_rows_without_keys_is_reported_and_nothing_else():
    report = check(
        masked(
            tri(5, offset=-2),
            weigh=lambda x: (
                np.exp(x - x.max(-1, keepdims=True))
                / np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True)
            ),
        ),
        sr.Band(5, -2),
        n=5,
    )
    assert [finding.kind for finding in report.findings] == ["nan"], (
        "once: the numbers of these rows are not judged"
    )
    assert of(report, "nan").count == 2
    assert report.probe.nan_rows.tolist() == [[True, True, False, False, False]]


def test_rows_that_are_nan_at_zero_are_read_at_one():
    """Dividing by the length of q is 0 / 0 for q = 0."""

    def cosine(q, k, v):
        return masked(tri(4, keys=2))(q / np.linalg.norm(q, axis=-1, keepdims=True), k, v)

    report = check(cosine, sr.Causal(), n=4)
    assert kinds(report) >= {"nan", "missing", "numerics"}
    assert of(report, "nan").count == 4
    assert "sets were read at q = k = 1" in of(report, "nan").message
    assert report.names == {0: "Lookback(2)"}
    assert not report.probe.leaks.any()


def test_a_softmax_that_overflows():
    def naive(x):
        return np.exp(x) / np.exp(x).sum(-1, keepdims=True)

    report = check(masked(tri(8), weigh=naive), sr.Causal(), n=8)
    assert kinds(report) == {"overflow", "nan"}
    assert "spread 50" in of(report, "nan").message


def test_nan_in_the_random_run_alone_is_seen():
    def fn(q, k, v):
        out = masked(tri(6))(q, k, v)
        out[:, 3] = np.where(np.abs(v).max() > 1, np.nan, out[:, 3])
        return out

    report = check(fn, sr.Causal(), n=6)
    assert kinds(report) == {"nan"}
    assert of(report, "nan").at == (0, 3)


def test_a_transposed_mask():
    pattern = sr.Lookback(2) | sr.Strided(3)
    mask = np.array([[i in pattern.row(j, 7) for j in range(7)] for i in range(7)])
    report = check(masked(mask), pattern, n=7)
    assert kinds(report) == {"extra", "missing"}
    assert report.names == {0: f"the transpose of {pattern!r}"}


def test_an_inverted_mask():
    pattern = sr.Lookback(2) | sr.Strided(3)
    mask = np.array([[j not in pattern.row(i, 7) for j in range(7)] for i in range(7)])
    assert check(masked(mask), pattern, n=7).names == {0: f"~({pattern!r})"}


def test_no_keys_at_all():
    report = check(lambda q, k, v: np.zeros_like(q), sr.Causal(), n=4)
    assert kinds(report) == {"missing"}
    assert report.names == {0: "nothing"}
    assert "numbers: not checked" in str(report)


@pytest.mark.parametrize("scale", [1.0, 1 / 16, 0.26])
def test_a_wrong_scale_is_a_matter_of_numbers_alone(scale):
    report = check(masked(tri(12), scale=scale), sr.Causal(), n=12)
    assert kinds(report) == {"numerics", "scale"}
    assert (
        f"logits are {scale:.4g} q . k, expected 0.25 q . k (1 / sqrt(d))"
        in of(report, "scale").message
    )
    assert report.names == {}


def test_heads_swapped():
    masks = np.stack([tri(6), np.ones((6, 6), bool)])
    report = check(masked(masks[::-1]), [sr.Causal(), sr.Full()], n=6)
    assert kinds(report) == {"extra", "missing"}
    assert report.names == {0: "Full()", 1: "Causal()"}
    same = check(lambda q, k, v: masked(tri(6))(q, k, v)[::-1], sr.Causal(), n=6, heads=2)
    assert kinds(same) == {"numerics", "kv map"}
    assert (
        "kv-head mapping (GQA): query head 0 reads kv head 1, 1 reads 0, expected kv head h, "
        "in 12 rows" in of(same, "kv map").message
    )


def test_key_heads_dealt_in_turn_instead_of_in_groups():
    def fn(q, k, v):
        return masked(tri(6))(q, np.tile(k, (2, 1, 1)), np.tile(v, (2, 1, 1)))

    report = check(fn, sr.Causal(), n=6, heads=4, kv_heads=2)
    assert kinds(report) == {"numerics", "kv map"}
    expected = (
        "query head h reads kv head h % 2, expected h // 2 (repeat instead of repeat_interleave?)"
    )
    message = of(report, "kv map").message
    assert (
        message
        == f"kv-head mapping (GQA): {expected}: query head 1 reads kv head 1, 2 reads 0, in 12 rows"
    )


def test_a_sink_takes_weight_from_every_row():
    def sink(x):
        return np.exp(x) / (1 + np.exp(x).sum(-1, keepdims=True))

    found = check(masked(tri(4), weigh=lambda x: sink(np.minimum(x, 80))), sr.Causal(), n=4)
    assert kinds(found) == {"ghost"}
    assert of(found, "ghost").count == 4
    assert "as by 1 key of logit 0 and value 0" in of(found, "ghost").message
    assert found.probe.row_sums[0, 0] == 0.5


@pytest.mark.parametrize("slope", [0.2, 0.5])
def test_a_bias_is_told_from_multiplicity(slope):
    def alibi(q, k, v):
        q, k, v = spread(q, k, v)
        i = np.arange(6)
        x = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]) - slope * (i[:, None] - i)
        x = np.where(tri(6), x, -np.inf)
        p = np.exp(x - x.max(-1, keepdims=True))
        return (p / p.sum(-1, keepdims=True) @ v).astype(np.float32)

    assert kinds(check(alibi, sr.Causal(), n=6)) == {"bias"}


@pytest.mark.parametrize(
    ("fn", "said"),
    [
        (lambda q, k, v: None, "error: .*must return one array, or .out, lse., got None"),
        (lambda q, k, v: (q, k, v), "error: .*got a tuple of 3: return the output only"),
        (
            lambda q, k, v: (q, q),
            r"shape: .*must return lse of shape \(1, 1, 4\) with out, or out only, got "
            r"\(1, 4, 16\)",
        ),
        (lambda q, k, v: q[:, 1:], r"shape: .*must return shape \(1, 4, 16\), got \(1, 3, 16\)"),
        (lambda q, k, v: q[0], r"shape: .*must return shape \(1, 4, 16\), got \(4, 16\)"),
        (lambda q, k, v: q.astype(int), "dtype: .*must return one of float64, .*, got int64"),
        (lambda q, k, v: q.astype(complex), "dtype: .*got complex128"),
        (lambda q, k, v: q.astype(object), "dtype: .*got object"),
        (lambda q, k, v: 1 / 0, "error: .*raised ZeroDivisionError: division by zero"),
        (lambda q, k: q, "error: .*raised TypeError"),
    ],
)
def test_what_goes_wrong_inside_fn_is_told_and_lost_nowhere(fn, said):
    kind, _, said = said.partition(": .*")
    with pytest.raises(ProbeError, match=said) as caught:
        probe(fn, 4)
    assert "fn(q (1, 4, 16), k (1, 4, 16), v (1, 4, 16)), float32, layout 'hnd'" in str(
        caught.value
    )
    report = check(fn, sr.Causal(), n=4)
    assert kinds(report) == {kind}
    assert of(report, kind).message == str(caught.value)
    assert report.actual_mask is None


def test_fn_that_raises_on_random_input_alone_keeps_the_verdict_on_the_sets():
    def fn(q, k, v):
        if np.abs(v).max() > 1:
            raise RuntimeError("no kernel for this")
        return masked(tri(5, keys=2))(q, k, v)

    report = check(fn, sr.Causal(), n=5)
    assert kinds(report) == {"missing", "error"}
    assert report.names == {0: "Lookback(2)"}


def test_assert_conforms_carries_the_report():
    with pytest.raises(
        AssertionError,
        match=r"FAIL fn - up to 3 keys missing at the left edge \(Lookback\(2\), asked "
        r"Causal\(\)\)",
    ):
        assert_conforms(online(tri(5, keys=2)), sr.Causal(), n=5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(n=0), "n must be at least 1 and at most 1048576"),
        (dict(n=(4, 2**20 + 1)), "at most 1048576"),
        (dict(n=2.0), "n must be an integer, got 2.[05]"),
        (dict(n=4, heads=0), "heads must be at least 1, got 0"),
        (dict(n=4, heads=True), "heads must be an integer, got True"),
        (dict(n=4, heads=4, kv_heads=3), "kv_heads must divide heads = 4, got 3"),
        (dict(n=4, d=1), "d must be at least 2, got 1"),
        (dict(n=4, e=0), "e must be at least 1, got 0"),
        (dict(n=4, layout="dnh"), "layout must be one of hnd, bhnd, bnhd, nhd, .*, got 'dnh'"),
        (dict(n=4, heads=2, layout="nd"), "heads must be 1 with layout 'nd', got 2"),
        (
            dict(n=4, framework="tf"),
            "framework must be one of numpy, torch, jax, mlx, .*, got 'tf'",
        ),
    ],
)
def test_options_outside_their_bounds_raise(arguments, said):
    for call in (
        lambda: probe(masked(tri(4)), **arguments),
        lambda: check(masked(tri(4)), sr.Causal(), **arguments),
    ):
        with pytest.raises((TypeError, ValueError), match=said) as caught:
            call()
        assert not isinstance(caught.value, ProbeError)


def test_patterns_that_are_none_or_too_few_raise():
    with pytest.raises(TypeError, match="fn must be callable, got 3"):
        probe(3, 4)
    for pattern in ("Causal()", [], tri(4)):
        with pytest.raises(
            TypeError, match="pattern must be a Pattern, or a sequence with one for each head, got"
        ):
            check(masked(tri(4)), pattern, n=4)
    with pytest.raises(TypeError, match=r"pattern\[1\] must be a Pattern, got None"):
        check(masked(tri(4)), [sr.Causal(), None], n=4)
    with pytest.raises(ValueError, match="pattern must be one for each of heads = 3, got 2"):
        check(masked(tri(4)), [sr.Causal()] * 2, n=4, heads=3)
    with pytest.raises(
        ValueError, match="dtype must be one of float64, float32, float16, bfloat16, got 'int8'"
    ):
        check(masked(tri(4)), sr.Causal(), n=4, dtype="int8")
    with pytest.raises(
        ValueError, match="gradients must be 'torch', 'jax', a function or None, got 'tf'"
    ):
        check(masked(tri(4)), sr.Causal(), n=4, gradients="tf")
    with pytest.raises(ValueError, match="seconds must be a number above 0 or None, got 0"):
        check(masked(tri(4)), sr.Causal(), n=4, seconds=0)


def test_an_output_that_is_not_linear_in_v_is_called_that_alone():
    fn = masked(tri(6))
    report = check(lambda q, k, v: fn(q, k, v) + np.float32(1), sr.Causal(), n=6)
    assert kinds(report) == {"not linear"}
    assert (of(report, "not linear").count, of(report, "not linear").at) == (6, (0, 0))


def test_dropout_left_on_is_called_random_and_what_is_kept_between_calls_state():
    rng, calls = np.random.default_rng(0), []

    def dropping(q, k, v):
        return masked(tri(6) & (rng.random((6, 6)) > 0.3))(q, k, v)

    def remembering(q, k, v):
        calls.append(v)
        return masked(tri(6))(q, k, sum(calls))

    def cached(q, k, v):
        calls[:] = [*calls[-1:], k]
        return masked(tri(6))(q, calls[0], v)

    for fn, kind in ((dropping, "random"), (remembering, "state"), (cached, "state")):
        report = check(fn, sr.Causal(), n=6, layout="hnd", framework="numpy")
        assert kinds(report) == {kind}
        calls.clear()


def test_a_call_that_never_ends_is_given_up_and_what_was_found_before_is_kept():
    def hangs(q, k, v):
        while np.abs(v).max() > 1:
            time.sleep(0.01)
        return masked(tri(5, keys=2))(q, k, v)

    report = check(hangs, sr.Causal(), n=5, seconds=0.3)
    assert kinds(report) == {"missing", "timeout"}
    assert "ran for more than 0.3 seconds" in of(report, "timeout").message
    assert report.names == {0: "Lookback(2)"}
    assert kinds(check(lambda q, k, v: time.sleep(9), sr.Causal(), n=5, seconds=0.1)) == {"timeout"}


def test_rounding_that_differs_between_calls_is_not_random():
    rng, fn = np.random.default_rng(0), masked(tri(6))
    report = check(
        lambda q, k, v: fn(q, k, v) * np.float32(1 + 1e-7 * rng.standard_normal()), sr.Causal(), n=6
    )
    assert report.passed


def test_weights_a_little_off_one_are_a_finding():
    fn = masked(tri(6))
    assert "row sum" in kinds(
        check(lambda q, k, v: fn(q, k, v) * np.float32(1.0001), sr.Causal(), n=6)
    )


def test_a_small_bias_is_a_finding():
    distance = np.arange(6)[:, None] - np.arange(6)

    def sloped(q, k, v):
        x = q @ k.swapaxes(1, 2) / np.float32(4) + np.where(
            tri(6), -0.03 * distance, -np.inf
        ).astype(np.float32)
        p = np.exp(x - x.max(axis=-1, keepdims=True))
        return p / p.sum(axis=-1, keepdims=True) @ v

    assert "bias" in kinds(check(sloped, sr.Causal(), n=6))


def test_a_numeric_fault_is_told_where_it_begins():
    fn = masked(tri(8))
    report = check(
        lambda q, k, v: fn(q * np.linspace(1, 1.5, 8, dtype=np.float32)[:, None], k, v),
        sr.Causal(),
        n=8,
    )
    assert of(report, "numerics").at[1] in (1, 2)


def test_a_bad_seed_and_steps_are_refused_by_name():
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        check(masked(tri(4)), sr.Causal(), n=4, seed=-1)
    with pytest.raises(TypeError, match="is 2 steps, not one set"):
        check(masked(tri(4)), sr.strided(2), n=4)


def test_what_cannot_become_an_array_is_a_finding():
    class Sealed:
        shape, dtype = (1, 4, 16), np.dtype(np.float32)

    report = check(lambda q, k, v: Sealed(), sr.Causal(), n=4, layout="hnd")
    assert kinds(report) == {"error"}
    assert "that is no array" in str(report)
