"""What is computed in place of the scores that are meant, confirmed in every row.

Other scales, a soft cap, RoPE, normalised q and k, and weights that are no softmax. Each is
computed on the same input and compared with what came.

Symbols:  x logits, (H, rows, n_k);  i query, j key;  d width of q and k, e of v.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from ...sets.types import FloatArray
from .number_case import NumberCase, Outputs
from .other_weights import other_weights, top_k_in_words

SOFT_CAPS = (50.0, 30.0, 20.0, 15.0, 10.0, 8.0, 5.0, 2.0, 1.0, 100.0)
ROPE_BASES = (10_000.0, 500_000.0, 1_000_000.0, 100_000.0, 1_000.0, 100.0)
EPSILON = 1e-12
MIN_ROWS = 3  # of two keys or more, that one fitted factor has to give
NEWTON_STEPS = 12
RATIO_STEP = 1e-5  # of a scale, for the derivative of the output
LN_2 = float(np.log(2.0))


def describe_score(case: NumberCase, decays: FloatArray | None = None) -> str:
    """The first computation that gives the output, and the option that declares it; "" if none.

    `decays` are factors per position, (H,), that equal logits showed, for retention.
    """
    for words, outputs in other_scores(case, decays):
        if case.is_output_of(outputs):
            return words
    return top_k_in_words(case)


def other_scores(
    case: NumberCase, decays: FloatArray | None = None
) -> Iterator[tuple[str, Outputs]]:
    """(words, the outputs) of each computation to try, the likeliest first."""
    yield from _other_scales(case)
    yield from _soft_caps(case)
    yield from _transforms(case)
    yield from other_weights(case, decays)


def scale_names(case: NumberCase) -> dict[str, float]:
    """Usual factors of q . k, with their names."""
    d, scale = case.statement.d, case.statement.scale
    e = case.inputs.v.shape[-1]
    return {
        "the scale is missing": 1.0,
        "1 / sqrt(d)": d**-0.5,
        "multiplied by sqrt(d), not divided": d**0.5,
        "1 / d": 1.0 / d,
        "the scale is applied twice": scale * scale,
        "the root of the scale, as if only one of q and k had it": abs(scale) ** 0.5,
        "1 / sqrt(e), with the width of v": e**-0.5,
        "2^x is computed, not e^x: a factor log2(e) is missing": scale * LN_2,
        "e^x is computed, not 2^x: a factor log2(e) too many": scale / LN_2,
        "of the other sign": -scale,
    }


def _other_scales(case: NumberCase) -> Iterator[tuple[str, Outputs]]:
    """The softmax at another factor of q . k."""
    expected = case.statement.scale
    distinct = {scale: name for name, scale in reversed(scale_names(case).items())}
    for scale, name in reversed(distinct.items()):
        if scale != expected:
            yield _scale_in_words(case, scale, name), _outputs_with(scale=scale)


def _scale_in_words(case: NumberCase, scale: float, name: str) -> str:
    """The factor of q . k, the one that is expected, and what it is."""
    usual = " (1 / sqrt(d))" if case.statement.meaning.scale is None else ""
    expected = f"expected {case.statement.scale:.4g} q . k{usual}"
    advice = f"declare scale={scale:.6g} if that is meant"
    return f"logits are {scale:.4g} q . k, {expected}: {name}; {advice}"


def describe_fitted_scale(case: NumberCase) -> str:
    """The factor of q . k that gives the output, found by least squares; "" if none does.

    Some factor gives any one row of two keys, so that more rows must agree.
    """
    expected = case.statement.scale
    has_choice = case.judged & (case.members.sum(axis=-1) > 1)
    if has_choice.sum() < MIN_ROWS:
        return ""
    few, ratio = case.few_rows, 1.0
    actual = few.out[few.judged]
    for _ in range(NEWTON_STEPS):
        near, above = (
            few.softmax(few.logits_at_scale(expected * x))[few.judged]
            for x in (ratio, ratio + RATIO_STEP)
        )
        slope = (above - near) / RATIO_STEP
        squares = (slope * slope).sum()
        if squares == 0:
            return ""
        ratio += float((slope * (actual - near)).sum() / squares)
    if not np.isfinite(ratio) or not case.is_output_of(_outputs_with(scale=expected * ratio)):
        return ""
    return _scale_in_words(case, expected * ratio, f"{ratio:.4g} of the scale")


def _soft_caps(case: NumberCase) -> Iterator[tuple[str, Outputs]]:
    """The softmax with a soft cap, or without the one that is declared."""
    declared = case.statement.meaning.softcap
    if declared is not None:
        yield f"no soft cap, declared softcap={declared:g}", _outputs_with(softcap=None)
    for cap in SOFT_CAPS:
        words = f"logits bend, as with a soft cap of {cap:g}"
        yield f"{words}; declare softcap={cap:g} if that is meant", _outputs_with(softcap=cap)


def _transforms(case: NumberCase) -> Iterator[tuple[str, Outputs]]:
    """The softmax of rotated or normalised q and k."""
    if case.statement.meaning.transform is not None:
        yield "the declared transform is not applied", _outputs_with(transform=None)
        return
    advice = "; declare it by transform= if that is meant"
    n_q, n_k = case.statement.n
    offsets = sorted({0, n_k - n_q})
    for base, style, offset in product(ROPE_BASES, ("halves", "pairs"), offsets):
        rotation = partial(rotate, base=base, style=style, offset=offset)
        words = f"RoPE within fn, base {base:g}, features turned in {style}"
        yield words + advice, _outputs_with(transform=rotation)
    scales = dict.fromkeys((case.statement.scale, 1.0, case.statement.d**0.5))
    for scale, (name, norm) in product(scales, NORMS.items()):
        words = f"q and k are normalised within fn ({name}), scale {scale:.4g}"
        yield words + advice, _outputs_with(transform=partial(norm_both, norm), scale=scale)


def _outputs_with(**changes: object) -> Outputs:
    """The outputs of the statement with some changes of what is meant."""

    def outputs(case: NumberCase) -> FloatArray:
        meaning = replace(case.statement.meaning, **changes)  # type: ignore[arg-type]
        statement = replace(case.statement, meaning=meaning)
        return case.softmax(case.logits(statement))

    return outputs


def rotate(
    q: FloatArray, k: FloatArray, base: float = 10_000.0, style: str = "halves", offset: int = 0
) -> tuple[FloatArray, FloatArray]:
    """q and k with RoPE: features turned in pairs by the angle i base^(-2 f / d).

    Su et al. 2021, eq. 34; pairs are neighbours ("pairs") or half of d apart ("halves"). Query i is
    at position i + offset.
    """
    return _rotate(q, base, style, offset), _rotate(k, base, style, 0)


def _rotate(x: FloatArray, base: float, style: str, offset: int) -> FloatArray:
    """RoPE of (H, n, d); of an odd d, the last feature stays."""
    half = x.shape[-1] // 2
    frequency = base ** (-np.arange(half) / half)
    position = np.arange(x.shape[1]) + offset
    angle = position[:, None] * frequency
    first = np.arange(half) if style == "halves" else 2 * np.arange(half)
    second = first + (half if style == "halves" else 1)
    a, b = x[..., first], x[..., second]
    out = x.copy()
    out[..., first] = a * np.cos(angle) - b * np.sin(angle)
    out[..., second] = a * np.sin(angle) + b * np.cos(angle)
    return out


def norm_both(
    norm: Callable[[FloatArray], FloatArray], q: FloatArray, k: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """q and k, each normalised."""
    return norm(q), norm(k)


def _unit_length(x: FloatArray) -> FloatArray:
    """x / |x|"""
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.maximum(length, EPSILON)


def _unit_mean_square(x: FloatArray) -> FloatArray:
    """x over the root of its mean square."""
    return _unit_length(x) * x.shape[-1] ** 0.5


def _unit_variance(x: FloatArray) -> FloatArray:
    """x less its mean, over its standard deviation."""
    return _unit_mean_square(x - x.mean(axis=-1, keepdims=True))


NORMS = {"to length 1": _unit_length, "RMS norm": _unit_mean_square, "layer norm": _unit_variance}
