"""Originals: layouts of blocks that interop makes, beside those that DeepSpeed makes, and
DeepSpeed's read.
"""

import numpy as np
import pytest
from by_path import sparsity_config
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask

import sparse_ref as sr
from sparse_ref import interop

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
deepspeed = sparsity_config()

pytestmark = pytest.mark.originals


@given(
    st.integers(1, 8), st.integers(1, 3), st.sampled_from([1, 4, 16]), st.integers(1, 12), st.data()
)
def test_layouts_of_deepspeed_are_made_and_read_bit_for_bit(local, repeats, block, blocks, data):
    verts = data.draw(st.integers(1, local))
    config = deepspeed.FixedSparsityConfig(
        verts * repeats,
        block=block,
        different_layout_per_head=True,
        num_local_blocks=local,
        num_global_blocks=1,
        attention="unidirectional",
        num_different_global_patterns=verts,
    )
    theirs = config.make_layout(blocks * block)
    heads = [
        sr.Blockwise(p, block)
        for p in sr.openai_fixed(local, 1, num_verts=verts, heads=verts * repeats)
    ]
    ours = interop.deepspeed_layout(heads, blocks * block, block)
    assert torch.from_numpy(ours).dtype == theirs.dtype
    assert torch.equal(torch.from_numpy(ours), theirs)
    by_tokens = sr.openai_fixed(local * block, block, num_verts=verts, heads=verts * repeats)
    assert np.array_equal(
        interop.deepspeed_layout(by_tokens, blocks * block, block, covering=True), ours
    )
    for p, own in zip(interop.from_deepspeed_layout(theirs, block), heads):
        assert np.array_equal(sr.dense(p, blocks * block), mask(own, blocks * block))
