"""Which factorizations of Child et al. 2019 connect every j <= i, at many sizes, and which do not.

Refuted means refuted exactly: the pairs without a path are those that the argument names, no more
and no fewer.
"""

from functools import reduce
from operator import or_

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

LENGTHS, STRIDES = st.integers(0, 90), st.integers(1, 20)
BOTH = pytest.mark.parametrize("residual", [True, False])


def causal(n):
    return np.tri(n, dtype=bool)


def missing(steps, n, **options):
    """The pairs j <= i without a path; every pair with one is j <= i."""
    found = sr.paths.reach(steps, n, **options)
    assert not (found & ~causal(n)).any(), f"{steps!r} reads the future"
    return causal(n) & ~found


def positions(n):
    return np.arange(n)[:, None], np.arange(n)[None, :]


@BOTH
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("kept", [0, 1])
def test_strided_connects_in_either_order(residual, order, kept):
    """With the paper's l + 1 keys, and with the published code's l."""

    @given(LENGTHS, STRIDES)
    def holds(n, l):
        steps = (sr.Lookback(l + kept), sr.Strided(l))
        assert not missing(steps, n, residual=residual, order=order).any()

    holds()
    assert sr.strided(3).steps[0] == sr.Local(3)
    assert (sr.dense(sr.Local(3), 9) == sr.dense(sr.Lookback(4), 9)).all()


@BOTH
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@given(n=LENGTHS, l=st.integers(2, 20))
def test_one_key_narrower_breaks_strided(residual, order, n, l):
    """l - 1 keys step back by 0 to l - 2, so nothing l - 1 beyond a multiple of l is ever met."""
    i, j = positions(n)
    lost = missing((sr.Lookback(l - 1), sr.Strided(l)), n, residual=residual, order=order)
    assert (lost == causal(n) & ((i - j) % l == l - 1)).all()
    assert lost.any() == (n >= l)


@given(n=LENGTHS, l=STRIDES, data=st.data())
def test_strict_fixed_loses_what_no_summary_stands_between(n, l, data):
    """Within one block j reaches i only by a summary position a between.

    max(j, start of the block + l - c) <= a <= i.
    """
    c = data.draw(st.integers(1, l))
    i, j = positions(n)
    between = np.array(
        [[any(a % l >= l - c for a in range(y, x + 1)) for y in range(n)] for x in range(n)], bool
    ).reshape(n, n)
    lost = missing(sr.fixed(l, c), n, residual=False)
    assert (lost == causal(n) & (i // l == j // l) & ~between).all()
    assert lost.any() == (n > 0 and c < l)


@given(n=LENGTHS, l=STRIDES, data=st.data())
def test_fixed_connects_by_the_residual_edge(n, l, data):
    c = data.draw(st.integers(1, l))
    assert not missing(sr.fixed(l, c), n).any()
    assert not missing((sr.Block(l), sr.Summary(l, c) | sr.Lookback(1)), n, residual=False).any()


@given(n=LENGTHS, l=st.integers(2, 20), data=st.data())
def test_fixed_upside_down_does_not_connect(n, l, data):
    """With A^(2) below, what is no summary reaches only its own block; strictly, nothing."""
    c = data.draw(st.integers(1, l - 1))
    i, j = positions(n)
    unread = causal(n) & (j % l < l - c)
    assert (missing(sr.fixed(l, c), n, order=(2, 1)) == unread & (i // l > j // l)).all()
    assert (missing(sr.fixed(l, c), n, residual=False, order=(2, 1)) == unread).all()


@pytest.mark.parametrize(
    ("options", "pairs"),
    [
        (dict(residual=False), 224),
        (dict(residual=False, order=(2, 1)), 1848),
        (dict(order=(2, 1)), 1568),
        ({}, 0),
    ],
)
def test_counts_at_64_positions(options, pairs):
    assert missing(sr.fixed(8, 1), 64, **options).sum() == pairs


@given(n=LENGTHS, sub=st.integers(1, 4), heads=st.integers(2, 4))
def test_merged_heads_connect_only_where_they_see_the_end_of_the_block(n, sub, heads):
    """Head h reads the h-th sub-block from the end: its later keys reach no other block."""
    l = sub * heads
    i, j = positions(n)
    for head, pattern in enumerate(sr.openai_fixed(l, sub, num_verts=heads)):
        lost = missing((pattern, pattern), n)
        assert (lost == causal(n) & (i // l > j // l) & (j % l >= l - head * sub)).all()
        assert not (head == 0 and lost.any())


def test_counts_of_merged_heads_at_64_positions():
    assert [missing((p, p), 64).sum() for p in sr.openai_fixed(8, 1, num_verts=4, vertsize=2)] == [
        0,
        448,
        896,
        1344,
    ]


@given(n=LENGTHS, sub=st.integers(1, 4), heads=st.integers(1, 4), more=st.integers(0, 2))
def test_heads_together_are_dense_where_their_sub_blocks_fill_the_block(n, sub, heads, more):
    """In one layer, when num_verts c = l, and not before."""
    l = sub * (heads + more)
    union = reduce(or_, sr.openai_fixed(l, sub, num_verts=heads))
    assert missing((union,), n).any() == (more > 0 and n > l)


def test_every_small_size():
    """The theorems again, exhaustively up to n = 12."""
    for n in range(13):
        for l in range(1, n + 2):
            for residual in (True, False):
                assert not missing(sr.strided(l), n, residual=residual).any()
                assert not missing(sr.strided(l), n, residual=residual, order=(2, 1)).any()
            for c in range(1, l + 1):
                assert not missing(sr.fixed(l, c), n).any()
                assert missing(sr.fixed(l, c), n, residual=False).any() == (n > 0 and c < l)
                assert missing(sr.fixed(l, c), n, order=(2, 1)).any() == (n > l and c < l)
