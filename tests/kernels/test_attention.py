"""Kernels against the float64 statement, on every forward path; and what must not matter, moved,
moves nothing.
"""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import BUDGET, DTYPES, SOME, assert_close, attended, every_path, stated
from strategies import mask, patterns, qkv, shapes

import sparse_ref as sr
from sparse_ref.kernels import reference
from sparse_ref.kernels.cpu.tiles import attend_tiles

widths = st.integers(1, 9)


@every_path
@given(
    patterns(),
    shapes(most=140),
    st.sampled_from(DTYPES),
    st.sampled_from([(1, 1), (4, 2), (3, 1)]),
    widths,
    widths,
)
def test_every_path_agrees_with_the_statement(path, p, n, dtype, heads, d, e):
    q, k, v = qkv(n, *heads, d=d, e=e, dtype=dtype)
    out, lse = attended(path, q, k, v, p, n)
    expected = stated(q, k, v, p, n)
    assert out.dtype == q.dtype
    assert lse.dtype == (np.float64 if dtype is np.float64 else np.float32)
    assert_close(out, expected[0], BUDGET[out.dtype.name])
    assert_close(lse, expected[1], BUDGET[lse.dtype.name])


@pytest.mark.parametrize("p", SOME)
def test_the_reference_device_is_the_statement(p):
    q, k, v = qkv((130, 130), 4, 2, dtype=np.float64)
    for found, expected in zip(
        sr.attend_with_lse(q, k, v, p, device="reference"), stated(q, k, v, p, 130)
    ):
        assert (found == expected).all()


def test_the_statement_is_a_masked_softmax():
    """A second formulation of the judge itself: one dense softmax with -inf at the pairs that are
    not connected.
    """
    sets = mask(sr.Local(3) | sr.Strided(5), 40)
    (q,), (k,), (v,) = qkv((40, 40), dtype=np.float64)
    logits = np.where(sets, q @ k.T / 3, -np.inf)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    out, lse = reference.attend(q, k, v, sets, 1 / 3)
    assert_close(out, weights / weights.sum(1, keepdims=True) @ v, 1e-14)
    assert_close(lse, np.log(np.exp(logits).sum(1)), 1e-14)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e30])
@every_path
@pytest.mark.parametrize("p", SOME)
def test_only_members_matter_bit_for_bit(p, path, poison):
    """Whatever stands at keys outside A_i, the bits of row i stay: for each key in turn, rows that
    skip it do not move.
    """
    sets = mask(p, 130)
    q, k, v = qkv((130, 130), dtype=np.float32)
    out, lse = attended(path, q, k, v, p, 130)
    for j in (0, 3, 64, 100, 129):
        K, V = k.copy(), v.copy()
        K[:, j], V[:, j, 1:3] = poison, poison
        moved_out, moved_lse = attended(path, q, K, V, p, 130)
        skip = ~sets[:, j]
        assert moved_out[0, skip].tobytes() == out[0, skip].tobytes()
        assert moved_lse[0, skip].tobytes() == lse[0, skip].tobytes()
        if not np.isfinite(poison):
            assert not np.isfinite(moved_out[0, sets[:, j]]).all(axis=1).any()


@every_path
@pytest.mark.parametrize("p", SOME)
def test_a_member_that_is_not_finite_spoils_its_own_features_alone(p, path):
    """v_j = inf in one feature: that feature of rows with j is inf, everything else keeps its
    bits.
    """
    sets = mask(p, 130)
    q, k, v = qkv((130, 130))
    out, bad = attended(path, q, k, v, p, 130)[0], v.copy()
    bad[0, 5, 2] = np.inf
    found = attended(path, q, k, bad, p, 130)[0][0]
    assert (found[sets[:, 5], 2] == np.inf).all()
    others = np.ones((130, 5), bool)
    others[sets[:, 5], 2] = False
    assert found[others].tobytes() == out[0][others].tobytes()


@every_path
def test_empty_rows_give_zero_and_minus_infinity(path):
    out, lse = attended(path, *qkv((70, 70)), sr.Summary(9, 2), 70)
    assert (out[0, :7] == 0).all()
    assert (lse[0, :7] == -np.inf).all()
    assert np.isfinite(lse[0, 7:]).all()


@every_path
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logits_up_to_ten_thousand_do_not_overflow(dtype, path):
    q, k, v = qkv((100, 100), d=4, dtype=dtype)
    q, k = q / np.abs(q).max() * 120, k / np.abs(k).max() * 120
    out, lse = attended(path, q, k, v, sr.Causal(), 100, scale=1.0)
    expected = reference.attend(q[0], k[0], v[0], mask(sr.Causal(), 100), 1.0)
    assert expected[1].max() > 1e4
    assert_close(out[0], expected[0], 1e-11 if dtype is np.float64 else 1e-2)
    assert_close(lse[0], expected[1], 1e-14 if dtype is np.float64 else 1e-6)


@every_path
@pytest.mark.parametrize("p", SOME)
def test_the_bits_do_not_depend_on_threads(path, p):
    q, k, v = qkv((130, 130), 4, 2)
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip(
            f"one thread against two needs two cores, numba has {numba.config.NUMBA_NUM_THREADS}"
        )
    threads, found = numba.get_num_threads(), []
    try:
        for count in (1, 2):
            numba.set_num_threads(count)
            found.append([x.tobytes() for x in attended(path, q, k, v, p, 130)])
    finally:
        numba.set_num_threads(threads)
    assert found[0] == found[1]


@every_path
@pytest.mark.parametrize("p", SOME)
def test_the_bits_do_not_depend_on_the_batch(path, p):
    q, k, v = qkv((130, 130), 4, 2, batch=(3,))
    out, _ = attended(path, q, k, v, p, 130)
    for b in range(3):
        for h in range(4):
            part, _ = attended(path, q[b, h], k[b, h // 2], v[b, h // 2], p, 130)
            assert part.tobytes() == out[b, h].tobytes()


@every_path
@pytest.mark.parametrize("dtype", DTYPES)
def test_strides_and_byte_order_do_not_matter(path, dtype):
    q, k, v = qkv((70, 70), 3, 3, dtype=dtype)
    p = sr.Causal() | sr.Strided(3)
    out = attended(path, q, k, v, p, 70)[0]
    swapped = [np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2) for x in (q, k, v)]
    gaps = [np.repeat(x, 2, axis=2)[..., ::2] for x in (q, k, v)]
    back = [np.ascontiguousarray(x[:, ::-1])[:, ::-1] for x in (q, k, v)]
    for views in (swapped, gaps, back):
        assert not any(x.flags.c_contiguous for x in views)
        assert attended(path, *views, p, 70)[0].tobytes() == out.tobytes()
    frozen = [x.copy() for x in (q, k, v)]
    for x in frozen:
        x.flags.writeable = False
    assert attended(path, *frozen, p, 70)[0].tobytes() == out.tobytes()


def test_each_head_may_have_its_own_pattern():
    q, k, v = qkv((70, 70), 4, 2, batch=(2,))
    each = [sr.Causal(), sr.Strided(5), sr.Causal(), sr.Window(3)]
    out = sr.attend(q, k, v, each)
    mixed = sr.attend(q, k, v, [sr.plan(each[0], 70), sr.csr(each[1], 70), *each[2:]])
    for h, p in enumerate(each):
        alone = sr.attend(q[:, [h]], k[:, [h // 2]], v[:, [h // 2]], p)
        assert alone.tobytes() == np.ascontiguousarray(out[:, [h]]).tobytes()
    assert_close(mixed, out, 1e-6)


class Crossing:
    """An array that crosses by DLPack alone."""

    def __init__(self, x):
        self.x = x

    def __dlpack__(self, **options):
        return self.x.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.x.__dlpack_device__()


def test_arrays_cross_by_dlpack():
    q, k, v = qkv((20, 20))
    assert (
        sr.attend(Crossing(q), Crossing(k), Crossing(v), sr.Causal()).tobytes()
        == sr.attend(q, k, v, sr.Causal()).tobytes()
    )


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">f2"])
def test_byte_order_does_not_matter(dtype):
    q, k, v = qkv((40, 40), dtype=np.dtype(dtype).newbyteorder("="))
    out, lse = sr.attend_with_lse(q.astype(dtype), k, v.astype(dtype), sr.Causal())
    expected = sr.attend_with_lse(q, k, v, sr.Causal())
    assert out.dtype == q.dtype
    assert (out.tobytes(), lse.tobytes()) == tuple(x.tobytes() for x in expected)


def test_read_only_input_compiles_nothing_anew():
    q, k, v = qkv((20, 20))
    sr.attend(q, k, v, sr.Causal())
    before = len(attend_tiles.loop.signatures)
    for x in (q, k, v):
        x.flags.writeable = False
    sr.attend(q, k, v, sr.Causal())
    assert len(attend_tiles.loop.signatures) == before


@pytest.mark.parametrize("path", ["tiles", "plan"])
@pytest.mark.parametrize("beside", [1.0, -1.0, np.nan])
def test_a_sum_of_nothing_but_underflows_is_a_zero_without_a_sign(path, beside):
    """Which zero a product with a key that is no member would leave: logits 0 and 1, values -1e-45
    and -0.
    """
    p = sr.Listed.of_rows([[0, 1], [2], [2]])
    q, k = np.array([[1], [1], [1]], np.float32), np.array([[0], [1], [beside]], np.float32)
    v = np.array([[-1e-45], [-0.0], [beside]], np.float32)
    out = attended(path, q, k, v, p, 3)[0]
    assert out[0] == 0
    assert not np.signbit(out[0])
