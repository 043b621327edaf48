"""What a large implementation attends to: all rows and keys through random sums, some rows key by key.

With q = k = 0 and values of +1 and -1 drawn at random, row i gives the mean of e signs over its keys, which is known for the
set that is asked for: one call, and a key too many or too few anywhere moves its row by about 1 / |A_i|, in e ways at
once. Rows that are off are then read: groups of keys are weighed, and those that a row has neither wholly nor not at all are
read key by key. Leaks are looked for in as many rows as there are coordinates: each of them has one, on which the
keys of that row are far below all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..attention import attend_with_lse
from ..sets import Pattern
from .diagnosis import Diagnosis, diagnosed
from .finding import Finding, counted, found_in
from .frameworks import spacing
from .probe import LOGIT, hostile
from .subject import Subject
from .sums import Sums, member, named, unlike

READ = 4  # rows that are off, and as many others, are read key by key
GROUPS = 256  # groups read key by key at most


@dataclass(frozen=True, eq=False)
class Sketch:
    """What was seen. `rows`, ascending, were read: expected and found are bool (H, rows, n_k), right is bool (H, rows). `off` is
    bool (H, n_q), rows whose random sums are not those of their set, `blind` how many rows are so long that one key
    more or less is below the rounding of what came back, `leaky` how many rows were tried for leaks."""

    n: tuple[int, int]
    dtype: str
    rows: np.ndarray
    expected: np.ndarray
    found: np.ndarray
    right: np.ndarray
    off: np.ndarray
    blind: int
    unread: int
    leaky: int
    findings: tuple[Finding, ...]
    diagnosis: tuple[Diagnosis, ...]

    def said(self) -> list[str]:
        """What was looked at, and what was not."""
        rows = f"{self.off.size - self.blind:,} of {self.off.size:,} rows"
        seen = [f"seen: {rows} by random sums, where a single key more or less shows; {counted(self.right.size, 'row')} key by key"
                f"; leaks in {counted(self.leaky, 'row')}",
                "not seen: leaks in other rows; ghosts, poison and key heads, as at smaller n; and what depends on the data"]
        if self.blind:
            seen.append(f"not seen: a single key in {counted(self.blind, 'row')} of so many keys that {self.dtype} rounds it away")
        if self.unread:
            seen.append(f"not seen: which of the keys it is in {counted(self.unread, 'group')} of {GROUPS} looked at")
        return seen


def sketched(call: Subject, patterns: tuple[Pattern, ...], seed: int) -> Sketch:
    """What fn attends to, as far as a few dozen calls tell."""
    rng = np.random.default_rng(seed)
    signs = rng.choice(np.array([-1.0, 1.0]), (call.kv_heads, call.n[1], call.e))
    zero = np.zeros((call.heads, call.n[0], call.d)), np.zeros((call.kv_heads, call.n[1], call.d))
    expected, lse = attend_with_lse(zero[0][..., :1], zero[1][..., :1], signs, patterns)
    out, dtype = call(*zero, signs)
    finite = np.isfinite(out).all(axis=-1)
    many = np.rint(np.exp(lse))
    off, blind = unlike(out, expected, many, dtype)
    off &= finite
    rows = _sample(off, call.n[0])
    sets = np.stack([np.stack([member(p, int(i), call.n[1]) for i in rows]) for p in patterns])
    weights, unread = _read(call, sets, rows)
    some = np.abs(weights) > 1e-6 * np.abs(weights).max(axis=-1, keepdims=True, initial=0)
    found = some & (weights != 0)
    leaks, leaky, broken = _leaks(call, patterns, off, rng)
    findings = [*found_in("nan", ~finite, "{} with NaN or inf at equal logits", "row"),
                *_at(rows, "extra", found & ~sets, off, "attended to outside the set"),
                *_at(rows, "missing", sets & ~found, off, "of the set not attended to"),
                *_counts(rows, weights, found, sets)]
    if off.any() and not findings:
        findings += found_in("extra", off, "{} whose random sums are not those of their sets", "row")
    findings += found_in("leak", leaks, f"{{}} that let in keys masked with a finite number, at logits of {LOGIT:g}", "row")
    findings += found_in("overflow", broken, f"{{}} with NaN or inf at logits of {LOGIT:g}", "row")
    right = (found == sets).all(axis=-1) & ~off[:, rows] & finite[:, rows]
    described = diagnosed(patterns, sets, found, queries=rows)
    return Sketch(call.n, dtype, rows, sets, found, right, off, int(blind.sum()), unread, leaky, tuple(findings),
                  (*named(call, patterns, Sums(out, off, signs, dtype), found, rows), *described))


def _sample(off, n: int) -> np.ndarray:
    """Rows to read: some that are off, from both ends and between, and some of all."""
    wrong = np.flatnonzero(off.any(axis=0))
    spread = [x[np.linspace(0, len(x) - 1, min(READ, len(x)), dtype=int)] for x in (wrong, np.arange(n)) if len(x)]
    return np.unique(np.concatenate(spread))


def _read(call: Subject, sets, rows) -> tuple[np.ndarray, int]:
    """(weights (H, rows, n_k) at equal logits, how many groups of keys were left as they are expected)."""
    zero = np.zeros((call.heads, call.n[0], call.d)), np.zeros((call.kv_heads, call.n[1], call.d))
    keys = np.arange(call.n[1])
    group = -(-call.n[1] // call.e)
    v = np.broadcast_to(keys[:, None] // group == np.arange(call.e), (call.kv_heads, call.n[1], call.e))
    held = np.add.reduceat(sets, np.arange(0, call.n[1], group), axis=-1, dtype=np.int64)
    found = call(*zero, v.astype(float))[0][:, rows, :held.shape[-1]]
    unit = 1 / np.maximum(sets.sum(axis=-1, keepdims=True), 1)
    sizes = np.minimum(group, call.n[1] - np.arange(0, call.n[1], group))
    sure = (np.abs(found - held * unit) < 0.25 * unit) & ((held == 0) | (held == sizes))
    weights, left = np.where(sets, unit, 0.0), np.flatnonzero(~sure.all(axis=(0, 1)))
    for g in left[:GROUPS]:
        for start in range(g * group, min((g + 1) * group, call.n[1]), call.e):
            stop = min(start + call.e, (g + 1) * group, call.n[1])
            v = np.broadcast_to(keys[:, None] == np.arange(start, start + call.e), v.shape)
            weights[..., start:stop] = call(*zero, v.astype(float))[0][:, rows, :stop - start]
    return weights, len(left[GROUPS:])


def _leaks(call: Subject, patterns, off, rng) -> tuple[np.ndarray, int, np.ndarray]:
    """(rows that let in keys they should not, how many rows of each head were tried, rows that are not finite then)."""
    per, leaks, broken = call.heads // call.kv_heads, np.zeros_like(off), np.zeros_like(off)
    tried = np.unique(np.linspace(0, call.n[0] - 1, min(call.d, call.n[0]), dtype=int))
    size, many = hostile(call), 0
    q, k = np.zeros((call.heads, call.n[0], call.d)), np.full((call.kv_heads, call.n[1], call.d), size)
    q[:, tried, np.arange(len(tried))] = size
    for g, (r, i) in ((g, x) for g in range(call.kv_heads) for x in enumerate(tried)):
        k[g, np.asarray(patterns[g * per].row(int(i), call.n[1]), int), r] = -size
    signs = rng.choice(np.array([-1.0, 1.0]), (call.kv_heads, call.n[1], call.e))
    out, dtype = call(q, k, signs)
    for h in range(call.heads):
        if patterns[h] == patterns[h // per * per]:
            for i in tried[~off[h, tried]]:
                own, many = np.asarray(patterns[h].row(int(i), call.n[1]), int), many + 1
                mean = signs[h // per][own].mean(axis=0) if len(own) else np.zeros(call.e)
                broken[h, i] = not np.isfinite(out[h, i]).all()
                allowed = 2 * spacing(dtype) * (np.abs(mean) + np.sqrt((mean**2).mean())) + 2.0**-18
                leaks[h, i] = not broken[h, i] and (np.abs(out[h, i] - mean) > allowed).any()
    return leaks, many, broken


def _at(rows, kind: str, wrong, off, said: str) -> Iterator[Finding]:
    """The finding of keys in the rows that were read."""
    if wrong.any():
        h, r, j = (int(x[0]) for x in np.nonzero(wrong))
        yield Finding(kind, f"{counted(int(wrong.sum()), 'key')} {said} in {int(wrong.any(axis=-1).sum())} rows that were read; "
                      f"{counted(int(off.sum()), 'row')} of {off.size:,} off", int(wrong.sum()), (h, int(rows[r]), j))


def _counts(rows, weights, found, sets) -> Iterator[Finding]:
    """Keys counted more than once, in the rows that were read."""
    least = np.where(found, np.abs(weights), np.inf).min(axis=-1, keepdims=True)
    twice = found & (np.rint(np.abs(weights) / least) > 1) & np.isfinite(least)
    if twice.any():
        h, r, j = (int(x[0]) for x in np.nonzero(twice))
        yield Finding("multiplicity", f"{counted(int(twice.sum()), 'key')} counted more than once in the rows that were read",
                      int(twice.sum()), (h, int(rows[r]), j))
