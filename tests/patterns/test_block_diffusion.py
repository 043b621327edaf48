"""Block diffusion: the three parts of the paper's mask, pair by pair; and what each half may depend
on.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr


@given(st.integers(1, 16), st.integers(1, 18))
def test_the_mask_is_its_three_parts(n, block):
    noised = [("x_t", token // block) for token in range(n)]
    clean = [("x_0", token // block) for token in range(n)]

    def attends(query, key):
        match query[0], key[0]:
            case "x_t", "x_t":
                return key[1] == query[1]
            case "x_t", "x_0":
                return key[1] < query[1]
            case "x_0", "x_0":
                return key[1] <= query[1]
        return False

    expected = [[attends(query, key) for key in noised + clean] for query in noised + clean]
    p = sr.block_diffusion(n, block)
    assert brute(p, 2 * n).tolist() == expected
    assert (sr.dense(p, 2 * n) == expected).all()


@given(st.integers(1, 30))
def test_blocks_of_one_token_and_one_block_of_all(n):
    """One token a block: the clean half is an autoregressive model. One block: the noised half is a
    diffusion by itself.
    """
    single, whole = brute(sr.block_diffusion(n, 1), 2 * n), brute(sr.block_diffusion(n, n), 2 * n)
    assert (single[n:, n:] == np.tri(n, dtype=bool)).all()
    assert (single[:n] == np.hstack([np.eye(n, dtype=bool), np.tri(n, k=-1, dtype=bool)])).all()
    assert whole[:n].tolist() == [[True] * n + [False] * n] * n


@given(st.integers(1, 6), st.integers(1, 5))
def test_no_number_of_layers_tells_a_noised_token_its_own_block_clean(blocks, block):
    n = blocks * block
    reached = sr.paths.hops([sr.block_diffusion(n, block)], 2 * n) >= 0
    for i in range(n):
        assert not reached[i, n + i // block * block :].any(), (
            "the clean copy of one's own block, or of a later one"
        )
        assert not reached[n:, i].any(), "a noised token, by a clean one"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sr.block_diffusion(0, 1), "block_diffusion: n must be at least 1, got 0"),
        (lambda: sr.block_diffusion(4, 0), "block_diffusion: block must be at least 1, got 0"),
        (lambda: sr.block_diffusion(4, 2).row(0, 4), "stated for n = 8, got n = 4"),
    ],
)
def test_bad_values_are_refused_by_name(make, said):
    with pytest.raises(ValueError, match=said):
        make()
