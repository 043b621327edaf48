"""Round trips, and errors: sparse rows and blocks (SciPy, FlashInfer, DeepSpeed) against a mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns, patterns_at, shapes

import sparse_ref as sr
from sparse_ref import interop

BLOCKS = st.sampled_from([(1, 1), (2, 3), (8, 8), (16, 5), (64, 64)])


def spread(indptr, indices, data, n):
    """The mask of block-sparse rows, put down block by block and cut to n."""
    _, b_q, b_k = data.shape
    whole = np.zeros(((len(indptr) - 1) * b_q, n[1] + b_k), bool)
    for a in range(len(indptr) - 1):
        for t in range(indptr[a], indptr[a + 1]):
            whole[a * b_q : (a + 1) * b_q, indices[t] * b_k : (indices[t] + 1) * b_k] = data[t]
    assert not whole[n[0] :].any()
    assert not whole[:, n[1] :].any()
    return whole[: n[0], : n[1]]


@given(patterns(), shapes(), BLOCKS)
def test_scipy_holds_the_sets_and_gives_them_back(p, n, block):
    sparse = pytest.importorskip("scipy.sparse")
    expected = mask(p, n)
    rows = interop.scipy_csr(p, n)
    assert rows.has_canonical_format
    assert rows.dtype == bool
    assert np.array_equal(rows.toarray(), expected)
    assert np.array_equal(sr.dense(interop.from_scipy(rows), n), expected)
    for form in (rows.tocoo(), rows.tocsc(), sparse.lil_matrix(rows), rows.astype(np.float32) * -3):
        assert interop.from_scipy(form) == interop.from_scipy(rows)
    blocks = interop.scipy_bsr(p, n, block)
    assert blocks.blocksize == block
    assert all(
        side % b == 0 and 0 <= side - own < b for side, own, b in zip(blocks.shape, n, block)
    )
    assert np.array_equal(blocks.toarray()[: n[0], : n[1]], expected)
    assert blocks.nnz == len(blocks.indices) * block[0] * block[1]
    assert np.array_equal(interop.from_scipy(blocks).indices, interop.from_scipy(rows).indices)


def test_stored_zeros_of_scipy_are_no_keys_and_repeats_are_added_up():
    sparse = pytest.importorskip("scipy.sparse")
    a = sparse.coo_array(([1, 0, 2, 3, -3], ([0, 0, 1, 1, 1], [1, 2, 0, 2, 2])), shape=(2, 4))
    assert interop.from_scipy(a) == sr.Listed([0, 1, 2], [1, 0])
    with pytest.raises(TypeError, match=r"^a must be a SciPy sparse array, got ndarray"):
        interop.from_scipy(np.eye(3))
    with pytest.raises(ValueError, match=r"^a must have axes \(n_q, n_k\), got shape \(3,\)"):
        interop.from_scipy(sparse.coo_array([0, 1, 1]))


@given(patterns(), shapes(), st.integers(0, 99))
def test_rows_of_keys_come_in_any_order(p, n, seed):
    rows, rng = sr.csr(p, n), np.random.default_rng(seed)
    shuffled = [
        key
        for own in np.split(rows.indices, rows.indptr[1:-1])
        for key in rng.permutation(own).tolist()
    ]
    found = interop.from_csr(rows.indptr, shuffled, n)
    assert np.array_equal(found.indptr, rows.indptr)
    assert np.array_equal(found.indices, rows.indices)


@given(patterns(most=12), st.tuples(st.integers(0, 9), st.integers(0, 9)), BLOCKS)
def test_flashinfer_has_the_blocks_in_32_bits(p, blocks, block):
    n = blocks[0] * block[0], blocks[1] * block[1]
    indptr, indices, data = interop.flashinfer_bsr(p, n, block)
    assert (indptr.dtype, indices.dtype, data.dtype) == (np.int32, np.int32, bool)
    assert data.any(axis=(1, 2)).all(), "a block that holds nothing"
    assert np.array_equal(spread(indptr, indices, data, n), mask(p, n))
    assert np.array_equal(sr.dense(interop.from_bsr(indptr, indices, data, n), n), mask(p, n))


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), patterns_at(n, most=12))),
    BLOCKS,
    st.integers(0, 99),
)
def test_rows_of_blocks_come_in_any_order_and_are_cut_to_n(drawn, block, seed):
    n, p = drawn
    blocks, rng = sr.bsr(p, n, block), np.random.default_rng(seed)
    order = np.concatenate(
        [lo + rng.permutation(hi - lo) for lo, hi in zip(blocks.indptr, blocks.indptr[1:])]
    )
    found = interop.from_bsr(blocks.indptr, blocks.indices[order], blocks.data[order], n)
    assert np.array_equal(
        sr.dense(found, n), spread(blocks.indptr, blocks.indices, blocks.data, (n, n))
    )
    assert np.array_equal(sr.dense(found, n), mask(p, n))
    whole = interop.from_bsr(blocks.indptr, blocks.indices[order], blocks.data[order])
    assert len(whole.indptr) - 1 == (len(blocks.indptr) - 1) * block[0]
    assert np.array_equal(whole.indices, found.indices)


@given(st.lists(patterns(most=6), min_size=1, max_size=3), st.integers(1, 6), st.integers(0, 9))
def test_a_layout_of_deepspeed_is_a_pattern_over_blocks(coarse, block, blocks):
    layout = interop.deepspeed_layout(
        [sr.Blockwise(p, block) for p in coarse], blocks * block, block
    )
    assert layout.dtype == np.int64
    assert np.array_equal(layout, np.stack([mask(p, blocks) for p in coarse]))
    found = interop.from_deepspeed_layout(layout, block)
    assert isinstance(found, tuple), "of one head too"
    assert len(found) == len(coarse)
    for p, own in zip(found, coarse):
        assert isinstance(p, sr.Blockwise)
        assert np.array_equal(
            sr.dense(p, blocks * block), mask(sr.Blockwise(own, block), blocks * block)
        )


@given(patterns(most=12), st.integers(1, 6), st.integers(0, 9))
def test_a_covering_layout_has_every_block_that_holds_a_key(p, block, blocks):
    n = blocks * block
    cells = mask(p, n).reshape(blocks, block, blocks, block)
    layout = interop.deepspeed_layout(p, n, block, covering=True)
    assert np.array_equal(layout, cells.any(axis=(1, 3))[None])
    if (cells.any(axis=(1, 3)) == cells.all(axis=(1, 3))).all():
        assert np.array_equal(interop.deepspeed_layout(p, n, block), layout)
    else:
        with pytest.raises(
            ValueError,
            match=rf"^p must hold whole blocks of {block}, got .* of head 0: pass covering=True",
        ):
            interop.deepspeed_layout(p, n, block)


SQUARE = np.ones((1, 2, 2), bool)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: interop.from_csr([0, 2], [1, 1]),
            ValueError,
            "^indices must not repeat in a row, .* got 1 twice in row 0",
        ),
        (
            lambda: interop.from_csr([0, 2], [3, -1]),
            ValueError,
            "^indices must be at least 0, got -1",
        ),
        (
            lambda: interop.from_csr([0, 2], [0, 1], (1, 1)),
            ValueError,
            "^indices must be below n_k = 1, got 1",
        ),
        (
            lambda: interop.from_csr([0, 2], [0, 1], 3),
            ValueError,
            r"^indptr must have n_q \+ 1 = 4 numbers, got 2",
        ),
        (
            lambda: interop.from_csr([0, 2, 1], [0, 1]),
            ValueError,
            r"^indptr must rise from 0 to len\(indices\) = 2, got",
        ),
        (lambda: interop.from_csr([], []), ValueError, "^indptr must rise from 0"),
        (
            lambda: interop.from_csr([0, 1], [0.5]),
            TypeError,
            r"^indices must be a vector of integers, got shape \(1,\), dtype float64",
        ),
        (
            lambda: interop.from_csr([[0, 1]], [0]),
            TypeError,
            "^indptr must be a vector of integers, got shape",
        ),
        (
            lambda: interop.from_bsr([0, 1], [0], SQUARE.astype(int)),
            TypeError,
            "^data must be bool, .* got int64: say which numbers",
        ),
        (
            lambda: interop.from_bsr([0, 1], [0], SQUARE[0]),
            ValueError,
            r"^data must have axes \(blocks, b_q, b_k\), .* got shape",
        ),
        (
            lambda: interop.from_bsr([0, 1], [0], np.ones((2, 2, 2), bool)),
            ValueError,
            "^data must have a block for each of the 1 ind",
        ),
        (
            lambda: interop.from_bsr([0, 1], [2], SQUARE, 2),
            ValueError,
            r"^data must be False beyond .* \(2, 2\), got True at \(0, 4\)",
        ),
        (
            lambda: interop.from_bsr([0, 1], [0], SQUARE, 1),
            ValueError,
            r"^data must be False beyond .* \(1, 1\), got True at \(0, 1\)",
        ),
        (
            lambda: interop.from_bsr([0, 1], [0], SQUARE, 3),
            ValueError,
            "^n_q must fill the 1 rows of blocks of 2, got 3",
        ),
        (
            lambda: interop.flashinfer_bsr(sr.Causal(), 5, 2),
            ValueError,
            r"^n must be a multiple of block = \(2, 2\) \(FlashInfer\)",
        ),
        (
            lambda: interop.flashinfer_bsr(sr.Causal(), 4, 0),
            ValueError,
            "^block must be at least 1, got 0",
        ),
        (
            lambda: interop.deepspeed_layout(sr.Full(), 20, 16),
            ValueError,
            r"^n must be a multiple of block = 16 \(DeepSpeed\), got 20",
        ),
        (
            lambda: interop.from_deepspeed_layout(np.eye(2)[None], 16),
            TypeError,
            "^layout must be integers or bool, got float64",
        ),
        (
            lambda: interop.from_deepspeed_layout(SQUARE * 2, 16),
            ValueError,
            r"^layout must be 0 or 1, got 2 at \(0, 0, 0\)",
        ),
        (
            lambda: interop.from_deepspeed_layout(SQUARE[0], 16),
            ValueError,
            r"^layout must have axes \(heads, blocks, blocks\), got shape \(2, 2\): "
            r"pass layout\[None\] of one head",
        ),
        (
            lambda: interop.from_deepspeed_layout(SQUARE[None], 16),
            ValueError,
            r"^layout must have axes .* got shape \(1, 1, 2, 2\)$",
        ),
        (
            lambda: interop.from_deepspeed_layout(SQUARE, 0),
            ValueError,
            "^block must be at least 1, got 0",
        ),
    ],
)
def test_errors_name_the_argument_the_value_and_the_bound(call, error, said):
    with pytest.raises(error, match=said):
        call()
