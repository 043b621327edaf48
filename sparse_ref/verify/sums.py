"""Random sums of what each row attends to: which rows differ from their set, and which pattern has the sums that were seen."""

from __future__ import annotations

from collections.abc import Iterator
from re import sub
from typing import NamedTuple

import numpy as np

from ..attention import attend_with_lse
from ..derived import Shifted
from ..patterns import Band, Causal, Full, Lookback, Strided, Window
from ..sets import Pattern
from .diagnosis import PARTIAL, Diagnosis, diagnosed
from .frameworks import spacing
from .subject import Subject


class Sums(NamedTuple):
    """out (H, n_q, e) from q = k = 0 and these signs (G, n_k, e) for values; `off` are the rows that are not as expected."""

    out: np.ndarray
    off: np.ndarray
    signs: np.ndarray
    dtype: str


def unlike(out, expected, many, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """(rows whose sums are not those expected, but for a factor near 1; rows where one key would not show)."""
    size = np.sqrt((expected**2).mean(axis=-1, keepdims=True))
    allowed = spacing(dtype) * (np.abs(expected) + size) + 2.0**-19 * (many > 0)[..., None]
    own = (out * expected).sum(axis=-1, keepdims=True)
    both = (expected * expected).sum(axis=-1, keepdims=True)
    factor = np.where(both > 0, own / np.where(both > 0, both, 1), 1)
    factor = np.where(np.abs(factor - 1) < 8 * spacing(dtype), factor, 1)
    with np.errstate(invalid="ignore"):
        off = ~(np.abs(out - factor * expected) <= allowed).all(axis=-1)
    return off, (many > 1) & (1 / np.maximum(many, 1) < allowed.min(axis=-1))


def member(p: Pattern, i: int, n: int) -> np.ndarray:
    """The set of one query, bool (n,)."""
    held = np.zeros(n, bool)
    held[np.asarray(p.row(i, n), int)] = True
    return held


def named(call: Subject, patterns, seen: Sums, found, rows) -> Iterator[Diagnosis]:
    """The pattern whose random sums every row has, of those that the rows that were read suggest."""
    for h, p in enumerate(patterns):
        if not seen.off[h].any():
            continue
        zero = np.zeros((1, call.n[0], 1)), np.zeros((1, call.n[1], 1))
        for q in dict.fromkeys(suggested(p, found[h], rows, call.n)):
            expected, lse = attend_with_lse(*zero, seen.signs[[h // (call.heads // call.kv_heads)]], q)
            if not unlike(seen.out[[h]], expected, np.rint(np.exp(lse)), seen.dtype)[0].any():
                own = np.stack([member(p, int(i), call.n[1]) for i in rows])
                sides = "; ".join(x.text for x in diagnosed((p,), own[None], found[[h]], queries=rows) if x.kind in PARTIAL)
                said = sub(r"[\d,]+ of [\d,]+ rows", f"{int(seen.off[h].sum()):,} of {call.n[0]:,} rows", sides)
                yield Diagnosis("named", f"is {q!r}, asked {p!r}{': ' * bool(said)}{said}", (h,))
                break


def suggested(p: Pattern, found, rows, n) -> Iterator[Pattern]:
    """Patterns that these rows may come from."""
    some = found.any(axis=-1)
    if not some.any():
        return
    left = int((rows - found.argmax(axis=-1))[some].max())
    right = int((found.shape[1] - 1 - found[:, ::-1].argmax(axis=-1) - rows)[some].max())
    offset = n[1] - n[0]
    yield from (Causal(), Full())
    if left >= 0:
        yield from (Lookback(left + 1), Window(max(left, right, 0)))
    if left + right >= 0:
        yield Band(left, right)
    steps = np.diff(np.flatnonzero(found[int(found.sum(axis=-1).argmax())]))
    if len(steps) and steps.min() > 1:
        yield Strided(int(steps.min()))
    for s in (offset, -offset, 1, -1):
        if s:
            yield Shifted(p, s)
