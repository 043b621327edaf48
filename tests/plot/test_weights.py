"""Figures judged by their artists: `plot.weights` draws the weights of `sr.attend`, on the set."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import texts_of

import sparse_ref as sr

P = sr.Local(4) | sr.Strided(4)
GENERATOR = np.random.default_rng(0)


def vectors(*shape, dtype=np.float64):
    return GENERATOR.standard_normal((*shape, 8)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_the_weights_are_those_of_attend(dtype):
    q, k = vectors(20, dtype=dtype), vectors(20, dtype=dtype)
    table = sr.plot.weights(q, k, P, scale=0.7).get_array()
    of_attend = sr.attend(q, k, np.eye(20, dtype=dtype), P, scale=0.7)
    assert np.array_equal(table.data, of_attend)
    assert np.array_equal(table.mask, ~sr.dense(P, 20))
    assert np.allclose(table.sum(axis=1), 1, atol=1e-3 if dtype == np.float16 else 1e-6)


def test_the_definition():
    """An oracle of its own: a softmax over all keys, minus infinity outside the set."""
    q, k = vectors(9), vectors(12)
    logits = np.where(sr.dense(P, (9, 12)), q @ k.T / np.sqrt(8), -np.inf)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(sr.plot.weights(q, k, P).get_array().data, expected, atol=1e-12)


def test_a_weight_of_zero_is_not_outside_the_set():
    k = np.array([[0.0], [4000.0]])
    im = sr.plot.weights(np.ones((2, 1)), k, sr.Causal())
    assert im.get_array().tolist() == [[1, None], [0, 1]]
    drawn = im.to_rgba(im.get_array())
    assert drawn[1, 0, 3] == 1, "0 has a colour"
    assert drawn[0, 1, 3] == 0, "outside, the hatching shows"
    (patch,) = im.axes.patches
    assert patch.get_hatch() == "////"
    assert patch.get_bbox().extents.tolist() == [-0.5, -0.5, 1.5, 1.5]


def test_a_query_without_keys_is_hatched():
    table = sr.plot.weights(vectors(3), vectors(3), sr.Band(1, -1)).get_array()
    assert table.mask[0].all()
    assert (table.data[0] == 0).all()
    assert table.data[1:].sum(axis=1).tolist() == [1, 1]
    empty = sr.plot.weights(vectors(3), vectors(3), ~sr.Full())
    assert empty.get_array().mask.all()
    assert empty.get_clim() == (0, 1)


def test_a_head_reads_the_keys_of_its_group():
    q, k = vectors(4, 10), vectors(2, 10)
    patterns = [sr.Local(h + 1) for h in range(4)]
    im = sr.plot.weights(q, k, patterns, head=3)
    assert np.array_equal(im.get_array(), sr.plot.weights(q[3], k[1], sr.Local(4)).get_array())
    assert im.axes.get_title() == "Local(4), head 3"
    only = sr.plot.weights(q[:1], k[:1], P)
    assert only.axes.get_title() == repr(P)


@pytest.mark.parametrize("lower", [sr.csr, sr.plan], ids=["CSR", "Plan"])
def test_lowered_sets(lower):
    q, k = vectors(10), vectors(10)
    im = sr.plot.weights(q, k, lower(P, 10), title="lowered")
    expected = sr.plot.weights(q, k, P).get_array()
    assert np.array_equal(im.get_array().mask, expected.mask)
    assert np.allclose(im.get_array(), expected, atol=1e-12)
    assert im.axes.get_title() == "lowered"


def test_a_key_of_two_branches_counts_twice():
    x = np.zeros((2, 1))
    branches = sr.Branches((sr.Causal(), sr.Sinks(1)))
    assert np.allclose(sr.plot.weights(x, x, branches).get_array()[1], [2 / 3, 1 / 3])


@pytest.mark.parametrize("shape", [(1000, 1000), (20, 1300)])
def test_a_long_table_has_the_mean_of_each_block(shape):
    n_q, n_k = shape
    q, k = vectors(n_q), vectors(n_k)
    im = sr.plot.weights(q, k, P)
    cells = sr.attend(q, k, np.eye(n_k), P)
    rows = np.arange(n_q) // (4 if n_q > 512 else 1)
    columns = np.arange(n_k) // (4 if n_k == 1000 else 8)
    sums = np.zeros((rows[-1] + 1, columns[-1] + 1))
    np.add.at(sums, (rows[:, None], columns), cells)
    assert np.allclose(im.get_array().data, sums / np.bincount(rows)[:, None])
    assert np.allclose(im.get_array().sum(axis=1), 1)
    b_q, b_k = n_q // (rows[-1] + 1), n_k // columns[-1]
    assert f"cells of {b_q} × {b_k} pairs" in im.colorbar.ax.get_xlabel()


def test_the_bar_says_what_is_drawn():
    im = sr.plot.weights(vectors(4), vectors(4), P)
    assert im.colorbar.ax.get_xlabel() == "weight of a key (hatched: outside the set)"
    assert im.norm.vmin == 0
    assert im.norm.vmax == im.get_array().max()


def test_tokens_are_the_labels():
    im = sr.plot.weights(vectors(2), vectors(3), sr.Full(), tokens=(["a", "$b"], ["x", "y", "z"]))
    assert texts_of(im.axes.get_yticklabels()) == ["a", "$b"]
    assert texts_of(im.axes.get_xticklabels()) == ["x", "y", "z"]
    with pytest.raises(ValueError, match="tokens must be one for each of the 2 queries, got 3"):
        sr.plot.weights(vectors(2), vectors(2), P, tokens=["a", "b", "c"])


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2, facecolor="black")
    im = sr.plot.weights(vectors(4), vectors(4), P, ax=axes[1])
    assert im.axes is axes[1]
    assert fig.axes == list(axes)
    light = sr.plot.weights(vectors(4), vectors(4), P)
    assert im.cmap(0.0) != light.cmap(0.0)


@pytest.mark.parametrize(
    ("q", "k", "p", "head", "error", "says"),
    [
        ((4, 8), (3, 4, 8), P, None, ValueError, "k must have as many axes as q, 2, got shape"),
        ((8,), (8,), P, None, ValueError, r"q must have shape \(n_q, d\) or .*, got \(8,\)"),
        ((2, 4, 8), (2, 4, 8), P, None, ValueError, "head must say which of the 2 heads of q"),
        ((2, 4, 8), (2, 4, 8), P, 2, ValueError, "head must be at most 1, got 2"),
        ((3, 4, 8), (2, 4, 8), P, 0, ValueError, "the heads of k, G = 2, must divide those of q"),
        ((4, 8), (0, 8), P, None, ValueError, r"n must be at least 1 to be drawn, got \(4, 0\)"),
        ((4, 8), (4, 7), P, None, ValueError, "k must have the width of q"),
        ((2, 4, 8), (2, 4, 8), [P], 0, ValueError, "p must be one for each of heads = 2, got 1"),
        ((4, 8), (4, 8), sr.csr(P, 5), None, ValueError, r"lowered for \(n_q, n_k\) = \(5, 5\)"),
        ((4, 8), (4, 8), sr.dense(P, 4), None, TypeError, "p must be a Pattern, a CSR"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(q, k, p, head, error, says):
    with pytest.raises(error, match=says):
        sr.plot.weights(np.ones(q), np.ones(k), p, head=head)
    assert plt.get_fignums() == []
