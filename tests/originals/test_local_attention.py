"""Originals: lucidrains' local-attention, run as a black box, against windows and blocks of
windows.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from originals.set_verdict import assert_right

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
lucidrains = pytest.importorskip(
    "local_attention", reason="local-attention is missing: make test-originals"
)

pytestmark = pytest.mark.originals


@st.composite
def settings_of(draw):
    """(window, buckets looked back, buckets looked forward, number of buckets)."""
    back, forward = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    return draw(st.integers(1, 6)), back, forward, draw(st.integers(1, 6))


def local(window, back, forward, causal, **options):
    """The layer as a function of q, k and v."""
    return lucidrains.LocalAttention(
        window, causal=causal, look_backward=back, look_forward=0 if causal else forward, **options
    )


@given(settings_of())
@settings(max_examples=30)
def test_default_sees_whole_buckets(drawn):
    w, back, forward, buckets = drawn
    for causal, p in (
        (True, sr.Blockwise(sr.Band(back, 0), w) & sr.Causal()),
        (False, sr.Blockwise(sr.Band(back, forward), w)),
    ):
        assert_right(local(w, back, forward, causal), p, w * buckets, framework="torch")


@given(settings_of())
@settings(max_examples=30)
def test_exact_windowsize_is_a_band_of_whole_windows_to_each_side(drawn):
    w, back, forward, buckets = drawn
    for causal, p in (True, sr.Band(w * back, 0)), (False, sr.Band(w * back, w * forward)):
        fn = local(w, back, forward, causal, exact_windowsize=True)
        assert_right(fn, p, w * buckets, framework="torch")


def test_causal_exact_windowsize_keeps_w_plus_1_keys_as_the_paper_does():
    fn = local(4, 1, 0, True, exact_windowsize=True)
    sr.verify.assert_conforms(fn, sr.Local(4), 16, heads=2, layout="bhnd", framework="torch")
    report = sr.verify.check(fn, sr.Lookback(4), 16, framework="torch")
    assert {finding.kind for finding in report.findings} == {"extra"}


def test_causal_autopad_keeps_the_sets():
    sr.verify.assert_conforms(
        local(4, 1, 0, True, autopad=True),
        sr.Blockwise(sr.Local(1), 4) & sr.Causal(),
        10,
        framework="torch",
    )


def test_defect_bidirectional_autopad_averages_in_zeros():
    report = sr.verify.check(
        local(4, 1, 1, False, autopad=True), sr.Blockwise(sr.Window(1), 4), 10, framework="torch"
    )
    assert "ghost" in {finding.kind for finding in report.findings}, (
        "local-attention no longer attends to its padding"
    )
