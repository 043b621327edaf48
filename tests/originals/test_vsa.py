"""Originals: attn-gym's video sparse attention: its tiles, its choice up to ties, and its output
within rounding.
"""

import numpy as np
import pytest

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
theirs = pytest.importorskip(
    "attn_gym.masks.vsa", reason="attn-gym is missing: make test-originals"
)

pytestmark = pytest.mark.originals

vsa = sr.published.vsa
SETTINGS = [  # shape, tile, k
    ((1, 1, 1), (1, 1, 1), 1), ((2, 3, 3), (2, 2, 2), 2), ((2, 2, 2), (2, 2, 2), 1),
    ((3, 4, 5), (2, 2, 2), 4), ((1, 5, 5), (1, 2, 2), 3), ((4, 4, 4), (2, 2, 2), 8),
    ((4, 2, 3), (3, 1, 2), 2), ((2, 6, 2), (1, 4, 1), 5), ((5, 1, 1), (2, 1, 1), 2),
    ((3, 3, 3), (2, 3, 1), 3), ((1, 1, 9), (1, 1, 4), 2), ((6, 2, 2), (4, 2, 2), 1),
]  # fmt: skip
HEADS, d = 2, 4


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("shape", "tile", "top_k"), SETTINGS)
def test_tiles_choice_and_output_are_those_of_attn_gym(shape, tile, top_k, own):
    rng = np.random.default_rng(len(shape) * top_k)
    n = int(np.prod(shape))
    q, k, v = rng.standard_normal((3, HEADS, n, d)).astype(np.float32)
    layout = theirs.create_vsa_tile_metadata(shape, tile)
    tiled = [theirs.tile_vsa_sequence(torch.tensor(x)[None], layout) for x in (q, k, v)]
    sizes, size = layout.variable_block_sizes, layout.tile_numel
    coarse = theirs.compute_vsa_coarse_attention(
        *tiled, size, top_k, include_self=own,
        q_variable_block_sizes=sizes, kv_variable_block_sizes=sizes,
    )  # fmt: skip
    mask_mod = theirs.generate_vsa_mask_mod(coarse.topk_indices, size, sizes)
    place = layout.untile_combined_index
    masks = [
        mask_mod(torch.tensor(0), torch.tensor(head), place[:, None], place).numpy()
        for head in range(HEADS)
    ]
    mine = {"shape": shape, "tile": tile, "top_k": top_k, "own": own}
    sets = vsa.sets(q, k, **mine)
    assert all(np.array_equal(sr.dense(p, n), mask) for p, mask in zip(sets, masks))
    attend = torch.nn.functional.scaled_dot_product_attention
    fine = attend(*(torch.tensor(x) for x in (q, k, v)), attn_mask=torch.tensor(np.stack(masks)))
    padded = theirs.tile_vsa_sequence(fine[None], layout)
    together = theirs.vsa_additive_combine(padded, coarse.output, 0.3, size)
    expected = theirs.untile_vsa_sequence(together, layout)[0].numpy()
    assert np.allclose(vsa.attention(q, k, v, np.float32(0.3), **mine), expected, atol=2e-6)
