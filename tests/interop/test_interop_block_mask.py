"""Round trips, and errors: FlexAttention's BlockMask against blocks cut out of a dense mask."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns, patterns_at, shapes

import sparse_ref as sr
from sparse_ref import interop

BLOCKS = st.sampled_from([(1, 1), (4, 4), (2, 7), (64, 16), (128, 128)])
HEADS = st.lists(patterns(most=8), min_size=2, max_size=4)


def kinds(p, n, block):
    """(partial, full): which blocks of the mask, padded with False, hold some pairs, which all."""
    sides = [-(-length // b) for length, b in zip(n, block)]
    padded = np.zeros([side * b for side, b in zip(sides, block)], bool)
    padded[: n[0], : n[1]] = mask(p, n)
    cells = padded.reshape(sides[0], block[0], sides[1], block[1])
    some, every = cells.any(axis=(1, 3)), cells.all(axis=(1, 3))
    return some & ~every, every


def assert_blocks(counts, indices, expected):
    """Each row's first blocks are those expected, ascending, and all others stand behind them."""
    rows, cols = expected.shape
    assert counts.dtype == indices.dtype == np.int32
    assert indices.shape == (rows, cols)
    for count, own, held in zip(counts, indices, expected):
        assert own.tolist() == [*np.flatnonzero(held), *np.flatnonzero(~held)]
        assert count == held.sum()


def test_golden_causal_with_a_ragged_edge():
    ours = interop.block_mask(sr.Causal(), 5, 2)
    assert ours.kv_num_blocks.tolist() == [[[1, 1, 3]]], (
        "n cuts the last row of blocks off: none of it is full"
    )
    assert ours.kv_indices.tolist() == [[[[0, 1, 2], [1, 0, 2], [0, 1, 2]]]]
    assert ours.full_kv_num_blocks.tolist() == [[[0, 1, 0]]]
    ours = interop.block_mask(sr.Causal(), 6, 2)
    assert ours.kv_num_blocks.tolist() == [[[1, 1, 1]]]
    assert ours.full_kv_num_blocks.tolist() == [[[0, 1, 2]]]
    assert (ours.BLOCK_SIZE, ours.seq_lengths) == ((2, 2), (6, 6))


@given(patterns(), shapes(), BLOCKS)
def test_blocks_are_partial_and_full_and_come_back(p, n, block):
    ours, (partial, full) = interop.block_mask(p, n, block), kinds(p, n, block)
    assert ours.kv_num_blocks.shape == ours.full_kv_num_blocks.shape == (1, 1, len(partial))
    assert_blocks(ours.kv_num_blocks[0, 0], ours.kv_indices[0, 0], partial)
    assert_blocks(ours.full_kv_num_blocks[0, 0], ours.full_kv_indices[0, 0], full)
    [found] = interop.from_block_mask(ours)
    assert isinstance(found, sr.Listed)
    assert np.array_equal(sr.dense(found, n), mask(p, n))


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), patterns_at(n, most=12))), BLOCKS)
def test_patterns_of_one_length_drawn_ones_too_come_back(drawn, block):
    n, p = drawn
    [found] = interop.from_block_mask(interop.block_mask(p, n, block))
    assert np.array_equal(sr.dense(found, n), mask(p, n))


def test_one_head_comes_back_as_a_tuple_too():
    for p in (sr.Causal(), (sr.Causal(),)):
        found = interop.from_block_mask(interop.block_mask(p, 10, 4))
        assert isinstance(found, tuple)
        assert [sr.dense(each, 10).tolist() for each in found] == [mask(sr.Causal(), 10).tolist()]


@given(HEADS, shapes(40), BLOCKS)
def test_heads_have_blocks_of_their_own_and_come_back_as_a_tuple(heads, n, block):
    ours = interop.block_mask(heads, n, block)
    assert ours.kv_indices.shape[:2] == (1, len(heads))
    for h, p in enumerate(heads):
        partial, full = kinds(p, n, block)
        assert_blocks(ours.kv_num_blocks[0, h], ours.kv_indices[0, h], partial)
        assert_blocks(ours.full_kv_num_blocks[0, h], ours.full_kv_indices[0, h], full)
    found = interop.from_block_mask(ours)
    assert isinstance(found, tuple)
    assert [sr.dense(p, n).tolist() for p in found] == [mask(p, n).tolist() for p in heads]


@given(patterns(most=12), shapes(40), BLOCKS)
def test_without_mask_mod_partial_blocks_are_taken_whole(p, n, block):
    [found] = interop.from_block_mask(replace(interop.block_mask(p, n, block), mask_mod=None))
    partial, full = kinds(p, n, block)
    whole = np.kron(partial | full, np.ones(block, bool)).astype(bool)[: n[0], : n[1]]
    assert np.array_equal(sr.dense(found, n), whole)


def test_arrays_decide_where_they_and_mask_mod_disagree():
    ours = interop.block_mask(sr.Causal(), 8, 4)
    without_full = replace(ours, full_kv_num_blocks=None, full_kv_indices=None)
    [found] = interop.from_block_mask(without_full)
    assert np.array_equal(sr.dense(found, 8), sr.dense(sr.Block(4), 8))
    [found] = interop.from_block_mask(replace(ours, mask_mod=interop.mask_mod(~sr.Full())))
    assert np.array_equal(
        sr.dense(found, 8), sr.dense(sr.Blockwise(sr.Causal() - sr.Window(0), 4), 8)
    )


def test_a_batch_element_is_chosen_by_name():
    ours = interop.block_mask((sr.Causal(), sr.Full()), 8, 4)
    names = ("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices")
    turned = {name: np.swapaxes(getattr(ours, name), 0, 1) for name in names}
    batched = replace(ours, **turned, mask_mod=interop.mask_mod(sr.Causal()))
    for batch, p in enumerate((sr.Causal(), sr.Full())):
        [found] = interop.from_block_mask(batched, batch=batch)
        assert np.array_equal(sr.dense(found, 8), sr.dense(p, 8))
    with pytest.raises(ValueError, match=r"^batch must say which of 2 batch elements, got None"):
        interop.from_block_mask(batched)
    with pytest.raises(ValueError, match=r"^batch must be at most 1, got 2"):
        interop.from_block_mask(batched, batch=2)


def test_memory_follows_the_blocks():
    n = 1 << 20  # a mask of 2**40 pairs
    ours = interop.block_mask(sr.Local(1000) | sr.Sinks(4), n, 1024)
    assert ours.kv_indices.shape == (1, 1, 1024, 1024)
    assert ours.kv_num_blocks.sum() == 1 + 2 + 3 * 1022
    assert repr(ours) == (
        "BlockMask(seq_lengths=(1048576, 1048576), BLOCK_SIZE=(1024, 1024), heads=1, "
        "partial=3,069, full=0)"
    )


def test_a_block_of_which_n_leaves_a_part_may_be_any_size():
    [found] = interop.from_block_mask(interop.block_mask(sr.Causal(), 6, 1 << 30))
    assert np.array_equal(sr.dense(found, 6), sr.dense(sr.Causal(), 6))


OURS = interop.block_mask(sr.Causal(), 8, 4)
ONE_MORE = OURS.kv_num_blocks + 1


def read(**changed):
    """What is read of a BlockMask with these arrays in place of its own."""
    return interop.from_block_mask(replace(OURS, **changed))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: interop.from_block_mask(np.eye(2)),
            TypeError,
            "^block_mask must be a BlockMask, got ndarray without kv_num_blocks",
        ),
        (
            lambda: read(seq_lengths=(9, 8)),
            ValueError,
            "^kv_num_blocks must count .* 3 rows of blocks",
        ),
        (
            lambda: read(seq_lengths=(8, 4)),
            ValueError,
            r"^kv_indices must be from 0 to below 1, got \[1\] in row 1",
        ),
        (
            lambda: read(kv_num_blocks=ONE_MORE + 1),
            ValueError,
            "^kv_num_blocks must count .* counts up to 3",
        ),
        (
            lambda: read(kv_num_blocks=ONE_MORE / 2),
            ValueError,
            "^kv_num_blocks must be integers in at most 3 axes, got float64",
        ),
        (
            lambda: read(kv_num_blocks=ONE_MORE),
            ValueError,
            r"^full_kv_indices must not hold block \(1, 0\) of head 0, "
            "which kv_indices holds: it would count twice",
        ),
        (
            lambda: read(kv_num_blocks=ONE_MORE, kv_indices=0 * OURS.kv_indices),
            ValueError,
            r"^kv_indices must not repeat in a row of blocks, got \[0, 0\] in row 0",
        ),
        (
            lambda: read(mask_mod=lambda b, h, q, kv: q - kv),
            TypeError,
            "^fn must return bools, .* got int64",
        ),
        (
            lambda: interop.block_mask(sr.Causal(), 8, 0),
            ValueError,
            "^block must be at least 1, got 0",
        ),
        (
            lambda: interop.block_mask(sr.Causal(), 8, 2.0),
            TypeError,
            r"^block must be an integer, got 2\.0",
        ),
        (lambda: interop.block_mask(sr.Causal(), "8"), TypeError, "^n must be an integer, got '8'"),
        (lambda: interop.block_mask(sr.fixed(4, 1), 8), TypeError, "^p .* is 2 steps, not one set"),
    ],
)
def test_errors_name_the_argument_the_value_and_the_bound(call, error, said):
    with pytest.raises(error, match=said):
        call()
