"""Draw the figures of the README and the start page: python docs/figures.py"""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

import sparse_ref as sr

matplotlib.use("Agg")
STATIC = Path(__file__).parent / "_static"


def sparse_transformer():
    """The keys of each step of strided and fixed attention on an image, above the matrices."""
    factorizations = [sr.strided(8), sr.fixed(8, 2)]
    return sr.plot.factorization(factorizations, (8, 8))


def strip(*axes):
    """Remove everything except the cells."""
    for ax in axes:
        ax.set(xticks=[], yticks=[], xlabel="", ylabel="", title="")
        if ax.get_legend():
            ax.get_legend().remove()


def door():
    """Two axes, as wide as a door of the start page."""
    figure, axes = plt.subplots(1, 2, figsize=(4.4, 2.2), layout="constrained")
    return figure, axes[0], axes[1]


def learn():
    """The door to the course: receptive fields after one layer and after two."""
    figure, left, right = door()
    near = sr.dense(sr.Lookback(8), 40)
    far = near.astype(int) @ near > 0
    sr.plot.mask(near, ax=left)
    sr.plot.diff(far, near, ax=right)
    strip(left, right)
    return figure


def look_up():
    """The door to the catalogue: two patterns."""
    figure, left, right = door()
    bigbird = sr.bigbird(24, 2, random=1, seed=0)
    merged = sr.Lookback(5) | sr.Strided(5)
    sr.plot.mask(bigbird, 24, ax=left)
    sr.plot.mask(merged, 24, ax=right)
    strip(left, right)
    return figure


def test_kernel():
    """The door to the tests: what is expected, and where a function differs."""
    figure, left, right = door()
    expected, actual = sr.Lookback(5), sr.Lookback(6)
    sr.plot.mask(expected, 16, ax=left)
    sr.plot.diff(expected, actual, 16, ax=right)
    strip(left, right)
    return figure


FIGURES = (sparse_transformer,)
DOORS = learn, look_up, test_kernel  # without paper: their cards are light or dark

if __name__ == "__main__":
    for draw in FIGURES + DOORS:
        path = STATIC / f"{draw.__name__}.png"
        draw().savefig(path, dpi=150, bbox_inches="tight", transparent=draw in DOORS)
        print(path)
