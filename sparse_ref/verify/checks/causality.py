"""Whether the future reaches the past, of any function of q, k and v, linear in V or not.

What comes after t is changed, and no row before t may move.
"""

from __future__ import annotations

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import subject
from .finding import Finding, counted

CUTS = 64  # tried where there are more positions


def leaked_future(fn, n, heads=1, *, seed=0, **options) -> list[Finding]:
    """What rows before some t change when q, k and v from t on do; [] where fn is causal as far as was tried.

    Position i of the queries is position i of the keys. All t are tried up to n = 64, and 64 evenly spread ones beyond that. This
    holds for whole layers and models, whose sets cannot be read out; `check` says which keys an attention has.

    Parameters
    ----------
    fn, n, heads, options : as for `probe`; n is one length.
    seed : of the random input.

    Rows that are not finite are left out; a fn that is random is told as that.

    Raises ProbeError where fn does, ValueError for two lengths.

    >>> import sparse_ref as sr
    >>> def fn(q, k, v): return sr.attend(q, k, v, sr.Band(3, 1), device="reference")
    >>> print(*leaked_future(fn, 8))
    future: 7 rows moved by what comes after them, from t = 1 on; first at head 0, i 0
    """
    call = subject(fn, n, heads, **options)
    if call.n[0] != call.n[1]:
        raise ValueError(
            f"n must be one length, for queries and keys to have the same positions, got {n!r}"
        )
    rng = np.random.default_rng(seed)
    before, after = call.normal(rng), call.normal(rng)
    kept, dtype = call(*before)
    again, some = call(*before)[0], np.isfinite(kept).all(axis=-1)
    allowed = 16 * spacing(dtype) * np.abs(kept).max(initial=0, where=np.isfinite(kept))
    if (np.abs(again - kept).max(axis=-1, initial=0, where=np.isfinite(kept)) > allowed).any():
        return [
            Finding(
                "random",
                "rows that differ between calls with one input: nothing can be said of what moves them",
            )
        ]
    moved, first_cut = np.zeros(kept.shape[:2], bool), 0
    for t in (
        np.unique(np.linspace(1, call.n[0] - 1, min(CUTS, call.n[0] - 1), dtype=int))
        if call.n[0] > 1
        else ()
    ):
        out, _ = call(
            *(np.concatenate([x[:, :t], y[:, t:]], axis=1) for x, y in zip(before, after))
        )
        with np.errstate(invalid="ignore"):
            wrong = some[:, :t] & ~(np.abs(out[:, :t] - kept[:, :t]) <= allowed).all(axis=-1)
        first_cut = first_cut or (int(t) if wrong.any() else 0)
        moved[:, :t] |= wrong
    if not moved.any():
        return []
    h, i = (int(x[0]) for x in np.nonzero(moved))
    said = f"{counted(int(moved.sum()), 'row')} moved by what comes after them, from t = {first_cut} on"
    return [Finding("future", said, int(moved.sum()), (h, i))]
