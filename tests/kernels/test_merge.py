"""Merging: parts of a softmax against the whole."""

import numpy as np
from hypothesis import given
from judged import assert_close
from strategies import patterns, qkv, shapes

import sparse_ref as sr


@given(patterns(), patterns(), shapes(most=70))
def test_merged_parts_are_one_softmax_over_both(p, q_, n):
    q, k, v = qkv(n, 2, 1, dtype=np.float64)
    whole = sr.attend_with_lse(q, k, v, p | q_)
    parts = sr.merge([sr.attend_with_lse(q, k, v, p), sr.attend_with_lse(q, k, v, q_ - p)])
    for a, b in zip(parts, whole):
        assert_close(a, b, 1e-12)
    assert (parts[1] == -np.inf).tolist() == (whole[1] == -np.inf).tolist()


def test_merging_counts_a_key_twice_that_is_in_both():
    q, k, v = qkv((6, 6), dtype=np.float64)
    out, lse = sr.merge([sr.attend_with_lse(q, k, v, sr.Causal())] * 2)
    once = sr.attend_with_lse(q, k, v, sr.Causal())
    assert_close(out, once[0], 1e-15)
    assert_close(lse, once[1] + np.log(2), 1e-15)


def test_an_empty_part_adds_nothing_to_a_merge_whatever_it_holds():
    q, k, v = qkv((6, 6), dtype=np.float64)
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    merged, total = sr.merge([(out, lse), (np.full_like(out, np.nan), np.full_like(lse, -np.inf))])
    assert_close(merged, out, 1e-15)
    assert_close(total, lse, 1e-15)
    merged, total = sr.merge([(np.full_like(out, np.nan), np.full_like(lse, -np.inf))])
    assert (merged == 0).all()
    assert (total == -np.inf).all()
