"""Logits that are wrong: scale, caps, biases, positions, precision.

A change gets the attention, the stage, and the stage's arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....sets.types import FloatArray
from ...calling.rounded_attention import round_to
from ...meaning.meaning import alibi_slopes
from .attention import Attention, Change
from .mutation import family

SCALE = "compare outputs at logits of spread 1 and more, to 0.1 %"
EXACT = "compare with float64 attention, to the rounding of the dtype"


def times(factor: float) -> Change:
    """The scale times a factor."""
    return lambda a, scale: scale() * factor


def cap(limit: float) -> Change:
    """A soft cap that is not declared, on top of what is."""
    return lambda a, stage, x: limit * np.tanh(stage(x) / limit)


def clip(limit: float) -> Change:
    """Logits clipped to +-limit."""
    return lambda a, stage, x: np.clip(stage(x), -limit, limit)


def declared_cap(factor: float) -> Change:
    """The declared soft cap times a factor."""

    def change(a: Attention, stage: Any, x: FloatArray) -> FloatArray:
        limit = a.statement.softcap
        return x if limit is None else factor * limit * np.tanh(x / (factor * limit))

    return change


def distance(a: Attention) -> Any:
    """How far each key is from the query."""
    return np.abs(a.i + a.shift - a.j)


def slopes_times(factor: float) -> Change:
    """The declared slopes times a factor; what is not declared stays out."""

    def change(a: Attention, stage: Any, x: FloatArray) -> FloatArray:
        slopes = a.statement.slopes
        if slopes is None:
            return stage(x)
        return stage(x) - (factor - 1) * per_head(slopes) * distance(a)

    return change


def reverse_slopes(a: Attention, stage: Any, x: FloatArray) -> FloatArray:
    """The declared slopes of the heads in the reverse order."""
    slopes = a.statement.slopes
    if slopes is None:
        return stage(x)
    return stage(x) - per_head(slopes[::-1] - slopes) * distance(a)


def without_declared_bias(a: Attention, stage: Any, x: FloatArray) -> FloatArray:
    """No bias array or function."""
    return x if a.statement.bias is not None else stage(x)


def alibi(a: Attention, stage: Any, x: FloatArray) -> FloatArray:
    """ALiBi that is not declared."""
    return stage(x) - per_head(alibi_slopes(a.heads)) * distance(a)


def apply_rotary(a: Attention, stage: Any, q: FloatArray, k: FloatArray) -> Any:
    """Rotary positions that are not declared."""
    q, k = stage(q, k)
    positions = np.arange(a.n_q) + a.shift
    return rotate(q, positions), rotate(k, np.arange(a.n_k))


def queries_for_keys(a: Attention, stage: Any, q: FloatArray, k: FloatArray) -> Any:
    """q in the place of k, if there are as many."""
    q, k = stage(q, k)
    key_heads = k.shape[1]
    return q, q[:, :key_heads] if a.n_q == a.n_k else k


def head_average(a: Attention, stage: Any, q: FloatArray, k: FloatArray) -> FloatArray:
    """The mean of the logits of all heads, for each of them."""
    x = stage(q, k)
    return np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape)


def per_head(values: FloatArray) -> FloatArray:
    """One number per head, (H, 1, 1)."""
    return values[:, None, None]


def rotate(x: FloatArray, positions: Any) -> FloatArray:
    """Halves of the features turned by angles that grow with the position."""
    half = x.shape[-1] // 2
    frequency = 100.0 ** (-np.arange(half) / max(half, 1))
    angle = positions[:, None] * frequency
    cuts = [half, 2 * half]
    first, second, rest = np.split(x, cuts, axis=-1)
    cos, sin = np.cos(angle), np.sin(angle)
    parts = first * cos - second * sin, first * sin + second * cos, rest
    return np.concatenate(parts, axis=-1)


def unit(x: FloatArray) -> FloatArray:
    """Rows of norm root d."""
    mean_square = np.square(x).mean(axis=-1, keepdims=True)
    return x / np.sqrt(mean_square + 1e-6)


def eight_bits(x: FloatArray) -> FloatArray:
    """Whole steps of 1 / 127 of the largest of each row."""
    step = np.abs(x).max(axis=-1, keepdims=True) / 127
    return np.rint(x / np.where(step == 0, 1, step)) * step


def change_both(turn: Any) -> Change:
    """q and k, each changed."""

    def change(a: Attention, stage: Any, q: FloatArray, k: FloatArray) -> Any:
        q, k = stage(q, k)
        return turn(q), turn(k)

    return change


def with_features(count: Any) -> Change:
    """The first count(d) features of q only."""

    def change(a: Attention, stage: Any, q: FloatArray, k: FloatArray) -> Any:
        q, k = stage(q, k)
        kept = np.arange(a.d) < count(a.d)
        return q * kept, k

    return change


MUTATIONS = (
    *family(
        "scale",
        SCALE,
        {
            "no scale": lambda a, scale: 1.0,
            "scale 1 / d": lambda a, scale: 1 / a.d,
            "scale root d": lambda a, scale: a.d**0.5,
            "scale d^(-1/4)": lambda a, scale: a.d**-0.25,
            "scale of all heads together": lambda a, scale: (a.heads * a.d) ** -0.5,
            "scale of the width padded to 128": lambda a, scale: max(a.d, 128) ** -0.5,
            "scale twice": lambda a, scale: scale() ** 2,
            "1 / root d in place of the declared scale": lambda a, scale: a.d**-0.5,
            "scale halved": times(0.5),
            "scale doubled": times(2),
            "scale 3 % too large": times(1.03),
            "scale 2 % too small": times(0.98),
            "scale with the wrong sign": times(-1),
            "powers of 2 in place of powers of e": times(np.log(2)),
            "log2(e) in the scale, and powers of e": times(1 / np.log(2)),
        },
    ),
    *family(
        "cap",
        "compare at logits of spread 50, and with declared caps at logits near the cap",
        {
            "a soft cap of 5": cap(5),
            "a soft cap of 30": cap(30),
            "a soft cap of 50": cap(50),
            "logits clipped to 5": clip(5),
            "logits clipped to 50": clip(50),
            "no soft cap": lambda a, stage, x: x,
            "half of the soft cap": declared_cap(0.5),
            "twice the soft cap": declared_cap(2),
        },
    ),
    *family(
        "bias",
        "compare every head at q = k = 0, where only biases make weights unequal",
        {
            "ALiBi left on": alibi,
            "no ALiBi": slopes_times(0),
            "half of ALiBi's slopes": slopes_times(0.5),
            "ALiBi with the wrong sign": slopes_times(-1),
            "ALiBi's slopes in the reverse order": reverse_slopes,
            "no bias": without_declared_bias,
            "a bias of 0.1 on the query itself": lambda a, stage, x: (
                stage(x) + 0.1 * (distance(a) == 0)
            ),
            "a bias of 0.05 on key 0": lambda a, stage, x: stage(x) + 0.05 * (a.j == 0),
            "a bias of 0.01 for each key of distance": lambda a, stage, x: (
                stage(x) - 0.01 * distance(a)
            ),
            "a bias of -1 from key 32 on": lambda a, stage, x: stage(x) - (a.j >= 32),
        },
    ),
    *family(
        "inputs",
        "compare with random q and k of unequal rows",
        {
            "rotary positions left on": apply_rotary,
            "q and k normalised": change_both(unit),
            "only half of the features of q": with_features(lambda d: d // 2),
            "the last feature of q dropped": with_features(lambda d: d - 1),
            "the features of q in the reverse order": lambda a, stage, q, k: (q[..., ::-1], k),
            "queries moved by one": lambda a, stage, q, k: (
                np.roll(q, 1, axis=2),
                k,
            ),
            "keys moved by one under the same values": lambda a, stage, q, k: (
                q,
                np.roll(k, 1, axis=2),
            ),
            "q for k": queries_for_keys,
        },
    ),
    *family(
        "inputs",
        EXACT,
        {
            "q and k in 8 bits": change_both(eight_bits),
            "q and k in 4 bits of significand": change_both(lambda x: round_to(x, 4)),
        },
    ),
    *family(
        "inputs",
        EXACT,
        {"q and k in bfloat16": change_both(lambda x: round_to(x, 8))},
        dtypes=("float32",),
    ),
    *family(
        "logits",
        EXACT,
        {
            "logits in bfloat16": lambda a, stage, q, k: round_to(stage(q, k), 8),
            "logits in float16": lambda a, stage, q, k: round_to(stage(q, k), 11),
        },
        dtypes=("float32",),
    ),
    *family(
        "logits",
        SCALE,
        {
            "a temperature that grows with the query": lambda a, stage, q, k: (
                stage(q, k) * (1 + 0.1 * np.log1p(a.i))
            ),
            "logits squared": lambda a, stage, q, k: stage(q, k) ** 2,
            "absolute logits": lambda a, stage, q, k: np.abs(stage(q, k)),
            "logits averaged over the heads": head_average,
        },
    ),
)
