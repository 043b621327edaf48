"""Padding that a number masks, clipped logits, dropped weights, a scale of v's width: found in
wrong kernels and in no right one.
"""

from functools import partial

import numpy as np
import pytest
from verify.implementations import masked, softmax, spread, tri
from verify.mutants import DTYPES, pieces, right
from verify.mutants.registry import rounded

import sparse_ref as sr
from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.checks.extreme_logits import extreme_findings
from sparse_ref.verify.checks.finding import KINDS
from sparse_ref.verify.checks.value_width import value_width_findings
from sparse_ref.verify.meaning.meaning import Meaning, alibi_slopes
from sparse_ref.verify.meaning.statement import Statement
from sparse_ref.verify.reading.evidence import read_every_pair
from sparse_ref.verify.reading.sample import read_sample

N = 24
RIGHT = right.RIGHT + pieces.RIGHT
PAST = tri(N)
i, j = np.ogrid[:N, :N]
NONE = np.float32(-np.inf)


def outcome(probe, fn, pattern=None, n=N, heads=1, *, sampled=False, meaning=None, **options):
    """(findings, remarks) of a probe; fn conforms."""
    patterns = (
        pattern
        if isinstance(pattern, list)
        else [sr.Causal() if pattern is None else pattern] * heads
    )
    subject = Subject.new(fn, n, len(patterns), CallOptions(**options))
    statement = Statement(meaning or Meaning(), len(patterns), subject.n, subject.d)
    read = read_sample if sampled else read_every_pair
    more = (0,) if sampled else ()
    evidence = read(subject, tuple(patterns), statement, *more)
    assert evidence.conforming.any()
    found = probe(subject, evidence, 0)
    assert {finding.kind for finding in found.findings} <= set(KINDS)
    return found


extremes = partial(outcome, extreme_findings)
widths = partial(outcome, value_width_findings)


def logits(q, k, scale=None):
    q, k, _ = spread(q, k, k)
    return q @ k.swapaxes(1, 2) * np.float32(q.shape[-1] ** -0.5 if scale is None else scale)


def padded(fill, ghosts=8):
    """Causal attention whose keys are padded by some of value 0 and logit `fill`."""

    def fn(q, k, v):
        x = np.where(PAST, logits(q, k), NONE)
        padding = np.full((*x.shape[:-1], ghosts), fill, x.dtype)
        return softmax(np.concatenate([x, padding], axis=-1))[..., :N] @ v

    return fn


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("fill", [-50.0, -100.0, -1e4, -3e4])
def test_padding_that_a_number_masks_is_found_with_the_number(fill, sampled):
    """Adversary A3."""
    (finding,), remarks = extremes(padded(fill), sampled=sampled)
    assert remarks == []
    assert finding.kind == "ghost"
    number = float(finding.message.split("about ")[1].split(",")[0])
    assert abs(number - fill) < 0.25 * abs(fill) + 5
    assert "diluted by keys of value 0 if all logits are -4e+04" in finding.message
    assert finding.at == (0, 0)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_padding_is_found_at_half_precision(dtype):
    (finding,), _ = extremes(rounded(padded(-5000.0), dtype), dtype="float32")
    assert "with a number, about -5" in finding.message


def test_padding_with_minus_infinity_is_right():
    assert extremes(padded(-np.inf)) == ([], [])


def clipped(low, high):
    return lambda q, k, v: softmax(np.where(PAST, np.clip(logits(q, k), low, high), NONE)) @ v


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize(
    ("low", "high", "place", "bound"),
    [
        (-300, 300, "beyond about +-", 300),
        (-1000, 1000, "beyond about +-", 1000),
        (-np.inf, 300, "above about ", 300),
        (-80, np.inf, "below about ", -80),
    ],
)
def test_clipped_logits_are_found_with_the_bound(low, high, place, bound, sampled):
    (finding,), _ = extremes(clipped(low, high), sampled=sampled)
    assert finding.kind == "clip"
    assert "rows whose logits are clipped " + place in finding.message
    assert float(finding.message.split(place)[1]) == pytest.approx(bound, rel=0.03)


def dropping(share):
    """Weights below a share of the largest are dropped."""

    def weigh(x):
        p = np.exp(x - x.max(-1, keepdims=True))
        p = np.where(p < share, np.float32(0), p)
        return p / p.sum(-1, keepdims=True)

    return masked(PAST, weigh=weigh)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize(("share", "text"), [(2e-3, "1e-03"), (2e-4, "1e-04"), (2e-5, "1e-05")])
def test_weights_that_are_dropped_are_found_with_their_share(share, text, sampled):
    (finding,), _ = extremes(dropping(share), sampled=sampled)
    assert finding.kind == "clip"
    assert finding.message.endswith(f"that drop weights of {text} of their largest, or less")


def test_weights_that_no_float_keeps_may_be_dropped():
    assert extremes(dropping(1e-8)) == ([], [])


def described(fn, **meaning):
    """A right kernel with what is meant of it."""
    return pytest.param(fn, Meaning(**meaning), id=" ".join(meaning) or "plain")


def with_scores(change, sinks=None, scale=None):
    """Causal attention whose logits are changed; `sinks` are members of value 0."""

    def fn(q, k, v):
        x = np.where(PAST, change(logits(q, k, scale)), NONE).astype(np.float32)
        if sinks is not None:
            heads = len(x)
            sink = np.broadcast_to(np.float32(sinks).reshape(-1, 1, 1), (heads, N, 1))
            x = np.concatenate([x, sink], axis=-1)
        return softmax(x)[..., :N] @ v

    return fn


SLOPES = alibi_slopes(2).astype(np.float32)[:, None, None]
FORMS = [
    described(with_scores(lambda x: x)),
    described(with_scores(lambda x: 50 * np.tanh(x / 50)), softcap=50.0),
    described(with_scores(lambda x: 5 * np.tanh(x / 5)), softcap=5.0),
    described(with_scores(lambda x: x, sinks=0.5), sinks=0.5),
    described(with_scores(lambda x: x, sinks=[-3.0, 2.0]), sinks=[-3.0, 2.0]),
    described(with_scores(lambda x: x - SLOPES * (i - j)), alibi=True),
    described(with_scores(lambda x: x, scale=1.0), scale=1.0),
    described(with_scores(lambda x: x, scale=0.02), scale=0.02),
    described(with_scores(lambda x: 30 * np.tanh(x / 30), sinks=1.0), softcap=30.0, sinks=1.0),
    described(masked(PAST, fill=-1e4), fill=-1e4),
    described(masked(PAST, fill=-1e4, additive=True), fill=-1e4),
]


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("fn", "meaning"), FORMS)
def test_a_declared_form_is_not_flagged(fn, meaning, dtype, sampled):
    fn = fn if dtype == "float32" else rounded(fn, dtype)
    assert extremes(fn, heads=2, meaning=meaning, sampled=sampled) == ([], [])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_right_implementations_are_not_flagged(case, dtype):
    fn = partial(case.fn, dtype=DTYPES[dtype]) if case.inside else case.fn
    fn = fn if dtype == "float32" else rounded(fn, dtype)
    meaning = Meaning(scale=case.options.get("scale"))
    names = ("kv_heads", "layout", "d", "e")
    options = {name: case.options[name] for name in names if name in case.options}
    arguments = fn, case.pattern, case.n, case.heads or 1
    assert extremes(*arguments, meaning=meaning, **options) == ([], [])
    found = widths(*arguments, meaning=meaning, **options)
    assert found.findings == []
    assert set(found.remarks) <= {"not checked: values wider than keys, which fn refuses"}


def by_value_width(q, k, v):
    return masked(PAST, scale=v.shape[-1] ** -0.5)(q, k, v)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_scale_of_the_width_of_v_is_found(dtype, sampled):
    fn = by_value_width if dtype == "float32" else rounded(by_value_width, dtype)
    (finding,), _ = widths(fn, sampled=sampled)
    assert finding.kind == "scale"
    assert finding.message == (
        "logits are scaled by 1 / sqrt(e), the width of v, not of q and k: "
        "at e = 64 and d = 16 by 0.125, expected 0.25"
    )


def test_other_widths_that_are_refused_or_wrong_are_told():
    def refusing(q, k, v):
        assert q.shape == v.shape
        return masked(PAST)(q, k, v)

    remark = "not checked: values wider than keys, which fn refuses"
    assert widths(refusing) == ([], [remark])

    def narrow(q, k, v):
        out = masked(PAST)(q, k, v)
        out[..., 16:] = 0
        return out

    assert widths(narrow) == ([], ["note, no failure: numbers are wrong at e = 64, d = 16"])
    assert widths(by_value_width, e=32) == ([], [])


def test_nothing_is_said_of_inputs_that_cannot_be_chosen():
    meaning = Meaning(transform=lambda q, k: (q, k))
    found = extremes(masked(PAST), meaning=meaning)
    assert found == ([], ["not checked: logits of 1e4, since q and k are transformed"])
