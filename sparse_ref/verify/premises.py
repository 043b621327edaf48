"""What reading sets out of an implementation rests on: one input has one output, and the output is linear in V."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .report import Finding, found_in
from .subject import Subject, spacing


def broken_premises(call: Subject, seed: int) -> Iterator[Finding]:
    """What makes a verdict on the sets impossible; nothing where they can be read out."""
    q, k, v = call.normal(np.random.default_rng(seed))
    once, dtype = call(q, k, v)
    rounding = 16 * spacing(dtype) * np.abs(once).max(initial=0, where=np.isfinite(once))
    for kind, other, expected, said in (
            ("random", call(q, k, v)[0], once, "that differ between two calls with one input: dropout left on, or state kept"),
            ("not linear", call(q, k, 0 * v)[0], 0 * once, "that are not 0 at v = 0, so the output is not linear in V")):
        with np.errstate(invalid="ignore"):
            differs = (np.abs(other - expected) > rounding).any(axis=-1)
        yield from found_in(kind, differs, f"{{}} {said}; its sets cannot be read out", "row")
