"""Kernels against the float64 statement, on every forward path; and what must not matter, moved, moves nothing."""

import tracemalloc
from dataclasses import replace

import ml_dtypes
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns, qkv, shapes

import sparse_ref as sr
from sparse_ref.kernels import reference
from sparse_ref.kernels.cpu_tiles import attend_tiles

PATHS = {"tiles": (lambda p, n: p, "cpu"), "plan": (sr.plan, "cpu"), "rows": (sr.csr, "cpu"),
         "reference": (lambda p, n: p, "reference")}
every_path = pytest.mark.parametrize("path", PATHS)
BUDGET = {"float64": 1e-12, "float32": 2e-6, "float16": 2e-3, "bfloat16": 2e-2}  # of the largest value, a few ulp of the sums
widths = st.integers(1, 9)
DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]
SOME = [sr.Causal(), sr.Local(5) | sr.Strided(7), sr.Summary(9, 2), sr.Band(70, -2), ~sr.Strided(3), sr.Full(),
        sr.Blockwise(sr.Strided(2), 16), sr.Listed.of_rows([[(7 * i) % 130, 3] if i % 3 else [] for i in range(130)])]


def attended(path, q, k, v, p, n, **options):
    """(out, lse) along one path, from the pattern or from what it is lowered to."""
    lower, device = PATHS[path]
    return sr.attend_with_lse(q, k, v, lower(p, n), device=device, **options)


def stated(q, k, v, p, n):
    """(out, lse) by the float64 statement over a brute-force mask, head by head."""
    sets, per = mask(p, n), len(q) // len(k)
    pairs = [reference.attend(q[h], k[h // per], v[h // per], sets, 1 / np.sqrt(q.shape[-1])) for h in range(len(q))]
    return np.stack([out for out, _ in pairs]), np.stack([lse for _, lse in pairs])


def assert_close(found, expected, budget):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    assert (np.isfinite(found) == np.isfinite(expected)).all()
    finite = np.isfinite(expected)
    assert np.array_equal(found[~finite], expected[~finite], equal_nan=True)
    worst = np.abs(found[finite] - expected[finite]).max(initial=0)
    assert worst <= budget * max(1.0, np.abs(expected[finite]).max(initial=0)), worst


@every_path
@given(patterns(), shapes(most=140), st.sampled_from(DTYPES), st.sampled_from([(1, 1), (4, 2), (3, 1)]), widths, widths)
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
    for found, expected in zip(sr.attend_with_lse(q, k, v, p, device="reference"), stated(q, k, v, p, 130)):
        assert (found == expected).all()


def test_the_statement_is_a_masked_softmax():
    """A second formulation of the judge itself: one dense softmax with -inf at the pairs that are not connected."""
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
    """Whatever stands at keys outside A_i, the bits of row i stay: for each key in turn, rows that skip it do not move."""
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
    """v_j = inf in one feature: that feature of rows with j is inf, everything else keeps its bits."""
    sets = mask(p, 130)
    q, k, v = qkv((130, 130))
    out, bad = attended(path, q, k, v, p, 130)[0], v.copy()
    bad[0, 5, 2] = np.inf
    found = attended(path, q, k, bad, p, 130)[0][0]
    assert (found[sets[:, 5], 2] == np.inf).all()
    others = np.ones((130, 5), bool)
    others[sets[:, 5], 2] = False
    assert found[others].tobytes() == out[0][others].tobytes()


def flipped(plan):
    """One bit of one word the other way."""
    words = plan.words.copy()
    words[0, 40] ^= np.uint64(1 << 3)
    return replace(plan, words=words)


def filled(plan):
    """A chunk that is not full taken for one."""
    return replace(plan, word=np.where(np.arange(len(plan.word)) == np.flatnonzero(plan.word >= 0)[0], -1, plan.word))


def turned(plan):
    """The keys of a chunk one further on."""
    start = plan.start.copy()
    start[0] += 1
    return replace(plan, start=start)


def dropped(plan):
    """The last chunk left out."""
    return replace(plan, ptr=np.minimum(plan.ptr, len(plan.start) - 1), start=plan.start[:-1], word=plan.word[:-1])


def swapped(plan):
    """Two rows of a tile in each other's place, their words left behind."""
    rows = plan.rows.copy()
    rows[0, [5, 50]] = rows[0, [50, 5]]
    return replace(plan, rows=rows)


@pytest.mark.parametrize("mutate", [flipped, filled, turned, dropped, swapped])
def test_mutants_of_a_plan_are_caught_by_the_statement(mutate):
    q, k, v = qkv((130, 130))
    expected, plan = stated(q, k, v, sr.Causal(), 130), sr.plan(sr.Causal(), 130)
    assert_close(sr.attend(q, k, v, plan), expected[0], BUDGET["float32"])
    with pytest.raises(AssertionError):
        assert_close(sr.attend(q, k, v, mutate(plan)), expected[0], BUDGET["float32"])


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
        pytest.skip(f"one thread against two needs two cores, numba has {numba.config.NUMBA_NUM_THREADS}")
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


def test_attention_takes_memory_by_the_sets_and_not_by_n_squared():
    """n = 16,384 with 129 keys a row: the mask alone would be 268 MB, the logits a gigabyte."""
    n, p = 16_384, sr.Lookback(129)
    q, k, v = qkv((n, n), d=8, e=8)
    sr.attend(*qkv((70, 70)), p)
    for lowered in (sr.plan(p, n), sr.csr(p, n)):
        tracemalloc.start()
        sr.attend(q, k, v, lowered)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20e6
    full = sr.plan(sr.Causal(), n)
    assert full.nbytes < 4 * full.nnz / 50  # full chunks: about a sixty-fourth of what listed keys would take


def test_each_head_may_have_its_own_pattern():
    q, k, v = qkv((70, 70), 4, 2, batch=(2,))
    each = [sr.Causal(), sr.Strided(5), sr.Causal(), sr.Window(3)]
    out = sr.attend(q, k, v, each)
    mixed = sr.attend(q, k, v, [sr.plan(each[0], 70), sr.csr(each[1], 70), *each[2:]])
    for h, p in enumerate(each):
        alone = sr.attend(q[:, [h]], k[:, [h // 2]], v[:, [h // 2]], p)
        assert alone.tobytes() == np.ascontiguousarray(out[:, [h]]).tobytes()
    assert_close(mixed, out, 1e-6)


@given(patterns(), shapes(most=70), st.sampled_from([(1, 1), (4, 2)]))
def test_gradients_agree_with_the_statement_and_with_differences(p, n, heads):
    q, k, v = qkv(n, *heads, d=3, e=2, dtype=np.float64)
    out, lse = sr.attend_with_lse(q, k, v, p)
    g = qkv(n, *heads, d=2, dtype=np.float64, seed=1)[0]
    found = sr.attend_backward(g, q, k, v, out, lse, p)
    for a, b, x in zip(found, sr.attend_backward(g, q, k, v, out, lse, p, device="reference"), (q, k, v)):
        assert a.shape == x.shape
        assert_close(a, b, 1e-11)
    step = 1e-6
    for a, b in zip(found, (q, k, v)):
        if b.size:
            at = tuple(np.random.default_rng(b.size).integers(0, b.shape))
            up, down = ([x.copy() if x is not b else x + step * s * _unit(x, at) for x in (q, k, v)] for s in (1, -1))
            slope = (np.sum(g * sr.attend(*up, p)) - np.sum(g * sr.attend(*down, p))) / (2 * step)
            assert abs(slope - a[at]) < 1e-6 * max(1, abs(slope))


def _unit(x, at):
    one = np.zeros_like(x)
    one[at] = 1
    return one


@pytest.mark.parametrize("p", SOME)
def test_only_members_matter_in_gradients(p):
    q, k, v = qkv((130, 130), dtype=np.float64)
    sets = mask(p, 130)
    g = qkv((130, 130), d=5, dtype=np.float64, seed=1)[0]
    out, lse = sr.attend_with_lse(q, k, v, p)
    dq, dk, dv = sr.attend_backward(g, q, k, v, out, lse, p)
    for j in (0, 64, 129):
        K, V = k.copy(), v.copy()
        K[:, j] = V[:, j] = np.nan
        moved = sr.attend_backward(g, q, K, V, out, lse, p)[0]
        assert moved[0, ~sets[:, j]].tobytes() == dq[0, ~sets[:, j]].tobytes()
    for i in (0, 64, 129):
        Q, G = q.copy(), g.copy()
        Q[:, i] = G[:, i] = np.nan
        for moved, kept in zip(sr.attend_backward(G, Q, k, v, out, lse, p)[1:], (dk, dv)):
            assert moved[0, ~sets[i]].tobytes() == kept[0, ~sets[i]].tobytes()
    assert not dq[0, ~sets.any(1)].any()
    assert not dk[0, ~sets.any(0)].any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_keep_the_callers_dtype(dtype):
    q, k, v = qkv((70, 70), 4, 2, dtype=dtype)
    out, lse = sr.attend_with_lse(q, k, v, sr.Strided(3))
    exact = sr.attend_backward(*(x.astype(np.float64) for x in (out, q, k, v, out, lse)), sr.Strided(3))
    for a, b in zip(sr.attend_backward(out, q, k, v, out, lse, sr.Strided(3)), exact):
        assert a.dtype == np.dtype(dtype)
        assert_close(a, b, BUDGET[np.dtype(dtype).name])


@given(patterns(), patterns(), shapes(most=70))
def test_merged_parts_are_one_softmax_over_both(p, q_, n):
    q, k, v = qkv(n, 2, 1, dtype=np.float64)
    whole = sr.attend_with_lse(q, k, v, p | q_)
    parts = sr.merge([sr.attend_with_lse(q, k, v, p), sr.attend_with_lse(q, k, v, q_ - p)])
    for a, b in zip(parts, whole):
        assert_close(a, b, 1e-12)
    assert (parts[1] == -np.inf).tolist() == (whole[1] == -np.inf).tolist()


def test_merging_counts_a_key_twice_that_is_in_both():
    q, k, v = qkv((6, 6), dtype=np.float64)
    out, lse = sr.merge([sr.attend_with_lse(q, k, v, sr.Causal())] * 2)
    once = sr.attend_with_lse(q, k, v, sr.Causal())
    assert_close(out, once[0], 1e-15)
    assert_close(lse, once[1] + np.log(2), 1e-15)


def test_callers_on_several_python_threads_wait_their_turn():
    from concurrent.futures import ThreadPoolExecutor
    q, k, v = qkv((300, 300), 2, 2)
    once = sr.attend(q, k, v, sr.Causal()).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert all(out.tobytes() == once for out in pool.map(lambda _: sr.attend(q, k, v, sr.Causal()), range(40)))


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
    assert sr.attend(Crossing(q), Crossing(k), Crossing(v), sr.Causal()).tobytes() == sr.attend(q, k, v, sr.Causal()).tobytes()


def test_a_row_whose_logits_are_all_minus_infinity_gives_no_gradient_and_spoils_none():
    q, k, v = np.array([[1.0], [1.0]]), np.array([[-np.inf], [0.0]]), np.array([[np.inf], [2.0]])
    p = sr.Listed([0, 1, 3], [0, 0, 1])
    out, lse = sr.attend_with_lse(q, k, np.array([[1.0], [2.0]]), p)
    assert lse.tolist() == [-np.inf, 0.0]
    for found, stated_ in zip(*(sr.attend_backward(np.ones((2, 1)), q, k, v, out, lse, sr.Listed([0, 1, 2], [0, 1]), device=device)
                                for device in ("cpu", "reference"))):
        assert np.isfinite(found).all()
        assert_close(found, stated_, 1e-15)


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


def test_an_empty_part_adds_nothing_to_a_merge_whatever_it_holds():
    q, k, v = qkv((6, 6), dtype=np.float64)
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    merged, total = sr.merge([(out, lse), (np.full_like(out, np.nan), np.full_like(lse, -np.inf))])
    assert_close(merged, out, 1e-15)
    assert_close(total, lse, 1e-15)
    merged, total = sr.merge([(np.full_like(out, np.nan), np.full_like(lse, -np.inf))])
    assert (merged == 0).all()
    assert (total == -np.inf).all()


Q, K, V = qkv((8, 8), 4, 2)


@pytest.mark.parametrize(("call", "error", "said"), [
    (lambda: sr.attend(Q, K[:, :, :3], V, sr.Causal()), ValueError, "k must have the width of q, d = 8 >= 1, got 3"),
    (lambda: sr.attend(Q, K, V[:, :5], sr.Causal()), ValueError, "v must have the heads and keys of k, .2, 8., got .2, 5."),
    (lambda: sr.attend(Q[:3], K, V, sr.Causal()), ValueError, "heads of k, G = 2, must divide those of q, H = 3"),
    (lambda: sr.attend(Q[0], K, V, sr.Causal()), ValueError, "k must have axes"),
    (lambda: sr.attend(Q[None], K[None].repeat(2, 0), V[None], sr.Causal()), ValueError, "k must have the batch axes of q"),
    (lambda: sr.attend(Q[0, 0], K[0, 0], V[0, 0], sr.Causal()), ValueError, "q must have axes"),
    (lambda: sr.attend(Q.astype(object), K, V, sr.Causal()), TypeError, "q must be one of float64, .*, got object"),
    (lambda: sr.attend(Q.astype(int), K, V, sr.Causal()), TypeError, "q must be one of float64, .*, got int64"),
    (lambda: sr.attend(Q, K.astype(np.float64), V, sr.Causal()), TypeError, "k must have the dtype of q, float32, got float64"),
    (lambda: sr.attend("q", K, V, sr.Causal()), TypeError, "q must be one of float64"),
    (lambda: sr.attend(Q, K, V, [sr.Causal()] * 3), ValueError, "pattern must be one for each of H = 4 heads, got 3"),
    (lambda: sr.attend(Q, K, V, "Causal()"), TypeError, "pattern must be a Pattern, a Plan, a CSR"),
    (lambda: sr.attend(Q, K, V, sr.strided(3)), TypeError, "strided.3. is 2 steps, not one set"),
    (lambda: sr.attend(Q, K, V, sr.plan(sr.Causal(), 9)), ValueError, "lowered for .n_q, n_k. = .9, 9., got q and k of .8, 8."),
    (lambda: sr.attend(Q, K, V, sr.Listed([0, 1], [0])), ValueError, "needs n_q = 1, got n_q = 8"),
    (lambda: sr.attend(Q, K, V, sr.Causal(), scale=np.nan), ValueError, "scale must be a finite number, got nan"),
    (lambda: sr.attend(Q, K, V, sr.Causal(), scale="1"), ValueError, "scale must be a finite number, got '1'"),
    (lambda: sr.attend(Q, K, V, sr.Causal(), device="tpu"), ValueError, "device must be one of 'cpu', 'reference', got 'tpu'"),
    (lambda: sr.attend(np.zeros((4097, 1)), *np.zeros((2, 1, 1)), sr.Full(), device="reference"), ValueError, "at most 4096"),
    (lambda: sr.attend_backward(Q, Q, K, V, Q, Q[..., 0], sr.Causal()), ValueError, "grad_out must have shape .4, 8, 5."),
    (lambda: sr.merge([]), ValueError, "parts must be at least 1 pair"),
    (lambda: sr.merge(None), TypeError, "parts must be a sequence of pairs .out, lse., got NoneType"),
    (lambda: sr.merge((Q, Q[..., 0])), TypeError, "parts must be a sequence of pairs"),
    (lambda: sr.merge([(np.ones((1, 2), int), np.ones(1))]), TypeError, "parts must have floats, .* got int64"),
    (lambda: sr.attend(Q, K, V, [[sr.Causal()]] * 4), TypeError, "pattern must have a Pattern, a Plan or a CSR for each head"),
    (lambda: sr.attend(Q, K, V, sr.Causal(), scale=10**400), ValueError, "scale must be a finite number"),
    (lambda: sr.attend(Q, K, V, sr.Causal(), device=["cpu"]), ValueError, "device must be one of"),
    (lambda: sr.attend(np.ma.masked_array(Q), K, V, sr.Causal()), TypeError, "q must not be a masked array"),
    (lambda: sr.attend(Q, K, V, sr.CSR(np.arange(9), np.full(8, 8), (8, 8))), ValueError, "indices must ascend .* below n_k = 8"),
    (lambda: sr.attend(Q, K, V, sr.CSR(np.arange(9), np.full(8, -1), (8, 8))), ValueError, "ascend in each row, from 0"),
    (lambda: sr.attend(Q, K, V, sr.CSR(np.arange(8), np.zeros(7), (8, 8))), ValueError, "rise from 0 to 7 in n_q . 1 = 9"),
    (lambda: sr.attend(Q, K, V, sr.CSR(np.arange(9) * 2, np.zeros(16, int), (8, 8))), ValueError, "must ascend in each row"),
    (lambda: sr.attend(Q, K, V, replace(sr.plan(sr.Causal(), 8), keys=np.full((1, 64), 8))), ValueError, "Plan: rows, ptr"),
    (lambda: sr.attend(Q, K, V, replace(sr.plan(sr.Causal(), 8), rows=np.zeros((1, 64), int))), ValueError, "Plan: rows, ptr"),
    (lambda: sr.attend(Q, K, V, replace(sr.plan(sr.Causal(), 8), keys=np.zeros((1, 9), int))), ValueError, "Plan: rows, ptr"),
    (lambda: sr.attend(Q, K, V, replace(sr.plan(sr.Causal(), 8), words=np.zeros((1, 8), "u8"))), ValueError, "Plan: rows, ptr"),
    (lambda: sr.merge([(Q, Q)]), ValueError, "parts must all have out"),
])
def test_bad_input_is_refused_by_name(call, error, said):
    with pytest.raises(error, match=said):
        call()
