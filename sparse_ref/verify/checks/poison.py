"""Keys that a row does not attend to: what they hold must not matter. Huge finite numbers are a fault where they do.

NaN and inf are told as a remark alone: most dense code multiplies them by a weight of 0, which gives NaN.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import Subject
from .finding import Finding, counted, found_in

HUGE = 1e4  # a value that all dtypes have
POISONED = 4  # keys at a time
DRAWS = 16  # of keys, of which those are taken that the most rows are without


def poisoned(
    call: Subject, outside, attending, judged, seed: int
) -> tuple[list[Finding], list[str], int]:
    """(findings, remarks, how many rows were looked at) from random input in which some keys and values become huge, then NaN.

    The keys are some of `outside`; attending(keys) says which rows, (H, n_q), have any of them in their sets."""
    rng = np.random.default_rng(seed)
    if len(outside) == 0:
        return [], [], 0
    drawn = [rng.choice(outside, min(POISONED, len(outside)), replace=False) for _ in range(DRAWS)]
    keys = max(drawn, key=lambda keys: (judged & ~attending(keys)).sum())
    q, k, v = call.normal(rng)
    base, dtype = call(q, k, v)
    apart = judged & ~attending(keys) & np.isfinite(base).all(axis=-1)
    allowed = 16 * spacing(dtype) * (np.abs(base).max(axis=-1, initial=0) + np.abs(v).max())
    moved = [
        apart & ~(np.abs(out - base).max(axis=-1) <= allowed)
        for out in _with(call, q, k, v, keys, (HUGE, np.nan))
    ]
    said = f"{{}} moved by keys that they do not attend to, once those hold {HUGE:g}"
    remarks = (
        [
            f"NaN spreads: {counted(int(moved[1].sum()), 'row')} moved by NaN in keys that they do not attend to, as 0 x NaN "
            "does in dense code"
        ]
        if moved[1].any() and not moved[0].any()
        else []
    )
    return list(found_in("poison", moved[0], said, "row")), remarks, int(apart.sum())


def _with(call: Subject, q, k, v, keys, poisons) -> Iterator[np.ndarray]:
    """The output with each poison in these keys and values."""
    for poison in poisons:
        K, V = k.copy(), v.copy()
        K[:, keys], V[:, keys] = poison, poison
        with np.errstate(all="ignore"):
            yield call(q, K, V)[0]
