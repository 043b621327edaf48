"""Plans of two parts: a query's keys come from both, from one of them, or from neither."""

from dataclasses import replace

import numpy as np
import pytest
from judged import BUDGET, DTYPES, assert_close, stated
from strategies import mask, qkv

import sparse_ref as sr

ODD = sr.Listed.of_rows(
    [[] if i % 5 == 0 else [(3 * i) % 130, (3 * i + 64) % 130] for i in range(130)]
)
LATE = sr.Band(40, -20)  # rows 0 to 19 have no keys
N = 130


def both(p, other):
    """A plan of p whose rest is that of other."""
    first, rest = sr.plan(p, N), sr.plan(other, N)
    return replace(first, rest=rest, nnz=first.nnz + rest.nnz)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("p", "other"),
    [(LATE, ODD - LATE), (ODD - LATE, LATE), (sr.Lookback(9), sr.Causal() - sr.Lookback(9))],
)
def test_two_parts_are_one_softmax(p, other, dtype):
    q, k, v = qkv((N, N), 4, 2, dtype=dtype)
    parts, name = both(p, other), np.dtype(dtype).name
    parts.check()
    found, exact = (
        sr.attend_with_lse(q, k, v, parts),
        stated(*(x.astype(np.float64) for x in (q, k, v)), p | other, N),
    )
    for x, right, budget in zip(found, exact, (BUDGET[name], 1e-5)):
        assert_close(x, right, budget)
    given = (found[0], q, k, v, *found)
    right = sr.attend_backward(
        *(x.astype(np.float64) for x in given), p | other, device="reference"
    )
    for x, expected in zip(sr.attend_backward(*given, parts), right):
        assert_close(x, expected, 4 * BUDGET[name])


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e30])
def test_only_members_of_either_part_matter(poison):
    q, k, v = qkv((N, N))
    parts, sets = both(LATE, ODD - LATE), mask(LATE | ODD, N)
    out, lse = sr.attend_with_lse(q, k, v, parts)
    assert (np.isneginf(lse[0]) == ~sets.any(axis=1)).all()
    assert not out[0, ~sets.any(axis=1)].any()
    for j in (0, 64, 129):
        K, V = k.copy(), v.copy()
        K[:, j], V[:, j] = poison, poison
        for moved, kept in zip(sr.attend_with_lse(q, K, V, parts), (out, lse)):
            assert moved[0, ~sets[:, j]].tobytes() == kept[0, ~sets[:, j]].tobytes()
