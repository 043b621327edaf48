"""Figures judged by their artists: `plot.selection` shows what `sr.selection` chooses."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of
from matplotlib.colors import to_hex

import sparse_ref as sr
from sparse_ref.plot.computation.selection_image import MARKS, ROW_MARKS

HIDDEN, REST, TIED, CHOSEN, FORCED = range(5)
GENERATOR = np.random.default_rng(0)
SCORES = np.round(GENERATOR.standard_normal((16, 16)) * 2)  # many ties
NEAR = sr.Sinks(1) | sr.Lookback(2)


def marks(ax):
    """{ kind: {(i, e), ...} } of the glyphs in the cells."""
    kind_of = {mark.marker: kind for kind, mark in MARKS.items()}
    return {
        kind_of[line.get_marker()]: set(zip(*map(np.ndarray.tolist, line.get_data()[::-1])))
        for line in ax.lines
    }


RULES = [("top_k", 4), ("top_p", 0.6), ("at_least", 1)]


@pytest.mark.parametrize(("rule", "limit"), RULES)
@pytest.mark.parametrize("forced", [None, NEAR], ids=repr)
def test_the_marks_are_what_the_library_chooses(rule, limit, forced):
    ax = sr.plot.selection(SCORES, rule, limit, sr.Causal(), forced=forced)
    choose = getattr(sr.selection, rule)
    chosen = sr.dense(choose(SCORES, limit, sr.Causal(), forced=forced), 16)
    must = np.zeros((16, 16), bool) if forced is None else sr.dense(forced, 16)
    found = marks(ax)
    assert found[FORCED] == set(map(tuple, np.argwhere(must)))
    assert found[CHOSEN] == set(map(tuple, np.argwhere(chosen & ~must)))
    plt.close(ax.figure)


def test_ties_are_the_later_entries_of_the_last_score():
    scores = [[2, 9, 9, 9], [1, 1, 9, 9], [5, 1, 1, 9], [2, 3, 2, 2]]
    ax = sr.plot.selection(scores, "top_k", 2, sr.Causal())
    assert marks(ax)[TIED] == {(2, 2), (3, 2), (3, 3)}
    assert texts_of(ax.texts) == ["2", "1", "1", "2", "threshold"]
    assert legend_texts(ax) == ["chosen", "tied with the last, not chosen"]
    everything = sr.plot.selection(scores, "at_least", 1, sr.Causal())
    assert marks(everything)[TIED] == set()


def test_forced_entries_are_no_threshold():
    scores = [[5.0, 1, 3, 2]]
    ax = sr.plot.selection(scores, "top_k", 2, sr.Full(), forced=sr.Listed.of_rows([[0, 1]]))
    assert ax.texts[0].get_text() == ""
    beside = partial(sr.selection.top_k, forced_in_budget=False)
    ax = sr.plot.selection(scores, beside, 2, sr.Full(), forced=sr.Sinks(1))
    assert marks(ax) == {FORCED: {(0, 0)}, CHOSEN: {(0, 2), (0, 3)}, TIED: set()}
    assert ax.texts[0].get_text() == "2"
    assert ax.get_title() == "selection"


def test_hidden_scores_are_never_read():
    scores = np.where(sr.dense(sr.Causal(), 16), SCORES, np.nan)
    im = sr.plot.selection(scores, "top_k", 3, sr.Causal()).images[0]
    assert np.array_equal(im.get_array().mask, np.isnan(scores))
    visible = ~np.isnan(scores)
    assert np.array_equal(im.get_array()[visible], SCORES[visible])
    assert im.get_clim() == (SCORES[visible].min(), SCORES[visible].max())
    assert im.colorbar.ax.get_xlabel() == "score (hatched: hidden)"
    with pytest.raises(ValueError, match="scores must not be NaN, got one at head 0, query 0"):
        sr.plot.selection(scores, "top_k", 3, sr.Full())


def test_infinite_scores_have_the_colours_of_the_ends():
    scores = [[np.inf, 1, 2, -np.inf]]
    im = sr.plot.selection(scores, "top_k", 1, sr.Full()).images[0]
    assert im.get_array().tolist() == [[2, 1, 2, 1]]
    equal = sr.plot.selection([[7.0, 7.0]], "top_k", 1, sr.Full()).images[0]
    assert equal.get_clim() == (7, 8)
    nothing = sr.plot.selection([[7.0, 7.0]], "top_k", 1, ~sr.Full())
    assert nothing.images[0].get_array().mask.all()
    assert nothing.texts[0].get_text() == ""


def test_marks_fill_the_cells_of_a_large_table():
    scores = GENERATOR.standard_normal((100, 40))
    ax = sr.plot.selection(scores, "top_k", 5, sr.Full(), forced=sr.Sinks(1))
    base, filled = ax.images
    chosen = sr.dense(sr.selection.top_k(scores, 5, sr.Full(), forced=sr.Sinks(1)), (100, 40))
    kinds = np.where(chosen, CHOSEN, REST)
    kinds[:, 0] = FORCED
    assert np.array_equal(filled.get_array(), kinds)
    drawn = filled.to_rgba(filled.get_array())
    assert ((drawn[..., 3] > 0) == chosen).all()
    assert np.array_equal(base.get_array(), scores)
    assert len(ax.texts) == 0


def test_atoms_may_be_pools():
    ax = sr.plot.selection(SCORES[:, :4], "top_k", 2, sr.Complete(4))
    assert ax.images[0].get_array().shape == (16, 4)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("atom e", "query i")
    assert ax.get_title() == "top_k, k = 2"


@pytest.mark.parametrize(("rule", "limit"), [*RULES, ("at_least", np.arange(16) / 8)])
def test_one_query_is_a_row_of_the_table(rule, limit):
    i = 13
    table = sr.plot.selection(SCORES, rule, limit, sr.Causal(), forced=NEAR)
    ax = sr.plot.selection(SCORES, rule, limit, sr.Causal(), forced=NEAR, query=i)
    bars = ax.containers[0]
    heights = [bar.get_height() for bar in bars]
    assert heights == [*SCORES[i, : i + 1], 0, 0]
    expected = dict.fromkeys(range(i + 1), REST)
    for kind, cells in marks(table).items():
        expected |= {e: kind for row, e in cells if row == i}
    colours = {e: to_hex(bars[e].get_facecolor()) for e in expected}
    assert colours == {e: str(ROW_MARKS[kind].colour) for e, kind in expected.items()}
    (line,) = (line for line in ax.lines if line.get_linestyle() == "--")
    threshold = line.get_ydata()[0]
    assert table.texts[i].get_text() == f"{threshold:.3g}"
    assert f"threshold {threshold:.4g}" in legend_texts(ax)
    plt.close(table.figure)


def test_hidden_atoms_are_hatched_next_to_the_bars():
    visible = sr.Listed.of_rows([[1, 2, 5]])
    ax = sr.plot.selection([[1.0] * 7], "top_k", 1, visible, query=0)
    spans = [patch for patch in ax.patches if patch.get_hatch()]
    assert [(span.get_x(), span.get_width()) for span in spans] == [(-0.5, 1), (2.5, 2), (5.5, 1)]
    assert legend_texts(ax) == ["chosen", "tied with the last, not chosen", "threshold 1"]
    assert ax.get_title() == "top_k, k = 1, query 0"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("atom e", "score")


def test_a_query_that_chooses_nothing_has_no_line():
    ax = sr.plot.selection([[1.0, np.inf, -np.inf]], "top_k", 0, sr.Full(), query=0, title="T")
    assert [line.get_linestyle() for line in ax.lines] == []
    assert texts_of(ax.texts) == ["∞", "−∞"]
    assert ax.get_title() == "T"


def test_one_query_of_many_reads_its_own_scores_alone():
    def rows(lo, hi):
        assert (lo, hi) == (900_000, 900_001)
        return np.arange(500.0)[None]

    scores = sr.selection.Scores((1_000_000, 500), rows)
    ax = sr.plot.selection(scores, "top_k", 2, sr.Full(), query=900_000)
    (line,) = (line for line in ax.lines if line.get_linestyle() == "--")
    assert line.get_ydata()[0] == 498


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2, facecolor="black")
    for query in (None, 3):
        ax = sr.plot.selection(SCORES, "top_k", 2, sr.Causal(), query=query, ax=axes[1])
        assert ax is axes[1]
    assert fig.axes == list(axes)
    assert plt.get_fignums() == [fig.number]


@pytest.mark.parametrize(
    ("args", "keywords", "error", "says"),
    [
        ((SCORES, "best", 2, sr.Full()), {}, ValueError, "rule must be 'top_k', 'top_p', .*'best'"),
        ((SCORES, "top_k", -1, sr.Full()), {}, ValueError, "k must be at least 0, got -1"),
        ((SCORES, "top_p", 1.5, sr.Full()), {}, ValueError, "p must be from 0 to 1, got 1.5"),
        ((SCORES, "at_least", [1, 2], sr.Full()), {}, ValueError, "threshold must be a number or"),
        ((SCORES[None], "top_k", 2, sr.Full()), {}, ValueError, r"scores\[h\] of one head"),
        ((SCORES[:0], "top_k", 2, sr.Full()), {}, ValueError, "both at least 1, got"),
        ((["ab"], "top_k", 2, sr.Full()), {}, TypeError, "scores must be real numbers"),
        ((SCORES, "top_k", 2, np.eye(3) > 0), {}, TypeError, "visible must be a Pattern"),
        ((SCORES, "top_k", 2, sr.Full()), {"forced": 3}, TypeError, "forced must be a Pattern"),
        ((SCORES, "top_k", 2, sr.Full()), {"query": 16}, ValueError, "query must be at most 15"),
        (
            (np.zeros((600, 9)), "top_k", 2, sr.Full()),
            {},
            ValueError,
            "scores must have at most 512 queries to be drawn, got 600: query draws one",
        ),
        (
            (np.zeros((9, 600)), "top_k", 2, sr.Full()),
            {"query": 1},
            ValueError,
            "scores must have at most 512 atoms to be drawn, got 600",
        ),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, keywords, error, says):
    with pytest.raises(error, match=says):
        sr.plot.selection(*args, **keywords)
    assert plt.get_fignums() == []
