"""Deterministic, linear in V, the same in a batch: what is not is named, and why."""

from functools import partial

import numpy as np
import pytest
from verify.implementations import masked, tri
from verify.mutants import DTYPES, pieces, right
from verify.mutants.registry import rounded

from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.checks.assumptions import broken_assumptions, check_batch
from sparse_ref.verify.checks.finding import KINDS
from sparse_ref.verify.checks.linearity import range_findings

N = 24
RIGHT = right.RIGHT + pieces.RIGHT
causal = masked(tri(N))


def subject(fn, n=N, heads=1, **options):
    return Subject.new(fn, n, heads, CallOptions(**options))


def broken(fn, **options):
    """{kind: message} of what makes a verdict impossible."""
    findings = list(broken_assumptions(subject(fn, **options), 0))
    assert {finding.kind for finding in findings} <= set(KINDS)
    return {finding.kind: finding.message for finding in findings}


def clipped(fn):
    return [finding.message for finding in range_findings(subject(fn), 0)]


class Dropping:
    """Dropout on weights of a causal attention over n keys."""

    def __init__(self, rate, n, seed):
        self.rate, self.n, self.rng = rate, n, np.random.default_rng(seed)

    def __call__(self, q, k, v):
        kept = (self.rng.random((self.n, self.n)) >= self.rate) / (1 - self.rate)

        def weigh(x):
            p = np.exp(x - x.max(-1, keepdims=True))
            return (p / p.sum(-1, keepdims=True) * kept).astype(np.float32)

        return masked(tri(self.n), weigh=weigh)(q, k, v)


@pytest.mark.parametrize("n", [5, 8, 24, 100])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_dropout_is_random_and_never_state(rate, n):
    kinds = [tuple(broken(Dropping(rate, n, seed), n=n)) for seed in range(20 if n < 100 else 3)]
    assert set(kinds) <= {("random",)} | ({()} if rate == 0.02 and n == 5 else set())
    assert kinds.count(("random",)) >= 0.6 * len(kinds)


class Stateful:
    """Causal attention times a factor that depends on the calls before."""

    def __init__(self, factor):
        self.factor, self.calls, self.before = factor, 0, None

    def __call__(self, q, k, v):
        out = causal(q, k, v) * np.float32(self.factor(self.calls, self.before, q))
        self.calls, self.before = self.calls + 1, q.copy()
        return out


@pytest.mark.parametrize(
    "factor",
    [
        lambda calls, before, q: 1 + (calls == 0),
        lambda calls, before, q: 1 + calls % 2,
        lambda calls, before, q: 1 + 0.01 * calls,
        lambda calls, before, q: 1 + (before is not None and not np.array_equal(before, q)),
        lambda calls, before, q: 1 + min(calls, 3),
    ],
    ids=["first", "alternating", "drifting", "after another", "settling"],
)
def test_state_is_state(factor):
    assert list(broken(Stateful(factor))) == ["state"]


def normalised(q, k, v):
    out = causal(q, k, v)
    return out / np.sqrt((out**2).mean(axis=-1, keepdims=True) + np.float32(1e-6))


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (
            normalised,
            "do not double when v doubles, but stay the same: output normalised (RMSNorm,",
        ),
        (lambda q, k, v: causal(q, k, v * v), "do not double when v doubles; the sets"),
        (
            lambda q, k, v: causal(q, k, np.clip(v, -0.1, 0.1)),
            "values or output clipped at about 0.1",
        ),
        (lambda q, k, v: causal(q, k, abs(v)), "2 v - w is not 2 out(v) - out(w)"),
        (lambda q, k, v: causal(q, k, np.maximum(v, 0)), "2 v - w is not 2 out(v) - out(w)"),
        (lambda q, k, v: causal(q, k, v) + 1, "not 0 at v = 0"),
    ],
    ids=["RMSNorm", "squares", "clipped below 1", "absolute", "relu", "bias"],
)
def test_what_is_not_linear_is_described(fn, words):
    messages = broken(fn)
    assert list(messages) == ["not linear"]
    assert words in messages["not linear"]
    assert messages["not linear"].endswith("; the sets cannot be read out")


@pytest.mark.parametrize("largest", [8, 16, 448])
@pytest.mark.parametrize("place", ["values", "output"])
def test_values_or_output_that_are_clipped_are_named_with_the_bound(largest, place):
    def fn(q, k, v):
        v = np.clip(v, -largest, largest) if place == "values" else v
        out = causal(q, k, v)
        return out if place == "values" else np.clip(out, -largest, largest)

    assert broken(fn) == {}
    (message,) = clipped(fn)
    assert message.endswith(f"values or output clipped at about {largest}")
    assert "rows that are not 1024 times as large if v is, but reach" in message


def test_small_values_that_are_rounded_away_are_named():
    def fn(q, k, v):
        return causal(q, k, np.where(abs(v) < 0.01, 0, v).astype(np.float32))

    assert any("small values are rounded to 0" in message for message in clipped(fn))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_right_implementations_are_linear_at_any_dtype(case, dtype):
    fn = partial(case.fn, dtype=DTYPES[dtype]) if case.inside else case.fn
    fn = fn if dtype == "float32" else rounded(fn, dtype)
    patterns = case.pattern if isinstance(case.pattern, list) else [case.pattern]
    options = {
        key: case.options[key] for key in ("kv_heads", "layout", "d", "e") if key in case.options
    }
    judged = subject(fn, case.n, case.heads or len(patterns), **options)
    assert list(broken_assumptions(judged, 0)) == []
    assert list(range_findings(judged, 0)) == []
    assert check_batch(judged, 0) == ([], [])


def per_sequence(one):
    """fn over (B, H, n, d), one(b, q, k, v) for each sequence."""
    return lambda q, k, v: np.stack([one(b, q[b], k[b], v[b]) for b in range(len(q))])


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (lambda b, q, k, v: (causal if b == 0 else masked(np.True_))(q, k, v), [1, 2]),
        (lambda b, q, k, v: causal(q * np.float32(1 + (b == 2)), k, v), [2]),
        (lambda b, q, k, v: masked(tri(N, keys=4 + (b == 1)))(q, k, v), [1]),
    ],
    ids=["mask", "scale", "window"],
)
def test_each_sequence_of_a_batch_is_compared_with_itself_alone(one, wrong):
    """Adversary A2: a later sequence that is simply wrong."""
    findings, remarks = check_batch(subject(per_sequence(one), layout="bhnd"), 0)
    assert remarks == []
    assert [finding.kind for finding in findings] == ["batch"] * len(wrong)
    for b, finding in zip(wrong, findings):
        assert finding.message.startswith(
            f"sequence {b} of a batch of 3 differs from the same sequence alone, in "
        )
        assert finding.message.endswith("(mask lost in batches?)")


def test_a_sequence_that_depends_on_another_is_named_with_it():
    def fn(q, k, v):
        k = k.copy()
        if len(k) == 3:
            k[2] = k[0]
        return per_sequence(lambda b, q, k, v: causal(q, k, v))(q, k, v)

    (finding,), _ = check_batch(subject(fn, layout="bhnd"), 0)
    assert finding.message.startswith("sequence 2 of a batch of 3 differs")
    assert finding.message.endswith("(it depends on sequence 0)")


def test_a_function_that_takes_one_sequence_only_gets_a_remark():
    def fn(q, k, v):
        if len(q) > 1:
            raise ValueError("one at a time")
        return causal(q[0], k[0], v[0])[None]

    findings, (remark,) = check_batch(subject(fn, layout="bhnd"), 0)
    assert findings == []
    assert remark.startswith("not checked: batches of 3, which fn refuses: ")
    assert check_batch(subject(causal), 0) == ([], [])
