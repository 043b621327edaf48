"""Golden pictures, and the sets of chunked layers pair by pair, as their codes state them; models
whose layers take turns.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute, qkv

import sparse_ref as sr

SIDES = st.integers(0, 7)
CHUNKS = st.tuples(st.integers(1, 5), st.integers(1, 6))  # keys a chunk, chunks

CIRCLE = """\
██····██
██····██
████····
████····
··████··
··████··
····████
····████"""

AHEAD = """\
█·······
██······
███·····
████····
··███···
··████··
██··███·
██··████"""


def members(inside, n):
    """The mask of a set written as a Python condition."""
    return [[bool(inside(i, j)) for j in range(n)] for i in range(n)]


def test_the_pictures():
    assert sr.picture(sr.reformer_local(8, 2), 8) == CIRCLE
    assert sr.picture(sr.reformer_local(8, 2, before=1, after=1) & sr.Causal(), 8) == AHEAD
    assert sr.picture(sr.local_attention(2, look_forward=0), 8) == CIRCLE.replace(
        "██····██", "██······"
    )


@given(st.integers(1, 12), st.integers(-15, 15), st.integers(-15, 15))
def test_circular_is_a_band_around_a_circle(n, before, after):
    if before + after >= 0:
        around = [{(i + o) % n for o in range(-before, after + 1)} for i in range(n)]
        assert brute(sr.Circular(n, before, after), n).tolist() == members(
            lambda i, j: j in around[i], n
        )


@given(CHUNKS, SIDES, SIDES, st.booleans())
def test_reformer_local_sees_whole_chunks(chunks, before, after, circular):
    keys, count = chunks
    n = keys * count

    def inside(i, j):
        seen = [i // keys + o for o in range(-before, after + 1)]
        return j // keys in [c % count if circular else c for c in seen]

    assert brute(sr.reformer_local(n, keys, before, after, circular), n).tolist() == members(
        inside, n
    )


@given(CHUNKS, SIDES)
def test_causal_reformer_local_knows_no_circle_unless_it_looks_ahead(chunks, before):
    keys, n = chunks[0], chunks[0] * chunks[1]
    circle, line = (
        sr.reformer_local(n, keys, before, 0, circular) & sr.Causal() for circular in (True, False)
    )
    assert (brute(circle, n) == brute(line, n)).all()


@given(CHUNKS, SIDES, SIDES, st.booleans())
def test_reformer_local_hf_counts_a_chunk_as_often_as_it_is_met(chunks, before, after, causal):
    keys, count = chunks
    n = keys * count
    met = [0] if count == 1 else [o if abs(o) < count else 0 for o in range(-before, after + 1)]

    def times(i, j):
        return sum(j // keys == (i // keys + o) % count for o in met) * (not causal or j <= i)

    expected = [[times(i, j) for j in range(n)] for i in range(n)]
    branches, p = (
        sr.reformer_local_hf(n, keys, before, after),
        sr.reformer_local(n, keys, before, after),
    )
    branches, p = (branches & sr.Causal(), p & sr.Causal()) if causal else (branches, p)
    assert sr.multiplicity(branches, n).tolist() == expected
    assert ((np.array(expected) > 0) == brute(p, n)).all()


def test_attention_over_chunks_met_twice_weighs_their_keys_twice():
    n = 6
    branches = sr.reformer_local_hf(n, 3, before=1, after=1)
    q, k, v = qkv((n, n), dtype=np.float64)
    weights = sr.multiplicity(branches, n) * np.exp(q[0] @ k[0].T / np.sqrt(8))
    assert (sr.multiplicity(branches, n).sum(axis=1) == 9).all()
    np.testing.assert_allclose(
        sr.attend(q, k, v, branches)[0],
        weights @ v[0] / weights.sum(axis=1, keepdims=True),
        atol=1e-12,
    )


@pytest.mark.parametrize("n", [1, 3, 4])
def test_one_chunk_sees_itself_once(n):
    for circular in (True, False):
        assert brute(sr.reformer_local(n, 4, 1, 1, circular), n).all()
    assert (sr.multiplicity(sr.reformer_local_hf(n, 4, 1, 1), n) == 1).all()


@given(st.integers(1, 9), SIDES, SIDES, st.booleans(), st.booleans(), st.integers(0, 30))
def test_local_attention_sees_buckets_or_exactly_as_far(keys, back, forward, causal, exact, n):
    forward = 0 if causal else forward

    def inside(i, j):
        if causal and j > i:
            return False
        if exact:
            return i - j <= keys * back and j - i <= keys * forward
        return -back <= j // keys - i // keys <= forward

    assert brute(sr.local_attention(keys, back, forward, causal, exact), n).tolist() == members(
        inside, n
    )
    default = sr.local_attention(keys, causal=causal, exact=exact)
    assert default == sr.local_attention(keys, 1, 0 if causal else 1, causal, exact)


def test_exact_local_attention_of_one_causal_bucket_is_the_local_step_of_the_sparse_transformer():
    exact = sr.local_attention(4, causal=True, exact=True)
    assert (brute(exact, 20) == brute(sr.Local(4), 20)).all()


@given(st.integers(1, 9), st.integers(0, 20), st.integers(0, 30))
def test_llama4_chunks_begin_after_the_padding(keys, padding, n):
    expected = members(lambda i, j: j <= i and (j - padding) // keys == (i - padding) // keys, n)
    assert brute(sr.llama4_chunked(keys, padding), n).tolist() == expected
    assert (brute(sr.llama4_chunked(keys), n) == brute(sr.Block(keys), n)).all()


def test_gpt_neo_begins_with_all_and_llama4_ends_with_it():
    layers = [sr.Interleaved(sr.gpt_neo(5)).at(layer, 3) for layer in range(4)]
    assert layers == [sr.Causal(), sr.Lookback(5)] * 2
    chunked = sr.llama4_chunked(5)
    assert [sr.Interleaved(sr.llama4(5)).at(layer, 0) for layer in range(8)] == [
        chunked,
        chunked,
        chunked,
        sr.Causal(),
    ] * 2
    assert sr.llama4(5, interval=1).steps == (sr.Causal(),)
    assert (repr(sr.gpt_neo(5)), repr(sr.llama4(5))) == ("gpt_neo(5)", "llama4(5, 4)")


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (
            lambda: sr.reformer_local(10, 4),
            ValueError,
            r"n must be at most keys = 4 or a multiple of it \(Reformer\), got 10",
        ),
        (
            lambda: sr.reformer_local_hf(10, 4),
            ValueError,
            r"reformer_local_hf: n must be at most keys = 4 or a multiple",
        ),
        (
            lambda: sr.reformer_local(0, 4),
            ValueError,
            "reformer_local: n must be at least 1, got 0",
        ),
        (
            lambda: sr.reformer_local(8, 0),
            ValueError,
            "reformer_local: keys must be at least 1, got 0",
        ),
        (
            lambda: sr.reformer_local(8, 4, before=-1),
            ValueError,
            "reformer_local: before must be at least 0, got -1",
        ),
        (
            lambda: sr.reformer_local(8, 4, after=True),
            TypeError,
            "reformer_local: after must be an integer, got True",
        ),
        (
            lambda: sr.reformer_local(8, 4, circular=1),
            TypeError,
            "reformer_local: circular must be True or False, got 1",
        ),
        (
            lambda: sr.Circular(8, 2, -3),
            ValueError,
            "Circular: after must be at least -before = -2, got -3",
        ),
        (
            lambda: sr.local_attention(4, 1, 1, causal=True),
            ValueError,
            r"look_forward must be 0 if causal .*, got 1",
        ),
        (
            lambda: sr.local_attention(4, -1),
            ValueError,
            "local_attention: look_back must be at least 0, got -1",
        ),
        (
            lambda: sr.local_attention(0),
            ValueError,
            "local_attention: keys must be at least 1, got 0",
        ),
        (
            lambda: sr.local_attention(4, causal=1),
            TypeError,
            "local_attention: causal must be True or False, got 1",
        ),
        (
            lambda: sr.local_attention(4, exact=None),
            TypeError,
            "local_attention: exact must be True or False, got None",
        ),
        (
            lambda: sr.llama4_chunked(0),
            ValueError,
            "llama4_chunked: keys must be at least 1, got 0",
        ),
        (
            lambda: sr.llama4_chunked(4, padding=-1),
            ValueError,
            "llama4_chunked: padding must be at least 0, got -1",
        ),
        (
            lambda: sr.llama4(4, interval=0),
            ValueError,
            "llama4: interval must be at least 1, got 0",
        ),
        (lambda: sr.gpt_neo(0), ValueError, "gpt_neo: keys must be at least 1, got 0"),
    ],
)
def test_bad_values_are_refused_by_name(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_a_circle_is_stated_for_one_length():
    with pytest.raises(ValueError, match="is stated for n = "):
        sr.reformer_local(8, 2).row(0, 12)
