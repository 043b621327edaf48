"""The order of sets without structure, compared with the same choice made with Python's sets."""

import numpy as np
from hypothesis import given
from strategies import patterns, shapes

import sparse_ref as sr
from sparse_ref.lower import all_runs
from sparse_ref.lower.tiles.overlap import overlap_positions, take_most


@given(patterns(), shapes(most=150))
def test_a_leader_takes_those_that_hold_most_of_its_keys(p, n):
    sets = all_runs(p, n)
    place, listed = overlap_positions(sets), sr.csr(p, n)
    assert sorted(place) == list(range(n[0]))
    order, keys = (
        np.argsort(place),
        [set(row) for row in np.split(listed.indices, listed.indptr[1:-1])],
    )
    left, at = set(range(n[0])), 0
    while left:
        leader = min(left)
        assert order[at] == leader
        left.remove(leader)
        own = np.split(listed.indices, listed.indptr[1:-1])[leader]
        asked = {own[t * len(own) // min(len(own), 64)] for t in range(min(len(own), 64))}
        common = {row: len(asked & keys[row]) for row in left if asked & keys[row]}
        followers = order[at + 1 : at + 1 + min(63, len(common))]
        assert set(followers) <= set(common)
        assert sorted(common[row] for row in followers) == sorted(common.values())[::-1][:63][::-1]
        left, at = left - set(followers), at + 1 + len(followers)


def test_those_met_first_come_first_among_equals():
    common, left, place = np.array([0, 2, 3, 2, 2]), np.ones(5, bool), np.full(5, -1)
    assert take_most(common, np.array([4, 2, 1, 3]), 2, left, place, 7) == 9
    assert place.tolist() == [-1, -1, 8, -1, 7]
    assert left.tolist() == [True, True, False, True, False]
    assert not common.any()


def test_lsh_chunks_that_see_the_one_before_and_not_themselves_stand_in_their_tiles():
    rng = np.random.default_rng(0)
    chunks = rng.permutation(2048).reshape(-1, 64)
    rows = {}
    for c, chunk in enumerate(chunks):
        for i in chunk:
            rows[i] = np.setdiff1d(np.concatenate([chunks[c - 1], chunk]), [i])
    lowered = sr.plan(sr.Listed.of_rows([rows[i] for i in range(2048)]), 2048)
    assert lowered.chunks == 64
    assert lowered.waste < 0.01
