"""Names for sets that no single rule has: constructors of the catalogue, tried with the numbers that a mask suggests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import isqrt
from string import Formatter

import numpy as np

from ...catalogue import notation
from ...sets.mask import brute_mask
from ...sets.pattern import Pattern

FORMS = (  # {n} is the length, {s} its root, {h} its half, {r} half of one less; {g} what sees all; {t} parts; a to c of the mask
    "LogSparse()",
    "star({r})",
    "star({r}, circular=False)",
    "Window({a}) | Global({b})",
    "Local({a}) | Strided({a})",
    "Local({a}) | Strided({b})",
    "Block({a}) | Summary({a}, {b})",
    "streaming({a}, {b})",
    "a_shape({a}, {b})",
    "Dilated({a}, {b}) & Causal()",
    "Window({a}) | GlobalAt({g})",
    "Dilated({a}, {b}) | GlobalAt({g})",
    "Documents({t})",
    "Documents({t}, Causal())",
    "prefix_lm({a})",
    "etc({a}, radius={b})",
    "Neighborhood({n}, {a})",
    "CausalNeighborhood({n}, {a})",
    "Neighborhood({n}, {a}, 1, {b})",
    "Neighborhood({n}, {a}, {b}, 1)",
    "local_attention({a})",
    "local_attention({a}, causal=True)",
    "local_attention({a}, exact=True, causal=True)",
    "reformer_local({n}, {a})",
    "reformer_local({n}, {a}, {b})",
    "Circular({n}, {a}, {b})",
    "llama4_chunked({a})",
    "llama4_chunked({a}, padding={b})",
    "logsparse_local({a})",
    "LogSparseRestart({a}, {b})",
    "image_local({a}, {b})",
    "MemoryBlock({a}, {b}, {c})",
    "DilatedSegment({a}, {b}, {c})",
    "butterfly({a})",
    "Flip({a})",
    "block_diffusion({h}, {a})",
    "natten_nd(({s}, {s}), {a})",
    "axial(({s}, {s}), 0)",
    "axial(({s}, {s}), 1)",
    "swin(({s}, {s}), {a}, {b})",
    "Blockwise(Lookback({a}), {b})",
    "Blockwise(Window({a}), {b})",
    "Blockwise(Causal(), {a})",
    "Blockwise(Lookback({a}), {b}) & Causal()",
    "Blockwise(Window({a}) | Global({b}), {c})",
    "Chunk({a}) & Causal()",
    "Chunk({a}, {b}) & Causal()",
)
MANY = 12, 12, 9  # numbers tried for each parameter, where there are one, two or three
ROWS = 5  # looked at before a whole mask is drawn


def searched(mask) -> Iterator[Pattern]:
    """The patterns among FORMS that are this mask, bool (n, n_k), the likeliest number of each parameter first."""
    n_q, n = mask.shape
    rows = sorted({*np.linspace(0, n_q - 1, min(ROWS, n_q), dtype=int).tolist(), min(n_q - 1, 7)})
    first = mask.argmax(axis=1)
    parts = np.diff([0, *np.flatnonzero(np.diff(first)) + 1, n_q]).tolist() if n_q == n else []
    keys, tried = [np.flatnonzero(mask[i]) for i in rows], numbers(mask)
    full = np.flatnonzero(mask.all(axis=1) & mask.all(axis=0)[:n_q]).tolist() if n_q <= n else []
    for form in FORMS:
        names = sorted(
            {name for _, name, _, _ in Formatter().parse(form) if name and name in "abc"}
        )
        for values in product(tried[: MANY[len(names) - 1]], repeat=len(names)):
            text = form.format(
                n=n,
                r=(n - 1) // 2,
                s=isqrt(n),
                h=n // 2,
                g=tuple(full),
                t=tuple(parts),
                **dict(zip(names, values)),
            )
            try:
                p = notation.read(text)
                if not isinstance(p, Pattern):
                    break
                same = all(np.array_equal(p.row(i, n), own) for i, own in zip(rows, keys))
                if same and np.array_equal(brute_mask(p, mask.shape), mask):
                    yield p
                    break
            except (
                ValueError,
                TypeError,
                IndexError,
                OverflowError,
            ):  # a number that this constructor does not take
                continue


def numbers(mask) -> list[int]:
    """What parameters may be: how far rows reach, how they are spaced, how long stretches of alike rows and full ends are."""
    core = (
        mask
        & ~mask.all(axis=1)[:, None]
        & ~(mask | ~np.tri(*mask.shape, dtype=np.bool_)).all(axis=0)
    )
    found = [1, 2, 3]
    for each in (core, mask):
        a, b = np.nonzero(each)
        if len(a):
            counts, gaps = each.sum(axis=1), np.diff(np.flatnonzero(each[len(each) // 2]))
            found += [
                (a - b).max(),
                (b - a).max(),
                (a - b).max() + 1,
                np.median(counts),
                counts.max(),
            ]
            found += [gaps.max(), gaps.min()] if len(gaps) else []
    for cuts in (
        (mask[1:] != mask[:-1]).any(axis=1),
        np.diff(mask.argmax(axis=1)) != 0,
    ):  # where rows change, or their first keys
        gaps = np.diff([0, *np.flatnonzero(cuts) + 1])
        found += [gaps.max(), gaps.min()] if len(gaps) else []
    found += [
        np.cumprod(ends).sum()
        for ends in ((mask | ~np.tri(*mask.shape, dtype=np.bool_)).all(axis=0), mask.all(axis=1))
    ]
    return [x for x in dict.fromkeys(map(int, found)) if 0 <= x <= max(mask.shape)]
