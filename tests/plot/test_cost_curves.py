"""Figures judged by their artists: `plot.cost` draws numbers of pairs, and fits a power of n."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.masks.cost_curves import slope

LENGTHS = [16, 64, 256]


def sqrt_strided(n):
    return sr.strided(int(n**0.5))


def test_lines_are_the_numbers_of_pairs():
    patterns = {
        "window": sr.Lookback(8),
        "steps": sr.fixed(8),
        "tuple": (sr.Local(2), sr.Causal()),
        "branches": sr.Branches((sr.Sinks(1), sr.Lookback(2))),
        "function": sqrt_strided,
    }
    *lines, reference = sr.plot.cost(patterns, LENGTHS)
    expected = [
        [sr.nnz(sr.Lookback(8), n) for n in LENGTHS],
        [sum(sr.nnz(step, n) for step in sr.fixed(8)) for n in LENGTHS],
        [sr.nnz(sr.Local(2), n) + n * (n + 1) // 2 for n in LENGTHS],
        [n + sr.nnz(sr.Lookback(2), n) for n in LENGTHS],
        [sum(sr.nnz(step, n) for step in sqrt_strided(n)) for n in LENGTHS],
    ]
    assert [list(line.get_ydata()) for line in lines] == expected
    assert all(list(line.get_xdata()) == LENGTHS for line in [*lines, reference])
    assert list(reference.get_ydata()) == [n * (n + 1) // 2 for n in LENGTHS]


def test_the_legend_has_the_slope():
    patterns = {"all": sr.Full(), "sinks $1$": sr.Sinks(1), "sqrt": sqrt_strided}
    lines = sr.plot.cost(patterns, [10**4, 10**5, 10**6], reference="none")
    labels = [line.get_label() for line in lines]
    assert labels == ["all: n^2.00", "sinks $1$: n^1.00", "sqrt: n^1.50"]
    entries = lines[0].axes.get_legend().get_texts()
    assert texts_of(entries) == labels
    assert not any(entry.get_parse_math() for entry in entries)


def test_names_are_shown_as_they_are():
    names = ["_a", "$\\alpha$", "\x1b[2J", "a\nb"]
    lines = sr.plot.cost({name: sr.Causal() for name in names}, [2, 4], reference="none")
    entries = legend_texts(lines[0])
    shown = ["_a", "$\\alpha$", "\\x1b[2J", "a\\nb"]
    assert entries == [f"{name}: n^1.74" for name in shown]


def test_the_slope_is_that_of_least_squares():
    rng = np.random.default_rng(3)
    lengths = [10, 30, 70, 200]
    counts = rng.integers(5, 500, 4)
    assert slope(lengths, counts) == pytest.approx(
        np.polyfit(np.log(lengths), np.log(counts), 1)[0]
    )


def test_axes_are_logarithmic_and_the_reference_is_grey():
    (*_, full) = sr.plot.cost({"a": sr.Causal()}, LENGTHS, reference="full")
    assert (full.axes.get_xscale(), full.axes.get_yscale()) == ("log", "log")
    assert (full.axes.get_xlabel(), full.axes.get_ylabel()) == ("length n", "connected pairs")
    assert list(full.get_ydata()) == [n * n for n in LENGTHS]
    assert len(set(to_rgba(full.get_color())[:3])) == 1
    assert full.get_label() == "all pairs, n^2"


def test_ticks_are_lengths():
    ax = sr.plot.cost({"a": sr.Causal()}, 2 ** np.arange(8, 17))[0].axes
    labels = texts_of(ax.get_xticklabels())
    assert labels == ["256", "1,024", "4,096", "16,384", "65,536"]
    assert list(ax.get_xticks(minor=True)) == []


def test_lines_differ_in_colour_and_marker():
    lines = sr.plot.cost({str(keys): sr.Lookback(keys) for keys in range(1, 6)}, LENGTHS)[:5]
    assert len({to_rgba(line.get_color()) for line in lines}) == 5
    assert len({line.get_marker() for line in lines}) == 5


def test_title_colours_and_axes_can_be_given():
    fig, axes = plt.subplots(1, 2)
    line, _ = sr.plot.cost({"a": sr.Full()}, [2, 4], title="pairs", colours=["r"], ax=axes[0])
    assert line.axes is axes[0]
    assert to_rgba(line.get_color()) == to_rgba("r")
    assert axes[0].get_title() == "pairs"
    assert plt.get_fignums() == [fig.number]


P = {"p": sr.Causal()}


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (([sr.Causal()], LENGTHS), {}, TypeError, "patterns must be a dict of one or more"),
        (({}, LENGTHS), {}, TypeError, "patterns must be a dict of one or more patterns"),
        (({1: sr.Causal()}, LENGTHS), {}, TypeError, "patterns must have strings as names, got 1"),
        (({"p": "Causal"}, LENGTHS), {}, TypeError, r"patterns\['p'\] must be a Pattern, steps"),
        (({"p": ()}, LENGTHS), {}, TypeError, r"patterns\['p'\] must be a Pattern"),
        (({"p": lambda n: n}, LENGTHS), {}, TypeError, r"patterns\['p'\]\(16\) must be a Pattern"),
        (({"p": sr.Causal}, LENGTHS), {}, TypeError, r"patterns\['p'\]\(16\) failed"),
        (({"p": sr.natten(8, 3)}, LENGTHS), {}, ValueError, "n = 8"),
        (
            ({"p": sr.Local(1) - sr.Causal()}, LENGTHS),
            {},
            ValueError,
            r"patterns\['p'\] has no pairs at n = 16: a logarithmic axis has no 0",
        ),
        ((P, 16), {}, TypeError, "lengths must be a sequence of integers, got 16"),
        ((P, [16]), {}, ValueError, r"lengths must be two or more, for a slope, got \[16\]"),
        ((P, [0, 16]), {}, ValueError, r"lengths\[0\] must be at least 1, got 0"),
        ((P, [16, 16]), {}, ValueError, r"lengths must ascend, got \[16, 16\]"),
        ((P, LENGTHS), dict(reference=None), ValueError, 'reference must be one of "full", "caus'),
        ((P, LENGTHS), dict(colours="r"), TypeError, "colours must be a sequence of colours"),
        ((P, LENGTHS), dict(title=1), TypeError, "title must be a string, got 1"),
        ((P, LENGTHS), dict(ax=1), TypeError, "ax must be one matplotlib Axes, got int"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.cost(*args, **options)
    assert plt.get_fignums() == []
