"""Originals: every layout of DeepSpeed's SparsityConfig, head by head and bit by bit, drawn random
blocks included.
"""

import random

import numpy as np
import pytest
from by_path import sparsity_config
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
deepspeed = sparsity_config()

pytestmark = pytest.mark.originals

ATTENTION = st.sampled_from(["bidirectional", "unidirectional"])
SEEDS = st.integers(0, 2**40)


def layouts(config, blocks, seed=0):
    """Which blocks each head computes after random.seed(seed), bool (heads, blocks, blocks)."""
    random.seed(seed)
    layout = config.make_layout(blocks * config.block).numpy()
    assert set(np.unique(layout)) <= {0, 1}, "a block is computed once"
    return layout.astype(bool)


def assert_layouts(config, blocks, ours, seed=0):
    """Every head has the layout of ours(head); of ours(0), where they share one."""
    for h, layout in enumerate(layouts(config, blocks, seed)):
        p = ours(h if config.different_layout_per_head else 0)
        assert np.array_equal(layout, sr.dense(p, blocks)), f"head {h}: {p!r}"


@st.composite
def fixed_arguments(draw):
    """(blocks, heads, what FixedSparsityConfig takes), sequences shorter than a representative
    among them.
    """
    g = draw(st.integers(1, 4))
    l = g * draw(st.integers(1, 4))
    attention = draw(ATTENTION)
    return (
        draw(st.integers(1, 3 * l + 2)),
        draw(st.integers(1, 4)),
        dict(
            num_local_blocks=l,
            num_global_blocks=g,
            attention=attention,
            horizontal_global_attention=attention == "bidirectional" and draw(st.booleans()),
            num_different_global_patterns=draw(st.integers(1, l // g)),
        ),
    )


@settings(max_examples=150)
@given(fixed_arguments())
def test_fixed(drawn):
    blocks, heads, arguments = drawn
    config = deepspeed.FixedSparsityConfig(heads, different_layout_per_head=True, **arguments)
    assert_layouts(config, blocks, lambda h: sr.deepspeed_fixed(blocks, head=h, **arguments))
    if arguments["attention"] == "unidirectional":
        shown = layouts(config, blocks)[heads - 1]
        documented = sr.deepspeed_fixed(blocks, head=heads - 1, rule="documentation", **arguments)
        assert np.array_equal(shown & sr.dense(sr.Causal(), blocks), sr.dense(documented, blocks))


@st.composite
def stretches(draw):
    """(global_block_indices, global_block_end_indices), some beyond the last block, some
    overlapping.
    """
    starts = draw(st.lists(st.integers(0, 20), max_size=3))
    return starts, draw(
        st.none() | st.tuples(*[st.integers(start + 1, start + 6) for start in starts]).map(list)
    )


@st.composite
def variable_arguments(draw):
    """(blocks, heads, different_layout_per_head, what VariableSparsityConfig takes)."""
    blocks, attention, (starts, stops) = (
        draw(st.integers(1, 16)),
        draw(ATTENTION),
        draw(stretches()),
    )
    return (
        blocks,
        draw(st.integers(1, 3)),
        draw(st.booleans()),
        dict(
            num_random_blocks=draw(st.integers(0, min(blocks, 4))),
            attention=attention,
            local_window_blocks=draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)),
            global_block_indices=starts,
            global_block_end_indices=stops,
            horizontal_global_attention=attention == "bidirectional" and draw(st.booleans()),
        ),
    )


@settings(max_examples=150)
@given(variable_arguments(), SEEDS)
def test_variable(drawn, seed):
    blocks, heads, different, arguments = drawn
    config = deepspeed.VariableSparsityConfig(
        heads, different_layout_per_head=different, **arguments
    )
    assert_layouts(
        config,
        blocks,
        lambda h: sr.deepspeed_variable(blocks, head=h, seed=seed, **arguments),
        seed,
    )
    if arguments["attention"] == "unidirectional":
        arguments["num_random_blocks"] = 0
        shown = layouts(deepspeed.VariableSparsityConfig(1, **arguments), blocks)[0]
        documented = sr.deepspeed_variable(blocks, rule="documentation", **arguments)
        assert np.array_equal(shown & sr.dense(sr.Causal(), blocks), sr.dense(documented, blocks))


@st.composite
def bigbird_arguments(draw):
    """(blocks, heads, different_layout_per_head, what BigBirdSparsityConfig takes)."""
    blocks, attention = draw(st.integers(1, 16)), draw(ATTENTION)
    most = 1 if attention == "unidirectional" else min(blocks, 4)
    return (
        blocks,
        draw(st.integers(1, 3)),
        draw(st.booleans()),
        dict(
            num_random_blocks=draw(st.integers(0, most)),
            num_sliding_window_blocks=draw(st.integers(1, min(blocks, 7))),
            num_global_blocks=draw(st.integers(0, min(blocks, 4))),
            attention=attention,
        ),
    )


@settings(max_examples=150)
@given(bigbird_arguments(), SEEDS)
def test_bigbird(drawn, seed):
    blocks, heads, different, arguments = drawn
    config = deepspeed.BigBirdSparsityConfig(
        heads, different_layout_per_head=different, **arguments
    )
    assert_layouts(
        config, blocks, lambda h: sr.deepspeed_bigbird(blocks, head=h, seed=seed, **arguments), seed
    )


@settings(max_examples=100)
@given(st.integers(1, 9), stretches(), ATTENTION, st.integers(0, 12), st.booleans())
def test_bslongformer(keys, drawn, attention, more, different):
    blocks, arguments = (
        keys + more,
        dict(
            num_sliding_window_blocks=keys,
            attention=attention,
            global_block_indices=drawn[0],
            global_block_end_indices=drawn[1],
        ),
    )
    config = deepspeed.BSLongformerSparsityConfig(
        2, different_layout_per_head=different, **arguments
    )
    assert_layouts(config, blocks, lambda h: sr.deepspeed_bslongformer(**arguments))


@given(st.integers(1, 9), ATTENTION, st.integers(0, 12))
def test_sliding_and_dense(keys, attention, more):
    config = deepspeed.LocalSlidingWindowSparsityConfig(
        2, num_sliding_window_blocks=keys, attention=attention
    )
    assert_layouts(config, keys + more, lambda h: sr.deepspeed_sliding(keys, attention))
    assert_layouts(deepspeed.DenseSparsityConfig(2), keys + more, lambda h: sr.deepspeed_dense())


def test_the_defaults_are_the_same():
    for config, ours in dict(
        Fixed=sr.deepspeed_fixed(11),
        Variable=sr.deepspeed_variable(11),
        BigBird=sr.deepspeed_bigbird(11),
        BSLongformer=sr.deepspeed_bslongformer(),
        LocalSlidingWindow=sr.deepspeed_sliding(),
    ).items():
        assert np.array_equal(
            layouts(getattr(deepspeed, f"{config}SparsityConfig")(1), 11)[0], sr.dense(ours, 11)
        ), config


@pytest.mark.parametrize(
    ("config", "ours", "blocks", "arguments"),
    [
        ("Fixed", "fixed", 8, dict(num_local_blocks=4, num_global_blocks=3)),
        (
            "Fixed",
            "fixed",
            8,
            dict(num_local_blocks=4, num_global_blocks=2, num_different_global_patterns=3),
        ),
        ("Fixed", "fixed", 8, dict(attention="unidirectional", horizontal_global_attention=True)),
        (
            "Variable",
            "variable",
            8,
            dict(attention="unidirectional", horizontal_global_attention=True),
        ),
        ("Variable", "variable", 8, dict(global_block_indices=(3,), global_block_end_indices=(3,))),
        ("Variable", "variable", 3, dict(num_random_blocks=4)),
        ("BigBird", "bigbird", 3, dict(num_random_blocks=4)),
        ("BigBird", "bigbird", 3, dict(num_sliding_window_blocks=4)),
        ("BigBird", "bigbird", 3, dict(num_global_blocks=4)),
        (
            "BSLongformer",
            "bslongformer",
            0,
            dict(global_block_indices=(0, 3), global_block_end_indices=(1,)),
        ),
    ],
)
def test_what_the_code_refuses_is_refused(config, ours, blocks, arguments):
    original = getattr(deepspeed, f"{config}SparsityConfig")
    with pytest.raises(ValueError, match=r"must|cannot|only"):
        original(1, different_layout_per_head=True, **arguments).make_layout(16 * (blocks or 8))
    with pytest.raises(ValueError, match=rf"^deepspeed_{ours}: .*\(DeepSpeed\)"):
        getattr(sr, f"deepspeed_{ours}")(*[blocks] * bool(blocks), **arguments)


def test_defect_bigbird_unidirectional_draws_no_two_random_blocks():
    config = deepspeed.BigBirdSparsityConfig(1, num_random_blocks=2, attention="unidirectional")
    with pytest.raises(ValueError, match="Sample larger than population"):
        pytest.fail(
            "DeepSpeed now draws two: compare with deepspeed_bigbird\n"
            f"{config.make_layout(16 * 12)}"
        )
    with pytest.raises(ValueError, match="block 0 has no more to draw from"):
        sr.deepspeed_bigbird(12, num_random_blocks=2, attention="unidirectional")


def test_defect_variable_shows_the_future_within_a_stretch_of_global_blocks():
    arguments = dict(
        local_window_blocks=[1],
        global_block_indices=[2],
        global_block_end_indices=[5],
        attention="unidirectional",
    )
    future = layouts(deepspeed.VariableSparsityConfig(1, **arguments), 8)[0] & ~sr.dense(
        sr.Causal(), 8
    )
    assert np.argwhere(future).tolist() == [[2, 3], [2, 4], [3, 4]], (
        "DeepSpeed no longer shows the later blocks of a stretch to the earlier: "
        "compare with deepspeed_variable"
    )


def test_defect_sequences_shorter_than_a_representative_lose_a_part_of_it():
    config = deepspeed.FixedSparsityConfig(
        1, num_local_blocks=4, num_global_blocks=4, attention="unidirectional"
    )
    shown = layouts(config, 3)[0]
    assert shown.tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]], (
        "DeepSpeed no longer takes blocks - num_global_blocks = -1 for the last block: "
        "compare with deepspeed_fixed"
    )


def test_defect_a_misspelt_attention_is_taken_for_the_other_one():
    misspelt = "uni-directional"
    for config, word, taken_for in [
        ("BSLongformer", misspelt, sr.deepspeed_bslongformer()),
        ("LocalSlidingWindow", "bi-directional", sr.deepspeed_sliding()),
    ]:
        layout = layouts(getattr(deepspeed, f"{config}SparsityConfig")(1, attention=word), 9)[0]
        assert np.array_equal(layout, sr.dense(taken_for, 9)), "DeepSpeed now refuses it, as we do"
    with pytest.raises(ValueError, match="attention must be"):
        sr.deepspeed_bslongformer(attention=misspelt)


@pytest.mark.parametrize("keys", [2, 4, 6])
def test_defect_a_window_of_w_blocks_has_another_number_of_them(keys):
    for attention, held in ("bidirectional", keys + 1), ("unidirectional", keys // 2 + 1):
        config = deepspeed.LocalSlidingWindowSparsityConfig(
            1, num_sliding_window_blocks=keys, attention=attention
        )
        assert layouts(config, 20)[0, 10].sum() == held, (
            "DeepSpeed now counts as it says: compare with rule='documentation'"
        )
    assert sr.dense(sr.deepspeed_sliding(keys, rule="documentation"), 20)[10].sum() == keys
