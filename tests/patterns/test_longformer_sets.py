"""Longformer's sets: pictures checked by eye, and the paper's sentences taken key by key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute, position_tuples

import sparse_ref as sr

LENGTHS, RADII, DILATIONS = st.integers(0, 40), st.integers(0, 12), st.integers(1, 6)


def stated(n, w, d=1, G=(), after=True):
    """w keys to each side of i, d apart, and i; G sees all, all see G; `after=False`: j <= i."""
    rows = [{i + d * m for m in range(-w, w + 1 if after else 1)} | set(G) for i in range(n)]
    return [[i in G or j in row for j in range(n)] for i, row in enumerate(rows)]


def test_pictures():
    assert (
        sr.picture(sr.longformer(2, globals=(5, 0)), 8)
        == """
████████
████·█··
██████··
██████··
█·█████·
████████
█···████
█····███
""".strip()
    )
    assert (
        sr.picture(sr.longformer(1, (0,), dilation=3), 8)
        == """
████████
██··█···
█·█··█··
█··█··█·
██··█··█
█·█··█··
█··█··█·
█···█··█
""".strip()
    )


@given(LENGTHS, RADII, DILATIONS, position_tuples(45))
def test_a_window_of_w_keys_to_each_side_and_globals(n, w, d, G):
    assert brute(sr.longformer(w, G, d), n).tolist() == stated(n, w, d, G)


@given(LENGTHS, RADII, DILATIONS)
def test_the_autoregressive_kernel_has_no_keys_to_the_right(n, w, d):
    assert brute(sr.longformer_causal(w, d), n).tolist() == stated(n, w, d, after=False)


@given(LENGTHS, st.integers(1, 9))
def test_without_overlap_a_block_sees_itself_and_its_two_neighbours(n, w):
    blocks = [set(range((b - 1) * w, (b + 2) * w)) for b in range(n // w + 1)]
    assert brute(sr.longformer_no_overlap(w), n).tolist() == [
        [j in blocks[i // w] for j in range(n)] for i in range(n)
    ]


def test_a_tuple_of_dilations_is_a_pattern_a_head():
    assert sr.longformer(3, (7, 0), dilation=(1, 2)) == (
        sr.Window(3) | sr.GlobalAt((0, 7)),
        sr.Dilated(3, 2) | sr.GlobalAt((0, 7)),
    )
    assert sr.longformer_causal(3, dilation=(1, 2)) == (
        sr.Lookback(4),
        sr.Dilated(3, 2) & sr.Causal(),
    )
    assert sr.longformer(3, dilation=(2,)) == (sr.Dilated(3, 2),)
    with pytest.raises(
        TypeError, match="dilation must be an integer, or a tuple with one for each head, got "
    ):
        sr.longformer(3, dilation=())


@pytest.mark.parametrize(
    "p",
    [
        sr.longformer(2),
        sr.longformer(2, (5,), 3),
        sr.longformer_causal(2, 3),
        sr.longformer_no_overlap(4),
    ],
)
def test_the_notation_reads_back(p):
    assert sr.parse(repr(p)) == p


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (lambda: sr.longformer(-1), ValueError, "longformer: radius must be at least 0, got -1"),
        (lambda: sr.longformer(2.0), TypeError, r"longformer: radius must be an integer, got 2\.0"),
        (
            lambda: sr.longformer(2, 5),
            TypeError,
            "longformer: globals must be a sequence of integers, got 5",
        ),
        (
            lambda: sr.longformer(2, (1, -1)),
            ValueError,
            r"longformer: globals\[\d\] must be at least 0, got -1",
        ),
        (
            lambda: sr.longformer(2, dilation=0),
            ValueError,
            "longformer: dilation must be at least 1, got 0",
        ),
        (
            lambda: sr.longformer(2, dilation=(1, 0)),
            ValueError,
            r"longformer: dilation\[\d\] must be at least 1, got 0",
        ),
        (
            lambda: sr.longformer_causal(-1),
            ValueError,
            "longformer_causal: radius must be at least 0, got -1",
        ),
        (
            lambda: sr.longformer_causal(1, (0,)),
            ValueError,
            r"longformer_causal: dilation\[\d\] must be at least 1, got 0",
        ),
        (
            lambda: sr.longformer_no_overlap(0),
            ValueError,
            "longformer_no_overlap: keys must be at least 1, got 0",
        ),
    ],
)
def test_refusals(refused, error, said):
    with pytest.raises(error, match=said):
        refused()
