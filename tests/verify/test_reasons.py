"""Why numbers are wrong where sets are right, and what other faults are told apart; each of them in
its own finding.
"""

import numpy as np
import pytest
from verify.implementations import masked, softmax, spread, tri

import sparse_ref as sr
from sparse_ref.verify import check, leaked_future, probe

CAUSAL = tri(24)


def kinds(report):
    return {finding.kind for finding in report.findings}


def of(report, kind):
    return next(finding.message for finding in report.findings if finding.kind == kind)


def curved(curve):
    """Causal attention whose logits go through a curve."""

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        x = curve(q @ k.swapaxes(1, 2) / np.float32(4)).astype(np.float32)
        return softmax(np.where(CAUSAL, x, np.float32(-np.inf))) @ v

    return fn


@pytest.mark.parametrize("cap", [5.0, 30.0])
def test_a_soft_cap_is_told_with_its_number(cap):
    report = check(curved(lambda x: cap * np.tanh(x / cap)), sr.Causal(), 24)
    assert kinds(report) == {"numerics", "curve"}
    assert f"as with a soft cap of {cap:.4g}" in of(report, "curve")


def test_another_curve_is_no_soft_cap():
    report = check(curved(lambda x: np.sign(x) * np.sqrt(np.abs(x))), sr.Causal(), 24)
    assert kinds(report) == {"numerics", "curve"}
    assert "soft cap" not in of(report, "curve")


def test_the_bias_of_a_row_is_read_off():
    distance = np.arange(24)[:, None] - np.arange(24)
    found = probe(curved(lambda x: x - 0.25 * distance), 24)
    assert np.allclose(found.bias[0][CAUSAL], -0.25 * distance[CAUSAL], atol=1e-5)
    assert np.isneginf(found.bias[0][~CAUSAL]).all()


@pytest.mark.parametrize("ghosts", [1, 5])
def test_ghosts_are_counted(ghosts):
    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        x = np.where(CAUSAL, q @ k.swapaxes(1, 2) / np.float32(4), np.float32(-np.inf))
        x = np.concatenate([x, np.zeros((*x.shape[:2], ghosts), np.float32)], axis=2)
        return softmax(x) @ np.concatenate(
            [v, np.zeros((len(v), ghosts, v.shape[2]), np.float32)], axis=1
        )

    report = check(fn, sr.Causal(), 24)
    assert kinds(report) == {"ghost"}
    noun = "key" if ghosts == 1 else "keys"
    assert f"as by {ghosts} {noun} of logit 0 and value 0" in of(report, "ghost")


@pytest.mark.parametrize("layout", ["bhnd", "bnhd", "ble"])
def test_sequences_of_a_batch_that_mix_are_told(layout):
    heads = 2

    def apart(q, k, v):
        if layout == "ble":
            q, k, v = (x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2) for x in (q, k, v))
        elif layout == "bnhd":
            q, k, v = (x.swapaxes(1, 2) for x in (q, k, v))
        out = np.stack([masked(CAUSAL)(*x) for x in zip(q, k, v)])
        out = out.swapaxes(1, 2) if layout != "bhnd" else out
        return out.reshape(*out.shape[:2], -1) if layout == "ble" else out

    def mixed(q, k, v):
        return apart(q, k, v[::-1])

    assert check(apart, sr.Causal(), 24, heads, layout=layout).passed
    assert kinds(check(mixed, sr.Causal(), 24, heads, layout=layout)) == {"batch"}


def test_huge_keys_outside_the_set_that_move_rows_are_told_and_nan_is_a_remark():
    def clipping(q, k, v):
        return masked(CAUSAL)(q, k, v / np.maximum(1, np.abs(v).max() / 100))

    report = check(clipping, sr.Causal(), 24)
    assert kinds(report) == {"clip", "poison"}
    report = check(masked(CAUSAL), sr.Causal(), 24)
    assert report.passed
    assert "note, no failure: NaN in a masked key reaches 13 rows (0 * NaN = NaN" in str(report)
    assert "NaN in a masked key" not in str(
        check(lambda q, k, v: sr.attend(q, k, v, sr.Causal()), sr.Causal(), 24)
    )


def test_lse_is_judged_where_it_is_returned():
    def fn(factor):
        def both(q, k, v):
            out, lse = sr.attend_with_lse(q, k, v, sr.Lookback(5))
            return out, lse * np.float32(factor)

        return both

    assert check(fn(1), sr.Lookback(5), 30, 3).passed
    assert check(
        lambda q, k, v: tuple(x[None] for x in fn(1)(q[0], k[0], v[0])),
        sr.Lookback(5),
        30,
        3,
        layout="bhnd",
    ).passed
    assert kinds(check(fn(1 / np.log(2)), sr.Lookback(5), 30, 3)) == {"lse"}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_fn_is_called_in_the_dtype_that_is_asked_for(dtype):
    seen = set()

    def fn(q, k, v):
        seen.update(x.dtype.name for x in (q, k, v))
        return masked(CAUSAL)(*(x.astype(np.float32) for x in (q, k, v))).astype(q.dtype)

    assert check(fn, sr.Causal(), 24, dtype=dtype).passed
    assert seen == {dtype}


def test_more_lengths_are_looked_at_and_their_findings_say_so():
    def fn(q, k, v):
        return masked(tri(q.shape[1], k.shape[1], keys=5 if q.shape[1] > 3 else 4))(q, k, v)

    report = check(fn, sr.Lookback(5), 12, also=[1, 3, (7, 9)], align="upper-left")
    assert report.passed
    report = check(
        lambda q, k, v: masked(tri(q.shape[1], k.shape[1], offset=int(q.shape[1] == 7)))(q, k, v),
        sr.Causal(),
        12,
        also=[1, (7, 9)],
        align="upper-left",
    )
    assert [finding.message[:16] for finding in report.findings] == ["at n = (7, 9): 7"]


def test_a_leaked_future_is_seen_in_what_is_no_attention_at_all():
    def running(q, k, v):
        return np.cumsum(np.tanh(v) + q * k, axis=1, dtype=np.float32)

    def centred(q, k, v):
        return running(q, k, v) - running(q, k, v).mean(axis=1, keepdims=True)

    def peeking(q, k, v):
        out = running(q, k, v)
        out[:, 5] += v[:, 9]
        return out

    assert leaked_future(running, 30, 2) == []
    assert leaked_future(running, 1) == []
    assert leaked_future(centred, 30, 2)[0].count == 58
    (found,) = leaked_future(peeking, 30)
    assert (found.kind, found.count, found.at) == ("future", 1, (0, 5))
    assert "from t = 6 on" in found.message
    with pytest.raises(ValueError, match="n must be one length"):
        leaked_future(running, (3, 4))


def test_sets_that_depend_on_the_data_are_read_at_given_q_and_k():
    def top_2(q, k, v):
        x = q @ k.swapaxes(1, 2)
        kept = x >= np.sort(x, axis=-1)[..., -2:-1]
        return softmax(np.where(kept, x, np.float32(-np.inf))) @ v

    q, k = np.random.default_rng(0).standard_normal((2, 1, 9, 4)).astype(np.float32)
    found = probe(top_2, 9, q=q, k=k)
    expected = np.argsort(q[0] @ k[0].T, axis=1)[:, -2:]
    assert (np.sort(np.nonzero(found.mask[0])[1].reshape(9, 2)) == np.sort(expected)).all()
    with pytest.raises(ValueError, match="q and k must be given together"):
        probe(top_2, 9, q=q)
    with pytest.raises(ValueError, match=r"k must have shape \(1, 9, 4\), got \(1, 8, 4\)"):
        probe(top_2, 9, q=q, k=k[:, :8])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_attention_that_rounds_its_logits_to_half_precision_is_right(dtype):
    def eager(q, k, v):
        x = (q @ k.swapaxes(1, 2)).astype(q.dtype).astype(np.float32) / np.float32(
            q.shape[-1] ** 0.5
        )
        x = np.where(CAUSAL, x.astype(q.dtype).astype(np.float32), np.float32(-np.inf))
        return (softmax(x).astype(q.dtype).astype(np.float32) @ v.astype(np.float32)).astype(
            q.dtype
        )

    report = check(eager, sr.Causal(), 24, 2, dtype=dtype)
    assert report.passed, report


def test_what_cannot_be_asked_is_refused_and_a_length_that_a_pattern_has_not_is_a_remark():
    for scale in (np.nan, np.inf, "1"):
        with pytest.raises(ValueError, match="scale must be a finite number, got"):
            check(masked(CAUSAL), sr.Causal(), 24, scale=scale)
    with pytest.raises(
        ValueError, match="gradients must be those of framework='numpy', or a function, got 'torch'"
    ):
        check(masked(CAUSAL), sr.Causal(), 24, framework="numpy", gradients="torch")
    p = sr.Random(24, 3, 0)
    report = check(lambda q, k, v: sr.attend(q, k, v, p), p, 24, also=[7])
    assert report.passed
    assert "not checked: n = 7: " in str(report)


def test_too_few_gradients_are_a_finding():
    report = check(masked(CAUSAL), sr.Causal(), 24, gradients=lambda q, k, v, grad: (q,))
    assert kinds(report) == {"gradient"}
    assert "must be (dq, dk, dv), got 1 of them" in of(report, "gradient")


def test_chance_is_not_taken_for_a_future_that_leaks():
    rng = np.random.default_rng(0)
    (found,) = leaked_future(
        lambda q, k, v: v + rng.standard_normal(v.shape).astype(np.float32), 20
    )
    assert found.kind == "random"

    def empty_first(q, k, v):
        out = np.cumsum(v, axis=1)
        out[:, 0] = np.nan
        return out

    assert leaked_future(empty_first, 20) == []
