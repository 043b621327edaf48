"""The oracle of paths: masks multiplied by NumPy, layer by layer. It imports nothing it judges."""

from itertools import islice

import numpy as np


def keyed(masks, residual):
    """The masks of layers, with the residual edge or without."""
    return [np.asarray(mask) | (residual & np.eye(len(mask), dtype=bool)) for mask in masks]


def products(masks, residual):
    """The Boolean product of the first r layers, which cycle, for r = 0, 1, 2, ... without end."""
    layers = [
        layer.astype(np.float32) for layer in keyed(masks, residual)
    ]  # sums of ones are exact below 2**24
    found, r = np.eye(len(masks[0]), dtype=bool), 0
    while True:
        yield found
        found = layers[r % len(layers)] @ found.astype(np.float32) > 0
        r += 1


def reached(masks, residual):
    """[i, j] = j reaches i through each layer once."""
    *_, last = islice(products(masks, residual), len(masks) + 1)
    return last


def hop_counts(masks, residual):
    """[i, j] = the first r whose product joins the pair, -1 for none.

    A shortest walk passes no position twice below the same step.
    """
    n = len(masks[0])
    found = np.full((n, n), -1)
    for r, joined in enumerate(islice(products(masks, residual), len(masks) * n + 1)):
        found[joined & (found < 0)] = r
        if (found >= 0).all():
            break
    return found


def path_counts(masks, residual):
    """[i, j] = how many paths lead through each layer once, in Python's integers."""
    found = np.eye(len(masks[0]), dtype=object)
    for layer in keyed(masks, residual):
        found = layer.astype(int).astype(object) @ found
    return found


def has_hamiltonian_path(edges):
    """Whether a path visits each position once: by the sets visited and the ends."""
    n = len(edges)
    ends = {(1 << x, x) for x in range(n)}
    for _ in range(n - 1):
        ends = {
            (visited | 1 << y, y)
            for visited, x in ends
            for y in np.flatnonzero(edges[:, x]).tolist()
            if not visited >> y & 1
        }
    return bool(ends)
