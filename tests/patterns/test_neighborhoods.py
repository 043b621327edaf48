"""Golden pictures and definition: NATTEN's neighborhoods against their text, min and max and all,
pair by pair.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr

HUGE = 10**18


def attends(i, j, n, keys, stride, dilation, causal):
    """One pair of one axis, as NATTEN defines it."""
    residue, place = i % dilation, i // dilation
    length = -(-(n - residue) // dilation)
    if j % dilation != residue:
        return False
    if causal:
        lead = min(place // stride * stride + stride - 1, length - 1)
        return max(lead - keys + 1, 0) <= j // dilation <= place
    left, right = keys // 2, keys // 2 + keys % 2 - 1
    lead = min(place // stride * stride + stride // 2, length - 1)
    start = max(lead - left, 0)
    if lead + right >= length:
        start += length - right - lead - 1
    return start <= j // dilation < start + keys


def along(*axis):
    """attends for every pair of one axis, bool (n, n)."""
    return np.array([[attends(i, j, *axis) for j in range(axis[0])] for i in range(axis[0])])


def axes(most):
    """(n, keys, stride, dilation, causal) that NATTEN takes, n up to `most`."""

    def at(keys, dilation):
        more = most - keys * dilation
        return st.tuples(
            st.integers(0, more).map(lambda rest: keys * dilation + rest),
            st.just(keys),
            st.integers(1, keys),
            st.just(dilation),
            st.booleans(),
        )

    return st.integers(1, most).flatmap(
        lambda keys: st.integers(1, most // keys).flatmap(lambda dilation: at(keys, dilation))
    )


SMALL = [
    (n, keys, stride, dilation, causal)
    for n in range(1, 13)
    for keys in range(1, n + 1)
    for dilation in range(1, n // keys + 1)
    for stride in range(1, keys + 1)
    for causal in (False, True)
]


def assert_picture(p, expected):
    expected = expected.split()
    assert sr.picture(p, len(expected)).split() == expected


def test_an_even_neighborhood_has_one_key_more_before_its_lead():
    assert_picture(
        sr.natten(8, 4),
        """
        ████····
        ████····
        ████····
        ·████···
        ··████··
        ···████·
        ····████
        ····████""",
    )


def test_the_queries_of_a_stride_share_one_neighborhood():
    assert_picture(
        sr.natten(9, 3, stride=2),
        """
        ███······
        ███······
        ··███····
        ··███····
        ····███··
        ····███··
        ······███
        ······███
        ······███""",
    )


def test_dilated_and_causal():
    assert_picture(
        sr.natten(9, 2, stride=2, dilation=3, causal=True),
        """
        █········
        ·█·······
        ··█······
        █··█·····
        ·█··█····
        ··█··█···
        ···█··█··
        ····█··█·
        ·····█··█""",
    )


def test_two_axes():
    assert_picture(
        sr.natten_nd((2, 3), (1, 2)),
        """
        ██····
        ██····
        ·██···
        ···██·
        ···██·
        ····██""",
    )


def test_every_small_neighborhood_is_that_of_the_definition():
    for axis in SMALL:
        p, expected = sr.natten(*axis), along(*axis)
        assert np.array_equal(brute(p, axis[0]), expected), axis
        assert [p.row(i, axis[0]).tolist() for i in range(axis[0])] == [
            np.flatnonzero(row).tolist() for row in expected
        ], axis
        assert p.pairs(*axis[:4]) == expected.sum(), axis


def test_a_row_holds_its_query_and_keys_keys_or_causal_no_more():
    for n, keys, stride, dilation, causal in SMALL:
        mask = brute(sr.natten(n, keys, stride, dilation, causal), n)
        counts = mask.sum(axis=1)
        assert mask.diagonal().all()
        assert (
            not np.triu(mask, 1).any() and (counts <= keys).all()
            if causal
            else (counts == keys).all()
        )


@given(st.lists(axes(6), min_size=1, max_size=3))
def test_more_axes_are_the_product(drawn):
    shape, keys, stride, dilation, causal = zip(*drawn)
    expected = np.ones((1, 1), bool)
    for axis in drawn:
        expected = np.kron(expected, along(*axis))
    assert np.array_equal(
        sr.dense(sr.natten_nd(shape, keys, stride, dilation, causal), len(expected)), expected
    )


def test_one_value_serves_all_axes():
    assert sr.natten_nd((6, 7), 3, 2, 2, True) == sr.natten_nd(
        (6, 7), (3, 3), (2, 2), (2, 2), (True, True)
    )
    assert sr.natten_nd((8,), 3).patterns == (sr.natten(8, 3),)


@given(axes(HUGE), st.data())
def test_membership_is_exact_for_huge_integers(axis, data):
    n, keys, stride, dilation, _ = axis
    p = sr.natten(*axis)
    i = data.draw(st.integers(0, n - 1) | st.integers(max(0, n - keys * dilation), n - 1))
    residue, group = i % dilation, i // (stride * dilation) * stride
    ends = [
        group + off
        for off in (stride // 2 - keys // 2, stride // 2 - keys // 2 + keys, stride - keys, stride)
    ]
    for place in [
        *ends,
        keys,
        (n - residue) // dilation - keys,
        (n - residue) // dilation,
        i // dilation,
    ]:
        for near in (-1, 0, 1):
            j = (place + near) * dilation + residue
            if 0 <= j < n:
                assert p.contains(i, j) == attends(i, j, *axis), (axis, i, j)


@pytest.mark.parametrize(("keys", "blocks"), [(1, 4), (3, 3), (4, 2)])
def test_a_stride_of_the_whole_neighborhood_is_blocks(keys, blocks):
    n = keys * blocks
    assert np.array_equal(brute(sr.natten(n, keys, keys), n), brute(sr.Chunk(keys), n))
    assert np.array_equal(brute(sr.natten(n, keys, keys, causal=True), n), brute(sr.Block(keys), n))


def test_another_length_is_an_error():
    with pytest.raises(ValueError, match=r"is stated for n = 8, got n = 9"):
        sr.dense(sr.natten(8, 3), 9)


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (
            lambda: sr.natten(8, 3, dilation=4),
            ValueError,
            r"natten: keys \* dilation must be at most n = 8 .NATTEN.* got 3 \* 4 = 12",
        ),
        (
            lambda: sr.natten(8, 9, causal=True),
            ValueError,
            r"natten: keys \* dilation must be at most n = 8 .NATTEN.* got 9 \* 1 = 9",
        ),
        (
            lambda: sr.natten(8, 3, stride=4),
            ValueError,
            r"natten: stride must be at most keys = 3 .NATTEN.* got 4",
        ),
        (lambda: sr.natten(8, 3, stride=0), ValueError, "stride must be at least 1, got 0"),
        (lambda: sr.natten(8, 0), ValueError, "keys must be at least 1, got 0"),
        (
            lambda: sr.natten(8, 3, causal=1),
            TypeError,
            "natten: causal must be True or False, got 1",
        ),
        (lambda: sr.natten(8, 2.0), TypeError, "keys must be an integer, got 2.0"),
        (lambda: sr.natten_nd((4, 2), 3), ValueError, r"at most n = 2 .*got 3 \* 1 = 3"),
        (
            lambda: sr.natten_nd((4, 4), (3, 3, 3)),
            ValueError,
            r"natten_nd: keys must be .* one for each of the 2, got \(3, 3, 3\)",
        ),
        (
            lambda: sr.natten_nd(4, 3),
            TypeError,
            "natten_nd: shape must be a sequence of integers, got 4",
        ),
        (lambda: sr.natten_nd((), 3), ValueError, "shape must have at least 1 axis"),
    ],
)
def test_what_natten_refuses_is_refused_by_its_rule(refused, error, said):
    with pytest.raises(error, match=said):
        refused()
