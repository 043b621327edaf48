"""Paths: the conditions of Yun et al. 2020 and of BigBird, by `contains` and by brute force."""

from functools import reduce
from itertools import islice, pairwise
from operator import or_

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from products import has_hamiltonian_path, products
from strategies import mask, patterns, patterns_at

import sparse_ref as sr
from sparse_ref.paths.finite import hamiltonian as room
from sparse_ref.paths.finite.hamiltonian import hamiltonian, parts_without


@st.composite
def stacks(draw, most=8):
    """(one to three layers, n)"""
    n = draw(st.integers(1, most))
    return tuple(draw(st.lists(patterns_at(n, most=8, leaves=3), min_size=1, max_size=3))), n


def assert_path_condition(found, steps, n):
    """The evidence of the second part, by `contains` alone."""
    held = reduce(or_, (mask(p, n) for p in steps))
    if found.holds:
        assert sorted(found.evidence.tolist()) == list(range(n))
        assert all(
            any(p.contains(b, a) for p in steps) for a, b in pairwise(found.evidence.tolist())
        )
    elif isinstance(found.evidence, tuple):
        one, other = found.evidence
        assert (one.j, one.i) == (other.i, other.j) and one.holds() and other.holds()
        assert not one.residual and len(one.sets) == 1
    elif found.evidence is not None:
        left = np.setdiff1d(np.arange(n), found.evidence)
        apart = parts_of((held | held.T)[np.ix_(left, left)])
        assert len(apart) > len(found.evidence) + 1


def parts_of(joined):
    """The connected parts of a symmetric matrix, as sets."""
    parts = []
    for x in range(len(joined)):
        near = [part for part in parts if any(joined[x, y] for y in part)]
        parts = [part for part in parts if part not in near] + [{x}.union(*near)]
    return parts


@given(stacks())
def test_each_part_is_what_brute_force_finds(stack):
    steps, n = stack
    masks = [mask(p, n) for p in steps]
    found = sr.paths.universality(steps, n)
    assert found.loops.holds == all(m.diagonal().all() for m in masks)
    if not found.loops:
        m, k = found.loops.evidence
        assert not steps[m - 1].contains(k, k)
    assert found.path.holds == has_hamiltonian_path(reduce(or_, masks))
    assert_path_condition(found.path, steps, n)
    full = [u for u, made in enumerate(islice(products(masks, False), 1, 200), 1) if made.all()]
    assert found.mixing.holds == bool(full)
    if full:
        assert found.mixing.evidence == full[0]
    elif found.mixing.evidence is not None:
        assert found.mixing.evidence.holds() and not found.mixing.evidence.residual
    assert bool(found) == bool(found.loops.holds and found.path.holds and found.mixing.holds)
    assert str(found).count("\n") == 3


@given(st.integers(2, 12), st.integers(1, 5))
def test_strided_both_ways_meets_all_with_s_2(n, l):
    found = sr.paths.universality([sr.Window(l), sr.Dilated(100, l)], n)
    assert found and found.mixing.evidence == (1 if l >= n - 1 else 2)


def both_ways_fixed(n, l, c, own):
    """Blocks and their last c positions, without causality; `own` adds { k }."""
    last = [a for a in range(n) if a % l >= l - c]
    return sr.Chunk(l), sr.Listed.of_rows([[*last, *([k] if own else [])] for k in range(n)])


def test_literal_fixed_has_no_self_loops_and_meets_all_with_them():
    causal = sr.paths.universality(sr.fixed(4), 16)
    assert causal.loops.holds is False and causal.loops.evidence == (2, 0)
    assert (
        str(causal).split("\n")[1]
        == "self-loops        fails: 0 does not attend to itself in layer 2, Summary(4, 1)"
    )
    literal = sr.paths.universality(both_ways_fixed(16, 4, 1, own=False), 16)
    assert (
        not literal
        and literal.loops.evidence == (2, 0)
        and literal.path
        and literal.mixing.evidence == 2
    )
    mended = sr.paths.universality(both_ways_fixed(16, 4, 1, own=True), 16)
    assert mended and mended.mixing.evidence == 2


@given(patterns(most=8), st.integers(2, 10))
def test_causal_patterns_never_meet_the_third(p, n):
    """S_0^u holds nothing after 0."""
    found = sr.paths.universality([(p & sr.Causal()) | sr.Window(0)], n)
    assert found.loops and found.mixing.holds is False
    assert found.mixing.evidence.holds() and found.mixing.evidence.i < found.mixing.evidence.j


@pytest.mark.parametrize("n", [4, 9, 100, 4096])
def test_a_star_alone_has_no_path(n):
    """Not covered by Yun et al., but by BigBird: without the centre, n - 1 parts are left."""
    found = sr.paths.universality([sr.Global(1) | sr.Window(0)], n)
    assert found.loops and found.mixing.evidence == 2
    assert found.path.holds is False and found.path.evidence.tolist() == [0]
    assert (
        f"without 1 position (0) there are {n - 1} parts, of which a path joins at most 2"
        in str(found)
    )
    assert sr.paths.contains_star(sr.Global(1) | sr.Window(0), n).centres.tolist() == [0]


@pytest.mark.parametrize("n", [5, 9, 1000])
def test_ring_and_relay_meet_all(n):
    ring = sr.Global(1) | sr.Window(1) | sr.Band(n - 2, 2 - n) | sr.Band(2 - n, n - 2)
    found = sr.paths.universality([ring], n)
    assert found and found.mixing.evidence == 2


@pytest.mark.parametrize(
    ("n", "radius"), [(256, 8), (257, 8), (100, 7), (2, 1), (50, 49), (32768, 181)]
)
def test_windows_need_as_many_layers_as_they_fit_in(n, radius):
    found = sr.paths.universality([sr.Window(radius)], n)
    assert found and found.mixing.evidence == -(-(n - 1) // radius)


def test_orders_by_remainders():
    """Even positions down to the global 0, then odd ones up; columns of a grid, up and down."""
    assert hamiltonian((sr.Dilated(1, 2) | sr.Global(1),), 9).evidence.tolist() == [
        8,
        6,
        4,
        2,
        0,
        1,
        3,
        5,
        7,
    ]
    assert hamiltonian((sr.axial((3, 4), 0), sr.axial((3, 4), 1)), 12)


def test_a_search_finds_what_no_natural_order_is():
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 60, 5).tolist() for _ in range(60)]
    for a, b in pairwise(rng.permutation(60).tolist()):
        rows[b].append(a)
    found = hamiltonian((sr.Listed.of_rows(rows),), 60)
    assert_path_condition(found, [sr.Listed.of_rows(rows)], 60)
    assert found.holds is True


def test_what_is_not_known_is_said(monkeypatch):
    monkeypatch.setattr(room, "MAX_VISITS", 3)
    rng = np.random.default_rng(1)
    found = hamiltonian(
        (sr.Listed.of_rows([rng.integers(0, 200, 3).tolist() for _ in range(200)]) | sr.Global(1),),
        200,
    )
    assert found.holds is None and not found
    assert (
        str(found)
        == "unknown: a search of 3 visits found no order, and no proof that there is none"
    )
    assert str(hamiltonian((sr.Random(5000, 3, 0),), 5000)) == (
        "unknown: no natural order does it, and others are tried only up to n = 4096"
    )


def test_products_without_self_loops():
    """A ring repeats; with one other chord all is reached at last; an empty row reads nothing."""
    ring = sr.paths.universality([sr.Listed.of_rows([[3], [0], [1], [2]])], 4)
    assert ring.mixing.holds is False
    assert ring.mixing.reason == "the sets after 5 layers are those after 1, and never complete"
    assert sr.paths.universality(
        sr.fixed(4), 16
    ).mixing.evidence.holds()  # not without loops either: no position reaches an earlier one
    chord = sr.paths.universality([sr.Listed.of_rows([[3, 2], [0], [1], [2]])], 4)
    assert chord.mixing.evidence == 10  # Wielandt: (n - 1)^2 + 1
    assert sr.paths.universality([sr.Band(1, -1)], 4).mixing.holds is False
    assert sr.paths.universality([sr.Band(1, -1)], 1).mixing.holds is False


def test_products_that_come_to_no_end_are_not_known(monkeypatch):
    monkeypatch.setattr("sparse_ref.paths.finite.universality.MAX_PAIRS", 0)
    found = sr.paths.universality([sr.Listed.of_rows([[9, 10], *([k] for k in range(10))])], 11)
    assert found.mixing.holds is None and not found
    assert found.mixing.reason == "not all is reached after 64 layers, the most that are tried"


@given(st.data(), st.integers(1, 9))
def test_stars_are_what_brute_force_finds(data, n):
    p = data.draw(
        patterns_at(n, most=8, leaves=3)
        | st.sampled_from([sr.Global(2) | sr.Window(0), sr.Full(), sr.GlobalAt((1, 3))])
    )
    held, found = mask(p, n), sr.paths.contains_star(p, n)
    loops = held.diagonal()
    centres = [
        c
        for c in range(n)
        if all(held[c, i] and held[i, c] and loops[i] for i in range(n) if i != c)
    ]
    assert found.centres.tolist() == centres
    assert bool(found) == bool(centres)
    if not centres:
        assert not p.contains(*found.missing_edge)


def test_stars_in_words():
    assert str(sr.paths.contains_star(sr.Window(1) | sr.GlobalAt((0, 7)), 8)).endswith(
        "(n = 8) contains a star around 0, 7"
    )
    assert (
        str(sr.paths.contains_star(sr.Full(), 9))
        == "Full() (n = 9) contains a star around 0, 1, 2, 3, 4, 5, ..., 8"
    )
    assert str(sr.paths.contains_star(sr.Prefix(1) | sr.Window(1), 5)) == (
        "Prefix(1) | Window(1) (n = 5) contains no star: "
        "0 is read by 4 of 4 others and reads 1, but not 2"
    )
    assert str(sr.paths.contains_star(sr.Global(1), 5)) == (
        "Global(1) (n = 5) contains no star: "
        "0 is read by 4 of 4 others and reads 4, but 1 does not attend to itself"
    )
    assert sr.paths.contains_star(sr.Full(), 32768).centres.tolist() == list(range(32768))
    assert sr.paths.contains_star(sr.Window(3), 1)


def test_parts_of_long_chains():
    a = np.arange(999)
    assert parts_without(a + 1, a, np.array([400, 500]), 1000) == 3
    assert parts_without(a + 1, a, np.array([0, 999]), 1000) == 1


def test_refusals():
    for conditions in (
        lambda n: sr.paths.universality([sr.Window(1)], n),
        lambda n: sr.paths.contains_star(sr.Window(1), n),
    ):
        with pytest.raises(ValueError, match="n must be at least 1, got 0"):
            conditions(0)
        with pytest.raises(ValueError, match=r"n must be at most 32768 .* got 32769"):
            conditions(32769)
    with pytest.raises(TypeError, match=r"pattern must be a Pattern, got \[Window\(1\)\]"):
        sr.paths.contains_star([sr.Window(1)], 4)
