"""Tie: documents and grids hold what their definitions say pair by pair; they are values, and
refuse what has no parts.
"""

import copy
import pickle
import re
from math import prod

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import brute, patterns_at, rules

import sparse_ref as sr

LENGTHS = st.lists(st.integers(0, 6), max_size=5)
SHAPES = (
    st.lists(st.integers(1, 5), min_size=1, max_size=3)
    .map(tuple)
    .filter(lambda shape: prod(shape) <= 30)
)
SHIFTED = st.builds(sr.Shifted, rules(8), st.integers(-3, 3))
INNER = st.none() | rules(8) | SHIFTED | st.builds(lambda p, q: p - ~q, rules(8), SHIFTED)


def assert_is(p, expected):
    """p is the mask, a list of lists: by ints, by arrays, by both, by rows, and lowered."""
    n = len(expected)
    assert p.own_length == n
    assert brute(p, n).tolist() == expected
    for i, j in [
        (np.arange(n), np.arange(n)),
        (np.arange(n, dtype=np.uint8), np.arange(n, dtype=np.int16)),
    ]:
        assert np.broadcast_to(p.contains(i[:, None], j), (n, n)).tolist() == expected
    for i, row in enumerate(expected):
        assert np.broadcast_to(p.contains(i, np.arange(n)), n).tolist() == row
        assert p.row(i, n).tolist() == [j for j in range(n) if row[j]]
        assert p.row(i, n).dtype == np.int64
    assert sr.dense(p, n).tolist() == expected


def packed(lengths, inner):
    """Documents, pair by pair: `inner` is the mask within a document, as long as the longest or
    longer.
    """
    place = [(document, x) for document, length in enumerate(lengths) for x in range(length)]
    return [
        [document == other and bool(inner[x, y]) for other, y in place] for document, x in place
    ]


@given(LENGTHS, INNER)
@example([], sr.Causal())
@example([0, 0], None)
@example([0, 3, 0, 0, 2, 0], sr.Global(1))
def test_documents_hold_the_keys_of_their_own_document(lengths, inner):
    inside = np.ones((6, 6), bool) if inner is None else brute(inner, 6)
    assert_is(sr.Documents(lengths, inner), packed(lengths, inside))


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(
            patterns_at(n), st.lists(st.sampled_from([0, n]), max_size=2), st.just(n)
        )
    )
)
@example((sr.Random(4, 2, 0), [0, 4], 4))
def test_documents_of_one_length_take_a_pattern_stated_for_it(drawn):
    inner, others, n = drawn
    assert_is(sr.Documents([*others, n], inner), packed([*others, n], brute(inner, n)))


@given(
    SHAPES.flatmap(
        lambda shape: st.tuples(
            st.just(shape), st.tuples(*[patterns_at(side, 8, 2) for side in shape])
        )
    )
)
@example(((1,), (sr.Causal(),)))
@example(((2, 3, 4), (sr.Causal(), sr.Window(1), sr.Strided(2))))
@example(((3, 1, 2), (sr.Full(), sr.Summary(2, 1), sr.Random(2, 1, 0))))
def test_a_grid_holds_the_keys_whose_every_coordinate_is_held(drawn):
    shape, axes = drawn
    masks = [brute(p, side) for p, side in zip(axes, shape)]
    sides, at = (*shape, 1, 1)[:3], []
    for i in range(prod(shape)):
        rest, third = divmod(i, sides[2])
        at.append((*divmod(rest, sides[1]), third))
    assert_is(
        sr.Grid(shape, axes),
        [
            [all(bool(mask[x, y]) for mask, x, y in zip(masks, mine, theirs)) for theirs in at]
            for mine in at
        ],
    )


def test_a_grid_of_three_axes_by_eye():
    p = sr.Grid((2, 2, 2), (sr.Full(), sr.Causal(), sr.Window(0)))
    assert sr.picture(p, 8).split() == ["█···█···", "·█···█··", "█·█·█·█·", "·█·█·█·█"] * 2


def test_membership_is_exact_in_the_longest_grids_and_documents():
    side = 2**31 - 1
    p, last = sr.Documents((side, side, side), sr.Lookback(2)), 3 * side - 1
    assert [p.contains(last, j) for j in (last, last - 1, last - 2, 0)] == [
        True,
        True,
        False,
        False,
    ]
    assert p.contains(np.array([side, side]), np.array([side, side - 1])).tolist() == [True, False]
    assert p.row(last, 3 * side).tolist() == [last - 1, last]
    q = sr.Grid((side, 1), (sr.Lookback(2), sr.Full()))
    assert q.row(side - 1, side).tolist() == [side - 2, side - 1]
    assert [bool(q.contains(side - 1, j)) for j in (side - 1, side - 2, side - 3)] == [
        True,
        True,
        False,
    ]


@given(LENGTHS, INNER)
def test_they_are_values(lengths, inner):
    axes = [sr.Full() if inner is None else inner] * 2
    for p, again in (
        (sr.Documents(lengths, inner), sr.Documents(np.array(lengths, np.int32), inner)),
        (sr.Grid((2, 3), axes), sr.Grid(np.array([2, 3]), tuple(axes))),
    ):
        assert p == again == sr.parse(repr(p)) == pickle.loads(pickle.dumps(p)) == copy.deepcopy(p)
        assert hash(p) == hash(again) == hash(sr.parse(repr(p)))


def test_values_that_differ_are_different():
    full, causal = sr.Full(), sr.Causal()
    values = [
        sr.Documents((2, 4)),
        sr.Documents((4, 2)),
        sr.Documents((2, 4, 0)),
        sr.Documents((2, 4), full),
        sr.Grid((2, 3), (full, causal)),
        sr.Grid((3, 2), (full, causal)),
        sr.Grid((2, 3), (causal, full)),
        sr.Grid((6,), full),
    ]
    assert len(set(values)) == len(values)


def test_one_axis_needs_no_tuple_of_patterns():
    assert sr.Grid((3,), sr.Causal()) == sr.Grid([3], [sr.Causal()])


@given(LENGTHS, INNER)
def test_bounds_are_documents(lengths, inner):
    bounds = np.cumsum([0, *lengths])
    for cu_seqlens in (bounds, bounds.astype(np.int32), bounds.tolist(), tuple(bounds)):
        assert sr.Documents.of_cu_seqlens(cu_seqlens, inner) == sr.Documents(lengths, inner)


TWO = (sr.Full(), sr.Full())


@pytest.mark.parametrize(
    ("build", "error", "said"),
    [
        (
            lambda: sr.Documents((2, -1)),
            ValueError,
            "Documents: lengths[1] must be at least 0, got -1",
        ),
        (
            lambda: sr.Documents((2, 2**31)),
            ValueError,
            "Documents: lengths[1] must be at most 2147483647, got 2147483648",
        ),
        (
            lambda: sr.Documents((2, 1.0)),
            TypeError,
            "Documents: lengths[1] must be an integer, got 1.0",
        ),
        (
            lambda: sr.Documents(6),
            TypeError,
            "Documents: lengths must be a sequence of integers, got 6",
        ),
        (lambda: sr.Documents((2,), 3), TypeError, "Documents: inner must be a Pattern, got 3"),
        (
            lambda: sr.Documents((2, 0, 4), sr.Random(2, 1, 0)),
            ValueError,
            "Documents: lengths must all be that of inner, 2, got (2, 0, 4)",
        ),
        (
            lambda: sr.Documents((2, 4)).row(0, 7),
            ValueError,
            "Documents((2, 4)) is stated for n = 6, got n = 7",
        ),
        (
            lambda: sr.Documents((2, 4)).row(6, 6),
            IndexError,
            "has rows 0 <= i < 6, got i = 6",
        ),
        (
            lambda: sr.Documents.of_cu_seqlens([1, 3]),
            ValueError,
            "Documents: cu_seqlens must begin with 0, got (1,)",
        ),
        (
            lambda: sr.Documents.of_cu_seqlens([]),
            ValueError,
            "Documents: cu_seqlens must begin with 0, got ()",
        ),
        (
            lambda: sr.Documents.of_cu_seqlens([0, 5, 3]),
            ValueError,
            "Documents: cu_seqlens must not fall, got 5 before 3 at 2",
        ),
        (
            lambda: sr.Documents.of_cu_seqlens([0, 2.0]),
            TypeError,
            "Documents: cu_seqlens[1] must be an integer, got 2.0",
        ),
        (lambda: sr.Documents(()).row(0, 0), IndexError, "has rows 0 <= i < 0, got i = 0"),
        (lambda: sr.Grid((), ()), ValueError, "Grid: shape must have at least 1 axis, got ()"),
        (
            lambda: sr.Grid((2, 3), (sr.Full(),)),
            ValueError,
            "Grid: patterns must be one for each of the 2 axes, got 1",
        ),
        (lambda: sr.Grid((2, 0), TWO), ValueError, "Grid: shape[1] must be at least 1, got 0"),
        (
            lambda: sr.Grid((2**16, 2**15), TWO),
            ValueError,
            "Grid: the product of shape must be at most 2147483647, got 2147483648",
        ),
        (lambda: sr.Grid(6, TWO), TypeError, "Grid: shape must be a sequence of integers, got 6"),
        (
            lambda: sr.Grid((2, 3), (sr.Full(), 3)),
            TypeError,
            "Grid: a pattern must be a Pattern, got 3",
        ),
        (
            lambda: sr.Grid((2, 3), (sr.Random(3, 1, 0), sr.Full())),
            ValueError,
            "must be stated for the length of its axis, 2, got 3",
        ),
        (
            lambda: sr.Grid((2, 3), TWO).row(0, 7),
            ValueError,
            "Grid((2, 3), (Full(), Full())) is stated for n = 6, got n = 7",
        ),
        (
            lambda: sr.Grid((2, 3), TWO).row(-1, 6),
            IndexError,
            "has rows 0 <= i < 6, got i = -1",
        ),
    ],
)
def test_what_has_no_such_parts_is_refused(build, error, said):
    with pytest.raises(error, match=re.escape(said)):
        build()
