"""Puzzles 27 to 29: paths as `sr.paths` finds them, and a proof that 70 pairs are the fewest."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.puzzles import find
from sparse_ref.puzzles.kinds.steps_kind import StepPair, pair_count, reach
from sparse_ref.puzzles.thirty import connections

N = 24


def mistake_of(answer):
    """The mistake that the checker names; the answer must be wrong."""
    verdict = sr.puzzles.check(answer)
    assert not verdict
    return verdict.mistake


def listed(mask):
    return sr.Listed.of_rows([np.flatnonzero(row).tolist() for row in mask])


def test_the_claims_are_what_paths_say():
    layers = sr.Lookback(4), sr.Strided(4)
    reaches = sr.paths.reach(layers, N)
    assert (reaches == np.tri(N, dtype=bool)).all()
    hops = sr.paths.hops([sr.Dilated(2, 2)], 24)
    i, j = np.indices((24, 24))
    assert ((hops < 0) == (i % 2 != j % 2)).all()


def test_a_window_one_key_narrower_does_not_connect_all():
    """Negative control of puzzle 27: with 3 keys some pairs have no position between."""
    layers = sr.Lookback(3), sr.Strided(4)
    reaches = sr.paths.reach(layers, N)
    assert not reaches[np.tri(N, dtype=bool)].all()


@pytest.mark.parametrize("seed", range(5))
def test_reach_is_that_of_paths(seed):
    masks = np.random.default_rng(seed).random((2, N, N)) < 0.15
    steps = StepPair(*(np.tril(mask) for mask in masks))
    wanted = sr.paths.reach([listed(mask) for mask in steps], N)
    assert (reach(steps) == wanted).all()


def test_the_hubs_join_all_pairs_with_seventy():
    steps = StepPair(*find("two_steps").reference())
    assert pair_count(steps) == connections.FEWEST == 70
    reaches = sr.paths.reach([listed(mask) for mask in steps], N)
    assert (reaches == np.tri(N, dtype=bool)).all()
    assert sum(sr.nnz(listed(mask), N) for mask in steps) == 70


def test_no_two_causal_steps_join_all_pairs_with_fewer():
    """Each pair at distance 1, 3, 7 or 15 needs a pair of a step that no other of them needs.

    A path j, a, i has one part longer than the other, for the distance is odd. If that part is (a,
    j) of the lower step, its length says which distance it serves, and j says which pair; so does i
    if it is (i, a) of the upper step. A direct pair is its own longer part.
    """
    users = {}
    for distance in (1, 3, 7, 15):
        for i in range(distance, N):
            j = i - distance
            for a in range(j, i + 1):
                is_lower = a - j > i - a
                longer = ("lower", a, j) if is_lower else ("upper", i, a)
                users.setdefault(longer, set()).add((i, j))
    assert all(len(pairs) == 1 for pairs in users.values())
    assert len(set().union(*users.values())) == 70


def test_the_argument_needs_its_distances():
    """Negative control: with distance 5 as well, a pair would serve two of them."""
    of_three = range(2, 3 + 1)  # from half of the distance, rounded up, to all of it
    of_five = range(3, 5 + 1)
    assert set(of_three) & set(of_five)


def test_steps_may_be_patterns_or_arrays():
    def two_steps():
        i, j = np.indices((24, 24))
        return sr.Lookback(6), (j <= i) & (i % 6 == j % 6)

    assert mistake_of(two_steps).startswith("this is strided attention, which connects all")


def tree_of_hubs(shift):
    """Both steps of the tree in which each half has its hub in the middle, moved by the shift."""
    lower, upper = np.zeros((2, 24, 24), bool)
    parts = [(0, 24)]
    while parts:
        start, stop = parts.pop()
        if stop - start < 2:
            continue
        hub = (start + stop + shift) // 2
        lower[hub, start:hub] = True
        upper[hub + 1 : stop, hub] = True
        parts += [(start, hub), (hub + 1, stop)]
    return lower, upper


def test_another_tree_with_seventy_pairs_is_right():
    def two_steps():
        return tree_of_hubs(-1)

    assert sr.puzzles.check(two_steps)


@pytest.mark.parametrize(("steps", "mistake"), [
    ((sr.Lookback(5), sr.Strided(6)), "key 0 does not reach query 5: 40 pairs have no path"),
    ((sr.Causal(), sr.Strided(6)), "312 pairs in the two steps: 242 more than the fewest, 70"),
    ((sr.Window(1), sr.Causal()), "the future leaks: in the lower step query 0 reads key 1"),
    ((sr.Causal(), sr.Window(1)), "the future leaks: in the upper step query 0 reads key 1"),
    ((sr.Causal(),), "the answer must be two steps, (lower, upper)"),
    ((np.eye(23) > 0, sr.Causal()), "a bool array (24, 24), got bool of shape (23, 23)"),
    ((np.eye(24), sr.Causal()), "a bool array (24, 24), got float64 of shape (24, 24)"),
    ((sr.natten(12, 3), sr.Causal()), "is stated for n = 12, got n = 24"),
])  # fmt: skip
def test_steps_that_fail_are_named(steps, mistake):
    def two_steps():
        return steps

    assert mistake in mistake_of(two_steps)


def test_one_pair_too_many_is_counted():
    def two_steps():
        lower, upper = tree_of_hubs(0)
        upper[23, 0] = True
        return lower, upper

    assert "71 pairs in the two steps: 1 more than the fewest, 70" in mistake_of(two_steps)


@pytest.mark.parametrize(("value", "mistake"), [
    (lambda j, i: (i + j) // 2, "does not read"),
    (lambda j, i: i, "a = 4 does not read j = 0: its last 4 keys are 1 to 4"),
    (lambda j, i: j, "i = 1 does not read a = 0"),
    (lambda j, i: i - (i - j) % 4, "the layers are exchanged"),
    (lambda j, i: 0.5 + i, "the answer must be a position or -1, got 0.5"),
])  # fmt: skip
def test_positions_that_fail_are_named(value, mistake):
    def middle_position(j, i):
        return value(j, i)

    assert mistake in mistake_of(middle_position)


@pytest.mark.parametrize(("value", "mistake"), [
    ((8, 6, 0), "n = 8, i = 6, j = 0 is no counterexample: key 0 reaches query 6 in 2 layers"),
    ((2, 2, 0), "i and j must be from 0 to n - 1"),
    ((2, 0, 1), ""),
    ((24, 17, 0), "there is a smaller counterexample"),
    ((100, 17, 0), "n at most 64"),
])  # fmt: skip
def test_counterexamples_are_checked(value, mistake):
    def dilated_connects_all():
        return value

    verdict = sr.puzzles.check(dilated_connects_all)
    assert bool(verdict) == (not mistake)
    assert mistake in verdict.mistake
