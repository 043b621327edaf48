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
    return replace(
        plan,
        word=np.where(
            np.arange(len(plan.word)) == np.flatnonzero(plan.word >= 0)[0], -1, plan.word
        ),
    )


def turned(plan):
    """The keys of a chunk one further on."""
    start = plan.start.copy()
    start[0] += 1
    return replace(plan, start=start)


def dropped(plan):
    """The last chunk left out."""
    return replace(
        plan,
        ptr=np.minimum(plan.ptr, len(plan.start) - 1),
        start=plan.start[:-1],
        word=plan.word[:-1],
    )


def swapped(plan):
    """Two rows of a tile in each other's place, their words left behind."""
    rows = plan.rows.copy()
    rows[0, [5, 50]] = rows[0, [50, 5]]
    return replace(plan, rows=rows)


def exchanged(plan):
    """Two gathered keys in each other's place, their words left behind."""
    keys = plan.keys.copy()
    keys[0, [2, 20]] = keys[0, [20, 2]]
    return replace(plan, keys=keys)


CASES = [
    *((mutate, sr.Causal()) for mutate in (flipped, filled, turned, dropped, swapped)),
    *((mutate, sr.Strided(3)) for mutate in (flipped, dropped, swapped, exchanged)),
]


@pytest.mark.parametrize(("mutate", "p"), CASES)
def test_mutants_of_a_plan_are_caught_by_the_statement(mutate, p, monkeypatch):
    """Their arrays stay in bounds; the numbers of a plan that `check` refuses are judged, too."""
    monkeypatch.setattr(sr.Plan, "check", lambda plan: None)
    q, k, v = qkv((130, 130))
    plan = sr.plan(p, 130)
    expected = stated(q, k, v, p, 130)
    exact = sr.attend_backward(
        *(x.astype(np.float64) for x in (v, q, k, v, *expected)), p, device="reference"
    )

    def judge(plan):
        yield sr.attend(q, k, v, plan), expected[0], BUDGET["float32"]
        for found, right in zip(sr.attend_backward(v, q, k, v, *expected, plan), exact):
            yield found, right, 4 * BUDGET["float32"]

    for judged in judge(plan):
        assert_close(*judged)
    caught = []
    for judged in judge(mutate(plan)):
        try:
            assert_close(*judged)
        except AssertionError:
            caught.append(True)
    assert len(caught) >= 3, "the output, and two gradients or more"
