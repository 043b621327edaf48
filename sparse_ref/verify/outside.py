"""Keys that a row does not attend to: what they hold must not matter. Huge finite numbers are a fault where they do.

NaN and inf are told as a remark alone: most dense code multiplies them by a weight of 0, which gives NaN.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .finding import Finding, counted, found_in
from .frameworks import spacing
from .subject import Subject

HUGE = 1e4  # a value that all dtypes have
POISONED = 4  # keys at a time


def poisoned(call: Subject, expected, judged, seed: int) -> tuple[list[Finding], list[str]]:
    """(findings, remarks) from random input in which some keys and their values become huge, then NaN."""
    rng = np.random.default_rng(seed)
    outside = np.flatnonzero((~expected & judged[..., None]).any(axis=(0, 1)))
    if len(outside) == 0:
        return [], []
    keys = rng.choice(outside, min(POISONED, len(outside)), replace=False)
    q, k, v = call.normal(rng)
    base, dtype = call(q, k, v)
    apart = judged & ~expected[..., keys].any(axis=-1) & np.isfinite(base).all(axis=-1)
    allowed = 16 * spacing(dtype) * (np.abs(base).max(axis=-1, initial=0) + np.abs(v).max())
    moved = [apart & ~(np.abs(out - base).max(axis=-1) <= allowed) for out in _with(call, q, k, v, keys, (HUGE, np.nan))]
    said = f"{{}} moved by keys that they do not attend to, once those hold {HUGE:g}"
    remarks = [f"NaN spreads: {counted(int(moved[1].sum()), 'row')} moved by NaN in keys that they do not attend to, as 0 x NaN "
               "does in dense code"] if moved[1].any() and not moved[0].any() else []
    return list(found_in("poison", moved[0], said, "row")), remarks


def _with(call: Subject, q, k, v, keys, poisons) -> Iterator[np.ndarray]:
    """The output with each poison in these keys and values."""
    for poison in poisons:
        K, V = k.copy(), v.copy()
        K[:, keys], V[:, keys] = poison, poison
        with np.errstate(all="ignore"):
            yield call(q, K, V)[0]
