"""Kernels against the float64 statement over random patterns, shapes, dtypes, strides and sizes of
logits, each error within what its own data allow. `make test-deep` draws 2,000 cases.

The bound is the usual one of rounding, row by row, with u the unit of the dtype that sums are in: a
logit of d products is off by (d + 2) u scale |q_i| . |k_j|; weights, each off by twice that and a
few u, are summed over |A_i| keys; what is returned in a narrower dtype is off by half its own unit,
or by half its least number.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from judged import DTYPES, PATHS
from ml_dtypes import finfo
from strategies import mask, patterns, shapes

import sparse_ref as sr
from sparse_ref.kernels import reference

VIEWS = {
    "as it is": lambda x: x,
    "heads inside": lambda x: np.ascontiguousarray(x.swapaxes(0, 1)).swapaxes(0, 1),
    "every second": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "fortran": np.asfortranarray,
    "backwards": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    "one head for all": lambda x: np.broadcast_to(x[:1], x.shape),
}


def budgets(q, k, v, sets, scale, unit, dtype):
    """(of out, of lse), (n_q, e) and (n_q,): how far rounding may take them, out being returned in
    `dtype`.
    """
    own, least = float(finfo(dtype).eps), float(finfo(dtype).smallest_subnormal)
    out, lse = reference.attend(q, k, v, sets, scale)
    of_logits = (q.shape[1] + 2) * unit * scale * (np.abs(q) @ np.abs(k).T) * sets  # (n_q, n_k)
    worst = of_logits.max(axis=1, initial=0) + unit * np.abs(np.where(lse == -np.inf, 0, lse))
    with np.errstate(over="ignore"):
        weights = sets * np.exp(
            np.where(sets, scale * (q @ k.T) - np.where(lse == -np.inf, 0, lse)[:, None], -np.inf)
        )
    spread = 2 * worst + (sets.sum(axis=1) + 16) * unit
    return spread[:, None] * (weights @ np.abs(v)) + own * np.abs(out) + least, worst + spread


@given(
    patterns(),
    shapes(most=200),
    st.sampled_from(DTYPES),
    st.sampled_from([(1, 1), (4, 2), (3, 1)]),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.sampled_from(sorted(VIEWS)),
    st.sampled_from(["tiles", "rows"]),
    st.floats(-3, 1.5),
    st.integers(0, 999),
)
def test_errors_stay_within_what_the_data_allow(p, n, dtype, heads, widths, view, path, size, seed):
    rng, (d, e), (h, g) = np.random.default_rng(seed), widths, heads
    shapes_ = (h, n[0], d), (g, n[1], d), (g, n[1], e)
    q, k, v = (
        VIEWS[view]((rng.standard_normal(shape) * 10**size).astype(dtype)) for shape in shapes_
    )
    lower, device = PATHS[path]
    out, lse = sr.attend_with_lse(q, k, v, lower(p, n), device=device)
    sets, scale, unit = mask(p, n), 1 / np.sqrt(d), float(finfo(lse.dtype).eps)
    for head in range(h):
        x = [a.astype(np.float64) for a in (q[head], k[head // (h // g)], v[head // (h // g)])]
        exact = reference.attend(*x, sets, scale)
        for found, expected, budget in zip(
            (out[head], lse[head]), exact, budgets(*x, sets, scale, unit, dtype)
        ):
            empty = np.isneginf(expected)
            assert (np.isneginf(found) == empty).all()
            assert (
                np.abs(found.astype(np.float64)[~empty] - expected[~empty]) <= budget[~empty]
            ).all()
