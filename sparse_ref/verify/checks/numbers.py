"""Are the numbers right? Against the float64 statement, within an error budget that is taken from data.

The budget is twice the error that plain NumPy makes on the same input in the precision that came back, with logits in it or
in float32, whichever is off by more, plus what the
rounding of logits and output alone may cost: no tolerance is chosen, so none can be chosen too wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...kernels import reference
from ..calling.frameworks import bits, spacing
from ..calling.rounded_attention import attended
from ..calling.subject import Subject, first

SPREADS = (1.0, 50.0)  # of the logits: ordinary ones, and some whose exp overflows float32


@dataclass(frozen=True)
class Numbers:
    """One comparison on random input. `rows` is how many queries of all heads were compared; `error` and `budget` are
    largest absolute differences; `at` is (head, i) of the error; `wrong` counts rows beyond the budget, with `wrong_at`
    the first, and `broken` those that hold NaN or inf, with `broken_at` the first; `wrong_lse` counts rows whose returned
    log-sum-exp is off, with `lse_at` the first."""

    spread: float
    rows: int
    error: float
    budget: float
    at: tuple[int, ...]
    wrong: int
    wrong_at: tuple[int, ...]
    broken: int
    broken_at: tuple[int, ...]
    wrong_lse: int = 0
    lse_at: tuple[int, ...] = ()


def compared(call: Subject, expected, judged, scale, seed: int, rows=None) -> tuple[Numbers, ...]:
    """One Numbers for each spread of the logits, over the queries in `judged`, bool (H, rows); () where there are none.

    expected, bool (H, rows, n_k), are their sets; `rows` says which queries they are, all unless given."""
    rng, rows = np.random.default_rng(seed), np.arange(call.n[0]) if rows is None else rows
    return tuple(
        _compared(call, expected, judged, scale, spread, rng, rows)
        for spread in SPREADS
        if judged.any()
    )


def _compared(call: Subject, expected, judged, scale, spread, rng, rows) -> Numbers:
    """Random q, k, v through fn, the statement and plain NumPy."""
    q, k, v = call.normal(rng)
    q, k = (call.rounded(x * np.float32(np.sqrt(spread))) for x in (q, k))
    factor = call.d**-0.5 if scale is None else scale
    outs, dtype, lses = call.returned(q[None], k[None], v[None])
    out, lse, q = outs[0][:, rows], None if lses is None else lses[0][:, rows], q[:, rows]
    per = call.heads // call.kv_heads
    exact = [x.astype(np.float64) for x in (q, k, v)]
    stated = [
        reference.attend(exact[0][h], exact[1][h // per], exact[2][h // per], expected[h], factor)
        for h in range(call.heads)
    ]
    true, true_lse = np.stack([x for x, _ in stated]), np.stack([x for _, x in stated])
    largest = np.abs(_logits(q, k, factor)).max(initial=0, where=expected)
    floor = (
        2 * spacing("float32") * (1 + largest) * np.abs(v).max()
        + spacing(dtype) * np.abs(true).max()
    )
    finite = np.isfinite(out).all(axis=-1)
    broken, compared = judged & ~finite, judged & finite
    error = np.where(compared, np.abs(np.where(finite[..., None], out, 0) - true).max(axis=-1), 0)
    plain = max(
        np.abs(attended(q, k, v, expected, factor, bits(dtype), of_logits)[0] - true)
        .max(axis=-1)[judged]
        .max()
        for of_logits in {24, bits(dtype)}
    )
    budget = 2 * plain + floor
    off = np.zeros_like(judged) if lse is None else judged & ~_near(lse, true_lse, largest, dtype)
    wrong = error > budget
    return Numbers(
        spread,
        int(compared.sum()),
        float(error.max()),
        float(budget),
        _at(error == error.max(), rows),
        int(wrong.sum()),
        _at(wrong, rows),
        int(broken.sum()),
        _at(broken, rows),
        int(off.sum()),
        _at(off, rows),
    )


def _at(wrong, rows) -> tuple[int, ...]:
    """(head, i) of the first."""
    h, r = first(wrong)
    return h, int(rows[r])


def _near(lse, true, largest, dtype) -> np.ndarray:
    """Which log-sum-exps are right; rows without keys have -inf."""
    with np.errstate(invalid="ignore"):
        return (lse == true) | (np.abs(lse - true) <= 16 * spacing(dtype) * (1 + largest))


def _logits(q, k, scale) -> np.ndarray:
    """scale q . k, (H, rows, n_k)."""
    return q @ np.repeat(k, len(q) // len(k), axis=0).swapaxes(1, 2) * scale
