"""Figures judged by their artists: `plot.levels` draws the tokens that coarse keys stand for."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of
from matplotlib.colors import to_rgb

import sparse_ref as sr
from sparse_ref.published import HTransformer1D, mean_pool_weights, nsa, pooled_cells

GENERATOR = np.random.default_rng(0)
NEAR_AND_FAR = {"near": sr.Lookback(4), "far": (sr.Complete(4), 4)}


def lightness(im, value):
    return sum(to_rgb(im.cmap(im.norm(value))))


@pytest.mark.parametrize("causal", [False, True])
def test_an_h_transformer_has_each_pair_at_one_level(causal):
    layer = HTransformer1D(clusters=2, causal=causal)
    values = sr.plot.levels(layer, 16).get_array()
    for level in range(layer.level_count(16)):
        assert np.array_equal(values == level + 1, layer.cells(16, level) > 0)
    assert ((values > 0) == sr.dense(sr.Causal() if causal else sr.Full(), 16)).all()


def test_the_branches_of_nsa():
    """The finest of the cells that `published` gives, with pools that overlap."""
    sizes = nsa.paper.Sizes(length=4, stride=2, block=4, top_k=3, local=1, keys=4)
    q, k = GENERATOR.standard_normal((2, 24, 8)), GENERATOR.standard_normal((1, 24, 8))
    sets = nsa.paper.sets(q, sr.selection.mean_pool(k, 4, 2), sizes)
    selected, *_ = sets.selected
    parts = {
        "compressed": (sets.compressed, 4, 2),
        "selected": selected,
        "window": sets.window,
    }
    im = sr.plot.levels(parts, 24)
    coarse = pooled_cells(sets.compressed, mean_pool_weights(24, 4, 2)) > 0
    expected = np.where(sr.dense(sets.window, 24), 3, np.where(coarse, 1, 0))
    expected[sr.dense(selected, 24)] = 2
    assert np.array_equal(im.get_array(), expected)
    assert legend_texts(im)[-3:] == [
        "compressed: 4 tokens a key, every 2",
        "selected: a token a key",
        "window: a token a key",
    ]


@pytest.mark.parametrize("length", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_an_atom_covers_its_tokens(length, stride):
    """Each pair by the definition, for pools that overlap, touch, or leave tokens out."""
    n, atoms = 11, -(-11 // stride)
    p = sr.Listed.of_rows(GENERATOR.integers(0, atoms, (n, 2)))
    im = sr.plot.levels([(p, length, stride)], n)
    expected = [
        [any(e * stride <= j < e * stride + length for e in p.row(i, atoms)) for j in range(n)]
        for i in range(n)
    ]
    assert im.get_array().astype(bool).tolist() == expected
    assert im.axes.get_title() == f"{len(p.indices) / n:,.1f} keys a query, of {n} tokens"


def test_lines_are_between_atoms():
    im = sr.plot.levels({"far": (sr.Full(), 4)}, 10)
    (lines,) = im.axes.collections
    xs = {x for segment in lines.get_segments() for x in segment[:, 0]}
    assert xs == {3.5, 7.5}
    overlap = sr.plot.levels({"far": (sr.Full(), 3, 2)}, 8).axes.collections[0]
    xs = {x for segment in overlap.get_segments() for x in segment[:, 0]}
    assert xs == {1.5, 2.5, 3.5, 4.5, 5.5, 6.5}
    (none,) = sr.plot.levels([(sr.Complete(4), 4)], 3).axes.collections
    assert len(none.get_segments()) == 0
    assert len(sr.plot.levels(NEAR_AND_FAR, 65).axes.collections) == 0


def test_finer_levels_are_darker_and_brighter_on_a_dark_page():
    layer = HTransformer1D(clusters=2)
    on_light = sr.plot.levels(layer, 32)
    light = [lightness(on_light, level) for level in range(1, 5)]
    assert light == sorted(light)
    assert len(set(light)) == 4
    _, ax = plt.subplots(facecolor="black")
    on_dark = sr.plot.levels(layer, 32, ax=ax)
    dark = [lightness(on_dark, level) for level in range(1, 5)]
    assert dark == sorted(dark, reverse=True)
    assert legend_texts(on_dark)[:2] == ["level 0: a token a key", "level 1: 2 tokens a key"]


def test_the_order_of_the_parts_is_only_that_of_names():
    im = sr.plot.levels(NEAR_AND_FAR, 20)
    turned = sr.plot.levels(dict(reversed(NEAR_AND_FAR.items())), 20)
    swapped = np.array([0, 2, 1])[im.get_array()]
    assert np.array_equal(turned.get_array(), swapped)


def test_large_tables_show_the_finest_level_of_a_block():
    n = 1024
    im = sr.plot.levels({"near": sr.Lookback(100), "far": (sr.Complete(64), 64)}, n)
    near = sr.dense(sr.Lookback(100), n)
    far = sr.dense(sr.Pooled(sr.Complete(64), 64), n)
    by_block = [mask.reshape(256, 4, 256, 4).any(axis=(1, 3)) for mask in (near, far)]
    expected = np.where(by_block[0], 1, np.where(by_block[1], 2, 0))
    assert np.array_equal(im.get_array(), expected)
    assert im.axes.get_title().endswith("cells of 4 × 4 pairs")


def test_a_million_tokens():
    im = sr.plot.levels({"near": sr.Lookback(64), "far": (sr.Complete(4096), 4096)}, 1_000_000)
    assert im.get_array().shape == (245, 245)
    assert (np.diag(im.get_array()) == 1).all()


def test_tokens_and_colours_are_given():
    tokens = list("abcdefgh")
    im = sr.plot.levels(NEAR_AND_FAR, 8, tokens=tokens, colours=["red", "blue"])
    assert texts_of(im.axes.get_xticklabels()) == tokens
    assert [im.cmap(im.norm(level))[:3] for level in (1, 2)] == [(1, 0, 0), (0, 0, 1)]
    with pytest.raises(ValueError, match="colours must be 2, one for each level, got 1"):
        sr.plot.levels(NEAR_AND_FAR, 8, colours=["red"])
    with pytest.raises(TypeError, match="title must be a string, got 5"):
        sr.plot.levels(NEAR_AND_FAR, 8, title=5)
    assert len(plt.get_fignums()) == 1


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    im = sr.plot.levels(NEAR_AND_FAR, 20, title="NSA", ax=axes[1])
    assert im.axes is axes[1]
    assert fig.axes == list(axes)
    assert im.axes.get_title() == "NSA"
    assert (im.axes.get_xlabel(), im.axes.get_ylabel()) == ("token j", "query i")


@pytest.mark.parametrize(
    ("parts", "n", "error", "says"),
    [
        (sr.Causal(), 8, TypeError, "parts must be levels by name, or a sequence of them, got Cau"),
        ({}, 8, ValueError, "parts must have at least 1 level, got none"),
        ({"far": "Causal()"}, 8, TypeError, r"parts\['far'\] must be a Pattern"),
        ([(sr.Full(), 2, 2, 2)], 8, TypeError, r"parts\['level 0'\] must be \(pattern, length\)"),
        ([(sr.Full(),)], 8, TypeError, r"parts\['level 0'\] must be \(pattern, length\)"),
        ([(sr.Full(), 0)], 8, ValueError, r"parts\['level 0'\]: length must be at least 1, got 0"),
        ([(sr.Full(), 2, 0)], 8, ValueError, r"parts\['level 0'\]: stride must be at least 1"),
        ([(sr.Full(), 2.5)], 8, TypeError, r"parts\['level 0'\]: length must be an integer"),
        ([(sr.natten(4, 3), 2)], 8, ValueError, "must be stated for every number of atoms"),
        ([(sr.Listed.of_rows([[0]]), 2)], 8, ValueError, "needs n_q = 1, got n_q = 8"),
        (NEAR_AND_FAR, 0, ValueError, "n must be at least 1 to be drawn, got 0"),
        (HTransformer1D(clusters=2), 12, ValueError, "n must be clusters = 2 times 2, 4, 8"),
        (HTransformer1D(clusters=2), (8, 16), ValueError, "n must be one length for HTransformer"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(parts, n, error, says):
    with pytest.raises(error, match=says):
        sr.plot.levels(parts, n)
    assert plt.get_fignums() == []
