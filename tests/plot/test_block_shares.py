"""Lowerings agree: the share of each block, by runs, against the dense mask cut into blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns

import sparse_ref as sr
from sparse_ref.plot.inputs.block_shares import block_for, shares


def cut(dense, b_q, b_k):
    """The mean of each block of a mask, by slicing."""
    n_q, n_k = dense.shape
    return np.array(
        [
            [dense[i : i + b_q, j : j + b_k].mean() for j in range(0, n_k, b_k)]
            for i in range(0, n_q, b_q)
        ]
    )


@given(
    patterns(most=12),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_shares_are_the_means_of_the_blocks(p, shape, block):
    dense = mask(p, shape)
    assert np.allclose(shares(p, shape, block), cut(dense, *block))
    assert np.allclose(shares(dense, shape, block), cut(dense, *block))


def test_rows_lowered_in_slabs_give_what_one_slab_gives(monkeypatch):
    p = sr.Local(5) | sr.Strided(7)
    whole = shares(p, (100, 90), (8, 4))
    monkeypatch.setattr("sparse_ref.lower.blocks.ROWS_PER_SLAB", 24)
    assert np.array_equal(shares(p, (100, 90), (8, 4)), whole)


@pytest.mark.parametrize(
    "p",
    [
        sr.Strided(3),
        sr.Local(7) | sr.Strided(3),
        sr.Summary(5, 2) | sr.Sinks(9) | sr.Window(2),
        sr.DilatedSegment(30, 4, 1) | sr.Local(11),
        sr.Shifted(sr.Strided(4), 13),
        sr.Strided(3) | sr.Strided(5) | sr.Local(2),
    ],
    ids=repr,
)
@pytest.mark.parametrize("block", [(1, 16), (8, 32), (100, 7), (3, 100)])
def test_strided_keys_between_spans_count_once(p, block):
    shape = 97, 103
    assert np.allclose(shares(p, shape, block), cut(mask(p, shape), *block))


@pytest.mark.parametrize(
    ("n", "block", "count"),
    [
        (1, 1, 1),
        (512, 1, 512),
        (513, 4, 129),
        (1024, 4, 256),
        (4096, 16, 256),
        (1_000_000, 4096, 245),
    ],
)
def test_a_long_side_is_cut_into_129_to_256_blocks(n, block, count):
    assert block_for((n, 7)) == (block, 1)
    assert -(-n // block) == count
