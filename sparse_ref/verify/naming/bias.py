"""What is added to logits, in words: ALiBi with its slope, what hangs on the distance alone, or on the key alone.

Weights at equal logits are P_ij = e^b_ij / sum, so that log P_ij' - log P_ij = b_ij' - b_ij for neighbours j < j' of row i.
"""

from __future__ import annotations

import numpy as np

from ..calling.frameworks import spacing

LEAST = 2.0**-14  # float16 has fewer bits for smaller weights
MOST = 8  # heads that are told apart


def added(weights, rows, wrong, dtype: str) -> str:
    """What the heads with rows in `wrong`, (H, rows), add to their logits; "" where that has no name. weights is (H, rows, n_k)."""
    said: dict[str, list[int]] = {}
    for h in np.flatnonzero(wrong.any(axis=1))[:MOST]:
        if name := _named(weights[h], rows, wrong[h], dtype):
            said.setdefault(name, []).append(int(h))
    told = [
        f"{name} in head{'s' * (len(heads) > 1)} {', '.join(map(str, heads))}"
        for name, heads in said.items()
    ]
    return f": it is {'; '.join(told)}" if told else ""


def _named(weights, rows, wrong, dtype: str) -> str:
    """The bias of one head."""
    r, j = np.nonzero((weights > (LEAST if dtype == "float16" else 1e-30)) & wrong[:, None])
    same = r[1:] == r[:-1]
    if not same.any():
        return ""
    i, left, right, logs = (
        rows[r[:-1][same]],
        j[:-1][same],
        j[1:][same],
        np.log(weights[r, j].astype(np.float64)),
    )
    step = (logs[1:] - logs[:-1])[same]
    nearer, allowed = np.abs(i - left) - np.abs(i - right), 4 * spacing(dtype) + 1e-6
    if (size := (nearer**2).sum()) and (
        np.abs(step - (slope := (step * nearer).sum() / size) * nearer) <= allowed
    ).all():
        return f"{-slope:.4g} |i - j|, as with ALiBi,"
    for name, pair in (
        ("a function of i - j alone", (i - left, i - right)),
        ("a function of j alone", (left, right)),
    ):
        if _hangs_on(step, pair, allowed):
            return name
    return ""


def _hangs_on(step, pair, allowed: float) -> bool:
    """Whether equal pairs have equal steps, and there are such pairs enough to tell."""
    _, at, counts = np.unique(np.stack(pair), axis=1, return_inverse=True, return_counts=True)
    at = at.ravel()
    means = np.bincount(at, step) / counts
    return bool(2 * len(counts) <= len(step) and (np.abs(step - means[at]) <= allowed).all())
