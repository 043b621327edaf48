"""Figures judged by their artists: `plot.parts` colours each pair by the first part that has it."""

from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from strategies import patterns

import sparse_ref as sr
from sparse_ref.plot.drawing.colours import PARTS
from sparse_ref.plot.drawing.style import NON_MEMBER_COLOUR

BIGBIRD = {"window": sr.Window(1), "random": sr.Random(32, 2, 0), "global": sr.Global(2)}


def arrays_of(panels):
    return [panel.images[0].get_array() for panel in panels]


@given(
    st.lists(patterns(most=6), min_size=1, max_size=4),
    st.integers(1, 12),
    st.booleans(),
)
def test_a_pair_has_the_number_of_the_first_part_that_contains_it(sets, n, overlap):
    _, ax = plt.subplots()
    parts = {f"part {m}": p for m, p in enumerate(sets)}
    (panel,) = sr.plot.parts(parts, n, overlap=overlap, ax=ax)
    for (i, j), value in np.ndenumerate(panel.images[0].get_array()):
        members = [m for m, p in enumerate(sets, 1) if p.contains(i, j)]
        several = len(sets) + 1
        expected = several if overlap and len(members) > 1 else min(members, default=0)
        assert value == expected
    plt.close("all")


def test_bigbird_has_a_panel_for_each_part_and_one_for_the_union():
    panels = sr.plot.parts(BIGBIRD, 32, title="BigBird")
    assert panels.shape == (4,)
    assert [panel.get_title() for panel in panels] == ["window", "random", "global", "BigBird"]
    *parts, union = arrays_of(panels)
    for m, (part, p) in enumerate(zip(parts, BIGBIRD.values()), 1):
        assert np.array_equal(part, m * sr.dense(p, 32))
    whole = sr.Window(1) | sr.Random(32, 2, 0) | sr.Global(2)
    assert np.array_equal(union > 0, sr.dense(whole, 32))
    assert not panels[0].figure.legends


def test_panels_share_their_axes_and_label_the_outer_ones():
    panels = sr.plot.parts(BIGBIRD, 32)
    assert [panel.get_ylabel() for panel in panels] == ["query i", "", "", ""]
    assert [panel.get_xlabel() for panel in panels] == ["key j"] * 4
    assert panels[3].get_shared_y_axes().joined(panels[0], panels[3])
    six = sr.plot.parts({str(m): sr.Window(m) for m in range(5)}, 8)
    assert [panel.get_xlabel() for panel in six] == ["", "", "", "key j", "key j", "key j"]
    assert [panel.get_ylabel() for panel in six] == ["query i", "", "", "query i", "", ""]


def test_colours_are_those_of_parts_or_those_given():
    for given_colours, expected in ((None, PARTS), (["k", "r", "b"], ["k", "r", "b"])):
        panels = sr.plot.parts(BIGBIRD, 32, colours=given_colours)
        for m, panel in enumerate(panels[:3], 1):
            im = panel.images[0]
            assert tuple(im.cmap(im.norm(m))) == to_rgba(expected[m - 1])
            assert tuple(im.cmap(im.norm(0))) == to_rgba(NON_MEMBER_COLOUR)


def test_several_parts_have_a_legend():
    panels = sr.plot.parts(BIGBIRD, 32, overlap=True)
    (legend,) = panels[0].figure.legends
    assert texts_of(legend.get_texts()) == ["window", "random", "global", "several parts"]
    masks = [sr.dense(p, 32) for p in BIGBIRD.values()]
    assert np.array_equal(arrays_of(panels)[-1] == 4, np.sum(masks, axis=0) > 1)
    apart = {"past": sr.Causal(), "future": ~sr.Causal()}
    assert not sr.plot.parts(apart, 8, overlap=True)[0].figure.legends


def test_the_union_alone_has_a_legend_on_the_axes_given():
    fig, axes = plt.subplots(1, 2)
    panels = sr.plot.parts(BIGBIRD, 32, ax=axes[1])
    assert list(panels) == [axes[1]]
    assert fig.axes == list(axes)
    assert legend_texts(axes[1]) == ["not attended", "window", "random", "global"]
    assert axes[1].get_title() == "union"


def test_names_are_drawn_as_they_are(tmp_path):
    names = ["_hidden", "$\\frac{", "a\nb", "\x00<script>"]
    parts = {name: sr.Window(m) for m, name in enumerate(names)}
    panels = sr.plot.parts(parts, 8, overlap=True)
    (legend,) = panels[0].figure.legends
    assert texts_of(legend.get_texts()) == ["\\x00<script>", "several parts"]
    (panel,) = sr.plot.parts(parts, 8, ax=plt.figure().subplots())
    expected = ["not attended", "_hidden", "$\\frac{", "a\\nb", "\\x00<script>"]
    assert legend_texts(panel) == expected
    for drawn in (panels, panel):
        ElementTree.parse(sr.plot.save(drawn, tmp_path / "hostile.svg"))


def test_it_draws_on_the_figure_given():
    whole = plt.figure(layout="constrained")
    left, right = whole.subfigures(1, 2)
    assert sr.plot.parts(BIGBIRD, 32, fig=left)[0].figure is left
    assert right.axes == []
    assert plt.get_fignums() == [whole.number]


def test_blocks_are_of_the_first_part_that_has_any_pair_and_paler_with_fewer():
    parts = {"one": sr.Sinks(1) & sr.Causal(), "all": sr.Causal()}
    panels = sr.plot.parts(parts, 1024)
    assert panels[-1].get_title() == "union\ncells of 8 × 8 pairs"
    one, every, union = (panel.images[0] for panel in panels)
    assert one.get_array().shape == (128, 128)
    assert np.array_equal(every.get_array() > 0, np.tri(128))
    assert (union.get_array()[:, 0] == 1).all()
    full = union.to_rgba(union.get_array())[5, 2]
    assert np.allclose(full, to_rgba(PARTS[1]))
    column = one.to_rgba(one.get_array())[5, 0]
    ground = to_rgba(NON_MEMBER_COLOUR)
    distance = np.abs(column - ground).max() / np.abs(np.subtract(to_rgba(PARTS[0]), ground)).max()
    assert 0.4 < distance < 0.7
    assert np.allclose(one.to_rgba(one.get_array())[5, 3], ground)


def test_arrays_and_lowered_sets_are_parts_too():
    mask = np.eye(5, dtype=bool)
    panels = sr.plot.parts({"own": mask, "past": sr.csr(sr.Causal(), 5)})
    assert np.array_equal(arrays_of(panels)[-1], 2 * np.tri(5) - np.eye(5))


def test_a_million_queries_hold_no_n_by_n_memory():
    parts = {"window": sr.Lookback(512), "stride": sr.Strided(128)}
    panels = sr.plot.parts(parts, 1_000_000, block=2**13)
    assert arrays_of(panels)[-1].shape == (123, 123)


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        ((sr.Causal(), 4), {}, TypeError, r'parts must be a mapping such as {"window": Window\(2'),
        (({}, 4), {}, ValueError, "parts must have at least 1 part, got none"),
        (({1: sr.Causal()}, 4), {}, TypeError, "parts must have strings as names, got 1"),
        (({"a": sr.Causal()},), {}, TypeError, r"n must be given if parts\['a'\] is a pattern"),
        (({"a": 5}, 4), {}, TypeError, r"parts\['a'\] must be a Pattern or a bool array"),
        (
            ({"a": np.eye(2, dtype=bool), "b": np.eye(3, dtype=bool)},),
            {},
            ValueError,
            r"parts\['b'\] must have the shape of parts\['a'\], \(2, 2\), got \(3, 3\)",
        ),
        ((BIGBIRD, 32), {"overlap": 1}, TypeError, "overlap must be True or False, got 1"),
        ((BIGBIRD, 32), {"colours": ["r"]}, ValueError, "colours must be 3, one for each part"),
        (
            (BIGBIRD, 32),
            {"colours": ["r", "g", "no"]},
            ValueError,
            r"colours\[2\] must be a colour of matplotlib, got 'no'",
        ),
        ((BIGBIRD, 32), {"title": 5}, TypeError, "title must be a string, got 5"),
        ((BIGBIRD, 32), {"fig": 5}, TypeError, "fig must be a matplotlib Figure or SubFigure"),
        ((BIGBIRD, 32), {"ax": 5}, TypeError, "ax must be one matplotlib Axes, got int"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.parts(*args, **options)
    assert plt.get_fignums() == []


def test_one_place_to_draw_on():
    fig, ax = plt.subplots()
    with pytest.raises(ValueError, match="fig and ax must not both be given"):
        sr.plot.parts(BIGBIRD, 32, fig=fig, ax=ax)
