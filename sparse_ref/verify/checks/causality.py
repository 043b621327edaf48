"""Does the future reach the past? Of any function of q, k and v, linear in V or not.

The input from position t on is changed, and no row before t may change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...sets.checks import lengths
from ...sets.types import FloatArray, IntArray, Length
from ..calling.rounded_attention import spacing
from ..calling.subject import CallOptions, Subject
from ..reading.sample import spread_over
from .finding import Finding, count_noun, first_place

MAX_CUTS = 64


def leaked_future(
    fn: Callable[..., Any],
    n: Length,
    heads: int = 1,
    *,
    seed: int = 0,
    kv_heads: int | None = None,
    d: int | None = None,
    e: int | None = None,
    layout: str = "auto",
    framework: str = "auto",
    dtype: str = "float32",
    device: str = "cpu",
    shared_qk: bool = False,
    seconds: float | None = None,
) -> list[Finding]:
    """The rows before some t that change if the input changes from t on; [] if fn seems causal.

    Position i of the queries is position i of the keys. All t are tried up to n = 64, and 64 evenly
    spread ones beyond. This works for whole layers and models, whose sets cannot be read out;
    `check` tells which keys an attention attends to. Rows that are not finite are left out. A
    non-deterministic fn yields a `random` finding.

    Parameters
    ----------
    fn : callable
        fn(q, k, v) -> out, as for `probe`.
    n : int
        One length.
    heads : int
        H, the query heads.
    seed : int
        Of the random input.
    kv_heads, d, e, layout, framework, dtype, device, seconds
        As for `probe`.

    Raises
    ------
    ProbeError
        fn raised, or returned something else than `probe` asks for.
    ValueError
        n has two lengths that differ.

    Examples
    --------
    >>> import sparse_ref as sr
    >>> def fn(q, k, v): return sr.attend(q, k, v, sr.Band(3, 1), device="reference")
    >>> print(*leaked_future(fn, 8))
    future: 7 rows changed by later positions, from t = 1 on; first: head 0, query 0
    """
    n_q, n_k = lengths(n)
    if n_q != n_k:
        raise ValueError(
            f"n must be one length, so that queries and keys have the same positions, got {n!r}"
        )
    options = CallOptions(kv_heads, d, e, layout, framework, dtype, device, seconds, shared_qk)
    subject = Subject.new(fn, n, heads, options)
    rng = np.random.default_rng(seed)
    before, after = subject.normal(rng), subject.normal(rng)
    out, out_dtype = subject.attend(*before)
    repeat, _ = subject.attend(*before)
    finite = np.isfinite(out)
    largest = np.abs(out).max(initial=0, where=finite)
    allowed = 16 * spacing(out_dtype) * largest
    change = np.where(finite, np.abs(repeat - out), 0)
    if (change > allowed).any():
        text = "rows differ between calls with the same input, so causality cannot be checked"
        return [Finding("random", text)]
    changed, first_cut = np.zeros(out.shape[:2], bool), 0
    for t in _cuts(n_q):
        mixed = [_join(x, y, t) for x, y in zip(before, after)]
        mixed_out, _ = subject.attend(*mixed)
        with np.errstate(invalid="ignore"):
            change = np.abs(mixed_out - out)[:, :t]
            same = (change <= allowed).all(axis=-1)
        wrong = finite[:, :t].all(axis=-1) & ~same
        first_cut = first_cut or (int(t) if wrong.any() else 0)
        changed[:, :t] |= wrong
    if not changed.any():
        return []
    count = int(changed.sum())
    text = f"{count_noun(count, 'row')} changed by later positions, from t = {first_cut} on"
    return [Finding("future", text, count, first_place(changed))]


def _join(before: FloatArray, after: FloatArray, t: int) -> FloatArray:
    """The first t positions of one array, then those of another."""
    parts = [before[:, :t], after[:, t:]]
    return np.concatenate(parts, axis=1)


def _cuts(n: int) -> IntArray:
    """Where the future begins: every position, or some from end to end."""
    return 1 + spread_over(n - 1, MAX_CUTS)
