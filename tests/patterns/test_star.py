"""Star-Transformer: the context of each node as the paper lists it; and paths: two layers join any
two satellites.
"""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr


def context(n, circular):
    """The keys of the relay and of each satellite, by name: 0 the relay, (1, i) satellite i, (2, i)
    its embedding.
    """
    yield {0} | {(1, i) for i in range(1, n + 1)}
    for i in range(1, n + 1):
        near = {(i + by - 1) % n + 1 if circular else i + by for by in (-1, 0, 1)}
        yield {0, (2, i)} | {(1, a) for a in near if 1 <= a <= n}


@given(st.integers(1, 20), st.booleans())
def test_each_node_sees_its_context(n, circular):
    names = [0, *[(1, i) for i in range(1, n + 1)], *[(2, i) for i in range(1, n + 1)]]
    expected = [[name in keys for name in names] for keys in context(n, circular)]
    p = sr.star(n, circular)
    assert brute(p, (n + 1, 2 * n + 1)).tolist() == expected
    assert (sr.dense(p, (n + 1, 2 * n + 1)) == expected).all()


@given(st.integers(1, 12), st.booleans())
def test_embeddings_are_keys_alone(n, circular):
    assert not brute(sr.star(n, circular), 2 * n + 1)[n + 1 :].any()


def test_a_picture_of_the_code_without_its_ghosts():
    assert sr.picture(sr.star(4, circular=False), (5, 9)).split("\n") == [
        "█████····",
        "███··█···",
        "████··█··",
        "█·███··█·",
        "█··██···█",
    ]


@pytest.mark.parametrize("n", [3, 4, 9, 20])
def test_the_relay_joins_any_two_satellites_in_two_layers(n):
    hops = sr.paths.hops([sr.star(n)], 2 * n + 1)[: n + 1, : n + 1]
    ring = sr.Chunk(n, 1) & (sr.Window(1) | sr.Band(n - 1, 1 - n) | sr.Band(1 - n, n - 1))
    assert hops.max() == (2 if n > 3 else 1)
    assert sr.paths.hops([ring], n + 1)[1:, 1:].max() == n // 2, (
        "without the relay, half-way round the ring"
    )


def test_a_star_has_no_path_through_all_of_its_nodes_and_the_ring_has_one():
    """Yun et al. 2020, Assumption 1, asks for a path through all positions."""

    def path(held):
        return any(all(held[b, a] for a, b in pairwise(order)) for order in permutations(range(6)))

    assert not path(brute(sr.Global(1), 6))
    assert path(brute(sr.star(5), (6, 11)))


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: sr.star(0), ValueError, "star: n must be at least 1, got 0"),
        (lambda: sr.star(4, circular=1), TypeError, "star: circular must be True or False, got 1"),
        (lambda: sr.star(4).row(0, 8), ValueError, "stated for n = 9, got n = 8"),
    ],
)
def test_bad_values_are_refused_by_name(make, error, said):
    with pytest.raises(error, match=said):
        make()
