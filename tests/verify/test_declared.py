"""What is declared is judged: soft caps, sinks, biases, transforms, fills, bases and precisions.

Each form passes if it is declared, and fails if it is not, or if another number is declared. The
implementations are dense NumPy, and import nothing of the library.
"""

import ml_dtypes
import numpy as np
import pytest
from verify.implementations import softmax, spread, tri

import sparse_ref as sr
from sparse_ref.verify import check

N, HEADS = 48, 4
SINKS = (0.0, 0.5, 1.0, -2.0)
SLOPES = (2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8)
HOW = dict(heads=HEADS, layout="hnd", framework="numpy")


def alibi(h, i, j):
    return -np.array(SLOPES)[h] * (i - j)


def relative(h, i, j):
    """A bias by distance, in buckets of 4."""
    return 0.3 * ((i - j) // 4 % 5) + 0.1 * h


def logits(q, k, scale=None):
    return q @ k.swapaxes(1, 2) * np.float32(q.shape[-1] ** -0.5 if scale is None else scale)


class Dense:
    """Causal attention with a form of its own."""

    def __init__(self, cap=None, sinks=None, bias=None, transform=None, keys=None, lse=False):
        self.cap, self.sinks, self.bias = cap, sinks, bias
        self.transform, self.keys, self.lse = transform, keys, lse

    def __call__(self, q, k, v):
        q, k, v = spread(q, k, v)
        if self.transform is not None:
            q, k = (x.astype(np.float32) for x in self.transform(q, k))
        x = logits(q, k)
        if self.cap is not None:
            x = self.cap * np.tanh(x / np.float32(self.cap))
        h, i, j = np.ogrid[: len(q), : q.shape[1], : k.shape[1]]
        if self.bias is not None:
            x = x + self.bias(h, i, j).astype(np.float32)
        offset = k.shape[1] - q.shape[1]
        x = np.where(tri(q.shape[1], k.shape[1], offset, self.keys), x, np.float32(-np.inf))
        top = x.max(axis=-1, keepdims=True)
        if self.sinks is not None:
            sinks = np.array(self.sinks, np.float32)[:, None, None]
            top = np.maximum(top, sinks)
        top = np.where(top == -np.inf, np.float32(0), top)
        p = np.exp(x - top)
        total = p.sum(axis=-1, keepdims=True)
        if self.sinks is not None:
            total = total + np.exp(sinks - top)
        out = p @ v / np.where(total == 0, np.float32(1), total)
        with np.errstate(divide="ignore"):
            return (out, (np.log(total) + top)[..., 0]) if self.lse else out


def rotated(q, k):
    """RoPE: halves of each vector, turned by the position times a frequency."""
    return turned(q), turned(k)


def turned(x):
    n, d = x.shape[1:]
    angle = np.arange(n)[:, None] * 100.0 ** (-np.arange(d // 2) / (d // 2))
    a, b = x[..., : d // 2], x[..., d // 2 :]
    parts = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
    return np.concatenate(parts, axis=-1)


def normalised(q, k):
    """q and k of length 2, without an epsilon."""
    return tuple(2 * x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (q, k))


FORMS = {
    "softcap": (Dense(cap=50.0), dict(softcap=50.0)),
    "sinks": (Dense(sinks=SINKS), dict(sinks=SINKS)),
    "one sink": (Dense(sinks=HEADS * [0.5]), dict(sinks=0.5)),
    "alibi": (Dense(bias=alibi), dict(alibi=SLOPES)),
    "usual alibi": (Dense(bias=alibi), dict(alibi=True)),
    "bias": (Dense(bias=relative), dict(bias=relative)),
    "transform": (Dense(transform=rotated), dict(transform=rotated)),
    "norm": (Dense(transform=normalised), dict(transform=normalised)),
    "cap, sinks and lse": (Dense(30.0, SINKS, lse=True), dict(softcap=30.0, sinks=SINKS)),
    "sinks and bias": (
        Dense(sinks=SINKS, bias=relative, lse=True),
        dict(sinks=SINKS, bias=relative),
    ),
}
SIZES = [pytest.param(True, id="every pair"), pytest.param(False, id="random sums")]


@pytest.mark.parametrize("exhaustive", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", FORMS)
def test_a_declared_form_passes(name, dtype, exhaustive):
    fn, declared = FORMS[name]

    def in_dtype(q, k, v):
        result = fn(*(x.astype(np.float32) for x in (q, k, v)))
        if isinstance(result, tuple):
            return result[0].astype(q.dtype), result[1]
        return result.astype(q.dtype)

    report = check(in_dtype, sr.Causal(), N, dtype=dtype, exhaustive=exhaustive, **HOW, **declared)
    assert report.passed, report
    assert report.numbers[0].rows == HEADS * N


UNDECLARED = {
    "softcap": ("curve", "declare softcap=50"),
    "sinks": ("ghost", "declare sinks=[0, 0.5, 1, -2]"),
    "one sink": ("ghost", "declare sinks=0.5"),
    "alibi": ("bias", "declare alibi=True"),
    "transform": ("numerics", ""),
    "norm": ("nan", "normalised q and k without epsilon"),
}


@pytest.mark.parametrize("name", UNDECLARED)
def test_what_is_not_declared_is_named_with_the_option_that_would(name):
    fn, _ = FORMS[name]
    kind, words = UNDECLARED[name]
    report = check(fn, sr.Causal(), N, **HOW)
    messages = [finding.message for finding in report.findings if finding.kind == kind]
    assert messages, report
    assert words in messages[0]
    assert not {"extra", "missing", "leak"} & {finding.kind for finding in report.findings}


WRONG = {
    "another cap": (Dense(cap=30.0), dict(softcap=50.0), "soft cap of 30"),
    "no cap": (Dense(), dict(softcap=50.0), "no soft cap, declared softcap=50"),
    "another sink": (
        Dense(sinks=SINKS),
        dict(sinks=(0, 0.5, 1, -1)),
        "sink of logit [0, 0.5, 1, -2], a member of value 0; declared sinks=[0, 0.5, 1, -1]",
    ),
    "other slopes": (Dense(bias=alibi), dict(alibi=(0.5, 0.25, 0.125, 0.0625)), "bias"),
    "another bias": (Dense(bias=relative), dict(bias=alibi), "bias"),
    "no sink": (Dense(), dict(sinks=SINKS), "no sink: "),
}


@pytest.mark.parametrize("exhaustive", SIZES)
@pytest.mark.parametrize("name", WRONG)
def test_another_number_than_declared_fails_and_is_told(name, exhaustive):
    fn, declared, words = WRONG[name]
    report = check(fn, sr.Causal(), N, exhaustive=exhaustive, **HOW, **declared)
    assert report.status == "FAIL", report
    assert words in str(report)


@pytest.mark.parametrize("exhaustive", SIZES)
@pytest.mark.parametrize("name", ["sinks", "usual alibi", "softcap"])
def test_a_wrong_set_is_seen_under_a_declared_form(name, exhaustive):
    fn, declared = FORMS[name]
    narrow = Dense(fn.cap, fn.sinks, fn.bias, keys=9)
    report = check(narrow, sr.Lookback(10), N, exhaustive=exhaustive, **HOW, **declared)
    assert "one key missing at the left edge" in report.verdict, report


def test_far_keys_under_a_steep_bias_are_read_all_the_same():
    """e^-94 is no weight that can be read, and the set is."""
    steep = (2.0,) * HEADS

    def bias(h, i, j):
        return -2.0 * (i - j)

    assert check(Dense(bias=bias), sr.Causal(), N, alibi=steep, **HOW).passed
    assert check(Dense(bias=bias), sr.Causal(), N, bias=bias, **HOW).passed
    for declared in (dict(alibi=steep), dict(bias=bias)):
        report = check(Dense(bias=bias, keys=40), sr.Causal(), N, **HOW, **declared)
        assert "8 keys missing at the left edge" in report.verdict, report


def test_a_bias_of_one_length_leaves_the_others_out():
    h, i, j = np.ogrid[:HEADS, :N, :N]
    report = check(Dense(bias=relative), sr.Causal(), N, bias=relative(h, i, j), **HOW)
    assert report.passed, report
    assert "not checked: other lengths: bias is an array of one length" in str(report)


def filled(fill, additive):
    def fn(q, k, v):
        x, mask = logits(*spread(q, k, v)[:2]), tri(q.shape[1])
        if additive:
            x = x + np.where(mask, 0, fill).astype(np.float32)
        else:
            x = np.where(mask, x, np.float32(fill))
        return softmax(x) @ spread(q, k, v)[2]

    return fn


@pytest.mark.parametrize("exhaustive", SIZES)
@pytest.mark.parametrize("additive", [True, False])
@pytest.mark.parametrize("fill", [-1e4, -1e9, -3e38])
def test_a_declared_fill_is_accepted(fill, additive, exhaustive):
    report = check(filled(fill, additive), sr.Causal(), N, fill=fill, exhaustive=exhaustive, **HOW)
    assert report.passed, report


def test_a_weaker_fill_than_declared_is_a_leak():
    report = check(filled(-50.0, False), sr.Causal(), N, fill=-1e4, **HOW)
    assert "leak" in {finding.kind for finding in report.findings}


def test_rows_without_keys_are_not_judged_under_a_fill():
    def fn(q, k, v):
        x = np.where(tri(N, offset=-1), logits(q, k), np.float32(-1e9))
        return softmax(x) @ v

    expected = sr.Causal() - sr.Window(0)
    report = check(fn, expected, N, fill=-1e9, ragged=False, **HOW)
    assert report.passed, report
    assert "empty row" in {x.kind for x in check(fn, expected, N, ragged=False, **HOW).findings}


def test_the_base_of_the_lse():
    def base2(q, k, v):
        out, lse = Dense(lse=True)(q, k, v)
        return out, lse * np.float32(np.log2(np.e))

    assert check(base2, sr.Causal(), N, lse="base2", **HOW).passed
    assert {x.kind for x in check(base2, sr.Causal(), N, **HOW).findings} == {"lse"}
    assert {
        x.kind for x in check(Dense(lse=True), sr.Causal(), N, lse="base2", **HOW).findings
    } == {"lse"}


def in_bfloat16(q, k, v):
    """Everything in bfloat16, returned as float32."""

    def rounded(x):
        return x.astype(ml_dtypes.bfloat16).astype(np.float32)

    x = np.where(tri(q.shape[1]), rounded(logits(rounded(q), rounded(k))), np.float32(-np.inf))
    return rounded(rounded(softmax(x)) @ rounded(v))


def test_a_precision_inside_that_is_not_that_of_the_output():
    assert check(in_bfloat16, sr.Causal(), N, precision="bfloat16", **HOW).passed
    report = check(in_bfloat16, sr.Causal(), N, **HOW)
    assert [finding.kind for finding in report.findings] == ["precision"]
    assert "declare precision='bfloat16' if that is meant" in str(report)


def test_logits_rounded_to_half_precision_are_told_and_pass():
    def eager(q, k, v):
        return in_bfloat16(q, k, v).astype(ml_dtypes.bfloat16)

    report = check(eager, sr.Causal(), 256, dtype="bfloat16", **HOW)
    assert report.passed, report
    assert "as exact as float32 logits: no" in str(report)

    def flash(q, k, v):
        return Dense()(*(x.astype(np.float32) for x in (q, k, v))).astype(q.dtype)

    report = check(flash, sr.Causal(), 256, dtype="bfloat16", **HOW)
    assert "as exact as float32 logits: yes" in str(report)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_scale_2_percent_off_is_found_in_every_dtype(dtype):
    def fn(q, k, v):
        x = logits(*(x.astype(np.float32) for x in (q, k)), scale=1.02 * q.shape[-1] ** -0.5)
        out = softmax(np.where(tri(q.shape[1]), x, np.float32(-np.inf))) @ v.astype(np.float32)
        return out.astype(q.dtype)

    report = check(fn, sr.Causal(), 128, dtype=dtype, d=128, **HOW)
    assert "scale" in {finding.kind for finding in report.findings}, report
    assert "0.0901" in str(report) or "0.09016" in str(report)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_factor_on_the_output_is_found_in_every_dtype(dtype):
    def fn(q, k, v):
        out = Dense()(*(x.astype(np.float32) for x in (q, k, v)))
        return (out * np.float32(0.995)).astype(q.dtype)

    report = check(fn, sr.Causal(), 128, dtype=dtype, **HOW)
    assert not report.passed
    assert {"factor", "row sum", "numerics"} & {finding.kind for finding in report.findings}


def largest(q, k, v, count=4):
    """Softmax over the largest logits of each row."""
    x = logits(q, k)
    threshold = np.sort(x, axis=-1)[..., -count, None]
    return softmax(np.where(x >= threshold, x, np.float32(-np.inf))) @ v


def selected(q, k, count):
    """The sets of the largest logits."""
    x = logits(q, k)
    order = np.argsort(-x, axis=-1)[..., :count]
    return [sr.Listed.of_rows(list(np.sort(head, axis=-1))) for head in order]


def test_sets_that_depend_on_the_data_are_checked_at_given_q_and_k():
    q, k = np.random.default_rng(0).standard_normal((2, HEADS, N, 16)).astype(np.float32)
    how = dict(q=q, k=k, layout="hnd", framework="numpy")
    report = check(largest, selected(q, k, 4), **how)
    assert report.passed, report
    assert report.numbers[0].rows == HEADS * N
    wrong = check(largest, selected(q, k, 5), **how)
    assert {finding.kind for finding in wrong.findings} == {"missing"}
    assert wrong.findings[0].count == HEADS * N


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(softcap=0), "softcap must be above 0, got 0"),
        (dict(softcap=np.nan), "softcap must be a finite number, got nan"),
        (dict(fill=1.0), "fill must be below 0, got 1.0"),
        (dict(sinks=[1, 2]), "sinks must be a finite number, or one for each of the 4 heads"),
        (dict(alibi=[np.inf] * 4), "alibi must be a finite number"),
        (dict(alibi=True, bias=alibi), "bias and alibi must not be given together"),
        (dict(bias=np.zeros((3, 2))), "bias must broadcast to"),
        (dict(lse="base10"), "lse must be one of natural, base2, got 'base10'"),
        (dict(precision="float7"), "precision must be one of float64"),
        (dict(q=np.zeros((4, 3, 2))), "q and k must be given together"),
        (dict(scale="1"), "scale must be a finite number, got '1'"),
        (dict(n=(4, 8)), "align is needed if n_q != n_k"),
        (dict(align="top"), "align must be one of upper-left, bottom-right, none"),
    ],
    ids=lambda x: None if isinstance(x, str) else next(iter(x)),
)
def test_bad_declarations_name_argument_value_and_bound(options, words):
    arguments = dict(n=N) | HOW | options
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        check(Dense(), sr.Causal(), **arguments)


def test_a_transform_must_be_a_function_and_keep_its_shape():
    with pytest.raises(TypeError, match="transform must be a function, got 3"):
        check(Dense(), sr.Causal(), N, transform=3, **HOW)
    with pytest.raises(ValueError, match="transform must return q of shape"):
        check(Dense(), sr.Causal(), N, transform=lambda q, k: (q[:, 1:], k), **HOW)
