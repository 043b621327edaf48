"""Figures judged by their artists: `plot.diff` shows every key of only one mask, at any size."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.drawing.style import MISSING_COLOUR


def marks(im):
    """{ marker: [(i, j), ...] } of the glyphs or circles on the cells."""
    return {
        line.get_marker(): sorted(zip(line.get_ydata(), line.get_xdata()))
        for line in im.axes.lines
        if len(line.get_xdata())
    }


@given(st.integers(0, 2**12 - 1), st.integers(0, 2**12 - 1))
def test_the_four_kinds_of_pair(first, second):
    expected, actual = (
        np.array([x >> t & 1 for t in range(12)], bool).reshape(3, 4) for x in (first, second)
    )
    im = sr.plot.diff(expected, actual)
    assert np.array_equal(
        im.get_array(), np.array([[0, 3], [2, 1]])[expected.astype(int), actual.astype(int)]
    )
    assert (
        im.axes.get_title()
        == f"{(expected & ~actual).sum()} missing, {(actual & ~expected).sum()} extra"
    )
    assert marks(im).get("_", []) == [tuple(x) for x in np.argwhere(expected & ~actual)]
    assert marks(im).get("+", []) == [tuple(x) for x in np.argwhere(actual & ~expected)]
    plt.close(im.figure)


def test_one_key_narrower():
    """Local(4) has l + 1 keys, Lookback(4) has l: the key i - 4 is missing from row 4 on."""
    im = sr.plot.diff(sr.Local(4), sr.Lookback(4), n=12)
    assert im.axes.get_title() == "8 missing, 0 extra"
    assert marks(im) == {"_": [(i, i - 4) for i in range(4, 12)]}
    assert legend_texts(im) == [
        "neither",
        "both",
        "− only expected",
    ]


def test_a_pattern_takes_the_shape_of_the_array_beside_it():
    mask = sr.dense(sr.Causal(), (3, 5))
    assert sr.plot.diff(mask, sr.Causal()).axes.get_title() == "0 missing, 0 extra"
    assert sr.plot.diff(sr.Full(), mask).axes.get_title() == "9 missing, 0 extra"


@pytest.mark.parametrize(("n", "at", "cell"), [(200, (90, 3), (90, 3)), (1024, (901, 6), (225, 1))])
def test_one_key_is_seen_in_a_large_mask(n, at, cell):
    expected = sr.dense(sr.Local(8), n)
    actual = expected.copy()
    actual[at] = True
    im = sr.plot.diff(expected, actual)
    assert [tuple(x) for x in np.argwhere(im.get_array() > 1)] == [cell]
    ((i, j),) = marks(im)["o"]
    b = n / len(im.get_array())
    assert (abs(i - at[0]) < b, abs(j - at[1]) < b) == (True, True)
    assert im.axes.get_title().startswith("0 missing, 1 extra")


def test_a_block_may_hold_both_differences():
    expected = np.zeros((600, 600), bool)
    actual = expected.copy()
    expected[0, 0], actual[1, 1] = True, True
    im = sr.plot.diff(expected, actual)
    assert im.get_array()[0, 0] == 4
    assert im.axes.get_title() == "1 missing, 1 extra\ncells of 4 × 4 pairs"
    assert legend_texts(im) == [
        "neither",
        "± some of each",
    ]


def test_many_differences_are_not_circled():
    assert marks(sr.plot.diff(sr.Local(64), sr.Lookback(64), n=200)) == {}


def test_it_draws_where_it_is_told():
    fig, ax = plt.subplots()
    im = sr.plot.diff(sr.Causal(), sr.Full(), n=4, ax=ax)
    assert im.axes is ax
    assert plt.get_fignums() == [fig.number]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("query i", "key j")


@pytest.mark.parametrize(
    ("args", "n", "error", "says"),
    [
        (
            (sr.Causal(), sr.Full()),
            None,
            TypeError,
            "n must be given if expected is a pattern, got None",
        ),
        (
            (np.ones((3, 3), bool), np.ones((4, 4), bool)),
            None,
            ValueError,
            r"actual must have shape \(3, 3\), got \(4, 4\)",
        ),
        (
            (sr.Causal(), np.ones((4, 4), bool)),
            3,
            ValueError,
            r"actual must have shape \(3, 3\), got \(4, 4\)",
        ),
        (
            (sr.Causal(), np.ones((4, 4))),
            None,
            TypeError,
            "actual must be a bool array, True where it attends, got dtype float64",
        ),
        (
            (sr.Causal(), sr.strided(2)),
            4,
            TypeError,
            r"actual must be a Pattern or a bool array \(n_q, n_k\), got strided\(2\)",
        ),
        (
            (sr.Causal(), sr.csr(sr.Full(), 4)),
            3,
            ValueError,
            r"actual must have shape \(3, 3\), got \(4, 4\)",
        ),
        (
            (sr.Causal(), SimpleNamespace(mask=np.ones((2, 3, 3), bool))),
            3,
            ValueError,
            "head must say which of the 2 heads of actual, got None",
        ),
        (
            (SimpleNamespace(mask=np.ones((1, 3, 3))), sr.Causal()),
            3,
            TypeError,
            "expected.mask must be a bool array, True where it attends, got dtype float64",
        ),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, n, error, says):
    with pytest.raises(error, match=says):
        sr.plot.diff(*args, n=n)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("names", "error", "says"),
    [
        ("ab", TypeError, "names must be two texts, got 'ab'"),
        (("a", 1), TypeError, r"names must be two texts, got \('a', 1\)"),
        (("a", "b", "c"), TypeError, "names must be two texts"),
        (("a", "a"), ValueError, r"names must differ, got \('a', 'a'\)"),
    ],
)
def test_names_are_two_different_texts(names, error, says):
    with pytest.raises(error, match=says):
        sr.plot.diff(sr.Causal(), sr.Full(), 4, names)
    assert plt.get_fignums() == []


def test_a_head_that_a_probe_does_not_have_is_refused():
    probe = SimpleNamespace(mask=np.ones((2, 3, 3), bool))
    with pytest.raises(ValueError, match="head must be at most 1, got 2"):
        sr.plot.diff(sr.Full(), probe, head=2)
    with pytest.raises(ValueError, match="head must be None if neither of the two has heads"):
        sr.plot.diff(sr.Full(), sr.Causal(), 4, head=0)
    assert plt.get_fignums() == []


def test_names_are_in_legend_and_title():
    im = sr.plot.diff(sr.Lookback(3), sr.Causal(), 6, ("the paper", "the code"))
    labels = legend_texts(im)
    assert labels == ["neither", "both", "+ only the code"]
    assert im.axes.get_title() == "0 only the paper, 6 only the code"
    named = sr.plot.diff(sr.Lookback(3), sr.Causal(), 6, ["a", "b"], title="Fig. 1")
    assert named.axes.get_title() == "Fig. 1"


@pytest.mark.parametrize("n", [(200, 4), (1, 90), (20, 3)])
def test_a_narrow_figure_has_room_for_its_legend(n):
    """Drawn by the fixture, where a layout that fails is an error."""
    im = sr.plot.diff(sr.Full(), sr.Window(1), n, ("a long name of a set", "and another one"))
    assert im.get_array().shape == n


def test_names_are_no_formulas():
    im = sr.plot.diff(sr.Local(1), sr.Local(2), 4, ("$p", "q$ \\frac\n"))
    im.figure.canvas.draw()
    assert im.axes.get_legend().get_texts()[-1].get_text() == "+ only q$ \\frac\\n"


def test_on_a_dark_page_glyphs_differ_from_their_cells():
    _, ax = plt.subplots(facecolor="black")
    im = sr.plot.diff(sr.Local(2), sr.Lookback(2), 6, ax=ax)
    (missing,) = (line for line in ax.lines if len(line.get_xdata()))
    assert missing.get_color() == "#000000"
    assert im.cmap(im.norm(2)) == to_rgba(MISSING_COLOUR.dark)


ROWS = sr.csr(sr.Lookback(4), 12)


@pytest.mark.parametrize(
    "actual",
    [
        ROWS,
        sr.plan(sr.Lookback(4), 12),
        SimpleNamespace(mask=sr.dense(sr.Lookback(4), 12)),
        SimpleNamespace(actual_mask=sr.dense(sr.Lookback(4), 12)[None]),
    ],
    ids=["CSR", "Plan", "mask", "report"],
)
def test_other_forms_of_a_set(actual):
    """Each has a shape, so that n may be left out."""
    patterns = sr.plot.diff(sr.Local(4), sr.Lookback(4), 12)
    im = sr.plot.diff(sr.Local(4), actual)
    assert np.array_equal(im.get_array(), patterns.get_array())


def test_a_probe_beside_a_pattern():
    def attention(q, k, v):
        logits = q @ k.swapaxes(-1, -2)
        far = ~sr.dense(sr.Lookback(3), q.shape[-2])
        weights = np.exp(logits - 1e5 * far)
        return weights / weights.sum(-1, keepdims=True) @ v

    probe = sr.verify.probe(attention, 8, heads=2)
    im = sr.plot.diff(sr.Local(3), probe, head=1)
    assert im.axes.get_title().startswith("5 missing, 0 extra")
    leaks = probe.leaks[1] & ~sr.dense(sr.Local(3), 8)
    assert np.array_equal(im.get_array() == 5, leaks)


@pytest.mark.parametrize("shape", [5000, (300, 4100)])
def test_patterns_too_long_for_a_matrix_are_counted_by_blocks(shape):
    """An independent count: matrices of 0 and 1, cut into blocks."""
    expected = sr.Local(70) | sr.GlobalAt((0, 77))
    actual = sr.Lookback(70) | sr.GlobalAt((0, 78))
    n_q, n_k = shape if isinstance(shape, tuple) else (shape, shape)
    i, j = np.arange(n_q)[:, None], np.arange(n_k)
    masks = expected.contains(i, j), actual.contains(i, j)
    im = sr.plot.diff(expected, actual, shape)
    from_arrays = sr.plot.diff(*masks)
    assert np.array_equal(im.get_array(), from_arrays.get_array())
    assert im.axes.get_title() == from_arrays.axes.get_title()
    leaks = (j == 1) & (i % 64 == 0)
    of_both, of_arrays = (
        sr.plot.diff(p, masks[1], leaks=leaks).get_array() for p in (expected, masks[0])
    )
    assert (of_arrays == 5).any()
    assert np.array_equal(of_both, of_arrays)


def test_a_single_key_in_a_million_rows():
    extra = sr.Local(64) | sr.Verticals((123_456,)) & sr.Slashes((777_777,))
    im = sr.plot.diff(sr.Local(64), extra, 1_000_000)
    cell = (123_456 + 777_777) // 4096, 123_456 // 4096
    assert im.axes.get_title().startswith("0 missing, 1 extra")
    assert [tuple(x) for x in np.argwhere(im.get_array() > 1)] == [cell]


def test_leaks_have_a_colour_of_their_own_and_are_counted():
    expected = np.tri(4, dtype=bool)
    leaks = np.zeros((4, 4), bool)
    leaks[0, 1:3] = leaks[3, 0] = True
    im = sr.plot.diff(expected, expected, leaks=leaks)
    assert im.get_array()[0].tolist() == [1, 5, 5, 0]
    assert im.get_array()[3, 0] == 1, "a key of the set is no leak"
    assert im.axes.get_title() == "0 missing, 0 extra, 2 leaks"
    labels = legend_texts(im)
    assert labels == ["neither", "both", "~ leak: only with large logits"]
    assert im.cmap(im.norm(5)) != im.cmap(im.norm(3))
