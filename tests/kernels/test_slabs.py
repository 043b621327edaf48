"""Slabs of gathered chunks: each holds the keys of its own chunks, and gradients add up."""

from itertools import pairwise

import numpy as np
from judged import BUDGET, assert_close
from strategies import qkv

import sparse_ref as sr
from sparse_ref.kernels.arguments import Tiles
from sparse_ref.kernels.cpu.key_slabs import slabs_of

N = 3000
ODD_KEYS = sr.Lookback(1000) & sr.Summary(2, 1)  # every second key: all chunks are gathered


def chunk_keys(plan, c):
    """The keys that chunk c has, one after the other or gathered."""
    start = int(plan.start[c])
    return list(range(start, start + 64)) if start >= 0 else plan.keys[-1 - start].tolist()


def test_a_slab_of_gathered_chunks_has_their_first_and_last_key():
    plan = sr.plan(ODD_KEYS, N)
    assert (plan.start < 0).all()
    slabs = slabs_of(Tiles(*plan.arrays), N)
    assert len(slabs.low) > 1
    for s, (first, stop) in enumerate(pairwise(slabs.bounds)):
        chunks = range(plan.ptr[first], plan.ptr[stop])
        keys = [j for c in chunks for j in chunk_keys(plan, c)]
        assert slabs.low[s] == min(keys)
        assert slabs.low[s] + slabs.offset[s + 1] - slabs.offset[s] == max(keys) + 1


def test_gradients_of_gathered_chunks_in_several_slabs_are_those_of_the_statement():
    q, k, v = qkv((N, N), d=3, e=2)
    out, lse = sr.attend_with_lse(q, k, v, ODD_KEYS)
    arrays = out, q, k, v, out, lse
    exact = sr.attend_backward(
        *(x.astype(np.float64) for x in arrays), ODD_KEYS, device="reference"
    )
    for found, expected in zip(sr.attend_backward(*arrays, ODD_KEYS), exact):
        assert_close(found, expected, 4 * BUDGET["float32"])
