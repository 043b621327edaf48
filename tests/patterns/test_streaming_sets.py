"""Golden pictures, and the sets of StreamingLLM and MInference pair by pair, as the papers and
their codes state them.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr

LENGTHS = st.integers(0, 40)
SIZES = st.integers(0, 45)
POSITIONS = st.lists(st.integers(0, 45), max_size=12)

SINKS_AND_WINDOW = """\
█·······
██······
███·····
████····
█████···
██·███··
██··███·
██···███"""

LINES = """\
█·······
██······
·██·····
·███····
██·██···
·█··██··
·██··██·
·█·█··██"""


def members(inside, n):
    """The mask of a set written as a Python condition."""
    return [[bool(inside(i, j)) for j in range(n)] for i in range(n)]


def test_the_pictures():
    assert sr.picture(sr.streaming(2, 3), 8) == SINKS_AND_WINDOW
    assert sr.picture(sr.a_shape(2, 2), 8) == SINKS_AND_WINDOW
    assert sr.picture(sr.vertical_slash((1,), (0, 4, 1)), 8) == LINES


@given(SIZES, st.integers(1, 45), LENGTHS)
def test_streaming_is_what_a_cache_of_sinks_and_recent_keys_holds(sinks, keys, n):
    assert brute(sr.streaming(sinks, keys), n).tolist() == members(
        lambda i, j: j <= i and (j < sinks or i - keys < j), n
    )
    longest = max((row.sum() for row in brute(sr.streaming(sinks, keys), n)), default=0)
    assert longest == min(sinks + keys, n)


@given(SIZES, SIZES, LENGTHS)
def test_a_shape_is_its_columns_and_its_diagonals(sinks, radius, n):
    assert brute(sr.a_shape(sinks, radius), n).tolist() == members(
        lambda i, j: j <= i and (j < sinks or i - j <= radius), n
    )


@given(POSITIONS, POSITIONS, LENGTHS)
def test_vertical_slash_is_its_columns_and_its_diagonals_in_any_order(verticals, slashes, n):
    p = sr.vertical_slash(verticals, tuple(slashes))
    assert brute(p, n).tolist() == members(
        lambda i, j: j <= i and (j in verticals or i - j in slashes), n
    )
    assert p == sr.vertical_slash(sorted(set(verticals)), slashes[::-1] + slashes)


@given(SIZES, st.integers(1, 45), LENGTHS)
def test_streaming_and_a_shape_are_vertical_and_slash_lines(sinks, keys, n):
    lines = sr.vertical_slash(range(sinks), range(keys))
    assert (brute(sr.streaming(sinks, keys), n) == brute(lines, n)).all()
    assert (brute(sr.a_shape(sinks, keys - 1), n) == brute(lines, n)).all()


@given(POSITIONS, LENGTHS)
def test_verticals_are_global_columns_and_slashes_bands_of_one_diagonal(positions, n):
    columns = np.isin(np.arange(n), positions)
    assert (brute(sr.Verticals(positions), n) == brute(sr.Causal(), n) & columns).all()
    diagonals = [brute(sr.Band(offset, -offset), n) for offset in positions]
    assert (
        brute(sr.Slashes(positions), n) == np.any([np.zeros((n, n), bool), *diagonals], axis=0)
    ).all()


def test_lines_far_away_are_listed_and_counted():
    p = sr.Verticals((5, 10**17)) | sr.Slashes((0, 10**18))
    assert p.row(7, 10).tolist() == [5, 7]
    assert p.contains(10**18 + 3, 3)
    assert not p.contains(10**18 + 3, 4)
    assert sr.nnz(p, 1000) == 1000 + 995 - 1


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: sr.streaming(-1, 4), ValueError, "streaming: sinks must be at least 0, got -1"),
        (lambda: sr.streaming(4, 0), ValueError, "streaming: keys must be at least 1, got 0"),
        (lambda: sr.a_shape(4, -1), ValueError, "a_shape: radius must be at least 0, got -1"),
        (lambda: sr.a_shape(4.0, 1), TypeError, "a_shape: sinks must be an integer, got 4.0"),
        (
            lambda: sr.vertical_slash((1, -2), (0,)),
            ValueError,
            r"Verticals: positions\[\d\] must be at least 0, got -2",
        ),
        (
            lambda: sr.vertical_slash((1,), 3),
            TypeError,
            "Slashes: offsets must be a sequence of integers, got 3",
        ),
        (
            lambda: sr.Slashes((0, -1)),
            ValueError,
            r"Slashes: offsets\[\d\] must be at least 0, got -1",
        ),
    ],
)
def test_bad_values_are_refused_by_name(make, error, said):
    with pytest.raises(error, match=said):
        make()
