"""Which of what a probe saw, and of what was computed, is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..naming.bias import describe_bias
from ..reading.probe import LOGIT, Probe
from ..reading.row_totals import Held
from .finding import Finding, counted, found_in
from .numbers import Numbers

BIASED = "{} with weights that differ at equal logits, as if a bias were added"


def of_sets(found: Probe, expected) -> Iterator[Finding]:
    """What is wrong with the sets. Rows that are NaN are reported as that alone."""
    known, some, bias = ~found.nan_rows, found.mask.any(axis=-1), biased(found)
    twice = (found.multiplicity > 1) & ~bias[..., None]
    most = found.multiplicity.max(initial=0, where=twice)
    yield from found_in("nan", found.nan_rows, "{} with NaN or inf at equal logits", "row")
    yield from found_in("extra", found.mask & ~expected, "{} attended to outside the set")
    yield from found_in(
        "missing", expected & ~found.mask & known[..., None], "{} of the set not attended to"
    )
    yield from found_in(
        "empty row",
        some & ~expected.any(axis=-1),
        "{} that must be 0, having no keys, but average some",
        "row",
    )
    yield from found_in("multiplicity", twice, f"{{}} counted more than once, up to {most} times")
    yield from found_in(
        "bias",
        bias,
        BIASED + describe_bias(found.weights, np.arange(found.mask.shape[1]), bias, found.dtype),
        "row",
    )
    yield from found_in(
        "leak", found.leaks, f"{{}} masked with a finite number, let in by logits of {LOGIT:g}"
    )
    yield from found_in(
        "overflow",
        found.overflow,
        f"{{}} with NaN or inf at logits of {LOGIT:g}, where leaks stay unknown",
        "row",
    )


def of_numbers(numbers: tuple[Numbers, ...]) -> Iterator[Finding]:
    """What is wrong with the numbers."""
    for x in numbers:
        logits = f"at random logits of spread {x.spread:g}"
        if x.broken:
            yield Finding(
                "nan", f"{counted(x.broken, 'row')} with NaN or inf {logits}", x.broken, x.broken_at
            )
        if x.wrong:
            yield Finding(
                "numerics",
                f"{counted(x.wrong, 'row')} of {x.rows} off, by up to {x.error:.2g} where {x.budget:.2g} is "
                f"allowed, {logits}",
                x.wrong,
                x.wrong_at,
            )
        if x.wrong_lse:
            yield Finding(
                "lse",
                f"{counted(x.wrong_lse, 'row')} whose log-sum-exp is off, {logits}",
                x.wrong_lse,
                x.lse_at,
            )


def right(found: Probe, expected) -> np.ndarray:
    """Rows whose keys are those expected, each once, with equal weights that sum to 1: the numbers are judged on these."""
    same = (found.mask == expected).all(axis=-1) & (found.multiplicity <= 1).all(axis=-1)
    return same & ~found.nan_rows & ~biased(found) & ~Held.of(found).unnormalised


def biased(found: Probe) -> np.ndarray:
    """Rows whose weights are no multiples of one another."""
    return uneven(found.weights, found.multiplicity)


def uneven(weights, multiplicity) -> np.ndarray:
    """Rows whose weights are not in the proportion of how often keys are counted."""
    each = np.abs(weights) / np.maximum(multiplicity, 1)
    counts = multiplicity > 0
    return each.max(axis=-1, initial=0, where=counts) > 1.02 * each.min(
        axis=-1, initial=np.inf, where=counts
    )
