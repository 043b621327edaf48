"""What a length does not test: literal cases, then every neighbour by brute force."""

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.sets import Complement
from sparse_ref.verify.checks.neighbours import neighbours
from sparse_ref.verify.checks.same_sets import numbers_of, sets_differ
from sparse_ref.verify.checks.untested_parameters import default_length, untested_parameters

LARGE = 96


def found(p, *n, align=None):
    """[(the name of the same pattern, least n)]"""
    return [(repr(x.same), x.least) for x in untested_parameters([p], n, align)]


@pytest.mark.parametrize(
    ("p", "n", "same", "least"),
    [
        (sr.Lookback(256), 64, "Causal()", 257),
        (sr.Lookback(256), 256, "Causal()", 257),
        (sr.Lookback(256), 1, "Full()", 257),
        (sr.Window(256), 257, "Full()", 258),
        (sr.Strided(100), 100, "Strided(101)", 101),
        (sr.Chunk(64), 64, "Full()", 65),
        (sr.GlobalAt((0, 9, 100)), 64, "GlobalAt((0, 9, 101))", 101),
        (sr.GlobalAt((0, 63)), 63, "GlobalAt((0, 64))", 64),
        (sr.streaming(4, 256), 64, "Causal()", 261),
        (sr.Causal() | sr.Lookback(5), 1, "Full()", 2),
        (sr.Causal(), 1, "Full()", 2),
        (sr.LogSparse(), 3, "Causal()", 4),
        (~sr.Lookback(256), 64, "~Lookback(257)", 257),
        (sr.Blockwise(sr.Lookback(3), 64) & sr.Causal(), 64, "Causal()", 193),
        (sr.Sinks(2) | sr.Strided(100), 64, "Sinks(2) | Strided(101)", 103),
        (sr.Lookback(9) | sr.Strided(100), 64, "Lookback(9)", 101),
        (sr.Lookback(10**6), 64, "Causal()", 10**6 + 1),
        (sr.Lookback(10**9), 2**16, "Causal()", 10**9 + 1),
    ],
    ids=repr,
)
def test_a_parameter_that_does_not_show_is_named_with_the_least_length(p, n, same, least):
    assert found(p, n) == [(same, (least, least))]
    assert found(p, n, max(n // 2, 1)) == [(same, (least, least))]
    if least < 1000:
        assert found(p, least) == []
        assert found(p, n, least) == []
        assert found(p, least - 1) != []


@pytest.mark.parametrize(
    ("p", "n"),
    [
        (sr.Lookback(256), 257),
        (sr.Window(256), 258),
        (sr.Full(), 1),
        (sr.Causal(), 2),
        (sr.Causal() | sr.Lookback(5), 2),
        (sr.Causal() | sr.Lookback(500), 64),
        (sr.Window(3) & sr.Full(), 64),
        (sr.Dilated(0, 7), 64),
        (sr.Random(64, 3, 0), 64),
        (sr.bigbird(64, 2, random=1, seed=0), 64),
        (sr.Documents((30, 34), sr.Lookback(50)), 64),
        (sr.Listed.of_rows([[0], [1]]), 2),
        (sr.Chunk(8, 3), 16),
    ],
    ids=repr,
)
def test_what_shows_or_can_never_show_is_not_reported(p, n):
    assert found(p, n) == []


def test_each_parameter_has_a_line_of_its_own():
    p = sr.GlobalAt((0, 70)) | sr.Strided(100) | sr.Window(3)
    assert found(p, 64) == [
        ("GlobalAt((0, 71)) | Strided(100) | Window(3)", (71, 71)),
        ("GlobalAt((0, 70)) | Strided(101) | Window(3)", (102, 102)),
    ]
    assert [str(x) for x in untested_parameters([p], [100])] == [
        "at n = 100 GlobalAt((0, 70)) | Strided(100) | Window(3) is the same set as "
        "GlobalAt((0, 70)) | Strided(101) | Window(3): use n >= 102"
    ]


@pytest.mark.parametrize(
    ("p", "n", "align", "same", "least"),
    [
        (sr.Lookback(256), (64, 1024), None, "Causal()", (257, 1024)),
        (sr.Prefix(256), (1024, 64), None, "Full()", (1024, 257)),
        (sr.Lookback(256), (1, 64), "bottom-right", "Full()", (1, 257)),
        (sr.Causal(), (1, 64), "bottom-right", "Full()", (2, 65)),
        (sr.Shifted(sr.Lookback(99), 20), (4, 24), None, "Shifted(Causal(), 20)", (80, 100)),
    ],
    ids=repr,
)
def test_pairs_of_lengths_grow_as_their_alignment_asks(p, n, align, same, least):
    assert found(p, n, align=align) == [(same, least)]
    assert found(p, least, align=align) == []


def test_a_window_shows_with_a_cache_if_it_is_aligned_at_the_bottom_right():
    assert found(sr.Lookback(256), (64, 1024), align="bottom-right") == []
    assert found(sr.Shifted(sr.Lookback(256), 960), (64, 1024)) == []


def test_each_head_is_tested_once():
    heads = [sr.Lookback(4), sr.Lookback(100), sr.Lookback(100), sr.Lookback(200)]
    lines = untested_parameters(heads, [64])
    assert [x.pattern for x in lines] == [sr.Lookback(100), sr.Lookback(200)]


def test_lengths_that_a_pattern_does_not_have_are_left_out():
    assert untested_parameters([sr.Random(8, 2, 0)], [64]) == ()


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_the_default_length_tests_every_pattern_of_the_catalogue(entry):
    n = default_length(entry.patterns())
    assert untested_parameters(entry.patterns(), [n]) == ()
    own = {p.own_length for p in entry.patterns()} - {None}
    assert own in (set(), {n})


@pytest.mark.parametrize(
    ("p", "n"),
    [
        (sr.Lookback(256), 512),
        (sr.Lookback(41), 64),
        (sr.Lookback(42), 128),
        (sr.Lookback(64), 128),
        (sr.Causal(), 64),
        (sr.Full(), 64),
        (sr.Strided(128) | sr.Local(128), 512),
        (sr.Documents((3, 4)), 7),
        (sr.Lookback(10**6), 16384),
        (sr.Listed.of_rows([[0], [5]]), (2, 6)),
        (sr.Shifted(sr.Causal(), 100), (64, 164)),
        (sr.Shifted(sr.Lookback(300), 100), (512, 612)),
        (sr.Shifted(sr.Causal(), -3), 64),
    ],
    ids=repr,
)
def test_the_default_length_leaves_room(p, n):
    assert default_length([p]) == n


def test_patterns_of_two_lengths_have_no_default():
    with pytest.raises(ValueError, match="n must be given for patterns of different lengths"):
        default_length([sr.Random(8, 2, 0), sr.Random(9, 2, 0)])


def test_neighbours_are_one_up_and_one_down_and_two_if_one_is_refused():
    assert list(neighbours(sr.Band(-3, 3))) == [
        (sr.Band(-2, 3),),
        (sr.Band(-3, 4),),
    ]
    assert list(neighbours(sr.Shifted(sr.GlobalAt((0, 7)), 5))) == [
        (sr.Shifted(sr.GlobalAt((1, 7)), 5),),
        (sr.Shifted(sr.GlobalAt((0, 8)), 5), sr.Shifted(sr.GlobalAt((0, 6)), 5)),
    ]
    assert list(neighbours(sr.Blockwise(sr.Full(), 4))) == [
        (sr.Blockwise(sr.Full(), 5), sr.Blockwise(sr.Full(), 3))
    ]
    assert list(neighbours(sr.Blockwise(sr.Full(), (1, 4)))) == [
        (sr.Blockwise(sr.Full(), (2, 4)),),
        (sr.Blockwise(sr.Full(), (1, 5)), sr.Blockwise(sr.Full(), (1, 3))),
    ]
    assert list(neighbours(sr.Full())) == []
    assert list(neighbours(Complement(sr.Window(0)))) == [(~sr.Window(1),)]


def least_length(p, other):
    """The least n at which two patterns differ, by every pair; LARGE + 1 if none does."""
    differ = p.mask(LARGE) != other.mask(LARGE)
    i, j = np.nonzero(differ)
    return int(np.maximum(i, j).min(initial=LARGE)) + 1


@given(strategies.patterns(most=12), st.integers(1, 20))
def test_neighbours_that_are_the_same_are_those_that_brute_force_finds(p, n):
    if p.own_length is not None:
        return
    leasts = [max(least_length(p, other) for other in group) for group in neighbours(p)]
    late = [least for least in leasts if n < least <= LARGE]
    lines = untested_parameters([p], [n])
    assert bool(late) <= bool(lines)
    if not lines:
        return
    for line in lines:
        assert not sets_differ(p, line.same, (n, n))
        assert sets_differ(p, line.same, line.least)
        before = line.least[0] - 1
        if len(lines) == len(leasts) == 1 and before:
            assert not sets_differ(p, line.same, (before, before)) or late


@given(strategies.patterns(most=12), strategies.patterns(most=12), st.integers(1, 40))
def test_sets_differ_if_any_pair_does(p, other, n):
    shape = (n, n)
    if {p.own_length, other.own_length} != {None}:
        return
    assert sets_differ(p, other, shape) == (not np.array_equal(p.mask(n), other.mask(n)))


@pytest.mark.parametrize(
    ("p", "other", "n", "differ"),
    [
        (sr.Strided(3) | sr.Strided(6), sr.Strided(3), 1000, False),
        (sr.Strided(4) | sr.Strided(6), sr.Strided(2), 1000, True),
        (sr.Lookback(5000) & sr.Causal(), sr.Lookback(5000), 16000, False),
        (sr.GlobalAt((0, 7777)), sr.GlobalAt((0, 7778)), 16384, True),
        (sr.GlobalAt((0, 7777)), sr.GlobalAt((0, 7778)), 1 << 20, True),
        (sr.Lookback(1 << 19), sr.Lookback((1 << 19) + 1), 1 << 20, True),
        (sr.Lookback(1 << 20), sr.Lookback((1 << 20) + 1), 1 << 20, False),
        (sr.Listed.of_rows([[0]] * 999 + [[1]]), sr.Listed.of_rows([[0]] * 1000), 1000, True),
        (sr.Listed.of_rows([[0]] * 600 + [[1]] + [[0]] * 399), sr.Prefix(1), 1000, True),
    ],
    ids=repr,
)
def test_large_sets_are_compared_without_all_pairs(p, other, n, differ):
    assert sets_differ(p, other, (n, n)) == differ


def test_numbers_of_a_pattern():
    p = sr.Blockwise(sr.Lookback(3), (4, 5)) | sr.GlobalAt((0, 9)) & sr.Shifted(sr.Band(-2, 7), 11)
    assert numbers_of(p) == {4, 5, 12, 15, 9, 2, 7, 11}
