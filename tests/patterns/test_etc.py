"""ETC's and LongT5's sets: a picture checked by eye, and the papers' sentences taken key by key."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr

LENGTHS, RADII, COUNTS = st.integers(0, 30), st.integers(0, 12), st.integers(0, 6)


@given(COUNTS, LENGTHS, RADII)
def test_etc_is_its_four_pieces(g, n, r):
    """Long to long within the radius, in positions of the long input; global to global, to long and
    from long whole.
    """
    long_to_long = [[abs(i - j) <= r for j in range(n)] for i in range(n)]
    expected = np.block(
        [
            [np.ones((g, g), bool), np.ones((g, n), bool)],
            [np.ones((n, g), bool), np.array(long_to_long, bool).reshape(n, n)],
        ]
    )
    assert (brute(sr.etc(g, r), g + n) == expected).all()


@given(COUNTS, LENGTHS, RADII)
def test_etc_is_longformer_with_its_globals_in_front(g, n, r):
    assert (brute(sr.etc(g, r), n) == brute(sr.longformer(r, range(g)), n)).all()


@given(LENGTHS, RADII)
def test_longt5_local_is_r_keys_to_each_side(n, r):
    assert brute(sr.longt5_local(r), n).tolist() == [
        [j in range(i - r, i + r + 1) for j in range(n)] for i in range(n)
    ]


@given(COUNTS, LENGTHS, RADII)
def test_transient_global_is_the_summaries_and_the_window(g, n, r):
    summaries, window = (
        np.ones((n, g), bool),
        [[abs(i - t) <= r for t in range(n)] for i in range(n)],
    )
    expected = np.hstack([summaries, np.array(window, bool).reshape(n, n)])
    assert (brute(sr.longt5_tglobal(g, r), (n, g + n)) == expected).all()


def test_pictures():
    assert (
        sr.picture(sr.etc(1, radius=1), 6)
        == """
██████
███···
████··
█·███·
█··███
█···██
""".strip()
    )
    assert (
        sr.picture(sr.longt5_tglobal(2, radius=2), (6, 8))
        == """
█████···
██████··
███████·
██·█████
██··████
██···███
""".strip()
    )


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (lambda: sr.etc(-1, 2), ValueError, "etc: count must be at least 0, got -1"),
        (lambda: sr.etc(1, -2), ValueError, "etc: radius must be at least 0, got -2"),
        (
            lambda: sr.longt5_local(True),
            TypeError,
            "longt5_local: radius must be an integer, got True",
        ),
        (
            lambda: sr.longt5_tglobal(-1, 2),
            ValueError,
            "longt5_tglobal: summaries must be at least 0, got -1",
        ),
        (
            lambda: sr.longt5_tglobal(1, -2),
            ValueError,
            "longt5_tglobal: radius must be at least 0, got -2",
        ),
    ],
)
def test_refusals(refused, error, said):
    with pytest.raises(error, match=said):
        refused()
