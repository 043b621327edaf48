"""MoBA and top-k attention: golden rows from MoBA's own code, statements in plain Python, edges,
gradients, and no leak from the future.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

moba, topk = sr.published.moba, sr.published.topk
VECTORS = json.loads((Path(__file__).parent / "data" / "selections.json").read_text())
SMALL = st.integers(-2, 2)  # so that ties are common


def rows(p, n):
    """The keys of each query."""
    return [p.row(i, n).tolist() for i in range(n)]


def drawn(shape, seed, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def moba_rows(q, k, block, top_k):
    """The own block and the best top_k - 1 before it, the earliest of equal ones; then j <= i."""
    n = len(q)
    means = [k[c * block : (c + 1) * block].mean(axis=0) for c in range(-(-n // block))]
    for i in range(n):
        own = i // block
        past = sorted(range(own), key=lambda c: (-float(q[i] @ means[c]), c))
        blocks = {own, *past[: top_k - 1]}
        yield [j for j in range(i + 1) if j // block in blocks]


def best_keys(q, k, top_k, ties):
    """The top_k best of the keys up to each query, the earliest of equal ones or all of them."""
    for i in range(len(q)):
        order = sorted(range(i + 1), key=lambda j: (-float(q[i] @ k[j]), j))
        chosen = order[:top_k]
        if ties and chosen:
            least = q[i] @ k[chosen[-1]]
            chosen = [j for j in order if q[i] @ k[j] >= least]
        yield sorted(chosen)


@pytest.mark.parametrize("case", VECTORS["moba"]["cases"], ids=lambda case: str(case["block"]))
def test_golden_rows_of_moba_naive(case):
    q, k = (np.array(case[name], np.float32) for name in "qk")
    sets = moba.sets(q, k, block=case["block"], top_k=case["top_k"])
    assert rows(sets, len(q)) == case["rows"]


@given(st.integers(0, 14), st.integers(1, 6), st.integers(1, 5), st.data())
def test_moba_is_its_statement_ties_included(n, block, top_k, data):
    q, k = (np.array(data.draw(st.lists(SMALL, min_size=n, max_size=n)), float) for _ in "qk")
    sets = moba.sets(q[:, None], k[:, None], block=block, top_k=top_k)
    assert rows(sets, n) == list(moba_rows(q[:, None], k[:, None], block, top_k))


@given(st.integers(0, 12), st.integers(0, 14), st.booleans(), st.data())
def test_the_best_keys_are_their_statement_ties_included(n, top_k, ties, data):
    q, k = (np.array(data.draw(st.lists(SMALL, min_size=n, max_size=n)), float) for _ in "qk")
    sets = topk.sets(q[:, None], k[:, None], top_k=top_k, ties=ties)
    assert rows(sets, n) == list(best_keys(q[:, None], k[:, None], top_k, ties))


def test_heads_have_sets_of_their_own_and_groups_share_keys():
    q, k = drawn((4, 17, 3), 0), drawn((2, 17, 3), 1)
    sets = moba.sets(q, k, block=3, top_k=3)
    assert [rows(p, 17) for p in sets] == [list(moba_rows(q[h], k[h // 2], 3, 3)) for h in range(4)]
    assert len(set(sets)) == 4


def test_everything_visible_with_many_blocks_and_the_own_block_with_one():
    q, k = drawn((11, 2), 0), drawn((11, 2), 1)
    assert rows(moba.sets(q, k, block=4, top_k=99), 11) == rows(sr.Causal(), 11)
    assert rows(moba.sets(q, k, block=4, top_k=1), 11) == rows(sr.Block(4), 11)
    assert rows(moba.sets(q, k, block=20, top_k=1), 11) == rows(sr.Causal(), 11)


def test_no_keys_no_output():
    q = drawn((5, 2), 0)
    assert not topk.attention(q, q, q, top_k=0).any()
    assert not topk.attention(q, q, q, top_k=3, visible=~sr.Full()).any()
    empty = np.zeros((0, 2))
    assert moba.attention(empty, empty, empty, block=2, top_k=1).shape == (0, 2)


LAYERS = {
    "moba": lambda q, k, v: moba.attention(q, k, v, block=3, top_k=2),
    "topk": lambda q, k, v: topk.attention(q, k, v, top_k=3),
    "explicit": lambda q, k, v: topk.attention(q, k, v, top_k=3, ties=True),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("first", [1, 5, 6, 13])
def test_a_perturbed_suffix_moves_no_earlier_output(name, first):
    x = [drawn((2, 14, 4), seed, np.float32) for seed in range(3)]
    y = [a.copy() for a in x]
    for a in y:
        a[:, first:] = drawn(a[:, first:].shape, 9)
    before, after = LAYERS[name](*x), LAYERS[name](*y)
    assert np.array_equal(before[:, :first], after[:, :first])
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("name", ["moba", "topk"])
def test_gradients_are_differences(name):
    """Central differences in float64, at inputs whose choice does not change."""
    q, k, v, grad = (drawn((2, 8, 3), seed) for seed in range(4))
    sizes = {"block": 2, "top_k": 2} if name == "moba" else {"top_k": 2}
    layer = sr.published.moba if name == "moba" else sr.published.topk
    slopes = layer.backward(grad, q, k, v, **sizes)
    for number in range(3):
        x = [q, k, v]
        step = 1e-6 * drawn(q.shape, 7)
        sides = []
        for sign in (1, -1):
            x[number] = (q, k, v)[number] + sign * step
            sides.append((grad * layer.attention(*x, **sizes)).sum())
        difference = (sides[0] - sides[1]) / 2
        assert difference == pytest.approx((slopes[number] * step).sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("refused", "error", "message"),
    [
        (lambda x: moba.sets(x, x, block=2, top_k=0), ValueError, "MoBA counts the own block"),
        (lambda x: moba.sets(x, x, block=0, top_k=1), ValueError, "length must be at least 1"),
        (lambda x: moba.sets(x, x[:3], block=2, top_k=1), ValueError, "as many keys"),
        (lambda x: topk.sets(x, x, top_k=-1), ValueError, "k must be at least 0, got -1"),
        (lambda x: topk.sets(x, x, top_k=1, ties=1), TypeError, "ties"),
        (lambda x: topk.sets(x * np.nan, x, top_k=1), ValueError, "must not be NaN"),
    ],
)
def test_what_cannot_be_is_refused(refused, error, message):
    with pytest.raises(error, match=message):
        refused(drawn((6, 2), 0))
