"""Originals: LogSparse's row mask, as flow-forecast keeps it, read from the one file that holds
it.
"""

from types import ModuleType

import numpy as np
import pytest
from by_path import by_path
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
activations = ModuleType(
    "flood_forecast.transformer_xl.lower_upper_config"
)  # which ask for nothing, but are not needed either
activations.activation_dict = {"Softmax": torch.nn.Softmax}
original = by_path("flood_forecast", "transformer_xl/transformer_bottleneck.py", activations)

pytestmark = pytest.mark.originals


def layer(n, sub, heads=1, width=1):
    """The attention of one layer, with its mask of n by n."""
    return original.Attention(
        heads,
        width,
        n,
        scale=True,
        q_len=1,
        sub_len=sub,
        sparse=True,
        attn_pdrop=0.0,
        resid_pdrop=0.0,
    )


def members(n, sub):
    """The mask of the layer, bool (n, n)."""
    return layer(n, sub).mask_tri[0, 0].numpy().astype(bool)


@given(st.integers(1, 90), st.integers(2, 40))
def test_the_mask_is_logsparse_code(n, sub):
    assert np.array_equal(members(n, sub), sr.dense(sr.logsparse_code(n, sub), n))


@given(st.integers(60, 90), st.integers(2, 40), st.integers(1, 59))
def test_a_shorter_input_reads_the_corner_of_the_mask(n, sub, shorter):
    """The weights of the layer itself: uniform over the row where all logits are 0."""
    logits, values = torch.zeros(1, 1, shorter, shorter), torch.eye(shorter)[None, None]
    weights = layer(n, sub).attn(logits[..., :1], logits[..., :1, :], values)[0, 0].numpy()
    assert np.array_equal(weights > 0, sr.dense(sr.logsparse_code(n, sub), shorter))


@given(st.integers(1, 90), st.integers(2, 40))
def test_beyond_the_full_rows_and_inside_the_borders_it_is_restart_with_a_window(n, sub):
    c = int(np.ceil(np.log2(sub)))
    inner = [i for i in range(2 * c * (n // sub), n) if i % sub >= c - 1]
    assert np.array_equal(members(n, sub)[inner], sr.dense(sr.LogSparseRestart(sub, c), n)[inner])


def test_defect_the_oldest_restart_drops_itself():
    expected, mask = sr.dense(sr.LogSparseRestart(8, 3), 18), members(18, 8)
    assert np.argwhere(expected[12:] & ~mask[12:]).tolist() == [[4, 0], [5, 1]], (
        "row_mask now keeps its oldest restart"
    )
    assert not members(6, 8)[0].any(), (
        "row 0 of row_mask now attends to itself when win_len < sub_len"
    )


def test_defect_the_default_sub_len_sees_everything():
    """sub_len = 1: no row has a key, and softmax over equal masked logits is uniform over past and
    future.
    """
    assert not members(12, 1).any(), (
        "row_mask has keys at sub_len = 1 now: let logsparse_code take it"
    )
    logits = torch.zeros(1, 1, 12, 12)
    weights = layer(12, 1).attn(logits[..., :1], logits[..., :1, :], torch.eye(12)[None, None])[
        0, 0
    ]
    assert torch.allclose(weights, torch.full((12, 12), 1 / 12))
