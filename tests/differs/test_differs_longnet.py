"""One test for each row of docs/differs.md on LongNet, LogSparse."""

import numpy as np
import pytest
from strategies import brute

import sparse_ref as sr


def test_logsparse_drops_a_cell_that_does_not_exist():
    for l, row in enumerate(brute(sr.LogSparse(), 70), 1):
        listed = {l, *(l - 2**e for e in range(l.bit_length()))}
        assert set(np.flatnonzero(row) + 1) == listed - {0}
        assert (0 in listed) == (l & (l - 1) == 0)


def test_the_layers_of_logsparse_are_the_ones_of_the_distance():
    n = 64
    found = sr.paths.hops([sr.LogSparse()], n)
    assert all(found[i, j] == (i - j).bit_count() for i in range(n) for j in range(i + 1))
    layers = [found[l - 1].max() for l in range(1, n + 1)]
    assert layers == [max((i - j).bit_count() for j in range(i + 1)) for i in range(n)]
    assert all(most == l.bit_length() - 1 for l, most in enumerate(layers, 1))


def test_row_mask_drops_its_oldest_restart():
    n, sub, c = 60, 8, 3
    differs = brute(sr.LogSparseRestart(sub, c) - sr.logsparse_code(n, sub), n)
    full = 2 * c * (n // sub)
    assert np.argwhere(differs).tolist() == [
        [i, i % sub] for i in range(full, n) if i % sub < c - 1
    ]
    assert not brute(sr.logsparse_code(n, sub) - sr.LogSparseRestart(sub, c), n)[full:].any()


def test_row_mask_at_1_is_refused():
    with pytest.raises(ValueError, match="row_mask is empty at sub_len = 1"):
        sr.logsparse_code(12, 1)


def test_longnet_offsets_agree_up_to_r_heads():
    def offsets(rule, heads, r):
        return [sr.longnet((12,), (r,), head, heads, rule).patterns[0].s for head in range(heads)]

    assert offsets("paper", 6, 3) == [0, 1, 2, 0, 1, 2]
    assert offsets("torchscale", 6, 3) == [0, 0, 1, 1, 2, 2]
    assert all(
        offsets("paper", heads, r) == offsets("torchscale", heads, r)
        for r in range(1, 9)
        for heads in range(1, r + 1)
    )


def test_causal_longnet_is_not_connected():
    branches = sr.longnet((16, 64, 256), (1, 4, 16)) & sr.Causal()
    a, b, c = branches
    found = sr.paths.hops([a | b | c], 256)
    assert found[16, 15] == -1
    assert (found[np.tril(np.ones((256, 256), bool))] < 0).sum() == 10368
    a, b, c = sr.longnet((16, 64, 256), (1, 4, 16))
    assert sr.paths.hops([a | b | c], 256).max() == 3


def test_ghosts_of_longnet_count_in_the_denominator():
    v = np.eye(5)
    plain, padded = (
        sr.published.dilated_attention(0 * v, v, v, (4,), (2,), ghosts=ghosts)
        for ghosts in (False, True)
    )
    assert plain.sum(axis=1).tolist() == [1, 0, 1, 0, 1]
    assert padded.sum(axis=1).tolist() == [1, 0, 1, 0, 0.5]
    assert sr.published.ghost_counts((4,), (2,), 5).tolist() == [0, 0, 0, 0, 1]
