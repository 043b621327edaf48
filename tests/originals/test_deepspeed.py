"""Originals: DeepSpeed's block layouts, read from the file that defines them, against patterns over
blocks.

A layout says which blocks are computed; inside them causality is left to a mask that the caller
adds.
"""

import numpy as np
import pytest
from by_path import sparsity_config
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
deepspeed = sparsity_config()

pytestmark = pytest.mark.originals


def layouts(config, blocks):
    """Which blocks each head computes, bool (heads, blocks, blocks)."""
    return config.make_layout(blocks * config.block).numpy().astype(bool)


@st.composite
def fixed_configs(draw):
    """(num_local_blocks, num_different_global_patterns, heads): what FixedSparsityConfig and
    openai_fixed both take.
    """
    local = draw(st.integers(1, 8))
    verts = draw(st.integers(1, local))
    return local, verts, verts * draw(st.integers(1, 3))


def fixed(local, verts, heads, block, global_blocks=1):
    """DeepSpeed's `fixed`, autoregressive."""
    return deepspeed.FixedSparsityConfig(
        heads,
        block=block,
        different_layout_per_head=True,
        num_local_blocks=local,
        num_global_blocks=global_blocks,
        attention="unidirectional",
        num_different_global_patterns=verts,
    )


@given(fixed_configs(), st.integers(1, 30))
def test_fixed_is_openai_fixed_over_blocks(config, blocks):
    local, verts, heads = config
    ours = sr.openai_fixed(local, 1, num_verts=verts, heads=heads)
    for h, layout in enumerate(layouts(fixed(*config, block=16), blocks)):
        assert np.array_equal(layout, sr.dense(ours[h], blocks)), f"head {h}"


@given(fixed_configs(), st.integers(1, 4), st.integers(1, 12))
def test_fixed_spread_over_tokens_and_cut_to_the_past_is_openai_fixed(config, block, blocks):
    local, verts, heads = config
    n, ours = blocks * block, sr.openai_fixed(local * block, block, num_verts=verts, heads=heads)
    over_blocks = sr.openai_fixed(local, 1, num_verts=verts, heads=heads)
    for h, layout in enumerate(layouts(fixed(*config, block=block), blocks)):
        tokens = np.kron(layout, np.ones((block, block), bool)).astype(bool)
        assert np.array_equal(tokens, sr.dense(sr.Blockwise(over_blocks[h], block), n)), f"head {h}"
        assert np.array_equal(tokens & sr.dense(sr.Causal(), n), sr.dense(ours[h], n)), f"head {h}"


@given(st.integers(1, 9), st.integers(9, 30))
def test_sliding_window_of_w_blocks_reaches_half_of_them_back(w, blocks):
    for attention, p in (
        ("unidirectional", sr.Lookback(w // 2 + 1)),
        ("bidirectional", sr.Window(w // 2)),
    ):
        config = deepspeed.LocalSlidingWindowSparsityConfig(
            1, num_sliding_window_blocks=w, attention=attention
        )
        assert np.array_equal(layouts(config, blocks)[0], sr.dense(p, blocks)), attention


@given(st.integers(1, 20))
def test_dense_is_full(blocks):
    assert np.array_equal(
        layouts(deepspeed.DenseSparsityConfig(2), blocks)[1], sr.dense(sr.Full(), blocks)
    )


@pytest.mark.parametrize("global_blocks", [2, 3])
@pytest.mark.parametrize("windows", [1, 2, 4])
def test_defect_fixed_with_two_or_more_global_blocks_sees_the_future(global_blocks, windows):
    local = 2 * global_blocks
    layout = layouts(fixed(local, 1, 1, 16, global_blocks), windows * local)[0]
    future = layout & ~sr.dense(sr.Causal(), len(layout))
    leaks = windows * global_blocks * (global_blocks - 1) // 2
    assert future.sum() == leaks, "DeepSpeed no longer sees the future: compare with openai_fixed"
    whole_groups = sr.Block(local) | sr.Blockwise(sr.Summary(2), global_blocks)
    assert np.array_equal(layout, sr.dense(whole_groups, len(layout)))


def test_defect_variable_with_random_blocks_sees_the_future():
    config = deepspeed.VariableSparsityConfig(1, num_random_blocks=2, attention="unidirectional")
    future = [
        layouts(config, 12)[0] & ~sr.dense(sr.Causal(), 12) for _ in range(20)
    ]  # it draws from the global random state
    assert any(layout.any() for layout in future), (
        "DeepSpeed now draws random blocks from the past alone"
    )
