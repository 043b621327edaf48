"""Reading some rows of a large implementation key by key, where that is needed: stretches of keys are weighed as one first.

Each stretch has eight sums, of small random integers as values. A row has none of a stretch where all of them are 0; all of it,
or what is expected there, where they are in proportion to the sums of these. Other stretches are cut in 16, and read
key by key once they are 16 keys long. Of stretches beyond a bound the first and the last alone are followed up.
"""

from __future__ import annotations

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import Subject

LEAF = 16
DRAWS = 8


def read(call: Subject, sets, wanted, rows, dtype: str, rng) -> tuple[np.ndarray, np.ndarray]:
    """(weights at equal logits, which of them are known), both (H, rows, n_k), of the rows wanted, (H, rows); 0 where not known."""
    n, size = call.n[1], LEAF
    while n >= 16 * LEAF * size:
        size *= LEAF
    values = rng.choice(np.array([-2.0, -1.0, 1.0, 2.0]), (n, DRAWS))
    weights, known = np.zeros(sets.shape, np.float32), np.zeros(sets.shape, bool)
    starts = np.arange(0, n, size)
    while size > 1 and len(starts):
        unsure = []
        for some in _few(starts, max(call.e // DRAWS, 1)):
            spans = [slice(start, min(start + size, n)) for start in some]
            v = np.zeros((n, len(some), DRAWS))
            for column, span in enumerate(spans):
                v[span, column] = values[span]
            found = call.wide(*call.equal, v.reshape(n, -1), rows)[0].reshape(
                *sets.shape[:2], len(some), DRAWS
            )
            for column, span in enumerate(spans):
                known[..., span] = _told(
                    found[:, :, column], sets[..., span], values[span], dtype, weights[..., span]
                )[..., None]
                unsure += [] if known[wanted, span].all() else [span.start]
        starts, size = _split(unsure, size, call), size // LEAF
    for some in _few(starts[starts < n], call.e):
        v = np.zeros((n, len(some)))
        v[some, np.arange(len(some))] = 1
        weights[..., some], known[..., some] = call.wide(*call.equal, v, rows)[0], True
    return weights, known


def _few(starts, size: int) -> list[np.ndarray]:
    """The starts, so many at a time."""
    return [starts[at : at + size] for at in range(0, len(starts), size)]


def _split(unsure: list[int], size: int, call: Subject) -> np.ndarray:
    """Where the sixteenths of the stretches begin; where those are many, of the first and the last."""
    most = min(max(call.e // 4, 1), LEAF)
    kept = unsure if len(unsure) <= 2 * most else unsure[:most] + unsure[-most:]
    starts = (np.array(kept, int)[:, None] + size // LEAF * np.arange(LEAF)).ravel()
    return starts[starts < call.n[1]]


def _told(found, sets, values, dtype: str, weights) -> np.ndarray:
    """Rows (H, rows) that have none or all of a stretch, or what is expected of them there; their weights are filled in."""
    none = (found == 0).all(axis=-1)
    told = none.copy()
    for held in (np.ones_like(sets), sets):
        sums = held @ values  # (H, rows, DRAWS)
        each = (found * sums).sum(axis=-1) / np.maximum((sums * sums).sum(axis=-1), 1)
        with np.errstate(invalid="ignore"):
            near = (np.abs(found - each[..., None] * sums) <= 0.4 * np.abs(each)[..., None]).all(
                axis=-1
            )
        same = near & (each > 0) & (spacing(dtype) * np.abs(sums).max(axis=-1) < 0.6) & ~told
        weights[same] = np.where(held, each[..., None], 0)[same]
        told |= same
    return told
