"""DeepSpeed's layouts block by block from what its file says, drawn blocks against Python's own
random state, and refusals.
"""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr

ATTENTION = st.sampled_from(["bidirectional", "unidirectional"])
RULE = st.sampled_from(["code", "documentation"])


def mask(rows, n):
    """Sets of keys, one a row, as a mask."""
    return np.array([[j in row for j in range(n)] for row in rows], bool).reshape(n, n)


def same_window(i, j, sizes):
    """Whether two blocks are in one window: windows of these sizes, and from there on of the last
    of them.
    """

    def number(x):
        for t, size in enumerate(sizes):
            if x < size:
                return t
            x -= size
        return len(sizes) + x // sizes[-1]

    return number(i) == number(j)


@st.composite
def fixed_arguments(draw):
    """(blocks, l, g, different representatives, head), with whole windows, or a last one that holds
    its representative.
    """
    g, groups = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    different, head = draw(st.integers(1, groups)), draw(st.integers(0, 6))
    kept = draw(st.sampled_from([0, *range(groups * g - head % different * g, groups * g)]))
    return (
        draw(st.integers(0 if kept else 1, 3)) * groups * g + kept,
        groups * g,
        g,
        different,
        head,
    )


@given(fixed_arguments(), ATTENTION, RULE, st.booleans())
def test_fixed_is_ones_window_and_a_representative_of_each(drawn, attention, rule, horizontal):
    blocks, l, g, different, head = drawn
    past, horizontal = attention == "unidirectional", horizontal and attention == "bidirectional"
    starts = [a + l - (1 + head % different) * g for a in range(0, blocks, l)]
    stands = {s: range(s, s + g) for s in starts}
    expected = [
        {
            j
            for j in range(blocks)
            if (i // l == j // l and (j <= i or not past))
            or any(j in stands[s] and (i >= s or not past) for s in starts)
            or (horizontal and any(i in stands[s] for s in starts))
        }
        for i in range(blocks)
    ]
    if past and rule == "documentation":
        expected = [{j for j in row if j <= i} for i, row in enumerate(expected)]
    p = sr.deepspeed_fixed(blocks, l, g, attention, horizontal, different, head, rule)
    assert (brute(p, blocks) == mask(expected, blocks)).all()


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (5, ["█····", "██···", "███··", "████·", "···██"]),
        (6, ["█·····", "██····", "███···", "████··", "···██·", "···███"]),
    ],
)
def test_a_short_last_window_keeps_its_last_blocks_as_representative(blocks, expected):
    assert (
        sr.picture(sr.deepspeed_fixed(blocks, attention="unidirectional"), blocks).split("\n")
        == expected
    )


def test_a_short_last_window_may_take_its_representative_from_the_one_before():
    p = sr.deepspeed_fixed(5, 4, 2, "unidirectional")
    assert sr.picture(p, 5).split("\n") == ["█····", "██···", "████·", "█████", "··███"]
    half_there = sr.deepspeed_fixed(7, 4, 2, horizontal_global_attention=True)
    assert half_there == sr.Documents((4, 3)) | sr.GlobalAt((2, 3, 5, 6)), "and not 6 alone"
    assert (
        brute(sr.deepspeed_fixed(7, 4, 2), 7)[:4].tolist()
        == [[j in (0, 1, 2, 3, 5, 6) for j in range(7)]] * 4
    )
    documented = sr.deepspeed_fixed(5, 4, 2, "unidirectional", rule="documentation")
    assert (brute(documented, 5) == brute(p & sr.Causal(), 5)).all()


@given(
    st.integers(1, 20),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 22), st.integers(1, 5)), max_size=3),
    ATTENTION,
    RULE,
    st.booleans(),
)
def test_variable_is_ones_window_and_the_global_stretches(
    blocks, sizes, drawn, attention, rule, horizontal
):
    past, horizontal = attention == "unidirectional", horizontal and attention == "bidirectional"
    stretches = [range(start, start + size) for start, size in drawn]
    expected = [
        {
            j
            for j in range(blocks)
            if (same_window(i, j, sizes) and (j <= i or not past))
            or any(j in each and (i >= each.start or not past) for each in stretches)
            or (horizontal and any(i in each for each in stretches))
        }
        for i in range(blocks)
    ]
    if past and rule == "documentation":
        expected = [{j for j in row if j <= i} for i, row in enumerate(expected)]
    p = sr.deepspeed_variable(
        blocks,
        0,
        sizes,
        [each.start for each in stretches],
        [each.stop for each in stretches],
        attention,
        horizontal,
        rule=rule,
    )
    assert (brute(p, blocks) == mask(expected, blocks)).all()


def drawn_blocks(seed, head, candidates, count):
    """The draws of one head after those of the heads before it, from Python's global random
    state.
    """
    before = random.getstate()
    random.seed(seed)
    try:
        for _ in range(head + 1):
            rows = [set(random.sample(each, min(count, len(each)))) for each in candidates]
        return rows
    finally:
        random.setstate(before)


@given(
    st.integers(1, 14), st.integers(0, 4), ATTENTION, RULE, st.integers(0, 3), st.integers(0, 2**70)
)
def test_variable_draws_as_random_sample_does(blocks, count, attention, rule, head, seed):
    count = min(count, blocks)
    past = (attention, rule) == ("unidirectional", "documentation")
    rows = drawn_blocks(
        seed, head, [range(i + 1) if past else range(blocks) for i in range(blocks)], count
    )
    p = sr.deepspeed_variable(
        blocks, count, (2,), (), attention=attention, head=head, seed=seed, rule=rule
    )
    without = sr.deepspeed_variable(blocks, 0, (2,), (), attention=attention)
    assert (brute(p, blocks) == brute(without, blocks) | mask(rows, blocks)).all()
    assert not past or not np.triu(brute(p, blocks), 1).any()


@given(
    st.integers(1, 14),
    st.integers(0, 4),
    st.integers(1, 7),
    st.integers(0, 4),
    ATTENTION,
    RULE,
    st.integers(0, 3),
    st.integers(0, 99),
)
def test_bigbird_is_window_globals_and_random_blocks(
    blocks, count, keys, g, attention, rule, head, seed
):
    count, keys, g, past = (
        min(count, blocks),
        min(keys, blocks),
        min(g, blocks),
        attention == "unidirectional",
    )
    if past and rule == "code":
        count = min(count, 1)
    if not past and rule == "documentation" and keys % 2 == 0:
        keys -= 1
    rows = drawn_blocks(
        seed, head, [range(i + 1 if past else blocks) for i in range(blocks)], count
    )
    left = keys - 1 if past and rule == "documentation" else keys // 2
    expected = [
        {
            j
            for j in range(blocks)
            if (i - left <= j <= i + keys // 2 or i < g or j < g or j in rows[i])
            and (j <= i or not past)
        }
        for i in range(blocks)
    ]
    p = sr.deepspeed_bigbird(blocks, count, keys, g, attention, head, seed, rule)
    assert (brute(p, blocks) == mask(expected, blocks)).all()


@given(
    st.integers(1, 9), st.lists(st.integers(0, 14), max_size=3), ATTENTION, RULE, st.integers(0, 14)
)
def test_bslongformer_is_window_and_globals(keys, globals, attention, rule, n):
    past = attention == "unidirectional"
    if not past and rule == "documentation":
        keys += 1 - keys % 2
    left = keys - 1 if past and rule == "documentation" else keys // 2
    right = 0 if past else keys // 2
    window = [set(range(i - left, i + right + 1)) for i in range(n)]
    expected = [
        {
            j
            for j in range(n)
            if j in window[i] or ((i in globals or j in globals) and (j <= i or not past))
        }
        for i in range(n)
    ]
    assert (
        brute(sr.deepspeed_bslongformer(keys, globals, None, attention, rule), n)
        == mask(expected, n)
    ).all()
    if not globals:
        assert (brute(sr.deepspeed_sliding(keys, attention, rule), n) == mask(window, n)).all()


def test_a_layout_is_stated_for_its_blocks_and_spreads_over_their_tokens():
    p = sr.deepspeed_fixed(10, 4, 2)
    tokens = sr.Blockwise(p, 3)
    assert (tokens.own_length, p.own_length) == (30, 10)
    assert (sr.dense(tokens, 30) == np.kron(brute(p, 10), np.ones((3, 3), bool))).all()
    for other in (sr.deepspeed_fixed(8), sr.deepspeed_variable(8)):
        with pytest.raises(ValueError, match="stated for n = 8, got n = 9"):
            other.row(0, 9)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (
            lambda: sr.deepspeed_fixed(8, 4, 3),
            ValueError,
            "num_global_blocks must divide num_local_blocks = 4 .*, got 3",
        ),
        (
            lambda: sr.deepspeed_fixed(8, 4, 2, num_different_global_patterns=3),
            ValueError,
            "must be at most .* = 2 .*, got 3",
        ),
        (
            lambda: sr.deepspeed_fixed(0),
            ValueError,
            "deepspeed_fixed: blocks must be at least 1, got 0",
        ),
        (
            lambda: sr.deepspeed_fixed(8, attention="causal"),
            ValueError,
            'attention must be "bidirectional" or "unidirectional"',
        ),
        (
            lambda: sr.deepspeed_fixed(8, rule="paper"),
            ValueError,
            'rule must be "code" or "documentation", got \'paper\'',
        ),
        (
            lambda: sr.deepspeed_fixed(8, horizontal_global_attention=1),
            TypeError,
            "must be True or False, got 1",
        ),
        (
            lambda: sr.deepspeed_fixed(
                8, attention="unidirectional", horizontal_global_attention=True
            ),
            ValueError,
            "must be False",
        ),
        (
            lambda: sr.deepspeed_variable(8, local_window_blocks=()),
            ValueError,
            "local_window_blocks must have at least 1 window",
        ),
        (
            lambda: sr.deepspeed_variable(8, global_block_indices=(-1,)),
            ValueError,
            r"global_block_indices\[\d\] must be at least 0, got -1",
        ),
        (
            lambda: sr.deepspeed_variable(8, 9),
            ValueError,
            "num_random_blocks must be at most blocks = 8 .*, got 9",
        ),
        (
            lambda: sr.deepspeed_variable(8, 1, seed=-1),
            ValueError,
            "seed must be at least 0, got -1",
        ),
        (
            lambda: sr.deepspeed_bslongformer(global_block_end_indices=(1, 2)),
            ValueError,
            "must be 1, one for each .*, got 2",
        ),
        (
            lambda: sr.deepspeed_bslongformer(3, (2,), (2,)),
            ValueError,
            "must be above global_block_indices .*, got 2 for 2",
        ),
        (
            lambda: sr.deepspeed_bslongformer(3, (2**21,)),
            ValueError,
            r"global_block_indices\[\d\] must be at most 1048576, got 2097152",
        ),
        (
            lambda: sr.deepspeed_sliding(4, "bidirectional", "documentation"),
            ValueError,
            "num_sliding_window_blocks must be odd, got 4",
        ),
        (
            lambda: sr.deepspeed_bigbird(8, 2, attention="unidirectional"),
            ValueError,
            "num_random_blocks must be at most 1 .*, got 2",
        ),
    ],
)
def test_bad_values_are_refused_by_name(make, error, said):
    with pytest.raises(error, match=said):
        make()
