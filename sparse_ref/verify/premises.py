"""What reading sets out of an implementation rests on: one input has one output, and the output is linear in V."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .report import Finding
from .subject import Subject, spacing


def broken_premises(call: Subject, seed: int) -> Iterator[Finding]:
    """What makes a verdict on the sets impossible; nothing where they can be read out."""
    rng = np.random.default_rng(seed)
    q, k, v = (rng.standard_normal((heads, n, width)) for heads, n, width in (
        (call.heads, call.n[0], call.d), (call.kv_heads, call.n[1], call.d), (call.kv_heads, call.n[1], call.e)))
    first, dtype = call(q, k, v)
    rounding = 16 * spacing(dtype) * np.abs(first).max(initial=0, where=np.isfinite(first))
    for kind, other, expected, said in (
            ("random", call(q, k, v)[0], first, "that differ between two calls with one input: dropout left on, or state kept"),
            ("not linear", call(q, k, 0 * v)[0], 0 * first, "that are not 0 at v = 0, so the output is not linear in V")):
        with np.errstate(invalid="ignore"):
            differs = (np.abs(other - expected) > rounding).any(axis=-1)
        if differs.any():
            head, i = (int(x) for x in np.unravel_index(int(differs.argmax()), differs.shape))
            count = int(differs.sum())
            yield Finding(kind, f"{count:,} row{'s' * (count > 1)} {said}; its sets cannot be read out", count, (head, i))
