"""How a function is called: layouts, packed sequences, threads and contexts, and what is noticed
of it.
"""

import contextvars
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.cli.arguments import FRAMEWORKS as FRAMEWORK_NAMES
from sparse_ref.cli.arguments import LAYOUTS as LAYOUT_TEXTS
from sparse_ref.verify import ProbeError, check
from sparse_ref.verify.calling.frameworks import FRAMEWORKS
from sparse_ref.verify.calling.layouts import BATCHED, LAYOUTS
from sparse_ref.verify.calling.subject import CallOptions, Subject

B, H, N, D = 2, 3, 5, 4
SHAPES = {
    "hnd": (H, N, D),
    "bhnd": (B, H, N, D),
    "bnhd": (B, N, H, D),
    "nhd": (N, H, D),
    "sbhd": (N, B, H, D),
    "ble": (B, N, H * D),
    "lbe": (N, B, H * D),
    "nd": (N, D),
    "thd": (N, H, D),
}
CELLS = {  # the index of batch b, head h, position i, coordinate c
    "hnd": lambda b, h, i, c: (h, i, c),
    "bhnd": lambda b, h, i, c: (b, h, i, c),
    "bnhd": lambda b, h, i, c: (b, i, h, c),
    "nhd": lambda b, h, i, c: (i, h, c),
    "sbhd": lambda b, h, i, c: (i, b, h, c),
    "ble": lambda b, h, i, c: (b, i, h * D + c),
    "lbe": lambda b, h, i, c: (i, b, h * D + c),
    "nd": lambda b, h, i, c: (i, c),
    "thd": lambda b, h, i, c: (i, h, c),
}


def in_layout(layout, fn, heads, kv_heads=None):
    """fn of (H, n, d) as a function of arrays in a layout, one sequence of the batch at a time."""

    def call(q, k, v):
        q, k, v = (
            LAYOUTS[layout].unpack(x, count)
            for x, count in zip((q, k, v), (heads, kv_heads or heads, kv_heads or heads))
        )
        return LAYOUTS[layout].pack(np.stack([fn(*x) for x in zip(q, k, v)]))

    return call


def varlen(attend):
    """fn(q, k, v, cu_seqlens_q, cu_seqlens_k) of attend(q, k, v), (H, n, d), of one sequence."""

    def fn(q, k, v, cu_q, cu_k):
        assert cu_q.dtype == cu_k.dtype == np.int32
        assert (cu_q[-1], cu_k[-1]) == (len(q), len(k))
        out = np.zeros((*q.shape[:2], v.shape[2]), np.float32)
        for q0, q1, k0, k1 in zip(cu_q, cu_q[1:], cu_k, cu_k[1:]):
            one = attend(*(x.swapaxes(0, 1) for x in (q[q0:q1], k[k0:k1], v[k0:k1])))
            out[q0:q1] = one.swapaxes(0, 1)
        return out

    return fn


def causal(q, k, v):
    """Causal attention at any length, (H, n, d)."""
    return masked(tri(q.shape[1], k.shape[1]))(q, k, v)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_goes_into_each_layout_and_back(layout):
    """Every number against the index that the layout's axes say."""
    batch = B if layout in BATCHED and layout != "thd" else 1
    heads = 1 if layout == "nd" else H
    x = np.random.default_rng(0).standard_normal((batch, heads, N, D))
    packed = LAYOUTS[layout].pack(x)
    if batch == B or layout not in BATCHED:
        assert packed.shape == SHAPES[layout]
    assert packed.shape == LAYOUTS[layout].shape(x.shape)
    for b, h, i, c in np.ndindex(x.shape):
        assert packed[CELLS[layout](b, h, i, c)] == x[b, h, i, c]
    assert np.array_equal(LAYOUTS[layout].unpack(packed, heads), x)


def test_the_command_line_describes_each_layout_as_it_is():
    names = {name: layout.description for name, layout in LAYOUTS.items()}
    assert names == LAYOUT_TEXTS
    assert [*FRAMEWORKS] == FRAMEWORK_NAMES


def test_the_page_has_each_layout_and_framework():
    page = (Path(__file__).parents[2] / "docs" / "calling.md").read_text(encoding="utf-8")
    rows = [f'| `"{name}"` | {layout.description} |' for name, layout in LAYOUTS.items()]
    assert "\n".join(rows) in page
    for name in FRAMEWORKS:
        assert f'\n| `"{name}"` |' in page


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("nd", "thd")])
@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("n", [9, (4, 9)])
def test_a_right_function_passes_in_each_layout(layout, kv_heads, n):
    n_q, n_k = np.broadcast_to(n, 2)
    fn = in_layout(layout, masked(tri(n_q, n_k, n_k - n_q, keys=3)), 4, kv_heads)
    pattern = sr.Shifted(sr.Lookback(3), int(n_k - n_q))
    report = check(fn, pattern, n, heads=4, kv_heads=kv_heads, d=4, e=6, layout=layout)
    assert report.passed, report
    assert not check(
        fn, sr.Shifted(sr.Lookback(2), int(n_k - n_q)), n, 4, layout=layout, d=4
    ).passed


def test_packed_sequences_pass_and_one_that_reads_the_next_does_not():
    assert check(varlen(causal), sr.Causal(), n=7, heads=2, kv_heads=1, layout="thd").passed

    def joined(q, k, v, cu_q, cu_k):
        return varlen(causal)(q, k, v, np.int32([0, len(q)]), np.int32([0, len(k)]))

    report = check(joined, sr.Causal(), n=7, heads=2, layout="thd")
    assert {finding.kind for finding in report.findings} == {"batch"}


def test_packed_sequences_of_different_lengths_are_checked():
    """A function whose offsets are those of equal lengths is right in batches of these."""

    def equal(cu):
        return np.linspace(0, cu[-1], len(cu)).astype(np.int32)

    def fn(q, k, v, cu_q, cu_k):
        return varlen(causal)(q, k, v, equal(cu_q), equal(cu_k))

    (finding, *_) = check(fn, sr.Causal(), n=12, heads=2, layout="thd").findings
    assert finding.kind == "batch"
    assert "sequence 1 of packed ones of 6, 12, 4 queries differs" in finding.message

    def of_one_length(q, k, v, cu_q, cu_k):
        if len(cu_q) > 2 and len(set(np.diff(cu_q))) > 1:
            raise ValueError("one length only")
        return varlen(causal)(q, k, v, cu_q, cu_k)

    report = check(of_one_length, sr.Causal(), n=12, heads=2, layout="thd")
    assert report.passed
    assert "not checked: packed sequences of other lengths" in str(report)


def test_three_packed_sequences_of_different_lengths():
    subject = Subject.new(varlen(causal), 9, 2, CallOptions(kv_heads=1, d=4, e=6, layout="thd"))
    rng = np.random.default_rng(0)
    sequences = [
        tuple(
            rng.standard_normal((heads, n, width)).astype(np.float32)
            for heads, n, width in ((2, n_q, 4), (1, n_k, 4), (1, n_k, 6))
        )
        for n_q, n_k in ((9, 9), (1, 4), (3, 3))
    ]
    outs, dtype, lses = subject.attend_varlen(sequences)
    assert (dtype, lses) == ("float32", None)
    for out, (q, k, v) in zip(outs, sequences, strict=True):
        assert out.shape == (2, q.shape[1], 6)
        np.testing.assert_allclose(out, causal(q, k, v), rtol=1e-6)
    with pytest.raises(ValueError, match="layout must be 'thd' for packed lengths, got 'hnd'"):
        Subject.new(causal, 9, 2, CallOptions()).attend_varlen(sequences)


def test_packed_log_sum_exps_are_split_too():
    """lse is (H, positions), as FlashAttention has it."""

    def fn(q, k, v, cu_q, cu_k):
        return varlen(causal)(q, k, v, cu_q, cu_k), np.arange(2 * len(q)).reshape(2, -1) * 1.0

    subject = Subject.new(fn, 3, 2, CallOptions(layout="thd"))
    x = subject.normal(np.random.default_rng(0))
    _, _, lses = subject.attend_varlen([x, x])
    assert [lse.tolist() for lse in lses] == [[[0, 1, 2], [6, 7, 8]], [[3, 4, 5], [9, 10, 11]]]
    _, _, lse = subject.attend_batch(*(np.stack([part, part]) for part in x))
    assert np.array_equal(lse, lses)


LOCAL = threading.local()
VARIABLE = contextvars.ContextVar("VARIABLE", default="default")


@pytest.mark.parametrize("seconds", [None, 30])
def test_without_a_time_limit_fn_runs_on_the_caller_s_thread(seconds):
    """A thread-local drops causality, and only the caller's thread has it; context variables cross
    in any case.
    """
    LOCAL.full = True
    token = VARIABLE.set("the caller's")
    threads = set()

    def fn(q, k, v):
        threads.add(threading.get_ident())
        assert VARIABLE.get() == "the caller's"
        full = getattr(LOCAL, "full", False)
        return masked(tri(5) | full)(q, k, v)

    try:
        report = check(fn, sr.Causal(), n=5, seconds=seconds)
    finally:
        del LOCAL.full
        VARIABLE.reset(token)
    own = threading.get_ident()
    assert threads == {own} if seconds is None else own not in threads
    assert report.passed == (seconds is not None)


def test_a_connection_of_sqlite_is_the_caller_s():
    connection = sqlite3.connect(":memory:")

    def fn(q, k, v):
        connection.execute("select 1")
        return masked(tri(5))(q, k, v)

    assert check(fn, sr.Causal(), n=5, seconds=None).passed
    (finding,) = check(fn, sr.Causal(), n=5, seconds=30).findings
    assert "can only be used in that same thread" in finding.message


@pytest.mark.parametrize("seconds", [None, 30])
@pytest.mark.parametrize("error", [SystemExit, TimeoutError, RuntimeError])
def test_what_fn_raises_is_an_error_on_either_thread(seconds, error):
    def fn(q, k, v):
        raise error("no")

    (finding,) = check(fn, sr.Causal(), n=5, seconds=seconds).findings
    assert finding.kind == "error"
    assert f"raised {error.__name__}: no" in finding.message


def test_an_interrupt_is_the_caller_s():
    def fn(q, k, v):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(fn, sr.Causal(), n=5, seconds=None)


def subject_after_a_call(fn, **options):
    """The subject, once it was called with random input."""
    subject = Subject.new(fn, 5, 2, CallOptions(**options))
    subject.attend(*subject.normal(np.random.default_rng(0)))
    return subject


def test_what_fn_writes_over_is_noticed():
    def fn(q, k, v):
        out = masked(tri(5))(q, k, v)
        q *= 2
        v[:, 1] = np.nan
        return out

    assert subject_after_a_call(fn).facts.writes == {"q", "v"}
    assert subject_after_a_call(masked(tri(5))).facts.writes == set()
    zeros = Subject.new(fn, 5, 2, CallOptions())
    zeros.attend(*zeros.equal_logits, zeros.one_hot([0]))
    assert zeros.facts.comparisons == 0, "a product with 0 shows nothing"


def test_the_dtype_of_the_output_is_noticed():
    fn = masked(tri(5))
    subject = subject_after_a_call(lambda *x: fn(*x).astype(np.float16))
    assert subject.facts.out_dtypes == {"float16"}


def test_both_byte_orders_are_read():
    fn = masked(tri(5))
    for order in "<>":
        assert check(lambda *x, order=order: fn(*x).astype(f"{order}f4"), sr.Causal(), n=5).passed


def with_lse(turn):
    """Causal attention over 5 positions that returns lse (H, n) turned in some way."""

    def fn(q, k, v):
        x = np.where(tri(5), q @ k.swapaxes(1, 2) / 4, -np.inf)
        return masked(tri(5))(q, k, v), turn(np.log(np.exp(x).sum(axis=-1)))

    return fn


@pytest.mark.parametrize("turn", [
    lambda x: x,
    lambda x: x.T,
    lambda x: x[None],
    lambda x: x.T[:, None],
    lambda x: x[:, None, :, None],
    lambda x: x[..., None],
])  # fmt: skip
def test_lse_is_read_in_any_order_of_its_axes(turn):
    assert check(with_lse(turn), sr.Causal(), n=5, heads=2).passed
    wrong = check(with_lse(lambda x: turn(x + 1)), sr.Causal(), n=5, heads=2)
    assert "lse" in {finding.kind for finding in wrong.findings}


@pytest.mark.parametrize("lse", ["natural", "base2"])
def test_lse_of_as_many_heads_as_rows_may_have_its_axes_in_either_order(lse):
    """5 heads and 5 rows: the shape does not tell (n, H) from (H, n)."""

    def fn(q, k, v):
        out, natural = sr.attend_with_lse(q, k, v, sr.Causal(), device="reference")
        return out, natural if lse == "natural" else natural * np.log2(np.e)

    def exchanged(q, k, v):
        out, right = fn(q, k, v)
        return out, right.swapaxes(-1, -2)

    def wrong(q, k, v):
        out, right = exchanged(q, k, v)
        return out, right + 1

    for n in (5, 6):  # of which the second has the first as a ragged length
        how = {"n": n, "heads": 5, "lse": lse, "layout": "hnd"}
        assert check(fn, sr.Causal(), **how).passed
        assert check(exchanged, sr.Causal(), **how).passed
        assert "lse" in {finding.kind for finding in check(wrong, sr.Causal(), **how).findings}
    if lse == "natural":
        assert "lse is off by 1 in all rows" in check(wrong, sr.Causal(), **how).cause


@pytest.mark.parametrize("dtype", [">f4", ">f2", ">f8"])
def test_another_byte_order_is_noted_and_passes(dtype):
    def fn(q, k, v):
        return masked(tri(5))(q, k, v).astype(dtype)

    report = check(fn, sr.Causal(), n=5, ragged=False)
    assert report.passed
    assert f"note, no failure: fn returns {dtype}, of another byte order" in report.remarks


def test_lse_that_fits_in_two_orders_is_refused():
    """Of 2 sequences and 2 positions, (n, b, h) and (b, n, h) look alike."""

    def fn(q, k, v):
        return v, np.zeros((2, 2, 3))

    subject = Subject.new(fn, 2, 3, CallOptions(layout="bhnd"))
    x = subject.normal(np.random.default_rng(0))
    with pytest.raises(ProbeError, match=r"lse of shape \(2, 3, 2\)"):
        subject.attend_batch(*(np.stack([part, part]) for part in x))


def test_an_output_in_another_layout_is_named():
    fn = masked(tri(5))

    def turned(q, k, v):
        return fn(q[0], k[0], v[0]).swapaxes(0, 1)[None]

    (finding,) = check(turned, sr.Causal(), n=5, heads=2, layout="bhnd").findings
    assert finding.kind == "shape"
    assert "shape (1, 2, 5, 16), got (1, 5, 2, 16): that is bnhd" in finding.message


def test_an_array_for_both_q_and_k():
    """fn(qk, v), as Reformer has it: what needs other keys than queries cannot be read."""
    fn = masked(tri(5))
    options = CallOptions(shared_qk=True)
    subject = Subject.new(lambda qk, v: fn(qk, qk, v), 5, 2, options)
    q, k, v = subject.normal(np.random.default_rng(0))
    assert q is k or np.array_equal(q, k)
    out, _ = subject.attend(q, k, v)
    np.testing.assert_allclose(out, fn(q, k, v), rtol=1e-6)
    weights = subject.attend(*subject.equal_logits, subject.one_hot(range(5)))[0][..., :5]
    assert np.array_equal(weights != 0, np.broadcast_to(tri(5), (2, 5, 5)))
    with pytest.raises(ProbeError, match="keys other than the queries") as error:
        subject.attend(q, 2 * k, v)
    assert error.value.kind == "shared"
    with pytest.raises(ValueError, match="shared_qk is for as many keys as queries"):
        Subject.new(fn, (4, 5), 2, options)
    with pytest.raises(ValueError, match="shared_qk is for as many keys as queries"):
        Subject.new(fn, 5, 2, CallOptions(kv_heads=1, shared_qk=True))


@pytest.mark.parametrize("keys", [None, 3])
def test_a_function_of_one_array_is_judged_at_that_array(keys):
    fn = masked(tri(8, keys=keys))
    qk = np.random.default_rng(0).standard_normal((2, 8, 16)).astype(np.float32)
    report = check(lambda qk, v: fn(qk, qk, v), sr.Causal(), 8, 2, q=qk, k=qk, shared_qk=True)
    assert report.passed == (keys is None), report
    assert report.names == ({} if keys is None else {0: "Lookback(3)", 1: "Lookback(3)"})


def test_devices_are_refused_where_a_framework_has_none():
    options = dict(layout="hnd", framework="numpy", device="cuda")
    (finding,) = check(masked(tri(5)), sr.Causal(), n=5, **options).findings
    assert "device must be 'cpu' with framework 'numpy', got 'cuda'" in finding.message
