"""The CUDA kernels on numba's simulator, against the float64 statement; what must not matter; and
that each barrier is needed.
"""

import ast
from pathlib import Path

import exact_sets
import numpy as np
import pytest
from exact_attention import LONG, Head, assert_within
from hypothesis import given
from hypothesis import strategies as st
from numba import config
from on_device import (
    BUDGET,
    FORMS,
    arguments,
    assert_close,
    attended,
    gradients,
    stated,
    stated_gradients,
)
from strategies import mask
from turns import turns
from withstood import examples, withstands

import sparse_ref as sr
from sparse_ref.kernels.cuda import launch as kernels
from sparse_ref.kernels.cuda import rows as cuda_rows
from sparse_ref.kernels.cuda import tile as cuda_parts
from sparse_ref.kernels.cuda import tiles as cuda_tiles
from sparse_ref.verify import strategies as drawn

pytestmark = [
    pytest.mark.skipif(
        not config.ENABLE_CUDASIM,
        reason="needs NUMBA_ENABLE_CUDASIM=1 in a process of its own: make test-cuda",
    ),
    pytest.mark.filterwarnings(
        "ignore::RuntimeWarning"
    ),  # simulated threads compute with NumPy's scalars, which warn
]
every_form = pytest.mark.parametrize("form", FORMS)
SMALL = dict.fromkeys(
    ("float32", "float64"), cuda_parts.Layout(16, 16, 16)
)  # 16 threads, since each costs time
REAL = {
    "tiles": (cuda_parts, "LAYOUT", cuda_parts.LAYOUT),
    "rows": (cuda_rows, "DEPTH", cuda_rows.DEPTH),
}
THREADS = cuda_rows.THREADS
N = {"tiles": 70, "rows": 22}  # beyond a tile, and beyond a block's members
MIXED = sr.Local(5) | sr.Strided(7)
HOLES = sr.Listed.of_rows([[(7 * i) % 70, 69] if i % 3 else [] for i in range(70)])
CASES = [
    ("tiles", sr.Causal(), (70, 70), (2, 1), 5, 3),
    ("rows", sr.Causal(), (22, 22), (2, 1), 5, 3),
    ("tiles", MIXED, (66, 130), (1, 1), 3, 2),
    ("rows", MIXED, (17, 40), (1, 1), 3, 2),
    ("tiles", sr.Summary(9, 2), (50, 70), (2, 2), 20, 66),
    ("rows", sr.Summary(9, 2), (12, 20), (2, 2), 10, 18),
    ("tiles", HOLES, (70, 70), (1, 1), 4, 4),
    ("rows", HOLES, (70, 70), (1, 1), 4, 4),
    ("tiles", sr.Band(70, -2), (70, 70), (1, 1), 2, 9),
    ("rows", sr.Band(20, -2), (20, 20), (1, 1), 2, 9),
    ("tiles", sr.Full(), (65, 64), (1, 1), 1, 1),
    ("rows", sr.Full(), (9, 8), (1, 1), 1, 1),
    ("tiles", sr.Full(), (1, 70), (3, 1), 4, 4),
    ("rows", sr.Full(), (1, 20), (3, 1), 4, 4),
    ("tiles", sr.Full(), (70, 1), (1, 1), 4, 4),
    ("rows", sr.Full(), (20, 1), (1, 1), 4, 4),
]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few threads a block, which take turns."""
    if config.ENABLE_CUDASIM:
        monkeypatch.setattr(cuda_parts, "LAYOUT", SMALL)
        monkeypatch.setattr(cuda_rows, "THREADS", (8, 16))
        monkeypatch.setattr(cuda_rows, "DEPTH", dict.fromkeys(SMALL, 8))
    with turns():
        yield


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("form", "p", "n", "heads", "d", "e"), CASES)
@withstands("CUDA")
def test_forward_and_backward_agree_with_the_statement(form, dtype, p, n, heads, d, e):
    assert_all_right(form, p, n, heads, d, e, dtype)


def assert_all_right(form, p, n, heads, d, e, dtype):
    """out, lse, dq, dk and dv are the statement's."""
    q, k, v, grad = arguments(n, *heads, d, e, dtype)
    sets, expected = FORMS[form](p, n), stated(p, n, q, k, v)
    out, lse = attended(sets, q, k, v)
    for found, right in zip((out, lse), expected):
        assert_close(found, right, BUDGET[q.dtype.name])
    for found, right in zip(
        gradients(sets, grad, q, k, v, out, lse), stated_gradients(p, n, grad, q, k, v, *expected)
    ):
        assert_close(found, right, BUDGET[q.dtype.name])


@pytest.mark.parametrize(
    ("form", "n", "d", "e"), [("tiles", (40, 64), 3, 66), ("rows", (3, 70), 35, 66)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_blocks_of_a_device_give_the_same(form, n, d, e, dtype, monkeypatch):
    monkeypatch.setattr(*REAL[form])
    monkeypatch.setattr(cuda_rows, "THREADS", THREADS)
    assert_all_right(form, sr.Lookback(40), n, (1, 1), d, e, dtype)


@every_form
@examples(40, fast=1)
@given(
    drawn.patterns(most=9, leaves=3),
    st.tuples(st.integers(1, 22), st.integers(1, 22)),
    st.sampled_from([(1, 1), (2, 1)]),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(0, 99),
)
@withstands("CUDA")
def test_random_problems_are_exact(form, p, n, heads, widths, seed):
    """By softmax in longdouble over sets by comprehension, threads in an order of the seed."""
    q, k, v, grad = arguments(n, *heads, *widths)
    sets = FORMS[form](p, n)
    with turns(seed):
        out, lse = attended(sets, q, k, v)
        dq, dk, dv = gradients(sets, grad, q, k, v, out, lse)
    groups = np.zeros((2, *dk.shape), LONG), np.zeros((2, *dv.shape), LONG)
    for h in range(heads[0]):
        g = h // (heads[0] // heads[1])
        head = Head(q[h], k[g], v[g], exact_sets.mask(p, n), widths[0] ** -0.5)
        for found, *pair in zip((out, lse), head.attend(), head.forward_budgets(q.dtype)):
            assert_within(found[h], *pair, q.dtype)
        given_ = grad[h], out[h], lse[h]
        exact, budgets = head.backward(*given_), head.backward_budgets(*given_, q.dtype)
        assert_within(dq[h], exact[0], budgets[0], q.dtype)
        for total, *pair in zip(groups, exact[1:], budgets[1:]):
            total[:, g] += pair
    for found, (exact, budget) in zip((dk, dv), groups):
        assert_within(found, exact, heads[0] * budget, q.dtype)


@every_form
@pytest.mark.parametrize("n", [(0, 5), (5, 0), (0, 0)])
def test_nothing_in_gives_nothing_out(form, n):
    q, k, v, grad = arguments(n)
    sets = FORMS[form](sr.Full(), n)
    out, lse = attended(sets, q, k, v)
    assert (out == 0).all()
    assert (lse == -np.inf).all()
    assert all((x == 0).all() for x in gradients(sets, grad, q, k, v, out, lse))


@every_form
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@withstands("CUDA")
def test_only_members_matter_bit_for_bit(form, poison):
    """The poisoned key shares its tile and chunk with keys of the rows that skip it."""
    p, n, j = MIXED, (N[form], N[form]), 8
    q, k, v, grad = arguments(n, d=3, e=2)
    sets, skip = FORMS[form](p, n), ~mask(p, n)[:, j]
    out, lse = attended(sets, q, k, v)
    dq, _, _ = gradients(sets, grad, q, k, v, out, lse)
    k[:, j], v[:, j, 1] = poison, poison
    moved_out, moved_lse = attended(sets, q, k, v)
    moved_dq, _, _ = gradients(sets, grad, q, k, v, out, lse)
    for moved, kept in ((moved_out, out), (moved_lse, lse), (moved_dq, dq)):
        assert moved[0, skip].tobytes() == kept[0, skip].tobytes()
    assert not np.isfinite(moved_out[0, ~skip]).all(axis=1).any()
    assert not np.isfinite(moved_dq[0, ~skip]).any()


@every_form
@withstands("CUDA")
def test_only_members_matter_in_the_gradients_of_keys(form):
    p, n, i = MIXED, (N[form], N[form]), 8
    q, k, v, grad = arguments(n, d=3, e=2)
    sets, skip = FORMS[form](p, n), ~mask(p, n)[i]
    out, lse = attended(sets, q, k, v)
    kept = gradients(sets, grad, q, k, v, out, lse)[1:]
    q[:, i] = grad[:, i] = np.nan
    for moved, before in zip(gradients(sets, grad, q, k, v, out, lse)[1:], kept):
        assert moved[0, skip].tobytes() == before[0, skip].tobytes()
        assert np.isnan(moved[0, ~skip]).all()


@every_form
def test_a_member_that_is_not_finite_spoils_its_own_features_alone(form):
    p, n = sr.Causal(), (N[form], N[form])
    q, k, v, _ = arguments(n, d=3, e=3)
    sets = FORMS[form](p, n)
    out = attended(sets, q, k, v)[0]
    v[0, 5, 2] = np.inf
    found = attended(sets, q, k, v)[0]
    spoiled = np.zeros(found.shape, bool)
    spoiled[0, 5:, 2] = True
    assert (found[spoiled] == np.inf).all()
    assert found[~spoiled].tobytes() == out[~spoiled].tobytes()


@every_form
def test_logits_that_are_not_finite_are_those_of_the_statement(form):
    """Row 0 has -inf alone, row 1 one finite logit too, row 2 inf, row 3 NaN."""
    q, k, v, grad = arguments((4, 3), d=1, e=2)
    q[0, :, 0], k[0, :, 0] = 1, [-np.inf, 0.5, np.inf]
    k[0, 2] = np.inf
    p, n = sr.Listed.of_rows([[0], [0, 1], [1, 2], [0, 2]]), (4, 3)
    q[0, 3] = np.nan
    sets, expected = FORMS[form](p, n), stated(p, n, q, k, v)
    out, lse = attended(sets, q, k, v)
    assert_close(out, expected[0], 1e-6)
    assert_close(lse, expected[1], 1e-6)
    assert lse[0, 0] == -np.inf
    assert np.isfinite(lse[0, 1])
    for found, right in zip(
        gradients(sets, grad, q, k, v, out, lse), stated_gradients(p, n, grad, q, k, v, *expected)
    ):
        assert_close(found, right, 1e-6)


@every_form
def test_logits_up_to_ten_thousand_do_not_overflow(form):
    n = N[form], N[form]
    q, k, v, _ = arguments(n, d=4, e=2)
    q, k = q / np.abs(q).max() * 120, k / np.abs(k).max() * 120
    expected = stated(sr.Causal(), n, q, k, v, 1.0)
    out, lse = attended(FORMS[form](sr.Causal(), n), q, k, v, 1.0)
    assert expected[1].max() > 1e4
    assert_close(out, expected[0], 1e-2)
    assert_close(lse, expected[1], 1e-6)


@every_form
def test_some_heads_alone_leave_the_others_and_add_to_what_keys_have(form):
    n, heads, kv = (9, 9), np.array([1, 3]), np.array([0, 0, 1, 1])
    q, k, v, grad = arguments(n, 4, 2, 3, 2, np.float64)
    sets = FORMS[form](sr.Causal(), n)
    out, lse = attended(sets, q, k, v, 3**-0.5)
    some = np.full_like(out, 7), np.full_like(lse, 7)
    kernels.attend((q, k, v), heads, kv, 3**-0.5, sets, some)
    assert all((x[[0, 2]] == 7).all() for x in some)
    assert all((x[heads] == y[heads]).all() for x, y in zip(some, (out, lse)))
    twice = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for part in (heads, np.array([0, 2])):
        kernels.backward((grad, q, k, v, out, lse), part, kv, 3**-0.5, sets, twice)
    for found, right in zip(twice, gradients(sets, grad, q, k, v, out, lse, 3**-0.5)):
        assert_close(found, right, 1e-14)


@every_form
@withstands("CUDA")
def test_the_bits_do_not_depend_on_the_order_of_threads(form):
    n = (5, N[form])
    q, k, v, grad = arguments(n, 2, 1, 3, 2)
    sets, found = FORMS[form](sr.Full(), n), []
    for seed in (1, 2):
        with turns(seed):
            out, lse = attended(sets, q, k, v)
            found.append(
                [x.tobytes() for x in (out, lse, *gradients(sets, grad, q, k, v, out, lse))]
            )
    assert found[0] == found[1]


def barriers():
    """(form, line, forward) of every barrier, once for each pass that waits at it."""
    only_forward = {"attend_kernel", "chunk_step", "softmax_step"}
    only_backward = {"gradient_kernel", "gradient_steps"}
    for form, module in (("rows", cuda_rows), ("tiles", cuda_tiles)):
        file = Path(module.__file__)
        for factory in ast.parse(file.read_text()).body:
            for line in lines_of_barriers(factory):
                for forward in (True, False):
                    if factory.name not in (only_backward if forward else only_forward):
                        name = "forward" if forward else "backward"
                        yield pytest.param(form, line, forward, id=f"{file.stem}:{line}-{name}")


def lines_of_barriers(tree):
    """The lines in which this code waits for the other threads."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(call.lineno for call in calls if ast.unparse(call) == "cuda.syncthreads()")


def test_every_barrier_is_left_out_once():
    text = "".join(Path(module.__file__).read_text() for module in (cuda_rows, cuda_tiles))
    lines = {(barrier.values[0], barrier.values[1]) for barrier in barriers()}
    assert len(lines) == text.count("cuda.syncthreads()")
    folder = Path(cuda_tiles.__file__).parent
    others = set(folder.glob("*.py")) - {Path(m.__file__) for m in (cuda_rows, cuda_tiles)}
    assert not any("cuda.syncthreads()" in file.read_text() for file in others)


WRONG = (
    AssertionError,
    IndexError,
    ValueError,
    OverflowError,
)  # numbers, or places, that nobody wrote


@pytest.mark.parametrize(("form", "line", "forward"), list(barriers()))
def test_no_barrier_can_be_left_out(form, line, forward):
    """Without it something is wrong as soon as threads are not equally fast."""
    with pytest.raises(WRONG), turns(without=line):
        assert_kernels_are_right(form, forward, not forward)


def assert_kernels_are_right(form, forward, backward):
    """Forward at logits so large that exp overflows without the right maximum; backward at ordinary
    ones.
    """
    p, n = sr.Full(), {"tiles": (40, 130), "rows": (2, 20)}[form]
    q, k, v, grad = arguments(n, 2, 1, *{"tiles": (20, 2), "rows": (10, 10)}[form])
    sets = FORMS[form](p, n)
    if forward:
        for found, right in zip(attended(sets, q, k, v, 100.0), stated(p, n, q, k, v, 100.0)):
            assert_close(found, right, 1e-4)
    if backward:
        expected = stated(p, n, q, k, v)
        for found, right in zip(
            gradients(sets, grad, q, k, v, *expected),
            stated_gradients(p, n, grad, q, k, v, *expected),
        ):
            assert_close(found, right, BUDGET["float32"])


@every_form
def test_with_every_barrier_the_same_numbers_are_right(form):
    assert_kernels_are_right(form, True, True)


def rows_of(form, *numbers):
    """N rows of these numbers, float32, of one head."""
    return np.full((1, N[form], len(numbers)), numbers, np.float32)


RANGE = {
    "values of 1e38": ((0,), (0,), (1e38, -1e38), 1.0),
    "the least values": ((0,), (0,), (1e-45, 1e-40), 1.0),
    "large queries, small keys": ((1e30,), (1e-39,), (1, 2), 1e9),
    "products that cancel": ((1e20, 1e20), (-1e20, 1e20), (1, 2), 1.0),
    "a tiny scale": ((1e25,), (1e25,), (1, 2), 1e-50),
}


@every_form
@pytest.mark.parametrize("case", RANGE)
def test_an_answer_that_is_a_float32_number_is_found_on_a_gpu(form, case):
    *numbers, scale = RANGE[case]
    q, k, v = (rows_of(form, *x) for x in numbers)
    out, _ = attended(FORMS[form](sr.Full(), (N[form], N[form])), q, k, v, scale)
    np.testing.assert_allclose(out, v, rtol=1e-6)


@every_form
def test_weights_sum_to_1_whatever_the_lse_was_rounded_to_on_a_gpu(form):
    n = N[form]
    q, k, v, _ = arguments((n, n))
    q, k = np.float32(60) + q, np.float32(60) + k / 20
    sets = FORMS[form](sr.Full(), (n, n))
    out, lse = attended(sets, q, k, v)
    assert lse.min() > 1e4
    dv = gradients(sets, np.ones_like(v), q, k, v, out, lse)[2]
    np.testing.assert_allclose(dv.sum(axis=1), n, rtol=1e-5)


@pytest.mark.parametrize(
    "p",
    [
        sr.Strided(3),
        sr.Documents((7, 9, 7), sr.Causal()),
        [sr.Causal(), sr.Documents((16, 7)) & sr.Global(16)],
    ],
    ids=["a pattern", "documents", "padding in one head"],
)
def test_sinks_and_documents_agree_with_the_statement(p):
    q, k, v, grad = arguments((23, 23), 2, 1)
    sink = np.array([0.5, -1.0])
    results = []
    for device in ("cuda", "reference"):
        out, lse = sr.attend_with_lse(q, k, v, p, device=device, sink=sink)
        slopes = sr.attend_backward(grad, q, k, v, out, lse, p, device=device, sink=sink)
        results.append((out, lse, *slopes))
    for x, right in zip(*results):
        assert_close(x, right, BUDGET["float32"])
