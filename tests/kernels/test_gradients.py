"""Gradients against the float64 statement and against differences, on every path; what must not
matter, moved, moves nothing.
"""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import BUDGET, DTYPES, PATHS, SOME, assert_close, every_path
from strategies import mask, patterns, qkv, shapes

import sparse_ref as sr
from sparse_ref.kernels.arguments import Tiles
from sparse_ref.kernels.cpu.key_slabs import key_extent, slabs_of

widths = st.one_of(
    st.integers(1, 9), st.sampled_from([16, 32])
)  # whole panels add to dk and dv without rows in between
PANELS = pytest.mark.parametrize(("d", "e"), [(8, 5), (16, 32)])


def gradients(path, g, q, k, v, out, lse, p, n):
    """(dq, dk, dv) along one path."""
    lower, device = PATHS[path]
    return sr.attend_backward(g, q, k, v, out, lse, lower(p, n), device=device)


def problem(n, heads=(1, 1), d=8, e=5, dtype=np.float32, p=None):
    """grad, q, k, v, out, lse of a pattern, drawn from a seed."""
    q, k, v = qkv(n, *heads, d=d, e=e, dtype=dtype)
    return (qkv(n, *heads, d=e, dtype=dtype, seed=1)[0], q, k, v, *sr.attend_with_lse(q, k, v, p))


@every_path
@given(
    patterns(),
    shapes(most=140),
    st.sampled_from(DTYPES),
    st.sampled_from([(1, 1), (4, 2), (3, 1)]),
    widths,
    widths,
)
def test_gradients_agree_with_the_statement(path, p, n, dtype, heads, d, e):
    given_ = problem(n, heads, d, e, dtype, p)
    exact = sr.attend_backward(*(x.astype(np.float64) for x in given_), p, device="reference")
    for found, expected, x in zip(gradients(path, *given_, p, n), exact, given_[1:]):
        assert found.shape == x.shape
        assert found.dtype == np.dtype(dtype)
        assert_close(found, expected, 4 * BUDGET[np.dtype(dtype).name])


@every_path
@given(patterns(), shapes(most=70), st.sampled_from([(1, 1), (4, 2)]))
def test_gradients_agree_with_differences(path, p, n, heads):
    g, q, k, v, out, lse = problem(n, heads, 3, 2, np.float64, p)
    step = 1e-6
    for found, b in zip(gradients(path, g, q, k, v, out, lse, p, n), (q, k, v)):
        if b.size:
            at = tuple(np.random.default_rng(b.size).integers(0, b.shape))
            up, down = (
                [x.copy() if x is not b else x + step * s * _unit(x, at) for x in (q, k, v)]
                for s in (1, -1)
            )
            slope = (np.sum(g * sr.attend(*up, p)) - np.sum(g * sr.attend(*down, p))) / (2 * step)
            assert abs(slope - found[at]) < 1e-6 * max(1, abs(slope))


def _unit(x, at):
    one = np.zeros_like(x)
    one[at] = 1
    return one


@every_path
@PANELS
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("p", SOME)
def test_only_members_matter_in_gradients(p, poison, path, d, e):
    g, q, k, v, out, lse = problem((130, 130), d=d, e=e, dtype=np.float32, p=p)
    sets = mask(p, 130)
    dq, dk, dv = gradients(path, g, q, k, v, out, lse, p, 130)
    for j in (0, 64, 129):
        K, V = k.copy(), v.copy()
        K[:, j], V[:, j] = poison, poison
        moved = gradients(path, g, q, K, V, out, lse, p, 130)[0]
        assert moved[0, ~sets[:, j]].tobytes() == dq[0, ~sets[:, j]].tobytes()
    for i in (0, 64, 129):
        Q, G = q.copy(), g.copy()
        Q[:, i], G[:, i, 1:] = poison, poison
        for moved, kept in zip(gradients(path, G, Q, k, v, out, lse, p, 130)[1:], (dk, dv)):
            assert moved[0, ~sets[i]].tobytes() == kept[0, ~sets[i]].tobytes()
    assert not dq[0, ~sets.any(1)].any()
    assert not dk[0, ~sets.any(0)].any()
    assert not dv[0, ~sets.any(0)].any()


@every_path
@pytest.mark.parametrize("p", SOME)
def test_a_member_that_is_not_finite_spoils_what_it_spoils_in_the_statement(p, path):
    """One feature of one query, key, value or gradient is inf: the same numbers are then not finite
    as in the statement.
    """
    for which in range(4):
        given_ = list(problem((130, 130), dtype=np.float64, p=p))
        given_[which] = given_[which].copy()
        given_[which][0, 77, 2] = np.inf
        if which:
            with np.errstate(invalid="ignore"):
                given_[4:] = sr.attend_with_lse(*given_[1:4], p)
        with np.errstate(invalid="ignore"):
            exact = sr.attend_backward(*given_, p, device="reference")
        for found, expected in zip(gradients(path, *given_, p, 130), exact):
            assert (np.isfinite(found) == np.isfinite(expected)).all()


@every_path
@PANELS
@pytest.mark.parametrize("p", [*SOME, sr.Lookback(513)])
def test_the_bits_depend_neither_on_threads_nor_on_the_batch(path, p, d, e):
    n = (
        (1300, 1300)
        if p in (sr.Lookback(513), sr.Causal()) and path in ("tiles", "plan")
        else (130, 130)
    )
    q, k, v = qkv(n, 4, 2, d=d, e=e, batch=(2,))
    out, lse = sr.attend_with_lse(q, k, v, p)
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip(
            f"one thread against two needs two cores, numba has {numba.config.NUMBA_NUM_THREADS}"
        )
    threads, found = numba.get_num_threads(), []
    try:
        for count in (1, 2):
            numba.set_num_threads(count)
            found.append(gradients(path, out, q, k, v, out, lse, p, n[0]))
    finally:
        numba.set_num_threads(threads)
    for a, b in zip(*found):
        assert a.tobytes() == b.tobytes()
    for part in range(2):
        for a, b in zip(
            gradients(path, out[part], q[part], k[part], v[part], out[part], lse[part], p, n[0]),
            found[0],
        ):
            assert a.tobytes() == b[part].tobytes()


@PANELS
@pytest.mark.parametrize("p", [sr.Causal(), sr.Lookback(513), sr.Lookback(700)])
def test_what_several_slabs_hold_adds_up_to_the_statement(p, d, e):
    given_ = problem((1300, 1300), (2, 1), d, e, np.float32, p)
    lowered = sr.plan(p, 1300)
    assert len(slabs_of(Tiles(*lowered.arrays), 1300).low) > 1
    exact = sr.attend_backward(*(x.astype(np.float64) for x in given_), p, device="reference")
    for found, expected in zip(sr.attend_backward(*given_, lowered), exact):
        assert_close(found, expected, 4 * BUDGET["float32"])


def far_apart(seed, groups=3, queries=512, keys=96):
    """Groups of queries that read every other key of a stretch of their own, in any order."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(groups)
    rows = [2 * np.arange(keys // 2) + keys * places[i // queries] for i in range(groups * queries)]
    return sr.Listed.of_rows([row[rng.random(len(row)) < 0.9] for row in rows])


@PANELS
@given(st.integers(0, 9))
def test_slabs_whose_gathered_chunks_have_other_bounds_add_up_to_the_statement(d, e, seed):
    p = far_apart(seed)
    n = len(p.indptr) - 1, 288
    lowered = sr.plan(p, n)
    slabs = slabs_of(Tiles(*lowered.arrays), n[1])
    assert len(set(slabs.low.tolist())) > 1
    assert (lowered.start < 0).all()
    found = gradients_of_ones(lowered, n, d, e)
    for one, other in zip(found, gradients_of_ones(sr.csr(p, n), n, d, e)):
        assert_close(one, other, 4 * BUDGET["float32"])


def gradients_of_ones(sets, n, d, e):
    """(dq, dk, dv) where the gradient at the output is 1, from drawn q, k, v."""
    q, k, v = qkv(n, d=d, e=e)
    out, lse = sr.attend_with_lse(q, k, v, sets)
    return sr.attend_backward(np.ones_like(out), q, k, v, out, lse, sets)


@given(st.integers(0, 99))
def test_a_slab_has_exactly_the_bounds_of_the_keys_of_its_chunks(seed):
    lowered = sr.plan(far_apart(seed, groups=2, queries=64), (128, 192))
    tiles = Tiles(*lowered.arrays)
    chunks = np.sort(np.random.default_rng(seed).integers(0, len(lowered.start) + 1, 2))
    keys = [lowered.keys[-1 - start] for start in lowered.start[slice(*chunks)]]
    low, high = key_extent(tiles, *chunks)
    assert (lowered.start < 0).all()
    if keys:
        assert (low, high) == (np.min(keys), np.max(keys) + 1)


def test_slabs_cover_each_tile_once_and_hold_the_keys_of_their_tiles():
    for p, n, many in (
        (sr.Lookback(512), 16_384, 8),
        (sr.Strided(128), 16_384, 1),
        (sr.Causal(), 8192, 8),
        (sr.Full(), 0, 1),
    ):
        lowered = sr.plan(p, n)
        bounds, low, offset = slabs_of(Tiles(*lowered.arrays), lowered.shape[1])
        assert len(low) == many
        assert bounds[0] == 0
        assert bounds[-1] == len(lowered.rows)
        assert (np.diff(bounds) >= 0).all()
        for s in range(many):
            rows = lowered.rows[bounds[s] : bounds[s + 1]]
            for i in rows[rows >= 0][:: max(rows.size // 50, 1)]:
                keys = p.row(int(i), n)
                assert low[s] <= keys[0]
                assert keys[-1] < low[s] + offset[s + 1] - offset[s]


def test_a_row_whose_logits_are_all_minus_infinity_gives_no_gradient_and_spoils_none():
    q, k, v = np.array([[1.0], [1.0]]), np.array([[-np.inf], [0.0]]), np.array([[np.inf], [2.0]])
    p = sr.Listed([0, 1, 3], [0, 0, 1])
    out, lse = sr.attend_with_lse(q, k, np.array([[1.0], [2.0]]), p)
    assert lse.tolist() == [-np.inf, 0.0]
    kept = sr.Listed([0, 1, 2], [0, 1])
    exact = sr.attend_backward(np.ones((2, 1)), q, k, v, out, lse, kept, device="reference")
    for lowered in (kept, sr.csr(kept, 2)):
        for found, expected in zip(
            sr.attend_backward(np.ones((2, 1)), q, k, v, out, lse, lowered), exact
        ):
            assert np.isfinite(found).all()
            assert_close(found, expected, 1e-15)
