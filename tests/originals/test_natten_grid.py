"""Originals: NATTEN's mask and its attention in one to three dimensions, and attn-gym's mask after
it, against `natten_nd`.
"""

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
natten = pytest.importorskip("natten", reason="natten is missing: make test-originals")
flex = pytest.importorskip("natten.backends.flex", reason="natten is missing: make test-originals")
gym = pytest.importorskip(
    "attn_gym.masks.natten", reason="attn-gym is missing: make test-originals"
)

pytestmark = pytest.mark.originals


@st.composite
def axes(draw, most, least=1):
    """(side, kernel size, stride, dilation, causal) of one axis."""
    keys, dilation = draw(st.integers(least, 6)), draw(st.integers(1, 3))
    keys = max(min(keys, most // dilation), least)
    dilation = min(dilation, most // keys)
    side = draw(st.integers(keys * dilation, most))
    return side, keys, draw(st.integers(1, keys)), dilation, draw(st.booleans())


def grids(rank, most, least=1):
    """(shape, kernel sizes, strides, dilations, causal)."""
    return st.tuples(*[axes(most, least)] * rank).map(lambda drawn: tuple(zip(*drawn)))


def members(mask_mod, n):
    """The mask that a mask_mod states, bool (n, n)."""
    zero, every = torch.tensor(0), torch.arange(n)
    return np.broadcast_to(mask_mod(zero, zero, every[:, None], every[None, :]).numpy(), (n, n))


def assert_same_mask(shape, *parameters):
    n = prod(shape)
    found = members(flex.get_na_flex_mask("cpu", len(shape), shape, *parameters).mask_mod, n)
    expected = sr.dense(sr.natten_nd(shape, *parameters), n)
    assert np.array_equal(found, expected), sr.difference(expected, found)


@given(grids(1, 40))
def test_the_mask_in_one_dimension(grid):
    (n,), (keys,), (stride,), (dilation,), (causal,) = grid
    assert_same_mask(*grid)
    found = members(flex.get_na_flex_mask("cpu", 1, *grid).mask_mod, n)
    assert np.array_equal(found, sr.dense(sr.natten(n, keys, stride, dilation, causal), n))


@given(grids(2, 12))
@settings(max_examples=40)
def test_the_mask_in_two_dimensions(grid):
    assert_same_mask(*grid)


@given(grids(3, 5))
@settings(max_examples=40)
def test_the_mask_in_three_dimensions(grid):
    assert_same_mask(*grid)


def attention(grid):
    """na1d, na2d or na3d over (1, n, heads, d), through FlexAttention: natten's other backends need
    a GPU.
    """
    shape, *parameters = grid
    function = (natten.na1d, natten.na2d, natten.na3d)[len(shape) - 1]

    def attend(q, k, v):
        q, k, v = (x.reshape(1, *shape, *x.shape[2:]) for x in (q, k, v))
        return function(q, k, v, *parameters, backend="flex-fna").reshape(
            1, prod(shape), *v.shape[-2:]
        )

    return attend


@pytest.mark.filterwarnings(
    "ignore:flex_attention called without torch.compile", "ignore:return_lse is deprecated"
)
@pytest.mark.parametrize(("rank", "most", "examples"), [(1, 16, 12), (2, 5, 5), (3, 3, 3)])
def test_the_attention_is_over_these_sets(rank, most, examples):
    @given(grids(rank, most, least=2))
    @settings(max_examples=examples)
    def conforms(grid):
        assume(
            grid[0] != grid[1]
        )  # a kernel as large as the grid is handed to another backend, which needs a GPU
        sr.verify.assert_conforms(
            attention(grid), sr.natten_nd(*grid), prod(grid[0]), layout="bnhd", framework="torch"
        )

    conforms()


@given(axes(12, least=2), st.booleans())
def test_natten_refuses_what_is_refused_here(axis, strided):
    n, keys, stride, dilation, causal = axis
    keys, stride = (keys, keys + 1) if strided else (n // dilation + 1, stride)
    x = torch.zeros(1, n, 1, 16)
    with pytest.raises(ValueError, match="cannot be larger than"):
        natten.na1d(x, x, x, keys, stride, dilation, causal, backend="flex-fna")
    with pytest.raises(ValueError, match="NATTEN's rule"):
        sr.natten(n, keys, stride, dilation, causal)


@given(st.integers(0, 2), st.integers(0, 2), st.integers(0, 6))
def test_attn_gym_is_natten_on_a_square_with_odd_kernels(up, across, more):
    side, kernel_w, kernel_h = 2 * max(up, across) + 1 + more, 2 * across + 1, 2 * up + 1
    found = members(gym.generate_natten(side, side, kernel_w, kernel_h), side**2)
    assert np.array_equal(
        found, sr.dense(sr.natten_nd((side, side), (kernel_w, kernel_h)), side**2)
    )


def test_defect_attn_gym_spans_rows_with_the_width_of_its_kernel():
    found = members(gym.generate_natten(canvas_w=6, canvas_h=6, kernel_w=5, kernel_h=3), 36)
    meant = sr.dense(sr.natten_nd((6, 6), keys=(3, 5)), 36)
    assert (found ^ meant).any(), (
        "attn-gym's kernel_w now spans columns: "
        "compare it with natten_nd(shape, (kernel_h, kernel_w))"
    )
    assert np.array_equal(found, sr.dense(sr.natten_nd((6, 6), keys=(5, 3)), 36))


@pytest.mark.parametrize("keys", [2, 4])
def test_defect_attn_gym_keeps_one_key_more_along_each_axis_of_an_even_kernel(keys):
    found = members(gym.generate_natten(7, 7, keys, keys), 49)
    assert (found.sum(axis=1) == (keys + 1) ** 2).all(), (
        "attn-gym's even kernels now keep their own number: compare with natten_nd"
    )
    assert np.array_equal(found, sr.dense(sr.natten_nd((7, 7), keys + 1), 49))


@pytest.mark.parametrize("canvas", [(7, 4), (4, 7)])
def test_defect_attn_gym_clamps_rows_by_the_width_of_its_canvas(canvas):
    width, height = canvas
    n = width * height
    found = members(gym.generate_natten(width, height, 3, 3), n)
    assert not np.array_equal(found, sr.dense(sr.natten_nd((height, width), 3), n)), (
        "attn-gym now clamps on oblong canvases as NATTEN does: compare it with natten_nd"
    )
    assert found.sum(axis=1).min() == 6, "attn-gym's oblong canvases lose other keys than they did"
