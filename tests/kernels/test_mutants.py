"""Tests of the tests: plans with one thing wrong are caught by the statement."""

from dataclasses import replace

import numpy as np
import pytest
from judged import BUDGET, assert_close, stated
from strategies import qkv

import sparse_ref as sr


def flipped(plan):
    """One bit of one word the other way."""
    words = plan.words.copy()
    words[0, 40] ^= np.uint64(1 << 3)
    return replace(plan, words=words)


def filled(plan):
    """A chunk that is not full taken for one."""
    return replace(plan, word=np.where(np.arange(len(plan.word)) == np.flatnonzero(plan.word >= 0)[0], -1, plan.word))


def turned(plan):
    """The keys of a chunk one further on."""
    start = plan.start.copy()
    start[0] += 1
    return replace(plan, start=start)


def dropped(plan):
    """The last chunk left out."""
    return replace(plan, ptr=np.minimum(plan.ptr, len(plan.start) - 1), start=plan.start[:-1], word=plan.word[:-1])


def swapped(plan):
    """Two rows of a tile in each other's place, their words left behind."""
    rows = plan.rows.copy()
    rows[0, [5, 50]] = rows[0, [50, 5]]
    return replace(plan, rows=rows)


@pytest.mark.parametrize("mutate", [flipped, filled, turned, dropped, swapped])
def test_mutants_of_a_plan_are_caught_by_the_statement(mutate):
    q, k, v = qkv((130, 130))
    expected, plan = stated(q, k, v, sr.Causal(), 130), sr.plan(sr.Causal(), 130)
    assert_close(sr.attend(q, k, v, plan), expected[0], BUDGET["float32"])
    with pytest.raises(AssertionError):
        assert_close(sr.attend(q, k, v, mutate(plan)), expected[0], BUDGET["float32"])
