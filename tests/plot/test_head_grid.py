"""Figures judged by their artists: `plot.heads` and `plot.layers` draw each head's own mask."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm

import sparse_ref as sr

STRIDED = sr.strided(4)
HEADS = (sr.Local(2), sr.Strided(3), sr.Causal(), sr.Full(), sr.Sinks(1))


def arrays_of(panels):
    return [panel.images[0].get_array() for panel in np.ravel(panels)]


def test_each_panel_is_the_mask_of_its_head():
    panels = sr.plot.heads(HEADS, (6, 9))
    assert panels.shape == (5,)
    for array, p in zip(arrays_of(panels), HEADS):
        assert np.array_equal(array, sr.dense(p, (6, 9)))
    assert panels[1].get_title() == "head 1\nStrided(3)"
    assert len(panels[0].figure.axes) == 5, "no empty axes are left"


def test_labels_are_at_the_outer_panels_alone():
    panels = sr.plot.heads(HEADS, 8)
    panels[0].figure.canvas.draw()
    assert [panel.get_ylabel() for panel in panels] == ["query i", "", "", "", "query i"]
    assert [panel.get_xlabel() for panel in panels] == ["", "key j", "key j", "key j", "key j"]
    labels = [any(label.get_visible() for label in panel.get_xticklabels()) for panel in panels]
    assert labels == [False, True, True, True, True]
    labels = [any(label.get_visible() for label in panel.get_yticklabels()) for panel in panels]
    assert labels == [True, False, False, False, True]


def test_names_columns_title_and_colours_can_be_given():
    panels = sr.plot.heads(
        HEADS[:3], 4, names=["a", "b", "c"], columns=2, title="three", colours=("w", "r")
    )
    assert [panel.get_title() for panel in panels] == ["a", "b", "c"]
    assert panels[0].figure.get_suptitle() == "three"
    rows = [panel.get_subplotspec().rowspan.start for panel in panels]
    assert rows == [0, 0, 1]
    im = panels[2].images[0]
    assert tuple(im.to_rgba(im.get_array())[1, 0]) == (1, 0, 0, 1)


def test_a_long_notation_is_left_out_of_the_title():
    panels = sr.plot.heads([sr.GlobalAt(tuple(range(20)))], 4)
    assert panels[0].get_title() == "head 0"


def test_long_heads_share_one_scale_of_shares():
    panels = sr.plot.heads([sr.Sinks(1), sr.Strided(64)], (8192, 1024))
    sink, stride = (panel.images[0] for panel in panels)
    assert sink.get_array().shape == (128, 128)
    assert isinstance(sink.norm, LogNorm)
    least = min(stride.get_array()[stride.get_array() > 0].min(), 0.1)
    assert sink.get_array().max() > least
    assert sink.norm.vmin == stride.norm.vmin == least
    bars = [ax for ax in panels[0].figure.axes if ax not in list(panels)]
    assert len(bars) == 1
    assert "cells of 64 × 8 pairs" in bars[0].get_xlabel()


def test_arrays_of_heads_are_drawn():
    masks = np.random.default_rng(0).random((3, 4, 5)) < 0.5
    panels = sr.plot.heads(masks)
    assert np.array_equal(arrays_of(panels), masks)
    assert [panel.get_title() for panel in panels] == [
        "head 0\nmask",
        "head 1\nmask",
        "head 2\nmask",
    ]


@pytest.mark.parametrize("scheme", [sr.Interleaved, sr.Merged, sr.MultiHead])
def test_a_scheme_has_a_row_for_each_layer(scheme):
    model = scheme(STRIDED)
    panels = sr.plot.layers(model, 12, layers=3, heads=2)
    assert panels.shape == (3, 2)
    for (layer, head), panel in np.ndenumerate(panels):
        expected = sr.dense(model.at(layer, head), 12)
        assert np.array_equal(panel.images[0].get_array(), expected)
        assert panel.get_subplotspec().rowspan.start == layer
        assert panel.get_title() == (f"head {head}" if layer == 0 else "")
    labels = [panel.get_ylabel() for panel in panels[:, 0]]
    assert labels == [f"layer {layer}\nquery i" for layer in range(3)]


def test_each_distinct_pattern_is_lowered_once(monkeypatch):
    from sparse_ref.plot.inputs import drawable

    lowered = []
    original = drawable.shares

    def shares(p, shape, block):
        lowered.append(p)
        return original(p, shape, block)

    monkeypatch.setattr(drawable, "shares", shares)
    sr.plot.layers(sr.MultiHead(STRIDED), 8, 2, 4)
    assert lowered == list(STRIDED.steps)


def test_grids_draw_on_the_figure_given():
    whole = plt.figure(layout="constrained")
    left, right = whole.subfigures(1, 2)
    assert sr.plot.heads(HEADS, 4, fig=left)[0].figure is left
    assert sr.plot.layers(sr.Merged(STRIDED), 4, 2, fig=right)[0, 0].figure is right
    assert plt.get_fignums() == [whole.number]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (
            (sr.Causal(), 4),
            {},
            TypeError,
            r"patterns must be a sequence of one or more sets, got C",
        ),
        (([], 4), {}, TypeError, r"one or more sets, got \[\]"),
        ((np.eye(3, dtype=bool),), {}, TypeError, "patterns must be a sequence of one or more"),
        (([sr.Causal(), 5], 4), {}, TypeError, r"patterns\[1\] must be a Pattern or a bool array"),
        ((HEADS,), {}, TypeError, r"n must be given if patterns\[0\] is a pattern"),
        (
            ([np.eye(2, dtype=bool), np.eye(3, dtype=bool)],),
            {},
            ValueError,
            r"patterns\[1\] must have the shape of patterns\[0\], \(2, 2\), got \(3, 3\)",
        ),
        ((HEADS, 4), {"names": ["a"]}, ValueError, "names must be 5, one for each head, got 1"),
        ((HEADS, 4), {"names": "abcde"}, TypeError, "names must be a sequence of strings"),
        ((HEADS, 4), {"columns": 0}, ValueError, "columns must be at least 1, got 0"),
        (
            (HEADS, 4),
            {"fig": 5},
            TypeError,
            "fig must be a matplotlib Figure or SubFigure, got int",
        ),
        ((HEADS, 4), {"title": 5}, TypeError, "title must be a string, got 5"),
    ],
)
def test_errors_of_heads_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.heads(*args, **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        ((STRIDED, 8, 2, 2), TypeError, "scheme must be Interleaved, Merged or MultiHead"),
        ((sr.Merged(STRIDED), 8, 0, 2), ValueError, "layers must be at least 1, got 0"),
        ((sr.Merged(STRIDED), 8, 2, 0), ValueError, "heads must be at least 1, got 0"),
        ((sr.Merged(STRIDED), 0, 2, 2), ValueError, "n must be at least 1 to be drawn"),
    ],
)
def test_errors_of_layers_name_the_argument_and_open_no_figure(args, error, says):
    with pytest.raises(error, match=says):
        sr.plot.layers(*args)
    assert plt.get_fignums() == []
