"""Originals: the cache of StreamingLLM, fed one token at a time, holds the sets of `streaming`, and
its off-by-one.

attention-sinks has the cache of the published code. Room is made with `evict_for_space` before a
token comes, or the cache is trimmed after it, as the perplexity script of the published code does
and as attention-sinks does in every model.
"""

import numpy as np
import pytest
from by_path import by_path
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
# by path: the package itself asks for an older transformers
kv_cache = by_path("attention_sinks", "attention_sink_kv_cache.py")

pytestmark = pytest.mark.originals

SINKS, KEYS, LENGTHS = st.integers(0, 12), st.integers(1, 20), st.integers(1, 50)
AXES = st.sampled_from([1, 2, 3])


def kept(sinks, keys, n, axis, before):
    """The mask of a stream of n tokens whose cache is trimmed before each of them, or after
    each.
    """
    cache = kv_cache.AttentionSinkKVCache(sinks, keys, k_seq_dim=axis, v_seq_dim=axis)
    mask, past = np.zeros((n, n), bool), None
    for i in range(n):
        token = torch.full((1, 1, 1, 1), i)
        if before:
            past = cache.evict_for_space(past, 1)
        past = (
            [[token, token]]
            if past is None
            else [[torch.cat([x, token], dim=axis) for x in past[0]]]
        )
        assert torch.equal(*past[0])
        seen = past[0][0].flatten().tolist()
        assert len(set(seen)) == len(seen)
        mask[i, seen] = True
        if not before:
            past = cache(past)
    return mask


@given(SINKS, KEYS, LENGTHS, AXES)
@settings(max_examples=60)
def test_making_room_before_each_token_is_streaming(sinks, keys, n, axis):
    assert np.array_equal(
        kept(sinks, keys, n, axis, before=True), sr.dense(sr.streaming(sinks, keys), n)
    )


@given(SINKS, KEYS, LENGTHS, AXES)
@settings(max_examples=60)
def test_trimming_after_each_token_keeps_one_key_more(sinks, keys, n, axis):
    assert np.array_equal(
        kept(sinks, keys, n, axis, before=False), sr.dense(sr.streaming(sinks, keys + 1), n)
    )


def test_a_window_of_0_keys_still_holds_the_query():
    found = kept(2, 0, 8, 2, before=True)
    assert np.array_equal(found, sr.dense(sr.streaming(2, 1), 8)), (
        "attention-sinks refuses or empties a window of 0 keys"
    )


def test_defect_a_prompt_as_long_as_the_window_forgets_all_before_it_but_the_sinks():
    """`evict_for_space` takes the coming tokens out of the recent part alone, however many they
    are.
    """
    cache, past = kv_cache.AttentionSinkKVCache(2, 4), torch.arange(6).reshape(1, 1, 6, 1)
    left = [
        cache.evict_for_space([[past, past]], coming)[0][0].flatten().tolist()
        for coming in (1, 3, 4, 9)
    ]
    assert left == [[0, 1, 3, 4, 5], [0, 1, 5], [0, 1], [0, 1]], (
        "attention-sinks no longer forgets the text before a long prompt"
    )
