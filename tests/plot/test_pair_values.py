"""Figures judged by their artists: `plot.pair_values` draws numbers on a set, with their signs."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sparse_ref as sr

P = sr.Lookback(3) | sr.Sinks(1)
NUMBERS = np.random.default_rng(0).standard_normal((9, 9))


def test_numbers_of_the_set_and_of_nothing_else():
    im = sr.plot.pair_values(NUMBERS, P)
    table, mask = im.get_array(), sr.dense(P, 9)
    assert np.array_equal(table.data, NUMBERS)
    assert np.array_equal(table.mask, ~mask)
    greatest = np.abs(NUMBERS[mask]).max()
    assert im.get_clim() == (-greatest, greatest)
    assert im.axes.get_title() == repr(P)


def test_what_is_outside_the_set_may_be_anything():
    poisoned = np.where(sr.dense(P, 9), NUMBERS, np.nan)
    poisoned[0, 1] = 1e300
    im = sr.plot.pair_values(poisoned, P)
    assert im.get_clim() == sr.plot.pair_values(NUMBERS, P).get_clim()


def test_the_sign_shows_and_zero_is_pale():
    im = sr.plot.pair_values([[-1.0, 0.0, 1.0]], np.ones((1, 3), bool))
    below, zero, above = im.to_rgba(im.get_array())[0]
    assert below[0] > below[2], "orange"
    assert above[2] > above[0], "blue"
    assert zero[:3].min() > 0.85
    dark = plt.figure(facecolor="#16181d").subplots()
    shown = sr.plot.pair_values([[0.0]], np.ones((1, 1), bool), ax=dark)
    assert shown.to_rgba(shown.get_array())[0, 0, :3].max() < 0.2


def test_an_empty_set_is_hatched():
    im = sr.plot.pair_values(np.ones((2, 2)), ~sr.Full())
    assert im.get_array().mask.all()
    assert im.get_clim() == (-1, 1)


def test_labels_of_the_bar_and_of_the_tokens():
    im = sr.plot.pair_values(np.eye(2), sr.Causal(), label="dx", tokens=["a", "b"], title="slopes")
    bar = im.colorbar.ax
    assert bar.get_xlabel() == "dx (hatched: outside the set)"
    assert [label.get_text() for label in im.axes.get_xticklabels()] == ["a", "b"]
    assert im.axes.get_title() == "slopes"


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ([["a"]], TypeError, "values must be real numbers, got dtype <U1"),
        ([1.0], ValueError, r"values must have shape \(n_q, n_k\)"),
        (np.ones((0, 3)), ValueError, "both at least 1"),
        (np.ones((1, 513)), ValueError, "at most 512 a side"),
        ([[1.0, 0], [np.inf, 0]], ValueError, r"finite in the set, got inf at \(1, 0\)"),
    ],
)
def test_what_is_refused_leaves_no_figure_behind(values, error, words):
    before = plt.get_fignums()
    with pytest.raises(error, match=words):
        sr.plot.pair_values(values, sr.Causal())
    assert plt.get_fignums() == before


def test_a_set_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"must have shape \(2, 2\)"):
        sr.plot.pair_values(np.eye(2), np.ones((3, 3), bool))
