"""Kernels: how often a call hashes and compares the patterns of its heads. Counted, not timed."""

import copy
import pickle
from collections import Counter

import numpy as np
import pytest
from strategies import qkv

import sparse_ref as sr
from sparse_ref.sets.heads import heads_by_pattern

N, HEADS = 20, 6
ROWS = [[i // 2, i] if i % 2 else [i] for i in range(N)]


@pytest.fixture
def counts(monkeypatch):
    """How often Listed patterns were hashed and compared."""
    counted = Counter()
    for name in ("__hash__", "__eq__"):
        monkeypatch.setattr(sr.Listed, name, counting(getattr(sr.Listed, name), name, counted))
    return counted


def counting(method, name, counted):
    """The method, and a count of its calls."""

    def call(self, *others):
        counted[name] += 1
        return method(self, *others)

    return call


def listed():
    """An equal pattern, but another object, each time."""
    return sr.Listed.of_rows(ROWS)


def both_ways(pattern):
    """Attend and go back."""
    q, k, v = qkv((N, N), HEADS, HEADS)
    out, lse = sr.attend_with_lse(q, k, v, pattern)
    sr.attend_backward(out, q, k, v, out, lse, pattern)


@pytest.mark.parametrize("many", [False, True], ids=["one pattern", "one object for all heads"])
def test_one_pattern_is_neither_hashed_nor_compared(many, counts):
    p = listed()
    both_ways([p] * HEADS if many else p)
    assert not counts


def test_two_objects_are_hashed_once_a_pass_each(counts):
    p, other = listed(), ~listed()
    both_ways([p, other] * (HEADS // 2))
    assert counts["__hash__"] <= 4
    assert counts["__eq__"] <= 2


def test_equal_objects_share_their_heads(counts):
    groups = heads_by_pattern([listed(), sr.Causal(), listed(), sr.Causal()])
    assert [heads for _, heads in groups] == [(0, 2), (1, 3)]
    assert counts == {"__hash__": 2, "__eq__": 1}


def test_the_keys_are_hashed_once_for_each_object():
    p = listed()
    before = hash(p)
    assert "_hash" in vars(p)
    for twin in (copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p)), listed()):
        assert "_hash" not in vars(twin)
        assert twin == p
        assert hash(twin) == before
    assert len({p, listed(), p | sr.Causal(), listed() | sr.Causal()}) == 2
    assert sr.Listed.of_rows([[0]]) != p


def test_what_other_rooms_make_of_heads_hashes_each_object_once(counts):
    p = listed()
    sr.interop.allowed_mask([p] * HEADS, N)
    assert counts["__hash__"] <= 1
    counts.clear()
    heads = np.arange(HEADS)
    assert heads_by_pattern([p] * HEADS) == [(p, tuple(heads))]
