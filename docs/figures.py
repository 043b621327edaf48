"""The figures of the README and the catalogue, drawn again: python docs/figures.py"""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

import sparse_ref as sr

matplotlib.use("Agg")
STATIC = Path(__file__).parent / "_static"
ACROSS = 9


def sparse_transformer():
    """Where each step of strided and fixed attention looks on an image, above the matrices."""
    return sr.plot.factorization([sr.strided(8), sr.fixed(8, 2)], (8, 8))


def catalogue():
    """Every pattern of the catalogue in small: what the first head attends to, in any step or
    branch.
    """
    entries = sr.catalogue()
    rows = -(-len(entries) // ACROSS)
    figure, axes = plt.subplots(
        rows, ACROSS, figsize=(1.6 * ACROSS, 1.95 * rows), layout="constrained"
    )
    for ax, entry in zip(axes.flat, entries):
        patterns = entry.patterns()
        drawn = patterns[:1] if isinstance(entry.value(), tuple) else patterns
        union = sr.multiplicity(sr.Branches(drawn), entry.shape()) > 0
        sr.plot.mask(union, ax=ax)
        ax.set_title(entry.name, fontsize=9, family="monospace")
        ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
        if ax.get_legend():
            ax.get_legend().remove()
    for ax in axes.flat[len(entries) :]:
        ax.remove()
    return figure


def bare(count):
    """A row of axes without frames' labels, as wide as a door of the start page."""
    figure, axes = plt.subplots(1, count, figsize=(2.2 * count, 2.2), layout="constrained")
    return figure, list(axes)


def strip(axes):
    """Leave nothing but the cells."""
    for ax in axes:
        ax.set(xticks=[], yticks=[], xlabel="", ylabel="", title="")
        if ax.get_legend():
            ax.get_legend().remove()


def learn():
    """The door to the course: receptive fields after one layer and after two."""
    figure, axes = bare(2)
    near = sr.dense(sr.Lookback(8), 40)
    far = near.astype(int) @ near > 0
    sr.plot.mask(near, title="", ax=axes[0])
    sr.plot.diff(far, near, ax=axes[1])
    strip(axes)
    return figure


def look_up():
    """The door to the catalogue: two patterns."""
    figure, axes = bare(2)
    sr.plot.mask(sr.bigbird(24, 2, random=1, seed=0), 24, ax=axes[0])
    sr.plot.mask(sr.Lookback(5) | sr.Strided(5), 24, ax=axes[1])
    strip(axes)
    return figure


def test_kernel():
    """The door to the tests: what is expected, and where a function differs."""
    figure, axes = bare(2)
    sr.plot.mask(sr.Lookback(5), 16, ax=axes[0])
    sr.plot.diff(sr.Lookback(5), sr.Lookback(6), 16, ax=axes[1])
    strip(axes)
    return figure


FIGURES = sparse_transformer, catalogue
DOORS = learn, look_up, test_kernel  # without paper: their cards are light or dark

if __name__ == "__main__":
    for draw in FIGURES + DOORS:
        path = STATIC / f"{draw.__name__}.png"
        draw().savefig(path, dpi=150, bbox_inches="tight", transparent=draw in DOORS)
        print(path)
