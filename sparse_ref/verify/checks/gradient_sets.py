"""Which keys the gradient of an implementation reaches: those that it attends to, and no others.

At q = k = 0 the gradient of v_j is sum_i P_ij g_i, and P_ij = 1 / |A_i|. With |A_i| times random signs for g_i it is the sum of
the signs of the queries that attend to j: a query too many or too few anywhere moves its key by 1, in as many ways as v is
wide. Where keys are off and n is small, the sets of the backward pass are read query by query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import Subject
from .finding import Finding, counted

COLUMNS = 32  # signs at least
CALLS = 256


def other_keys(call: Subject, vjp: Callable, sets, rows) -> Iterator[Finding]:
    """Keys of which dv is no multiple of what their queries give, at equal logits; vjp(q, k, v, grad) -> dv, in float64.

    sets, bool (H, rows, n_k), are those of the rows judged, and empty in others; other rows than these have no gradient."""
    many, per = sets.sum(axis=-1)[..., None], call.heads // call.kv_heads
    signs = np.random.default_rng(0).choice(
        np.array([-1.0, 1.0]), (call.heads, len(rows), max(COLUMNS, call.e))
    )
    grad = call.rounded(signs * many / 2.0**8)
    each = grad * 2.0**8 / np.maximum(many, 1)  # of the gradient of a query, in each of its keys
    true, squares = (_of_key_heads(sets.mT.astype(np.float64) @ x, per) for x in (each, each**2))
    found = _wide(call, vjp, grad, rows) * 2.0**8
    both = (true**2).sum(axis=-1, keepdims=True)
    factor = (found * true).sum(axis=-1, keepdims=True) / np.where(both > 0, both, 1)
    allowed = 0.1 + spacing(call.dtype) * (np.abs(true) + 2 * np.sqrt(squares))
    with np.errstate(invalid="ignore"):
        off = ~(np.abs(found - factor * true) <= allowed).all(axis=-1) | (both > 0)[..., 0] & (
            np.abs(factor[..., 0]) < 0.25
        )
    if off.any():
        g, j = (int(x[0]) for x in np.nonzero(off))
        said = _first(call, vjp, sets, rows) or f"first at key head {g}, j {j}"
        yield Finding(
            "gradient",
            f"{counted(int(off.sum()), 'key')} whose dv comes from other queries than attend to them: {said}",
            int(off.sum()),
        )


def _of_key_heads(x, per: int) -> np.ndarray:
    """The sums over the query heads of each key head."""
    return x.reshape(len(x) // per, per, *x.shape[1:]).sum(axis=1)


def _wide(call: Subject, vjp: Callable, grad, rows) -> np.ndarray:
    """dv for a gradient (H, rows, w) of any width at these rows, 0 at others, at q = k = 0."""
    found = []
    for start in range(0, grad.shape[-1], call.e):
        held = np.zeros((call.heads, call.n[0], call.e), np.float32)
        part = grad[..., start : start + call.e]
        held[:, rows, : part.shape[-1]] = part
        q, k = (x.astype(np.float32) for x in call.equal)
        found.append(
            vjp(q, k, np.zeros((call.kv_heads, call.n[1], call.e), np.float32), held)[
                ..., : part.shape[-1]
            ]
        )
    return np.concatenate(found, axis=-1)


def _first(call: Subject, vjp: Callable, sets, rows) -> str:
    """The first query and key that differ, in words, where few calls tell."""
    if call.heads * len(rows) > CALLS * call.e:
        return ""
    for h in range(call.heads):
        grad = np.zeros((call.heads, len(rows), len(rows)))
        grad[h, np.arange(len(rows)), np.arange(len(rows))] = 1
        own = _wide(call, vjp, grad, rows)[h // (call.heads // call.kv_heads)].T != 0  # (rows, n_k)
        if (own != sets[h]).any():
            r, j = (int(x[0]) for x in np.nonzero(own != sets[h]))
            return (
                f"head {h}, i {int(rows[r])} {'reaches' if own[r, j] else 'does not reach'} j {j}"
            )
    return ""
