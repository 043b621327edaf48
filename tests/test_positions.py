"""Tie: the two words of a formula say of numbers and of arrays what Python's own sets say; and what
the checks let pass.
"""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sparse_ref.sets.checks import flag, int_tuple, per_axis
from sparse_ref.sets.positions import intervals, isin, rank

HUGE = 10**18
POSITIONS = st.sets(st.integers(0, 12) | st.integers(HUGE - 4, HUGE), max_size=9).map(
    lambda chosen: tuple(sorted(chosen))
)
ASKED = st.lists(st.integers(-3, 14) | st.integers(HUGE - 6, HUGE + 2), max_size=12)


@given(POSITIONS, ASKED)
@example((), [0, 1])
@example((0, 1, 2, HUGE), [-1, 0, 2, 3, HUGE - 1, HUGE, HUGE + 1])
def test_among_and_passed_are_membership_and_a_count(positions, asked):
    inside = [x in positions for x in asked]
    before = [sum(1 for a in positions if a <= x) for x in asked]
    for each in (int, np.int64, np.array):
        assert [bool(isin(each(x), positions)) for x in asked] == inside
        assert [int(rank(each(x), positions)) for x in asked] == before
    x = np.array(asked, np.int64)
    assert isin(x, positions).tolist() == inside
    assert rank(x, positions).tolist() == before
    assert isin(x[:, None], positions).tolist() == [[each] for each in inside]
    assert rank(np.stack([x, x]), positions).tolist() == [before, before]


@pytest.mark.parametrize("x", [10**40, -(10**40)])
def test_python_s_integers_may_be_of_any_size(x):
    assert not isin(x, (0, 5))
    assert rank(x, (0, 5)) == (2 if x > 0 else 0)


@given(POSITIONS)
def test_stretches_are_disjoint_apart_and_hold_the_positions(positions):
    found = intervals(positions)
    assert [x for start, stop in found for x in range(start, stop)] == list(positions)
    assert all(stop < start for (_, stop), (start, _) in pairwise(found)), (
        "touching stretches are one"
    )


def test_stretches_by_eye():
    assert intervals(()) == ()
    assert intervals((4,)) == ((4, 5),)
    assert intervals((0, 1, 2, 5, 7, 8)) == ((0, 3), (5, 6), (7, 9))


@pytest.mark.parametrize(
    "values",
    [(2, 0, 2), [2, 0, 2], np.array([2, 0, 2], np.uint8), range(2, 3), (x for x in (2, 0)), ()],
)
def test_a_sequence_becomes_a_tuple_of_python_s_ints_in_its_order(values):
    kept = values if hasattr(values, "__len__") else [2, 0]
    found = int_tuple("name", values, 0)
    assert isinstance(found, tuple)
    assert found == tuple(kept)
    assert {type(x) for x in found} <= {int}


@pytest.mark.parametrize(
    ("values", "bounds", "error", "said"),
    [
        (3, (0,), TypeError, "name must be a sequence of integers, got 3"),
        ("12", (0,), TypeError, "name must be a sequence of integers, got '12'"),
        (b"12", (0,), TypeError, "name must be a sequence of integers, got b'12'"),
        (None, (0,), TypeError, "name must be a sequence of integers, got None"),
        ([1, 2.0], (0,), TypeError, "name[1] must be an integer, got 2.0"),
        ([True], (0,), TypeError, "name[0] must be an integer, got True"),
        (np.array([[1]]), (0,), TypeError, "name[0] must be an integer, got array([1])"),
        ([1, -1], (0,), ValueError, "name[1] must be at least 0, got -1"),
        ([HUGE + 1], (0,), ValueError, f"name[0] must be at most {HUGE}, got {HUGE + 1}"),
        ([-HUGE - 1], (None,), ValueError, f"name[0] must be at least {-HUGE}, got {-HUGE - 1}"),
        ([5], (0, 4), ValueError, "name[0] must be at most 4, got 5"),
    ],
)
def test_what_is_no_sequence_of_integers_within_bounds_is_refused(values, bounds, error, said):
    with pytest.raises(error, match=re.escape(said)):
        int_tuple("name", values, *bounds)


@pytest.mark.parametrize("value", [0, 1, None, "True", np.True_, np.array([True])])
def test_a_flag_is_python_s_true_or_false(value):
    assert flag("name", True) is True and flag("name", False) is False
    with pytest.raises(TypeError, match=re.escape(f"name must be True or False, got {value!r}")):
        flag("name", value)


def test_one_value_is_for_all_axes_and_a_tuple_has_one_for_each():
    assert per_axis("name", 4, 3) == (4, 4, 4)
    assert per_axis("name", [4, (1,)], 2) == (4, (1,))
    for values in ((4,), (4, 4, 4), ()):
        with pytest.raises(
            ValueError,
            match=re.escape(
                f"name must be one for all axes, or one for each of the 2, got {values!r}"
            ),
        ):
            per_axis("name", values, 2)
