"""One test for each row of docs/differs.md on Streaming, chunks."""

import numpy as np
from strategies import brute

import sparse_ref as sr


def test_trimming_after_each_token_keeps_one_key_more_than_making_room_before():
    for sinks, keys in [(0, 1), (4, 3), (2, 7)]:
        differs = brute(sr.streaming(sinks, keys + 1) - sr.streaming(sinks, keys), 20)
        assert [np.flatnonzero(row).tolist() for row in differs] == [
            [i - keys] if i >= sinks + keys else [] for i in range(20)
        ]
        assert not brute(sr.streaming(sinks, keys) - sr.streaming(sinks, keys + 1), 20).any()


def test_a_shape_is_searched_with_one_diagonal_more_than_it_runs():
    for sinks, radius in [(0, 1), (3, 4), (5, 2)]:
        differs = brute(sr.a_shape(sinks, radius) - sr.streaming(sinks, radius), 20)
        assert [np.flatnonzero(row).tolist() for row in differs] == [
            [i - radius] if i >= sinks + radius else [] for i in range(20)
        ]
        assert not brute(sr.streaming(sinks, radius) - sr.a_shape(sinks, radius), 20).any()


def test_the_first_chunk_of_reformer_sees_the_last():
    differs = brute(sr.reformer_local(12, 3), 12) & ~brute(
        sr.reformer_local(12, 3, circular=False), 12
    )
    assert np.argwhere(differs).tolist() == [[i, j] for i in range(3) for j in range(9, 12)]
    decoders = [
        brute(sr.reformer_local(12, 3, before, circular=circular) & sr.Causal(), 12)
        for before in range(6)
        for circular in (True, False)
    ]
    assert all((decoders[t] == decoders[t + 1]).all() for t in range(0, 12, 2))


def test_reformer_counts_chunks_twice_in_short_inputs():
    for n, most in [(4, 2), (6, 1)]:
        counts = sr.multiplicity(sr.reformer_local_hf(n, 2, before=1, after=1), n)
        assert counts.max() == most
        assert ((counts > 0) == brute(sr.reformer_local(n, 2, before=1, after=1), n)).all()


def test_exact_local_attention_keeps_one_key_more_than_its_window():
    exact = sr.local_attention(4, causal=True, exact=True)
    assert (brute(exact, 20) == brute(sr.Local(4), 20)).all()
    differs = brute(exact - sr.Lookback(4), 20)
    assert [np.flatnonzero(row).tolist() for row in differs] == [
        [i - 4] if i >= 4 else [] for i in range(20)
    ]


def test_padding_shifts_the_chunks_of_llama4():
    shifted, own = brute(sr.llama4_chunked(4, padding=3), 20), brute(sr.Block(4), 20)
    assert (shifted[3:, 3:] == own[:17, :17]).all()
    assert (brute(sr.llama4_chunked(4), 20) == own).all()
    assert np.flatnonzero(shifted[5] != own[5]).tolist() == [3]
