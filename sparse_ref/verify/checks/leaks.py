"""Keys of a large implementation that are masked with a finite number: looked for in as many rows as there are coordinates.

Each of these rows has a coordinate, on which the keys of that row are far below all others. Key heads whose queries
have several patterns are looked at once for each of them.
"""

from __future__ import annotations

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import Subject
from ..reading.probe import LOGIT, hostile
from .finding import Finding, counted, found_in


def let_in(call: Subject, patterns, judged, seed: int) -> tuple[list[Finding], str]:
    """What is found in the rows judged, and what was looked at, in words."""
    leaks, many, broken = leaking(call, patterns, judged, np.random.default_rng(seed))
    findings = [
        *found_in(
            "leak",
            leaks,
            f"{{}} that let in keys masked with a finite number, at logits of {LOGIT:g}",
            "row",
        ),
        *found_in("overflow", broken, f"{{}} with NaN or inf at logits of {LOGIT:g}", "row"),
    ]
    return findings, f"seen: leaks in {counted(many, 'row')}; not seen: leaks in other rows"


def leaking(call: Subject, patterns, judged, rng) -> tuple[np.ndarray, int, np.ndarray]:
    """(rows that let in keys they should not, how many were tried, rows that are not finite then), of those judged, (H, n_q)."""
    tried = np.unique(np.linspace(0, call.n[0] - 1, min(call.d, call.n[0]), dtype=int))
    per, leaks, broken, many = (
        call.heads // call.kv_heads,
        np.zeros_like(judged),
        np.zeros_like(judged),
        0,
    )
    signs = rng.choice(np.array([-1.0, 1.0]), (call.n[1], call.e))
    groups = [list(dict.fromkeys(patterns[g * per : (g + 1) * per])) for g in range(call.kv_heads)]
    for turn in range(max(map(len, groups))):
        own = [each[turn] if turn < len(each) else None for each in groups]
        keys = {
            p: [np.asarray(p.row(int(i), call.n[1]), int) for i in tried]
            for p in own
            if p is not None
        }
        out, dtype = call(
            *_hostile(call, own, keys, tried), np.broadcast_to(signs, (call.kv_heads, *signs.shape))
        )
        for h in (h for h in range(call.heads) if patterns[h] == own[h // per]):
            some = np.flatnonzero(judged[h, tried])
            means = (
                np.stack([signs[keys[patterns[h]][r]].sum(axis=0) for r in some])
                if len(some)
                else np.zeros((0, call.e))
            )
            counts, at, many = (
                np.array([len(keys[patterns[h]][r]) for r in some]),
                tried[some],
                many + len(some),
            )
            broken[h, at] = ~np.isfinite(out[h, at]).all(axis=-1)
            leaks[h, at] = ~broken[h, at] & _moved(
                out[h, at], means / np.maximum(counts, 1)[:, None], dtype
            )
    return leaks, many, broken


def _hostile(call: Subject, own, keys, tried) -> tuple[np.ndarray, np.ndarray]:
    """q and k at which the keys of the rows tried, by the pattern of each key head, have logits of -4e4, and all others +4e4."""
    size = hostile(call)
    q, k = (
        np.zeros((call.heads, call.n[0], call.d)),
        np.full((call.kv_heads, call.n[1], call.d), size),
    )
    q[:, tried, np.arange(len(tried))] = size
    for g, p in enumerate(own):
        for r, members in enumerate(keys.get(p, ())):
            k[g, members, r] = -size
    return q, k


def _moved(out, means, dtype: str) -> np.ndarray:
    """Rows that are no multiple, from 0 to 1, of the mean over their keys: less than 1 is what ghosts leave of it."""
    both = (means * means).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        factor = np.clip((out * means).sum(axis=-1) / np.where(both > 0, both, 1), 0, 1)[:, None]
        size = np.sqrt((means**2).mean(axis=-1, keepdims=True))
        rounding = 2 * (
            spacing(dtype) + spacing("float32") * LOGIT
        )  # of the output, and of logits that large
        return ~(
            np.abs(out - factor * means) <= rounding * factor * (np.abs(means) + size) + 2.0**-18
        ).all(axis=-1)
