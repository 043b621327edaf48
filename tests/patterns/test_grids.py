"""Golden pictures and definition: axial attention, Swin's windows and the Image Transformer's
blocks, pair by pair.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr

SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple)
SIDE = st.integers(1, 5)


def pairs(shape, attends):
    """attends(query, key) of coordinates, row by row, bool (n, n)."""
    positions = [*itertools.product(*map(range, shape))]
    return np.array([[attends(query, key) for key in positions] for query in positions], bool)


def assert_picture(p, expected):
    expected = expected.split()
    assert sr.picture(p, len(expected)).split() == expected


def test_an_axial_row_up_to_the_query():
    assert_picture(
        sr.axial((2, 3), 1) & sr.Causal(),
        """
        █·····
        ██····
        ███···
        ···█··
        ···██·
        ···███""",
    )


@given(SHAPES, st.data())
def test_axial_is_the_line_through_the_query(shape, data):
    axis = data.draw(st.integers(0, len(shape) - 1))
    others = [a for a in range(len(shape)) if a != axis]
    line = pairs(shape, lambda i, j: all(i[a] == j[a] for a in others))
    upto = pairs(shape, lambda i, j: all(i[a] == j[a] for a in others) and j[axis] <= i[axis])
    assert np.array_equal(sr.dense(sr.axial(shape, axis), len(line)), line)
    assert np.array_equal(sr.dense(sr.axial(shape, axis) & sr.Causal(), len(line)), upto)


@given(SHAPES)
def test_one_axis_after_the_other_reaches_every_position(shape):
    n = int(np.prod(shape))
    assert sr.paths.reach(
        [sr.axial(shape, axis) for axis in range(len(shape))], n, residual=False
    ).all()


def test_windows_whose_first_are_cut_to_the_shift():
    assert_picture(
        sr.swin((2, 5), (2, 3), shift=(0, 1)),
        """
        █····█····
        ·███··███·
        ·███··███·
        ·███··███·
        ····█····█
        █····█····
        ·███··███·
        ·███··███·
        ·███··███·
        ····█····█""",
    )


@given(SHAPES, st.data())
def test_swin_is_the_same_window_along_every_axis(shape, data):
    window = data.draw(st.tuples(*[SIDE] * len(shape)))
    shift = tuple(data.draw(st.integers(0, side - 1)) for side in window)
    expected = pairs(
        shape,
        lambda i, j: all(
            (i[a] - shift[a]) // window[a] == (j[a] - shift[a]) // window[a]
            for a in range(len(shape))
        ),
    )
    assert np.array_equal(sr.dense(sr.swin(shape, window, shift), len(expected)), expected)


def test_the_last_of_a_block_sees_its_whole_memory_and_the_first_itself_and_what_came_before():
    p = sr.image_local_2d((4, 6), (2, 2), (1, 2))
    first, last = (
        [*map("".join, np.where(p.contains(i, np.arange(24)), "█", "·").reshape(4, 6))]
        for i in (14, 21)
    )
    assert first == ["······", "██████", "███···", "██····"]
    assert last == ["······", "██████", "████··", "████··"]


def test_a_line_of_blocks():
    assert_picture(
        sr.image_local(3, 2),
        """
        █·······
        ██······
        ███·····
        ·███····
        ·████···
        ·█████··
        ····███·
        ····████""",
    )


@given(st.integers(1, 9), st.integers(0, 12), st.integers(0, 30))
def test_in_one_dimension_a_block_remembers_what_stands_before_it(block, memory, n):
    start = [i // block * block for i in range(n)]
    expected = [
        [j <= i and j in range(start[i] - memory, start[i] + block) for j in range(n)]
        for i in range(n)
    ]
    assert brute(sr.image_local(block, memory), n).tolist() == expected


@given(st.integers(1, 9), st.integers(0, 30))
def test_memory_of_one_block_is_that_block_and_the_one_before(block, n):
    expected = [
        [j <= i and j // block in (i // block - 1, i // block) for j in range(n)] for i in range(n)
    ]
    assert brute(sr.image_local(block, block), n).tolist() == expected


@given(
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.tuples(SIDE, SIDE),
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
)
def test_in_two_dimensions_memory_is_cut_to_what_was_generated(shape, block, memory):
    (h_q, w_q), (h_m, w_m) = block, memory

    def generated(y, x):
        return y // h_q, x // w_q, y, x

    def attends(query, key):
        top, left = query[0] // h_q * h_q, query[1] // w_q * w_q
        rows, columns = range(top - h_m, top + h_q), range(left - w_m, left + w_q + w_m)
        return key[0] in rows and key[1] in columns and generated(*key) <= generated(*query)

    expected = pairs(shape, attends)
    assert np.array_equal(
        sr.dense(sr.image_local_2d(shape, block, memory), len(expected)), expected
    )


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 30))
def test_a_memory_block_is_its_block_and_what_stands_around_it(block, before, after, n):
    blocks = [range(start - before, start + block + after) for start in range(0, n, block)]
    expected = [[j in blocks[i // block] for j in range(n)] for i in range(n)]
    assert brute(sr.MemoryBlock(block, before, after), n).tolist() == expected


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (
            lambda: sr.axial((2, 3), 2),
            ValueError,
            r"axial: axis must be below len\(shape\) = 2, got 2",
        ),
        (lambda: sr.axial((2, 3), -1), ValueError, "axial: axis must be at least 0, got -1"),
        (lambda: sr.axial((2, 0), 1), ValueError, r"axial: shape\[\d\] must be at least 1, got 0"),
        (
            lambda: sr.swin((4, 4), 4, 4),
            ValueError,
            r"swin: shift must be below window = 4 .Swin.*, got 4",
        ),
        (lambda: sr.swin((4, 4), 0), ValueError, "swin: window must be at least 1, got 0"),
        (
            lambda: sr.swin((4, 4), (2, 2, 2)),
            ValueError,
            r"swin: window must be .* one for each of the 2, got \(2, 2, 2\)",
        ),
        (lambda: sr.swin((4, 4), 2, -1), ValueError, "swin: shift must be at least 0, got -1"),
        (lambda: sr.image_local(0, 1), ValueError, "image_local: block must be at least 1, got 0"),
        (
            lambda: sr.image_local((2, 2), 1),
            TypeError,
            r"image_local: block must be an integer, got \(2, 2\)",
        ),
        (
            lambda: sr.image_local(2, -1),
            ValueError,
            "image_local: memory must be at least 0, got -1",
        ),
        (
            lambda: sr.image_local_2d((4, 4), 2, -1),
            ValueError,
            "image_local_2d: memory must be at least 0, got -1",
        ),
        (
            lambda: sr.image_local_2d((4, 4, 3), 2, 1),
            ValueError,
            r"image_local_2d: shape must be \(height, width\), got \(4, 4, 3\)",
        ),
        (
            lambda: sr.MemoryBlock(2, -1, 0),
            ValueError,
            "MemoryBlock: before must be at least 0, got -1",
        ),
    ],
)
def test_bad_values_are_refused_by_name(refused, error, said):
    with pytest.raises(error, match=said):
        refused()
