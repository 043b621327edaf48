"""Somebody else's attention beside ours: first the same sets, then the same numbers, then the
time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import sparse_ref as sr

from .cases import named, qkv
from .rows import Row, Target, ratio, reason
from .timing import Size, interleaved

SMALL = 64  # the scale at which sets are compared
CLOSE = 2e-5  # one key more or less among 8192 moves an output by about 1e-4; rounding, by 1e-6


class Peer(NamedTuple):
    """Attention over a set that we can state, too.

    by : whose it is. pattern : the set, or Branches, at length n; `name` is how the table calls it.
    ready : q, k, v (heads, n, d) -> (call, read): what is timed, and what brings its result to
    (heads, n, d). Layouts, masks
        and whatever else can be had beforehand are made here. Raises ImportError where the peer is
        not installed.
    """

    by: str
    name: str
    pattern: Any
    n: int
    ready: Callable[..., tuple[Callable[[], Any], Callable[[Any], np.ndarray]]]
    target: Target | None = None


def ours(pattern, q, k, v) -> Callable[[], np.ndarray]:
    """The call that attends over a set, or over branches that are merged, lowered beforehand."""
    n = q.shape[1]
    if not isinstance(pattern, sr.Branches):
        return partial(sr.attend, q, k, v, sr.plan(pattern, n))
    lowered = [sr.plan(p, n) for p in pattern]
    return lambda: sr.merge([sr.attend_with_lse(q, k, v, p) for p in lowered])[0]


def assert_same_sets(peer: Peer):
    """All logits are 0 and the values one-hot, so weights come out: those of our set, and 0
    elsewhere.
    """
    zero = np.zeros((2, peer.n, peer.n), np.float32)
    call, read = peer.ready(zero, zero, np.stack([np.eye(peer.n, dtype=np.float32)] * 2))
    counts = sr.multiplicity(peer.pattern, peer.n)
    expected = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for weights in read(call()):
        same = np.array_equal(weights > 0, counts > 0) and np.allclose(weights, expected, atol=1e-6)
        assert same, (
            f"{peer.by} attends to other keys than {peer.name}:\n"
            f"{sr.difference(counts > 0, weights > 0)}"
        )


def assert_same_numbers(peer: Peer, out: np.ndarray, own: np.ndarray):
    """At full size, on the inputs that are timed."""
    error = float(np.abs(out - own).max())
    assert error < CLOSE, f"{peer.by} and attend differ by {error} on {named(peer.name, peer.n)}"


def rows(group: str, peers: Sequence[Callable[[int], Peer]], size: Size) -> list[Row]:
    """One row for each peer, a function of the scale; one that cannot run here has a row that says
    why.
    """
    calls, found = {}, []
    for p, peer in enumerate(peers):
        sets = peer(size.scale)
        q, k, v = qkv(sets.n)
        own, missing = ours(sets.pattern, q, k, v), ""
        try:
            assert_same_sets(peer(SMALL))
            call, read = sets.ready(q, k, v)
            out = read(call())
        except (
            ImportError,
            RuntimeError,
        ) as error:  # not installed; no compiler, or not enough memory; another version
            missing = reason(error)
        else:
            assert_same_numbers(sets, out, own())
            calls[f"{p}: attend beside {sets.by}"], calls[f"{p}: {sets.by}"] = own, call
        found.append(
            Row(group, named(sets.name, sets.n), sets.by, target=sets.target, missing=missing)
        )
    taken = interleaved(calls, size, group)
    return [
        row
        if row.missing
        else ratio(
            group,
            row.case,
            row.name,
            taken[f"{p}: attend beside {row.name}"],
            taken[f"{p}: {row.name}"],
            row.target,
        )
        for p, row in enumerate(found)
    ]
