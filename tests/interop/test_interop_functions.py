"""Round trips, and errors: mask functions and their source, by broadcast and pair by pair."""

import ast
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RULES, instances, mask, patterns, patterns_at, shapes

import sparse_ref as sr
from sparse_ref import interop
from sparse_ref.interop.functions import leaves_without_formula

SMALL = st.tuples(st.integers(0, 30), st.integers(0, 30))
HEADS = st.lists(patterns(most=8), min_size=2, max_size=4)


def evaluated(fn, n, h=0):
    """The mask of a function (b, h, q, kv) -> bool, asked about all pairs at once."""
    return np.broadcast_to(fn(0, h, np.arange(n[0])[:, None], np.arange(n[1])[None, :]), n)


def executed(source, name="mask_mod"):
    """The function that a source text defines, in a room without names."""
    room = {"__builtins__": {}}
    exec(compile(ast.parse(source), "<source>", "exec"), room)
    assert set(room) == {"__builtins__", name}
    return room[name]


def test_golden_source():
    assert interop.mask_mod_source(
        (sr.Strided(4), sr.GlobalAt((0, 5, 6))), name="allows"
    ) == "\n".join(
        [
            "def allows(b, h, q_idx, kv_idx):",
            "    '''(Strided(4), GlobalAt((0, 5, 6)))'''",
            "    return (",
            "        (h == 0) & ((kv_idx <= q_idx) & ((q_idx - kv_idx) % 4 == 0)) "
            "| (h == 1) & ((q_idx == 0) | (5 <= q_idx)",
            "        & (q_idx < 7) | ((kv_idx == 0) | (5 <= kv_idx) & (kv_idx < 7))))",
        ]
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_source_of_every_rule_is_its_set(rule):
    for p in instances(rule, most=3):
        n = (p.own_length,) * 2 if p.own_length is not None else (7, 9)
        assert np.array_equal(evaluated(executed(interop.mask_mod_source(p)), n), mask(p, n)), (
            f"{p!r}"
        )


@given(patterns(), shapes(40))
def test_the_function_and_its_source_are_the_set(p, n):
    assert np.array_equal(evaluated(interop.mask_mod(p), n), mask(p, n))
    assert np.array_equal(evaluated(executed(interop.mask_mod_source(p)), n), mask(p, n))


@given(patterns(most=8), st.integers(0, 40), st.integers(0, 40))
def test_the_function_and_its_source_answer_plain_ints_alike(p, i, j):
    expected = bool(mask(p, (i + 1, j + 1))[i, j])
    for fn in (interop.mask_mod(p), executed(interop.mask_mod_source(p))):
        answer = fn(0, 0, i, j)
        assert isinstance(answer, bool)
        assert answer == expected


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), patterns_at(n, most=8))))
def test_patterns_of_one_length_have_functions_unless_they_are_drawn(drawn):
    n, p = drawn
    if leaves_without_formula(p):
        for out in (interop.mask_mod, interop.mask_mod_source):
            with pytest.raises(TypeError, match=r"^p must be stated by formulas"):
                out(p)
    else:
        for fn in (interop.mask_mod(p), executed(interop.mask_mod_source(p))):
            assert np.array_equal(evaluated(fn, (n, n)), mask(p, n)), f"{p!r}"


def test_many_positions_nest_no_deeper_than_python_reads():
    p = sr.GlobalAt(range(1, 9000, 2)) | sr.Documents((3,) * 3000)
    fn, i, j = interop.mask_mod(p), np.arange(0, 9000, 77)[:, None], np.arange(0, 9000, 71)
    assert fn.__name__ == "mask_mod", "what the source says, not `contains`"
    assert np.array_equal(fn(0, 0, i, j), (i % 2 == 1) | (j % 2 == 1) | (i // 3 == j // 3))


def test_a_rule_without_a_source_is_asked_itself():
    room = {"sr": sr}
    exec(TYPED_IN, room)
    p = room["Past"]() & sr.Local(3)
    with pytest.raises(
        TypeError, match=r"^p must have formulas whose source can be read, got Past\(\)"
    ):
        interop.mask_mod_source(p)
    assert np.array_equal(evaluated(interop.mask_mod(p), (9, 9)), mask(sr.Local(3), 9))
    assert np.array_equal(
        evaluated(interop.mask_mod((sr.Full(), p)), (9, 9), 1), mask(sr.Local(3), 9)
    )


TYPED_IN = """
class Past(sr.define.Rule):
    formula = staticmethod(lambda i, j: j <= i)
    parameters = ()
    def __init__(self): pass
    def __repr__(self): return "Past()"
    def __hash__(self): return 0
"""


@given(HEADS, SMALL)
def test_each_head_has_its_own_pattern_and_heads_beyond_have_none(heads, n):
    for fn in (interop.mask_mod(heads), executed(interop.mask_mod_source(heads))):
        for h, p in enumerate(heads):
            assert np.array_equal(evaluated(fn, n, h), mask(p, n)), f"{p!r}"
        assert not evaluated(fn, n, len(heads)).any()
        grid = fn(
            0, np.arange(len(heads))[:, None, None], np.arange(n[0])[:, None], np.arange(n[1])
        )
        assert np.array_equal(
            np.broadcast_to(grid, (len(heads), *n)), np.stack([mask(p, n) for p in heads])
        )


@given(patterns(), shapes())
def test_functions_come_back_as_listed_patterns(p, n):
    for fn in (
        interop.mask_mod(p),
        p.contains,
        partial(lambda given, b, h, q, kv, more=1: given.contains(q, kv), p),
    ):
        found = interop.from_mask_mod(fn, n)
        assert isinstance(found, sr.Listed)
        assert np.array_equal(sr.dense(found, n), mask(p, n))


@given(HEADS, SMALL)
def test_functions_of_heads_come_back_as_a_tuple(heads, n):
    found = interop.from_mask_mod(interop.mask_mod(heads), n, heads=len(heads))
    assert isinstance(found, tuple)
    assert isinstance(interop.from_mask_mod(interop.mask_mod(heads), n, heads=1), tuple)
    assert [sr.dense(p, n).tolist() for p in found] == [mask(p, n).tolist() for p in heads]


def test_a_function_is_asked_about_its_batch_element_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr("sparse_ref.interop.heads.PAIRS_PER_SLAB", 160)
    lengths, asked = np.array([4, 7]), []

    def padded(b, h, q, kv):
        asked.append(q.shape)
        return (kv <= q) & (kv < lengths[b])

    found = interop.from_mask_mod(padded, 20, batch=1)
    assert asked == [(8, 1), (8, 1), (4, 1)]
    assert np.array_equal(sr.dense(found, 20), sr.dense(sr.Causal() & sr.Prefix(7), 20))


def test_numpy_functions_and_constants_are_functions_too():
    assert np.array_equal(
        sr.dense(interop.from_mask_mod(np.greater_equal, 5), 5), sr.dense(sr.Causal(), 5)
    )
    assert np.array_equal(
        sr.dense(interop.from_mask_mod(lambda q, kv: True, (2, 3)), (2, 3)), np.ones((2, 3), bool)
    )


@dataclass(frozen=True)
class Halves(sr.define.Rule):
    """A rule whose formula reads names of its module."""

    @staticmethod
    def formula(i, j):
        return (j <= i // TWO) & (sr.define.isin(j, EVEN) | sr.define.rank(i - j, EVEN) == THREE)

    @staticmethod
    def solution(i, n):
        return sr.define.span(0, i // TWO + 1)


class Called(Halves):
    """A rule whose formula calls a function."""

    @staticmethod
    def formula(i, j):
        return j <= half(i)


def half(i):
    return i // TWO


TWO, THREE, EVEN = 2, "three", (0, 2, 4)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: interop.mask_mod(sr.Causal() & sr.Listed([0, 1], [0])),
            TypeError,
            r"^p must be stated by formulas to be a mask_mod, got Listed.* "
            r"interop\.torch_block_mask\(p, n\) looks its keys up",
        ),
        (
            lambda: interop.mask_mod_source(sr.Random(4, 2, 0)),
            TypeError,
            "^p must be stated by formulas to have a source, got Random",
        ),
        (
            lambda: interop.mask_mod_source(Halves()),
            TypeError,
            "^p must have formulas of integers only, got 'THREE' in one",
        ),
        (
            lambda: interop.mask_mod_source(Called()),
            TypeError,
            r"^p must have formulas without calls .* got half\(i\)",
        ),
        (
            lambda: interop.mask_mod_source(sr.Causal(), name="no name"),
            ValueError,
            "^name must be a Python name, got 'no name'",
        ),
        (
            lambda: interop.mask_mod_source(sr.Causal(), name="def"),
            ValueError,
            "^name must be a Python name, got 'def'",
        ),
        (
            lambda: interop.mask_mod(sr.Branches((sr.Causal(),))),
            TypeError,
            "^p .* is 1 branches, not one set",
        ),
        (
            lambda: interop.mask_mod(None),
            TypeError,
            "^p must be a Pattern, or a sequence with one for each head, got None",
        ),
        (
            lambda: interop.from_mask_mod(lambda score, b, h, q, kv: score, 3),
            TypeError,
            "^fn must take .* got 5 arguments",
        ),
        (
            lambda: interop.from_mask_mod(np.ones((3, 3), bool), 3),
            TypeError,
            "^fn must be a function of",
        ),
        (
            lambda: interop.from_mask_mod(lambda q, kv: (kv <= q) * 1, 3),
            TypeError,
            "^fn must return bools, .* got int64",
        ),
        (
            lambda: interop.from_mask_mod(lambda q, kv: np.ones((2, 2), bool), 3),
            ValueError,
            r"^fn must return shape \(3, 3\) or one that broadcasts to it, got \(2, 2\)",
        ),
        (
            lambda: interop.from_mask_mod(np.less, 3, heads=2),
            TypeError,
            "^heads must be None for a function of",
        ),
        (
            lambda: interop.from_mask_mod(np.less, 3, heads=0),
            ValueError,
            "^heads must be at least 1, got 0",
        ),
        (
            lambda: interop.from_mask_mod(np.less, 3, framework="jax"),
            ValueError,
            "^framework must be one of numpy, torch, got 'jax'",
        ),
        (lambda: interop.from_mask_mod(np.less, -3), ValueError, "^n must be at least 0, got -3"),
    ],
)
def test_errors_name_the_argument_the_value_and_the_bound(call, error, said):
    with pytest.raises(error, match=said):
        call()
