"""One test for each row of docs/differs.md on DeepSpeed's layouts, Star-Transformer."""

import numpy as np
import pytest
from strategies import brute

import sparse_ref as sr


def test_deepspeed_fixed_shows_later_blocks_of_a_representative():
    for g in (1, 2, 3):
        code, documented = (
            sr.deepspeed_fixed(12 * g, 4 * g, g, "unidirectional", rule=rule)
            for rule in ("code", "documentation")
        )
        later = brute(code - documented, 12 * g)
        assert {(i, j) for i, j in np.argwhere(later).tolist()} == {
            (s + a, s + b) for s in range(3 * g, 12 * g, 4 * g) for b in range(g) for a in range(b)
        }
        assert later.sum() == 3 * g * (g - 1) // 2
        assert not brute(documented - code, 12 * g).any()
        assert not np.triu(brute(documented, 12 * g), 1).any()


def test_deepspeed_variable_holds_the_future():
    code, documented = (
        sr.deepspeed_variable(12, 2, attention="unidirectional", seed=7, rule=rule)
        for rule in ("code", "documentation")
    )
    assert np.triu(brute(code, 12), 1).any()
    assert not np.triu(brute(documented, 12), 1).any()
    code, documented = (
        sr.deepspeed_variable(8, 0, (1,), (2,), (5,), "unidirectional", rule=rule)
        for rule in ("code", "documentation")
    )
    assert np.argwhere(brute(code - documented, 8)).tolist() == [[2, 3], [2, 4], [3, 4]]
    assert not brute(documented - code, 8).any()


def test_deepspeed_bigbird_draws_at_most_one_past_block():
    with pytest.raises(
        ValueError,
        match=r"num_random_blocks must be at most 1 if attention is .unidirectional., got 2",
    ):
        sr.deepspeed_bigbird(12, 2, attention="unidirectional")
    documented = brute(
        sr.deepspeed_bigbird(12, 2, 1, 0, "unidirectional", rule="documentation"), 12
    )
    assert not np.triu(documented, 1).any()
    assert (
        documented[0].sum() == 1
        and documented[1].sum() == 2
        and (documented[2:].sum(axis=1) >= 2).all()
    )


def test_deepspeed_counts_a_sliding_window_by_its_half():
    for w in range(1, 8):
        middle = brute(sr.deepspeed_sliding(w, "bidirectional"), 30)[15]
        assert middle.sum() == 2 * (w // 2) + 1 == (w if w % 2 else w + 1)
        code, documented = (
            brute(sr.deepspeed_sliding(w, rule=rule), 30) for rule in ("code", "documentation")
        )
        assert (code[15].sum(), documented[15].sum()) == (w // 2 + 1, w)
        assert np.flatnonzero(documented[15] & ~code[15]).tolist() == list(
            range(15 - w + 1, 15 - w // 2)
        )
        assert not (code & ~documented).any()


def test_deepspeed_bigbird_has_no_global_block_at_the_end():
    paper, deepspeed = brute(sr.bigbird(9, 1, 0, 0), 9), brute(sr.deepspeed_bigbird(9, 0), 9)
    assert not (deepspeed & ~paper).any()
    assert {(i, j) for i, j in np.argwhere(paper & ~deepspeed).tolist()} == {
        pair for a in range(1, 7) for pair in ((a, 8), (8, a))
    }


def test_the_ring_of_the_star_transformer_is_open_in_its_code():
    for n in (3, 5, 9):
        shape = (n + 1, 2 * n + 1)
        paper, code = brute(sr.star(n), shape), brute(sr.star(n, circular=False), shape)
        assert np.argwhere(paper & ~code).tolist() == [[1, n], [n, 1]]
        assert not (code & ~paper).any()
