"""Kernels and gradients on random problems, against softmax in longdouble over sets by
comprehension; and whatever must not matter, changed, changes no bit.
"""

from dataclasses import dataclass

import exact_sets
import numba
import numpy as np
from exact_attention import Head, assert_within
from hypothesis import given
from hypothesis import strategies as st
from judged import DTYPES, PATHS
from ml_dtypes import finfo
from strategies import shapes
from withstood import examples, withstands

import sparse_ref as sr
from sparse_ref.verify import strategies as drawn


def frozen(x):
    """A copy that nobody may write to."""
    x = x.copy()
    x.flags.writeable = False
    return x


VIEWS = {
    "as it is": lambda x: x,
    "heads inside": lambda x: np.ascontiguousarray(x.swapaxes(-3, -2)).swapaxes(-3, -2),
    "every second": lambda x: np.repeat(x, 2, axis=-2)[..., ::2, :],
    "fortran": np.asfortranarray,
    "backwards": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    "read-only": frozen,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")) if x.dtype.kind == "f" else x,
}
POISONS = (np.nan, np.inf, -np.inf)


@dataclass(frozen=True)
class Problem:
    """A pattern and arrays of a seed, (batch, heads, n, d), with values near 10^size."""

    p: sr.Pattern
    n: tuple[int, int]
    dtype: type
    heads: tuple[int, int]
    batch: int
    widths: tuple[int, int]
    size: float
    path: str
    seed: int

    @property
    def sums(self):
        """The dtype of sums, in which lse is."""
        return np.float64 if self.dtype is np.float64 else np.float32

    def arrays(self):
        """grad, q, k, v"""
        rng, (h, g), (d, e) = np.random.default_rng(self.seed), self.heads, self.widths
        n_q, n_k = self.n
        sizes = (h, n_q, e), (h, n_q, d), (g, n_k, d), (g, n_k, e)
        normal = (rng.standard_normal((self.batch, *size)) for size in sizes)
        return [(x * 10**self.size).astype(self.dtype) for x in normal]

    def forward(self, q, k, v):
        """(out, lse)"""
        lower, device = PATHS[self.path]
        return sr.attend_with_lse(q, k, v, lower(self.p, self.n), device=device)

    def backward(self, grad, q, k, v, out, lse):
        """(dq, dk, dv)"""
        lower, device = PATHS[self.path]
        sets = lower(self.p, self.n)
        return sr.attend_backward(grad, q, k, v, out, lse, sets, device=device)

    def results(self, grad, q, k, v):
        """out, lse, dq, dk, dv"""
        out, lse = self.forward(q, k, v)
        return [out, lse, *self.backward(grad, q, k, v, out, lse)]


WIDTHS = st.integers(1, 20) | st.sampled_from([16, 32, 64, 128, 200])
PROBLEMS = st.builds(
    Problem,
    drawn.patterns(leaves=4),
    shapes(most=100),
    st.sampled_from(DTYPES),
    st.sampled_from([(1, 1), (4, 2), (3, 1)]),
    st.sampled_from([1, 1, 2]),
    st.tuples(WIDTHS, WIDTHS),
    st.floats(-3, 1),
    st.sampled_from(sorted(PATHS)),
    st.integers(0, 2**32 - 1),
)
SMALL_PROBLEMS = st.builds(
    Problem,
    drawn.patterns(most=12, leaves=3),
    shapes(most=70),
    st.sampled_from(DTYPES),
    st.sampled_from([(1, 1), (2, 1)]),
    st.just(1),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.sampled_from([0, 0, 2, 4, -4]),
    st.sampled_from(sorted(PATHS)),
    st.integers(0, 2**32 - 1),
)


def assert_exact(problem, mask, arrays, results):
    """Assert that all five results of each head are within what the data allow."""
    grad, q, k, v = arrays
    h, g = problem.heads
    for b in range(problem.batch):
        out, lse, dq, dk, dv = (x[b] for x in results)
        sums = [np.zeros((2, *x.shape), np.longdouble) for x in (dk, dv)]
        for head in range(h):
            group = head // (h // g)
            one = Head(q[b, head], k[b, group], v[b, group], mask, problem.widths[0] ** -0.5)
            forward = zip((out, lse), one.attend(), one.forward_budgets(problem.sums))
            for found, exact, budget in forward:
                assert_within(found[head], exact, budget, problem.sums)
            given_ = grad[b, head], out[head], lse[head]
            exact, budgets = one.backward(*given_), one.backward_budgets(*given_, problem.sums)
            assert_within(dq[head], exact[0], budgets[0], problem.sums)
            for total, *pair in zip(sums, exact[1:], budgets[1:]):
                total[:, group] += pair
        for found, (exact, budget) in zip((dk, dv), sums):
            assert_within(found, exact, h * budget, problem.sums)


def bits(results):
    """The bytes of some arrays."""
    return [np.ascontiguousarray(x).tobytes() for x in results]


@examples(5_000, fast=15)
@given(PROBLEMS, st.sampled_from(sorted(VIEWS)))
@withstands("kernels")
def test_random_problems_are_exact_and_only_members_matter(problem, view):
    mask = exact_sets.mask(problem.p, problem.n)
    arrays = problem.arrays()
    results = problem.results(*arrays)
    assert_exact(problem, mask, arrays, results)
    whole = bits(results)
    assert bits(problem.results(*map(VIEWS[view], arrays))) == whole
    last = [x[-1:] for x in arrays]
    assert bits(problem.results(*last)) == bits(x[-1:] for x in results)
    assert_threads_do_not_matter(problem, arrays, whole)


def assert_threads_do_not_matter(problem, arrays, whole):
    """Assert that one thread gives the bits of two, and a plan those of its pattern."""
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert bits(problem.results(*arrays)) == whole
    finally:
        numba.set_num_threads(threads)
    if problem.path == "tiles":
        plan = sr.plan(problem.p, problem.n)
        assert bits(sr.attend_with_lse(*arrays[1:], plan)) == whole[:2]


def hostile_values(dtype):
    """Values that spoil a sum, or are at an end of the range."""
    info = finfo(dtype)
    ends = info.max, info.tiny, info.smallest_subnormal
    return [*POISONS, -0.0, *map(float, ends), -float(info.max)]


def poison(problem, arrays, rng):
    """Copies with a hostile value in a few places, and which queries and keys these are."""
    copies, places = [x.copy() for x in arrays], []
    values = hostile_values(problem.dtype)
    for x in copies:
        touched = np.zeros(x.shape[-2], bool)
        for i in rng.integers(0, len(touched), rng.integers(0, 3)) if touched.size else ():
            x[..., i, rng.integers(0, x.shape[-1])] = rng.choice(values)
            touched[i] = True
        places.append(touched)
    return copies, places


@examples(13_100, fast=40)
@given(SMALL_PROBLEMS)
@withstands("hostile numbers")
def test_hostile_numbers_move_no_bit_of_what_does_not_see_them(problem):
    mask = exact_sets.mask(problem.p, problem.n)
    rng, arrays = np.random.default_rng(problem.seed), problem.arrays()
    with np.errstate(all="ignore"):
        kept = problem.results(*arrays)
        hostile, places = poison(problem, arrays, rng)
        moved = problem.results(*hostile)
    grad, query, key, value = places
    sees = query | (mask & (key | value)).any(axis=1)
    row = ~sees
    gradient_row = row & ~grad
    gradient_key = ~(mask & ~gradient_row[:, None]).any(axis=0)
    rows = row, row, gradient_row, gradient_key, gradient_key
    for before, after, same in zip(kept, moved, rows):
        assert after[0][:, same].tobytes() == before[0][:, same].tobytes()
