"""What reading sets out of an implementation rests on: one input has one output, alone or in a batch, and it is linear in V."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import BATCHED, ProbeError, Subject
from .finding import Finding, found_in


def broken_premises(call: Subject, seed: int) -> Iterator[Finding]:
    """What makes a verdict on the sets impossible; nothing where they can be read out."""
    rng = np.random.default_rng(seed)
    q, k, v = call.normal(rng)
    once, dtype = call(q, k, v)
    again, third = call(q, k, v)[0], call(q, k, v)[0]
    rounding = 16 * spacing(dtype) * np.abs(once).max(initial=0, where=np.isfinite(once))
    if _differs(again, once, rounding).any():
        kept = (
            not _differs(third, again, rounding).any()
            or not _differs(third - again, again - once, 4 * rounding).any()
        )
        kind, said = (
            ("state", "as if it kept something of the one before")
            if kept
            else ("random", "by chance, as with dropout")
        )
        yield from found_in(
            kind,
            _differs(again, once, rounding),
            f"{{}} that differ between calls with one input, {said}; the sets cannot be read out",
            "row",
        )
        return
    call(*call.normal(rng))
    yield from found_in(
        "state",
        _differs(call(q, k, v)[0], once, rounding),
        "{} that another call in between has changed; the sets cannot be read out",
        "row",
    )
    nothing = np.where(np.isfinite(once), 0, np.nan)
    yield from found_in(
        "not linear",
        _differs(call(q, k, 0 * v)[0], nothing, 0),
        "{} that are not 0 at v = 0, so the output is not linear in V; its sets cannot be read out",
        "row",
    )


def mixed_batch(call: Subject, seed: int) -> Iterator[Finding]:
    """Rows of one sequence that hang on another of the batch. Nothing is said of a fn that takes one sequence alone."""
    if call.layout not in BATCHED:
        return
    rng = np.random.default_rng(seed)
    x, y, z = (call.normal(rng) for _ in range(3))
    try:
        both, of_first, of_second = (
            call.returned(*map(np.stack, zip(*pair))) for pair in ((x, y), (x, z), (z, y))
        )
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return
    rounding = 16 * spacing(both[1]) * np.abs(both[0]).max(initial=0, where=np.isfinite(both[0]))
    for this, other, kept, own in (
        ("first", "second", of_first, 0),
        ("second", "first", of_second, 1),
    ):
        yield from found_in(
            "batch",
            _differs(both[0][own], kept[0][own], rounding),
            f"{{}} of the {this} sequence of a batch that change with the {other}",
            "row",
        )


def _differs(found, expected, rounding) -> np.ndarray:
    """Which rows differ by more, bool (H, n_q)."""
    with np.errstate(invalid="ignore"):
        return (np.abs(found - expected) > rounding).any(axis=-1)
