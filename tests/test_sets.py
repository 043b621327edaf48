"""Tie and algebra: `formula` says what `row` says, for every rule; | & - ~ do what sets do; values
are values.
"""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RULES, brute, instances, patterns, patterns_at, rules

import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.define import Rule, Sized, every, span
from sparse_ref.sets.run import in_run, keys_of_run

HUGE = 10**18


def assert_tied(p: Rule, n: int, i_from: int = 0):
    """formula == row for every query from i_from to n + 3 and every key below n, by ints and by
    arrays.
    """
    queries, keys = np.arange(i_from, n + 3) if p.own_length is None else np.arange(n), np.arange(n)
    grid = p.contains(queries[:, None], keys[None, :])
    by_array = np.zeros_like(grid)
    for run in p.runs(queries, n):
        parts = [np.broadcast_to(part, queries.shape)[:, None] for part in run]
        by_array |= in_run(type(run)(*parts), keys[None, :])
    assert (grid == by_array).all(), f"{p!r} as arrays, n = {n}"
    for i, expected in zip(queries.tolist(), grid):
        assert p.row(i, n).tolist() == np.flatnonzero(expected).tolist(), f"{p!r}, i = {i}, n = {n}"
        assert p.row(i, n).dtype == np.int64
        assert [bool(p.contains(i, j)) for j in range(n)] == expected.tolist()


@pytest.mark.parametrize("rule", RULES)
def test_formula_and_row_agree_for_every_small_parameter(rule):
    for p in instances(rule, most=5):
        for n in range(13) if p.own_length is None else (p.own_length,):
            assert_tied(p, n, i_from=-4)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.pairs])
def test_pairs_counts_what_the_formula_holds(rule):
    for p in instances(rule, most=5):
        for n in range(13) if p.own_length is None else (p.own_length,):
            assert rule.pairs(n, *p.parameters[issubclass(rule, Sized) :]) == brute(p, n).sum(), (
                p,
                n,
            )


@given(st.integers(1, 60).flatmap(lambda n: rules(most=60, n=n).map(lambda p: (p, n))))
def test_formula_and_row_agree_for_rules_stated_for_one_length(drawn):
    assert_tied(*drawn)


@pytest.mark.parametrize("rule", RULES)
def test_numba_reads_the_formula_as_it_stands(rule):
    import numba

    import sparse_ref._jit  # noqa: F401  which teaches numba the two words of positions.py

    compiled, p = numba.njit(rule.formula), [*instances(rule, most=3)][-1]
    n = p.own_length or 9
    assert [[bool(compiled(i, j, *p.parameters)) for j in range(n)] for i in range(n)] == brute(
        p, n
    ).tolist()


@given(rules(most=60), st.integers(0, 150))
def test_formula_and_row_agree(p, n):
    assert_tied(p, n)


@given(rules(most=HUGE), st.integers(0, HUGE), st.integers(-200, 200), st.data())
def test_membership_is_exact_for_huge_integers(p, i, near, data):
    runs = p.runs(i, HUGE)
    edges = [
        0,
        i,
        i + near,
        *[x for run in runs for x in (run.start, run.start + run.step, run.stop - 1, run.stop)],
    ]
    for edge in edges:
        j = data.draw(st.integers(edge - 2, edge + 2))
        if 0 <= j < HUGE:
            assert bool(p.contains(i, j)) == any(in_run(tuple(map(int, run)), j) for run in runs), (
                p,
                i,
                j,
            )


@dataclass(frozen=True)
class LateStrided(Rule):
    """A mutant: rows start at 0 and not at i mod l."""

    l: int

    formula = staticmethod(sr.Strided.formula)

    @staticmethod
    def solution(i, n, l):
        return every(l, 0, i + 1)


@dataclass(frozen=True)
class ShortLocal(Rule):
    """A mutant: one key fewer in the row than in the formula, beyond the start only."""

    l: int

    formula = staticmethod(sr.Local.formula)

    @staticmethod
    def solution(i, n, l):
        return span(np.where(i > l, i - l + 1, 0), i + 1)


@dataclass(frozen=True)
class LeakyBlock(Rule):
    """A mutant: the row goes on to the end of the block."""

    l: int

    formula = staticmethod(sr.Block.formula)

    @staticmethod
    def solution(i, n, l):
        return span(i // l * l, i // l * l + l)


@pytest.mark.parametrize("mutant", [LateStrided(3), ShortLocal(3), LeakyBlock(3)])
def test_the_tie_test_catches_mutants(mutant):
    with pytest.raises(AssertionError):
        assert_tied(mutant, 12)


@given(st.integers(1, 16).flatmap(lambda n: st.tuples(patterns_at(n), patterns_at(n), st.just(n))))
def test_algebra_is_that_of_sets(drawn):
    p, q, n = drawn
    P, Q = brute(p, n), brute(q, n)
    for made, expected in ((p | q, P | Q), (p & q, P & Q), (p - q, P & ~Q), (~p, ~P)):
        assert (brute(made, n) == expected).all()
        i, j = np.arange(n)[:, None], np.arange(n)[None, :]
        assert (np.broadcast_to(made.contains(i, j), (n, n)) == expected).all()
        assert all(
            made.row(i, n).tolist() == np.flatnonzero(expected[i]).tolist() for i in range(n)
        )


@given(patterns(), st.integers(1, 5), st.integers(1, 5), st.integers(0, 25))
def test_blockwise_spreads_blocks(p, b_q, b_k, n):
    coarse = brute(p, 25)
    expected = np.array(
        [[coarse[i // b_q, j // b_k] for j in range(n)] for i in range(n)], bool
    ).reshape(n, n)
    assert (brute(sr.Blockwise(p, (b_q, b_k)), n) == expected).all()


@given(patterns(leaves=6))
def test_notation_round_trips_and_values_compare_by_value(p):
    again = sr.parse(repr(p))
    assert again == p
    assert hash(again) == hash(p)
    assert repr(again) == repr(p)


def test_numpy_integers_make_the_same_value():
    assert sr.Strided(np.int32(4)) == sr.Strided(4)
    assert {sr.Strided(np.int64(4)): 1}[sr.Strided(4)] == 1
    assert sr.Strided(4) != sr.Strided(5)
    assert sr.Local(4) != sr.Lookback(4)


def test_a_pattern_has_no_truth_value():
    with pytest.raises(TypeError, match="no truth value"):
        bool(sr.Causal())
    with pytest.raises(TypeError, match="no truth value"):
        sr.Causal() or sr.Window(2)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: sr.Strided(0), ValueError, "Strided: l must be at least 1, got 0"),
        (lambda: sr.Window(-1), ValueError, "Window: radius must be at least 0, got -1"),
        (lambda: sr.Strided(2.0), TypeError, "Strided: l must be an integer, got 2.0"),
        (
            lambda: sr.Strided(10**18 + 1),
            ValueError,
            "Strided: l must be at most 10{18}, got 10{17}1",
        ),
        (
            lambda: sr.Band(-(10**19), 10**18),
            ValueError,
            "Band: left must be at least -10{18}, got -10{19}",
        ),
        (
            lambda: sr.Shifted(sr.Causal(), 2**63),
            ValueError,
            "Shifted: offset must be at most 10{18}, got 9223372036854775808",
        ),
        (
            lambda: sr.Interleaved(sr.Causal()),
            TypeError,
            "Interleaved: factorized must be a Factorized, got Causal",
        ),
        (lambda: sr.Strided(True), TypeError, "Strided: l must be an integer, got True"),
        (lambda: sr.Strided("4"), TypeError, "Strided: l must be an integer, got '4'"),
        (lambda: sr.Summary(4, 5), ValueError, "Summary: c must be at most l = 4, got 5"),
        (lambda: sr.Band(2, -3), ValueError, "Band: right must be at least -left = -2, got -3"),
        (
            lambda: sr.Blockwise(sr.Causal(), 0),
            ValueError,
            "Blockwise: block must be at least 1, got 0",
        ),
        (lambda: sr.Blockwise(4, 4), TypeError, "Blockwise: pattern must be a Pattern, got 4"),
        (
            lambda: sr.Shifted(sr.Causal(), 1.5),
            TypeError,
            "Shifted: offset must be an integer, got 1.5",
        ),
        (lambda: sr.Causal() | 3, TypeError, "unsupported operand"),
        (
            lambda: sr.Listed([0, 2], [1, 1]),
            ValueError,
            "row 0 must ascend without repeats, got 1 before 1",
        ),
        (lambda: sr.Listed([0, 2], [1]), ValueError, "indptr must rise from 0 to len"),
        (
            lambda: sr.Listed([0, 1], [-1]),
            ValueError,
            "indices must be at least 0, got -1 in row 0",
        ),
        (lambda: sr.Listed([0, 1], [0.5]), TypeError, "indices must be a vector of integers"),
        (
            lambda: sr.Listed([0, 1], [2**31]),
            ValueError,
            "indices must be below 2147483648, got 2147483648",
        ),
        (
            lambda: sr.Listed.of_rows([[True]]),
            TypeError,
            "indices must be a vector of integers, got .* bool",
        ),
        (
            lambda: sr.Strided(np.array([2, 3])),
            TypeError,
            "Strided: l must be an integer, got array",
        ),
        (lambda: sr.Strided(np.array(2.5)), TypeError, "Strided: l must be an integer, got array"),
        (
            lambda: sr.SubBlock(8, 3, 3),
            ValueError,
            "SubBlock: number must be at most l // c = 2, got 3",
        ),
        (
            lambda: sr.openai_fixed(8, 1, heads=10**9),
            ValueError,
            "openai_fixed: heads must be at most 65536, got 1000000000",
        ),
        (lambda: sr.Listed([0, 1], [0]).row(1, 1), IndexError, "rows 0 <= i < 1, got i = 1"),
        (lambda: sr.Factorized(()), TypeError, "one or more patterns"),
        (lambda: sr.fixed(4, 5), ValueError, "c must be at most l = 4, got 5"),
        (
            lambda: sr.openai_fixed(8, 2, num_verts=3, heads=4),
            ValueError,
            "heads must be a multiple of num_verts = 3, got 4",
        ),
        (
            lambda: sr.openai_fixed(8, 2, num_verts=5),
            ValueError,
            "num_verts must be at most 4, .*, got 5",
        ),
        (lambda: sr.openai_fixed(8, 2, vertsize=3), ValueError, "vertsize must divide .* 4, got 3"),
    ],
)
def test_bad_values_are_refused_by_name(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_listed_rows_are_sets_of_their_own():
    p = sr.Listed.of_rows([[3, 1, 1], [], [0]])
    assert p.row(0, 4).tolist() == [1, 3]
    assert p.row(0, 3).tolist() == [1]
    assert p == sr.Listed([0, 2, 2, 3], [1, 3, 0])
    assert hash(p) == hash(sr.Listed([0, 2, 2, 3], [1, 3, 0]))
    assert brute(p, (3, 4)).tolist() == [[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert (p.contains(np.arange(3)[:, None], np.arange(4)) == brute(p, (3, 4))).all()


@given(
    st.integers(-9, 9),
    st.integers(-5, 30),
    st.integers(1, 7),
    st.integers(1, 9),
    st.integers(0, 25),
)
def test_a_run_lists_what_it_holds(start, stop, step, width, n):
    run = every(step, start, stop, width)
    assert keys_of_run(run, n).tolist() == [j for j in range(n) if in_run(run, j)]


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.uint64]
)
@pytest.mark.parametrize(
    "p",
    [
        sr.Window(300),
        sr.Band(100, 100),
        sr.Local(3),
        sr.Strided(70000),
        sr.Blockwise(sr.Window(1), 300),
        sr.Shifted(sr.Causal(), -3),
        sr.Shifted(sr.Local(2), 300),
        sr.Listed.of_rows([[0, 100]] * 128),
    ],
)
def test_narrow_and_unsigned_integers_are_widened(p, dtype):
    i, j = np.arange(128, dtype=dtype)[:, None], np.arange(128, dtype=dtype)
    assert (p.contains(i, j) == brute(p, 128)).all()
    assert bool(p.contains(dtype(100), dtype(3))) == bool(p.contains(100, 3))


def test_queries_beyond_int64_are_refused():
    with pytest.raises(
        ValueError,
        match="queries and keys must be at most 9223372036854775807, got 18446744073709551615",
    ):
        sr.Causal().contains(np.uint64(2**64 - 1), 0)


def test_listed_is_a_frozen_value():
    p = sr.Listed([0, 1], [0])
    with pytest.raises(AttributeError, match="Listed is frozen"):
        p.indices = np.array([1])
    for again in (pickle.loads(pickle.dumps(p)), copy.deepcopy(p)):
        assert again == p
        assert not again.indices.flags.writeable
    assert sr.Listed.of_rows(iter([(j for j in (2, 1))])) == sr.Listed([0, 2], [1, 2])


def test_listed_keys_are_found_beside_huge_and_negative_ones():
    p = sr.Listed.of_rows([[0]] * 40)
    assert p.contains(np.arange(40)[:, None], np.array([0, 10**18, -1])).sum(axis=0).tolist() == [
        40,
        0,
        0,
    ]
    assert not sr.Listed([0, 1, 2], [3, 2]).contains(1, -1)
    assert not sr.Listed([0, 0], []).contains(0, 0)


def test_rows_of_huge_parameters_are_listed_from_0():
    assert sr.Local(10**18).row(3, 12).tolist() == [0, 1, 2, 3]
    assert sr.Band(10**18, -(10**18)).row(3, 12).tolist() == []
    assert sr.Blockwise(sr.Causal(), 10**18).row(3, 12).tolist() == list(range(12))
    assert sr.Summary(10**18, 10**18).row(3, 12).tolist() == [0, 1, 2, 3]


@given(patterns())
def test_patterns_are_pickled_and_copied_by_value(p):
    assert pickle.loads(pickle.dumps(p)) == copy.deepcopy(p) == p


def test_openai_fixed_is_the_published_set():
    """A_i^h = { j <= i : same block, or floor((j mod l) / b) in {S - 1 - h' v - t : t < v} }, pair
    by pair.
    """
    for l, b, verts, v, heads in [
        (8, 2, 2, 1, 4),
        (8, 2, 2, 2, 2),
        (6, 1, 3, 2, 3),
        (16, 4, 4, 1, 4),
        (4, 4, 1, 1, 1),
    ]:
        blocks = l // b
        for h, p in enumerate(sr.openai_fixed(l, b, verts, v, heads)):
            cells = {blocks - 1 - (h % verts) * v - t for t in range(v)}
            expected = [
                [j <= i and (j // l == i // l or (j % l) // b in cells) for j in range(37)]
                for i in range(37)
            ]
            assert brute(p, 37).tolist() == expected


def test_openai_fixed_rounds_l_down_to_whole_blocks_as_published():
    assert sr.openai_fixed(8, 3) == sr.openai_fixed(6, 3)


def test_schemes_share_the_steps_among_layers_and_heads():
    f = sr.strided(3)
    assert [sr.Interleaved(f).at(layer, 5) for layer in range(3)] == [
        sr.Local(3),
        sr.Strided(3),
        sr.Local(3),
    ]
    assert sr.Merged(f).at(7, 1) == sr.Local(3) | sr.Strided(3)
    assert [sr.MultiHead(f).at(4, head) for head in range(3)] == [
        sr.Local(3),
        sr.Strided(3),
        sr.Local(3),
    ]
    assert f == sr.strided(3)
    assert len({f, sr.strided(3), sr.strided(4)}) == 2


@given(
    st.lists(patterns(most=12, leaves=2), min_size=1, max_size=3),
    patterns(most=12, leaves=2),
    st.integers(0, 12),
)
def test_branches_are_cut_one_by_one(given, p, n):
    branches = sr.Branches(tuple(given))
    assert (
        sr.multiplicity(branches & p, n)
        == sum(brute(each, n).astype(int) for each in given) * brute(p, n)
    ).all()
    assert (
        notation.read(repr(branches & p))
        == branches & p
        == notation.read(f"{branches!r} & ({p!r})")
    )


def test_branches_cut_keep_the_name_that_they_are_read_by():
    branches = sr.longnet((4, 8), (1, 2)) & (sr.Causal() | sr.Sinks(1)) & sr.Window(3)
    assert (
        repr(branches)
        == "longnet((4, 8), (1, 2), 0, 1, 'paper') & (Causal() | Sinks(1)) & Window(3)"
    )
    assert notation.read(repr(branches)) == branches
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = branches & 3
    for text in ("{} | Causal()", "Causal() & {}", "~{}"):
        with pytest.raises(notation.ParseError, match="an operand of"):
            notation.read(text.format("longnet((4,), (1,))"))


def test_a_notebook_shows_the_set_its_source_and_its_picture():
    shown = sr.Strided(4)._repr_html_()
    assert "mod l = 0" in shown
    assert "Child et al. 2019" in shown
    assert "def formula(i, j, l):\n    return (j &lt;= i) &amp; ((i - j) % l == 0)" in shown
    assert "█" in shown
    assert "Listed" in sr.Listed([0, 1], [0])._repr_html_()
    union = (sr.Local(4) | ~sr.Strided(4) | sr.Local(4))._repr_html_()
    assert union.count("def formula") == 2
    assert union.count("Child et al. 2019") == 2
    assert sr.strided(4)._repr_html_().count("█") == sum(
        sr.picture(p, 16).count("█") for p in sr.strided(4).steps
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: sr.Window(3),
        lambda: sr.Causal() & ~sr.Strided(2),
        lambda: sr.Blockwise(sr.Causal(), 2),
        lambda: sr.Shifted(sr.Window(3), -2),
        lambda: sr.Documents((4, 6), sr.Causal()),
        lambda: sr.Grid((2, 5), (sr.Full(), sr.Window(1))),
        lambda: sr.Random(10, 3, 0),
        lambda: sr.Listed.of_rows([[0, 3]] * 10),
    ],
)
def test_a_row_is_asked_for_by_integers_of_any_type(make):
    p = make()
    for dtype in (np.uint8, np.int8, np.uint64, np.int64):
        assert p.row(dtype(5), dtype(10)).tolist() == p.row(5, 10).tolist()
        assert bool(p.contains(dtype(1), dtype(1))) == bool(p.contains(1, 1))
    for i, n, error, said in [
        (2.5, 10, TypeError, "i must be an integer, got 2.5"),
        (True, 10, TypeError, "i must be an"),
        (2, 2.5, TypeError, "n must be an integer, got 2.5"),
        (2, -1, ValueError, "n must be at least 0"),
        ("a", 10, TypeError, "i must be an integer, got 'a'"),
    ]:
        with pytest.raises(error, match=said):
            p.row(i, n)


@dataclass(frozen=True)
class Seen(Rule):
    """A rule of a user, whose positions are given as they come."""

    positions: tuple[int, ...]
    least = 0

    @staticmethod
    def formula(i, j, positions):
        return sr.define.isin(j, positions) & (j <= i)

    @staticmethod
    def solution(i, n, positions):
        return tuple(
            span(start + 0 * i, np.minimum(stop, i + 1))
            for start, stop in sr.define.intervals(positions)
        )


def test_a_tuple_of_positions_is_a_set_of_them():
    p = Seen((5, 0, 3, 3))
    assert p == Seen([0, 3, 5])
    assert p.positions == (0, 3, 5)
    assert_tied(p, 8)
    assert_tied(Seen(()), 4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sr.bigbird_hf(16, 2, 3, 0, True).patterns[0],
        lambda: sr.reformer_local(16, 4, circular=False),
        lambda: sr.deepspeed_bigbird(16),
        lambda: sr.deepspeed_bigbird(16, 2, seed=1),
        *[lambda b=b: sr.bigbird_google(16, 1, 2, 1).patterns[b] for b in range(3)],
    ],
)
def test_what_takes_a_length_is_stated_for_it_alone(make):
    p = make()
    assert p.own_length == 16
    for n in (0, 15, 17, (16, 20)):
        for lowered in (sr.csr, sr.dense, sr.nnz, sr.plan, sr.picture):
            with pytest.raises(ValueError, match="is stated for n = 16"):
                lowered(p, n)
