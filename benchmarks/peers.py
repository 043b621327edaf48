"""Attention of other libraries compared with ours: first sets, then numbers, then times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import sparse_ref as sr

from .cases import label, qkv
from .rows import Row, Target, ratio, reason
from .timing import Size, time_rounds

SMALL = 64  # the scale at which sets are compared
CLOSE = 2e-5  # one key more or less among 8192 moves an output by about 1e-4; rounding, by 1e-6


Call = Callable[[], Any]


class Peer(NamedTuple):
    """Attention over a set that we can state, too.

    by : the library. pattern : the set, or Branches, at length n; `name` is its name in the table.
    ready : q, k, v (heads, n, d) -> (call, read): what is timed, and what brings its result to
        (heads, n, d). Layouts, masks and whatever else can be prepared are made here. Raises
        ImportError if the peer is not installed.
    """

    by: str
    name: str
    pattern: Any
    n: int
    ready: Callable[..., tuple[Call, Callable[[Any], np.ndarray]]]
    target: Target | None = None


PeerOfScale = Callable[[int], Peer]


def ours(pattern, q, k, v) -> Call:
    """The call that attends over a set, or over branches that are merged, lowered beforehand."""
    n = q.shape[1]
    if not isinstance(pattern, sr.Branches):
        return partial(sr.attend, q, k, v, sr.plan(pattern, n))
    plans = [sr.plan(p, n) for p in pattern]

    def branches():
        parts = [sr.attend_with_lse(q, k, v, plan) for plan in plans]
        out, _ = sr.merge(parts)
        return out

    return branches


def assert_same_sets(peer: Peer):
    """With logits of 0 and one-hot values the output is the weights: those of our set, and 0
    elsewhere.
    """
    zero = np.zeros((2, peer.n, peer.n), np.float32)
    one_hot = zero + np.eye(peer.n, dtype=np.float32)
    call, read = peer.ready(zero, zero, one_hot)
    counts = sr.multiplicity(peer.pattern, peer.n)
    expected = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for weights in read(call()):
        assert np.array_equal(weights > 0, counts > 0), (
            f"{peer.by} attends to other keys than {peer.name}:\n"
            f"{sr.difference(counts > 0, weights > 0)}"
        )
        error = np.abs(weights - expected).max()
        assert error < 1e-5, f"{peer.by} has the keys of {peer.name}, and weights off by {error}"


def assert_same_numbers(peer: Peer, theirs: np.ndarray, ours: np.ndarray):
    """At full size, on the inputs that are timed."""
    error = float(np.abs(theirs - ours).max())
    assert error < CLOSE, f"{peer.by} and attend differ by {error} on {label(peer.name, peer.n)}"


def rows(group: str, peers: Sequence[PeerOfScale], size: Size) -> list[Row]:
    """One row for each peer, a function of the scale; the row of one that cannot run here has the
    reason.
    """
    calls, results = {}, []
    for p, peer in enumerate(peers):
        row, pair = checked_calls(group, peer, size)
        results.append(row)
        if pair:
            calls[f"{p}: attend, for {row.name}"], calls[f"{p}: {row.name}"] = pair
    seconds = time_rounds(calls, size, group)
    for p, row in enumerate(results):
        if not row.missing:
            measured = seconds[f"{p}: attend, for {row.name}"], seconds[f"{p}: {row.name}"]
            results[p] = ratio(group, row.case, row.name, *measured, row.target)
    return results


def checked_calls(group: str, peer: PeerOfScale, size: Size):
    """(row, (our call, the peer's)), once its sets and numbers are ours; no calls if it cannot run
    here, which the row says.
    """
    sets = peer(size.scale)
    case = label(sets.name, sets.n)
    row = Row(group, case, sets.by, target=sets.target)
    q, k, v = qkv(sets.n)
    attend = ours(sets.pattern, q, k, v)
    try:
        assert_same_sets(peer(SMALL))
        call, read = sets.ready(q, k, v)
        out = read(call())
    except (ImportError, RuntimeError) as error:
        # not installed, another version, no compiler, or not enough memory
        return replace(row, missing=reason(error)), ()
    assert_same_numbers(sets, out, attend())
    return row, (attend, call)
