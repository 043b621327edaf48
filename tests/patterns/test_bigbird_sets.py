"""Definition and tie: BigBird's sets and multisets against their lists of blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, qkv

import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.patterns.bigbird_plans import focus_plan, range_plan

SEEDS = st.integers(0, 50)


def listed_blocks(row, nb, plan):
    """The blocks that query block `row` reads, repeats kept, as the codes lay them side by side."""
    if row in (0, nb - 1):
        return list(range(nb))
    near = (
        [0, 1, 2, nb - 1]
        if row == 1
        else [0, nb - 3, nb - 2, nb - 1]
        if row == nb - 2
        else [0, row - 1, row, row + 1, nb - 1]
    )
    return near + list(plan[row - 1])


def multiset(n, block, plan):
    """How often each query reads each key."""
    lists = [listed_blocks(row, n // block, plan) for row in range(n // block)]
    return [[lists[i // block].count(j // block) for j in range(n)] for i in range(n)]


@st.composite
def codes(draw, most=3):
    """n, block, random, layer and head, heads, at a length for which both codes draw range by
    range.
    """
    random, block, heads = (
        draw(st.integers(1, most)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
    )
    blocks = draw(st.integers(2 * random + 6, 2 * random + 14))
    return (blocks * block, block, random, draw(SEEDS)), dict(
        head=draw(st.integers(0, heads - 1)), heads=heads
    )


@given(st.integers(1, 12), st.integers(1, 4), SEEDS, st.data())
def test_the_paper_joins_ends_window_and_random_blocks(blocks, block, seed, data):
    random = data.draw(st.integers(0, blocks))
    n, drawn = blocks * block, sr.Random(blocks, random, seed)
    chosen = [drawn.row(row, blocks).tolist() for row in range(blocks)]
    ends = (0, blocks - 1)
    expected = [
        [
            i // block in ends
            or j // block in ends
            or abs(i // block - j // block) <= 1
            or j // block in chosen[i // block]
            for j in range(n)
        ]
        for i in range(n)
    ]
    p = sr.bigbird(n, block, random, seed)
    assert mask(p, n).tolist() == expected
    assert sr.dense(p, n).tolist() == expected
    assert p.own_length == n


@given(st.integers(5, 40), st.integers(1, 5))
def test_without_random_blocks_five_blocks_a_row_are_counted(blocks, block):
    assert sr.nnz(sr.bigbird(blocks * block, block, 0, 0), blocks * block) == block**2 * (
        2 * blocks + 2 * 4 + 5 * (blocks - 4)
    )


@given(codes())
def test_the_codes_count_blocks_as_often_as_they_list_them(drawn):
    (n, block, random, layer), heads = drawn
    plan = range_plan(n, block, random, layer, heads["heads"])[heads["head"]]
    expected = multiset(n, block, plan)
    for branches in (
        sr.bigbird_google(n, block, random, layer, **heads),
        sr.bigbird_hf(n, block, random, layer, True, **heads),
    ):
        assert len(branches) == 1 + random
        assert sr.multiplicity(branches, n).tolist() == expected


@given(codes(), st.booleans())
def test_rows_hold_five_blocks_and_the_random_ones_with_repeats(drawn, training):
    (n, block, random, layer), heads = drawn
    counts = (
        sr.multiplicity(sr.bigbird_hf(n, block, random, layer, training, **heads), n).sum(axis=1)[
            ::block
        ]
        // block
    )
    assert counts.tolist() == [
        n // block,
        4 + random,
        *[5 + random] * (n // block - 4),
        4 + random,
        n // block,
    ]


@given(codes())
def test_in_evaluation_the_random_blocks_are_all_the_first(drawn):
    (n, block, random, layer), heads = drawn
    expected = multiset(n, block, [[0] * random] * (n // block - 2))
    assert (
        sr.multiplicity(sr.bigbird_hf(n, block, random, layer, False, **heads), n).tolist()
        == expected
    )
    assert expected[block][0] == 1 + random


def test_at_1024_the_last_block_may_count_twice():
    plan = focus_plan(1024, 64, 3, 0, 12)
    again = np.argwhere(plan == 15)
    assert len(again)
    head, row, _ = again[0]
    counts = sr.multiplicity(sr.bigbird_google(1024, 64, 3, 0, head), 1024)[(row + 1) * 64]
    assert counts[::64].tolist() == [
        listed_blocks(row + 1, 16, plan[head]).count(block) for block in range(16)
    ]
    assert counts[-1] == 2


def test_eight_random_blocks_of_twenty_one_come_half_from_the_first_thirteen():
    """2 r + 5 >= nb > r + 5: two ranges, the first of r + 5 blocks."""
    plan = range_plan(21, 1, 8, 0, 3)
    assert (plan[:, :, :4] < 13).all()
    assert (plan[:, :, 4:] >= 13).all()
    assert sr.multiplicity(sr.bigbird_google(21, 1, 8, 0, 1, 3), 21).tolist() == multiset(
        21, 1, plan[1]
    )


def test_one_block_alone_fills_every_place():
    counts = sr.multiplicity(sr.bigbird_google(6, 1, 3, 0), 6)
    assert counts.tolist() == [
        [1] * 6,
        [1, 1, 1, 3, 0, 1],
        [1, 1, 1, 1, 3, 1],
        [1, 3, 1, 1, 1, 1],
        [1, 0, 3, 1, 1, 1],
        [1] * 6,
    ]


def test_layers_and_heads_differ_and_calls_agree():
    def counts(layer, **heads):
        return sr.multiplicity(sr.bigbird_google(20, 1, 2, layer, **heads), 20).tolist()

    assert counts(3) == counts(3)
    assert counts(3) != counts(4)
    assert counts(3) != counts(3, head=1)
    assert counts(3, head=1, heads=2) != counts(3, head=1, heads=3), "row by row, each head in turn"
    assert (focus_plan(1024, 64, 3, 3, 2) == focus_plan(1024, 64, 3, 3, 5)[:2]).all(), (
        "head after head"
    )


@pytest.mark.parametrize("n", [1024, 2048, 3072, 4096, 5120])
def test_the_two_codes_agree_in_training_except_at_2048(n):
    google, hf = sr.bigbird_google(n, 64, 3, 4, 2, 3), sr.bigbird_hf(n, 64, 3, 4, True, 2, 3)
    assert (google == hf) == (n != 2048)


def test_hf_is_full_up_to_two_random_blocks_a_row_and_five():
    for random in (1, 2, 3):
        bound = (5 + 2 * random) * 4
        for n in (1, bound - 1, bound):
            assert sr.bigbird_hf(n, 4, random, 0, True) == sr.Branches(
                (sr.Grid((n,), (sr.Full(),)),)
            )
        assert len(sr.bigbird_hf(bound + 4, 4, random, 0, True)) == 1 + random


@given(codes(), st.booleans())
def test_attention_counts_a_key_as_often_as_it_is_listed(drawn, training):
    (n, block, random, layer), heads = drawn
    branches = sr.bigbird_hf(n, block, random, layer, training, **heads)
    q, k, v = qkv((n, n), dtype=np.float64, seed=layer)
    weights = np.exp(q[0] @ k[0].T / np.sqrt(8)) * sr.multiplicity(branches, n)
    np.testing.assert_allclose(
        sr.attend(q, k, v, branches)[0],
        weights / weights.sum(axis=1, keepdims=True) @ v[0],
        atol=1e-12,
    )


def test_what_is_drawn_for_one_length_is_refused_at_another():
    for branches in sr.bigbird_google(12, 1, 2, 0), sr.bigbird_hf(12, 1, 2, 0, False):
        for n in (11, 13):
            with pytest.raises(ValueError, match="stated for n = 12"):
                sr.multiplicity(branches, n)


def test_names_are_read_back():
    for branches in (
        sr.bigbird_google(12, 1, 2, 0, head=1, heads=2),
        sr.bigbird_hf(12, 1, 2, 0, False, head=1),
    ):
        assert notation.read(repr(branches)) == branches


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sr.bigbird(10, 4, 1, 0),
            r"bigbird: n must be a multiple of block = 4 \(BigBird, whole blocks\), got 10",
        ),
        (lambda: sr.bigbird(8, 4, 3, 0), "bigbird: random must be at most n / block = 2 .*, got 3"),
        (lambda: sr.bigbird(0, 4, 0, 0), "bigbird: n must be at least 1, got 0"),
        (lambda: sr.bigbird(8, 0, 0, 0), "bigbird: block must be at least 1, got 0"),
        (lambda: sr.bigbird(8, 4, -1, 0), "bigbird: random must be at least 0, got -1"),
        (
            lambda: sr.bigbird_google(50, 4, 1, 0),
            "bigbird_google: n must be a multiple of block = 4 .*, got 50",
        ),
        (
            lambda: sr.bigbird_google(20, 4, 1, 0),
            "bigbird_google: n must be at least 6 block = 24, .*, got 20",
        ),
        (
            lambda: sr.bigbird_google(48, 4, 0, 0),
            "bigbird_google: random must be at least 1, got 0",
        ),
        (
            lambda: sr.bigbird_google(48, 4, 1, -1),
            "bigbird_google: layer must be at least 0, got -1",
        ),
        (
            lambda: sr.bigbird_google(48, 4, 1, 0, 12),
            "bigbird_google: head must be below heads = 12, got 12",
        ),
        (
            lambda: sr.bigbird_google(48, 4, 1, 0, 0, 0),
            "bigbird_google: heads must be at least 1, got 0",
        ),
        (
            lambda: sr.bigbird_google(36, 4, 2, 0),
            "bigbird_google: random must leave blocks to choose from, got 0 for 1 places",
        ),
        (
            lambda: sr.bigbird_google(4096, 256, 3, 0),
            "random must leave blocks to choose from, got 0 for 3 places of query block 2",
        ),
        (
            lambda: sr.bigbird_google(3072, 512, 3, 0),
            "the plan for 4096 positions draws block 6 at block = 512, beyond n = 3072",
        ),
        (
            lambda: sr.bigbird_hf(50, 4, 1, 0, True),
            "bigbird_hf: n must be a multiple of block = 4 .*, got 50",
        ),
        (lambda: sr.bigbird_hf(48, 4, 0, 0, False), "bigbird_hf: random must be at least 1, got 0"),
    ],
)
def test_a_broken_rule_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_mode_is_true_or_false():
    with pytest.raises(TypeError, match="bigbird_hf: training must be True or False, got 1"):
        sr.bigbird_hf(48, 4, 1, 0, 1)
