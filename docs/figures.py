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


if __name__ == "__main__":
    for draw in (sparse_transformer, catalogue):
        draw().savefig(STATIC / f"{draw.__name__}.png", dpi=150, bbox_inches="tight")
        print(STATIC / f"{draw.__name__}.png")
