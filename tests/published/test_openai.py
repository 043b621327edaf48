"""Kernels and published sets: every mode against a dense float64 statement, and its errors.

The statement writes each mask out again from the published definitions, head by head, and takes the
softmax of whole rows.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import (
    SparseAttention,
    attention_impl,
    blocksparse_attention_impl,
    strided_by_permutation,
)

L, E, HEADS = 24, 12, 4
DENSE = [
    ("all", None, {}),
    ("local", 5, {}),
    ("strided", 6, {}),
    ("fixed", 6, dict(c=2)),
    ("fixed", 5, {}),
]
BLOCKS = [
    ("all", None, dict(blocksize=4)),
    ("local", 8, dict(blocksize=4)),
    ("strided", 6, dict(blocksize=2)),
    ("fixed", 8, dict(blocksize=2, num_verts=1, vertsize=2)),
    ("fixed", 8, dict(blocksize=2, num_verts=4, vertsize=1)),
    ("fixed", 9, dict(blocksize=2, num_verts=2, vertsize=2)),
]


def drawn(n=L, width=E, batch=2, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal((3, batch, n, width)).astype(dtype)


def published_mask(mode, l, head, n, c=1, blocksize=1, num_verts=1, vertsize=None):
    """The mask of one head, bool (n, n), from the published definitions of the four modes."""
    i, j = np.arange(n)[:, None], np.arange(n)[None, :]
    if mode == "all":
        return j <= i
    if mode == "local":
        return (j <= i) & (i - j < l)
    if mode == "strided":
        return (j <= i) & ((i - j) % l == 0)
    if vertsize is None:  # the paper's steps, merged
        return (j <= i) & ((i // l == j // l) | (j % l >= l - c))
    blocks = l // blocksize
    l, back = blocks * blocksize, head % num_verts
    chosen = [blocks - 1 - back * vertsize - t for t in range(vertsize)]
    return (j <= i) & ((i // l == j // l) | np.isin(j % l // blocksize, chosen))


def stated(q, k, v, heads, mode, l, **options):
    """softmax(q k^T / sqrt(d), -inf at the mask's zeros) v, one head at a time, float64."""
    d, out = q.shape[-1] // heads, np.zeros(q.shape)
    for head in range(heads):
        part = np.s_[..., head * d : (head + 1) * d]
        logits = q[part] @ np.swapaxes(k[part], -1, -2) / np.sqrt(d)
        logits = np.where(published_mask(mode, l, head, q.shape[1], **options), logits, -np.inf)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        out[part] = weights / weights.sum(axis=-1, keepdims=True) @ v[part]
    return out


@pytest.mark.parametrize(("mode", "l", "options"), DENSE)
def test_dense_modes_are_the_published_sets(mode, l, options):
    q, k, v = drawn()
    expected = stated(q, k, v, HEADS, mode, l, **options)
    np.testing.assert_allclose(
        attention_impl(q, k, v, HEADS, mode, l, **options), expected, atol=1e-13
    )


@pytest.mark.parametrize(("mode", "l", "options"), BLOCKS)
def test_blocksparse_modes_are_the_published_sets(mode, l, options):
    q, k, v = drawn(seed=1)
    expected = stated(q, k, v, HEADS, mode, l, **(options if mode == "fixed" else {}))
    np.testing.assert_allclose(
        blocksparse_attention_impl(q, k, v, HEADS, mode, l, **options), expected, atol=1e-13
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("mode", "l", "options"), BLOCKS)
def test_every_mode_agrees_with_the_reference_device(mode, l, options, dtype):
    q, k, v = drawn(dtype=dtype, seed=2)
    patterns = sr.published.blocksparse_patterns(HEADS, mode, l, **options)
    parts = [x.reshape(2, L, HEADS, E // HEADS).transpose(0, 2, 1, 3) for x in (q, k, v)]
    expected = (
        sr.attend(*parts, patterns, device="reference").transpose(0, 2, 1, 3).reshape(q.shape)
    )
    out = blocksparse_attention_impl(q, k, v, HEADS, mode, l, **options)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, expected, atol=40 * np.finfo(dtype).eps)


@given(st.integers(1, 12), st.integers(0, 12), st.integers(1, 3))
def test_strided_by_permutation_is_strided(l, groups, heads):
    """To a few ulp: the keys of a query are the same, but may be summed in other groups."""
    q, k, v = drawn(n=l * groups, width=2 * heads, dtype=np.float32, seed=l)
    permuted, direct = (
        strided_by_permutation(q, k, v, heads, l),
        attention_impl(q, k, v, heads, "strided", l),
    )
    np.testing.assert_allclose(
        permuted, direct, rtol=0, atol=8 * np.finfo(np.float32).eps * np.abs(v).max(initial=0)
    )


def test_a_value_that_is_called():
    q, k, v = drawn(dtype=np.float32)
    for mode, l, options in BLOCKS:
        named = {
            "block_size" if name == "blocksize" else name: value for name, value in options.items()
        }
        layer = SparseAttention(heads=HEADS, attn_mode=mode, local_attn_ctx=l, **named)
        assert (
            layer(q, k, v) == blocksparse_attention_impl(q, k, v, HEADS, mode, l, **options)
        ).all()
        assert layer == SparseAttention(heads=HEADS, attn_mode=mode, local_attn_ctx=l, **named)
        assert layer.patterns == sr.published.blocksparse_patterns(HEADS, mode, l, **options)
    assert SparseAttention() == SparseAttention(block_size=32, heads=4, attn_mode="all")


def test_local_keeps_l_keys_where_the_paper_keeps_one_more():
    local = sr.dense(sr.published.dense_pattern("local", 3), 8)
    assert (sr.dense(sr.strided(3).steps[0], 8) & ~local).sum() == 5  # j = i - 3, for i = 3..7
    assert local.sum(axis=1).tolist() == [1, 2, 3, 3, 3, 3, 3, 3]


def test_no_positions_and_one():
    for n in (0, 1):
        q, k, v = drawn(n=n)
        for mode, l, options in DENSE:
            out = attention_impl(q, k, v, HEADS, mode, l, **options)
            assert out.shape == q.shape
            np.testing.assert_allclose(out, v, rtol=1e-15)
    assert blocksparse_attention_impl(*drawn(n=0), HEADS, "strided", 6).shape == (2, 0, E)


@pytest.mark.parametrize(
    ("mode", "l", "others", "message"),
    [
        (
            "dense",
            None,
            {},
            "attn_mode must be one of 'all', 'local', 'strided', 'fixed', got 'dense'",
        ),
        ("local", None, {}, "local_attn_ctx must be an integer, got None"),
        ("strided", 0, {}, "local_attn_ctx must be at least 1, got 0"),
        ("local", 6, dict(blocksize=4), "blocksize must divide local_attn_ctx = 6, got 4"),
        ("strided", 5, dict(blocksize=1), "local_attn_ctx must divide L = 24, got 5"),
        ("strided", 6, dict(blocksize=3), "blocksize must divide L / local_attn_ctx = 4, got 3"),
        ("all", None, dict(blocksize=0), "blocksize must be at least 1, got 0"),
        (
            "all",
            None,
            dict(heads=5),
            "heads must be an integer of at least 1 that divides E = 12, got 5",
        ),
        ("all", None, dict(heads=0), "heads must be at least 1, got 0"),
        ("fixed", 8, dict(blocksize=2), "num_verts must be an integer, got None"),
        ("fixed", 8, dict(blocksize=2, num_verts=2), "vertsize must be an integer, got None"),
        (
            "fixed",
            8,
            dict(blocksize=2, num_verts=3, vertsize=1),
            "heads must be a multiple of num_verts = 3, got 4",
        ),
        (
            "fixed",
            8,
            dict(blocksize=2, num_verts=1, vertsize=3),
            "vertsize must divide l // blocksize = 4, got 3",
        ),
        (
            "fixed",
            8,
            dict(blocksize=2, num_verts=4, vertsize=2),
            "num_verts must be at most .*, got 4",
        ),
    ],
)
def test_what_the_published_asserts_refuse_is_refused_by_name(mode, l, others, message):
    q, k, v = drawn()
    with pytest.raises((TypeError, ValueError), match=message):
        blocksparse_attention_impl(
            q, k, v, **{"heads": HEADS, "attn_mode": mode, "local_attn_ctx": l, **others}
        )


def test_a_layer_that_cannot_be_is_refused_when_it_is_made():
    with pytest.raises(TypeError, match="local_attn_ctx must be an integer, got None"):
        SparseAttention(attn_mode="strided")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(k=np.zeros((2, L + 1, E))),
            r"k must have the shape of q, \(2, 24, 12\), got \(2, 25, 12\)",
        ),
        (
            dict(v=np.zeros((1, L, E))),
            r"v must have the shape of q, \(2, 24, 12\), got \(1, 24, 12\)",
        ),
        (dict(q=np.zeros((L, E))), r"q must have the axes \(B, L, E\), got shape \(24, 12\)"),
        (dict(heads=7), "heads must be an integer of at least 1 that divides E = 12, got 7"),
        (dict(attn_mode="fixed", local_attn_ctx=4, c=5), "Summary: c must be at most l = 4, got 5"),
        (
            dict(attn_mode="strided", local_attn_ctx=4, c=2),
            "c must be 1 for attn_mode 'strided', got 2",
        ),
    ],
)
def test_other_refusals(arguments, message):
    q, k, v = drawn()
    with pytest.raises(ValueError, match=message):
        attention_impl(**{"q": q, "k": k, "v": v, "heads": HEADS, "attn_mode": "all", **arguments})


def test_permutation_needs_whole_strides():
    with pytest.raises(ValueError, match="l must divide L = 24, got 7"):
        strided_by_permutation(*drawn(), HEADS, 7)
