"""Golden pictures and ties: hashed chunks against their definition, place by place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.selection import angular_buckets, bucket_order, lsh_sets, random_rotations


def multiplicities(buckets, keys, before, after, causal, same_bucket):
    """The multiset over all rounds, one comparison a pair of places in the sorted list."""
    rounds, n = buckets.shape
    places = [
        (r, j) for r in range(rounds) for j in sorted(range(n), key=lambda j: (buckets[r, j], j))
    ]
    count = len(places) // keys
    m = np.zeros((n, n), int)
    for s, (r, i) in enumerate(places):
        for offset in range(-before, after + 1):
            turn = offset if abs(offset) < count else 0
            chunk = (s // keys + turn) % count
            for t, j in places[chunk * keys : (chunk + 1) * keys]:
                is_key = i != j and (j <= i or not causal)
                is_alike = (t, buckets[t, j]) == (r, buckets[r, i])
                m[i, j] += is_key and (is_alike or not same_bucket)
    lonely = m.sum(axis=1) == 0
    m[lonely, lonely] = 1
    return m


@st.composite
def settings_of(draw):
    """(buckets, keys, before, after): chunks of 1 to 4, empty and full buckets."""
    keys, chunks, rounds = (draw(st.integers(1, most)) for most in (4, 5, 3))
    seed, kinds = draw(st.integers(0, 99)), draw(st.sampled_from([1, 2, 3, 30]))
    buckets = np.random.default_rng(seed).integers(0, kinds, (rounds, keys * chunks))
    return buckets, keys, draw(st.integers(0, 3)), draw(st.integers(0, 2))


@given(settings_of(), st.booleans(), st.booleans())
def test_the_branches_are_the_multiset_of_the_chunks(drawn, causal, same_bucket):
    buckets, keys, before, after = drawn
    sets = lsh_sets(buckets, keys, before, after, causal=causal, same_bucket=same_bucket)
    expected = multiplicities(buckets, keys, before, after, causal, same_bucket)
    assert (sr.multiplicity(sets, buckets.shape[1]) == expected).all()
    assert all(isinstance(p, sr.Listed) for p in sets)


def test_two_rounds_look_back_around_one_circle():
    """Round 0 is chunks 01 23 45 67, round 1 is 37 26 15 04: chunk 01 looks back at 04, and 37 at
    67. So 1 meets 0 twice, and 3 meets 7 twice.
    """
    sets = lsh_sets([[0, 0, 0, 0, 1, 1, 1, 1], [3, 2, 1, 0, 3, 2, 1, 0]], keys=2)
    expected = """
        ·█··█···  ·█··██··  ········  ········
        █···█···  ··█··██·  █·······  ········
        ██·█····  ···█··██  ········  ········
        ███·····  ······██  ········  ·······█
        ··██·█··  ██···█··  ········  ········
        ··███···  ·██···█·  ········  ········
        ····██·█  ··██···█  ········  ········
        ····███·  ···█··█·  ········  ········
    """
    assert str(sets.picture(8)).split() == expected.split()


def test_a_key_that_a_round_meets_twice_is_in_a_further_branch():
    """Two chunks in all, and two looked back: the second is the chunk itself again."""
    sets = lsh_sets([[0, 0, 0, 0]], keys=2, before=2)
    assert len(sets) == 2
    m = sr.multiplicity(sets, 4)
    assert m.tolist() == [[0, 2, 1, 1], [2, 0, 1, 1], [1, 1, 0, 2], [1, 1, 2, 0]]


def test_chunks_of_one_and_the_query_that_sees_nothing_else():
    """Each sees the place before its own; position 0 of the causal list has only itself."""
    sets = lsh_sets([[0, 0, 0, 0]], keys=1, causal=True)
    assert [sets.patterns[0].row(i, 4).tolist() for i in range(4)] == [[0], [0], [1], [2]]
    alone = lsh_sets([[0, 1, 2, 3]], keys=1, same_bucket=True)
    assert (sr.multiplicity(alone, 4) == np.eye(4)).all()
    assert (sr.multiplicity(lsh_sets([[7]], keys=1), 1) == 1).all()
    assert sr.nnz(lsh_sets(np.zeros((2, 0), int), keys=4).patterns[0], 0) == 0


def test_duplicate_keys_share_a_bucket_and_order_is_by_position_in_it():
    x = np.repeat(np.random.default_rng(0).standard_normal((3, 8)), 4, axis=0)
    rotations = random_rotations(1, rounds=2, width=8, buckets=16, seed=1)[0]
    buckets = angular_buckets(x, rotations)
    assert (buckets.reshape(2, 3, 4) == buckets[:, ::4, None]).all()
    order = bucket_order(buckets)
    for r in range(2):
        listed = list(zip(buckets[r, order[r]], order[r]))
        assert listed == sorted(listed)


@given(st.integers(0, 99), st.sampled_from([(2,), (4,), (2, 4), (4, 2, 6)]))
def test_factored_buckets_are_the_digits_of_one_number(seed, factors):
    """Each part of the columns hashes by itself; the first factor is the lowest digit."""
    total = sum(factors)
    x = np.random.default_rng(seed).standard_normal((2, 5, 3))
    rotations = random_rotations(2, rounds=3, width=3, buckets=total, seed=seed)
    buckets = angular_buckets(x, rotations, factors)
    for size, start in zip(factors, np.cumsum([0, *factors]) // 2):
        part = angular_buckets(x, rotations[..., start : start + size // 2])
        assert (buckets % size == part).all()
        buckets //= size
    assert not buckets.any()


def test_angular_buckets_are_the_nearest_of_the_directions_and_ignore_length():
    x = np.random.default_rng(3).standard_normal((20, 4))
    rotations = random_rotations(1, rounds=1, width=4, buckets=6, seed=0)[0]
    buckets = angular_buckets(x, rotations)[0]
    directions = np.concatenate([rotations[0], -rotations[0]], axis=1).T
    assert buckets.tolist() == [int(np.argmax([a @ row for a in directions])) for row in x]
    assert (angular_buckets(x * 7, rotations) == buckets).all()
    assert (angular_buckets(-x, rotations)[0] == (buckets + 3) % 6).all()
    assert (angular_buckets(0 * x, rotations) == 0).all()


@pytest.mark.parametrize(
    ("refused", "error", "message"),
    [
        (
            lambda: random_rotations(1, 1, 4, 5, 0),
            ValueError,
            r"buckets must be even \(angular LSH: x and -x\), got 5",
        ),
        (
            lambda: angular_buckets(np.ones((3, 4)), np.ones((1, 5, 2))),
            ValueError,
            r"rotations must have shape .* got \(1, 5, 2\) for \(3, 4\)",
        ),
        (
            lambda: angular_buckets(np.full((2, 1, 2), np.nan), np.ones((1, 2, 2))),
            ValueError,
            r"x must have no NaN when rotated, got one at \(0, 0, 0, 0\)",
        ),
        (
            lambda: angular_buckets(np.ones((1, 2)), np.ones((1, 2, 4)), (3, 5)),
            ValueError,
            r"factors must be even, of sum 8, .* got \(3, 5\)",
        ),
        (
            lambda: lsh_sets([[0, 1, 2]], keys=2),
            ValueError,
            r"n must be a multiple of keys = 2 \(Reformer, whole chunks\), got 3",
        ),
        (lambda: lsh_sets([[0.5]], keys=1), TypeError, "buckets must be integers, got float64"),
        (lambda: lsh_sets([0, 1], keys=1), ValueError, r"shape \(rounds, n\), got \(2,\)"),
        (lambda: lsh_sets([[0]], keys=0), ValueError, "keys must be at least 1, got 0"),
        (lambda: lsh_sets([[0]], 1, before=-1), ValueError, "before must be at least 0, got -1"),
    ],
)
def test_refusals(refused, error, message):
    with pytest.raises(error, match=message):
        refused()
