"""The CUDA kernels on a device, at real sizes, against the CPU in float64; what must not matter;
and how fast they are.
"""

import numpy as np
import pytest
from numba import config, cuda
from on_device import FORMS, arguments, assert_close, attended, gradients
from strategies import mask

import sparse_ref as sr
from sparse_ref.kernels.arguments import Vectors
from sparse_ref.kernels.cuda import launch as kernels

WHY = (
    "this is the simulator, not a device"
    if config.ENABLE_CUDASIM
    else "no device is at hand: needs an NVIDIA GPU and its driver"
)
pytestmark = pytest.mark.skipif(config.ENABLE_CUDASIM or not cuda.is_available(), reason=WHY)
every_form = pytest.mark.parametrize("form", FORMS)
LENGTH, HEADS = 4096, (8, 4)
BUCKETS = np.sort(np.random.default_rng(0).permutation(LENGTH).reshape(-1, 64), axis=1)
BUCKET_OF = np.argsort(BUCKETS, axis=None) // 64
PATTERNS = {
    "Causal": sr.Causal(),
    "Lookback": sr.Lookback(512),
    "Strided": sr.Strided(128),
    "Summary": sr.Summary(128, 8),
    "mixed": sr.Local(40) | sr.Strided(100),
    "buckets": sr.Listed.of_rows(BUCKETS[BUCKET_OF].tolist()),
}
WORST = {"float32": 2e-5, "float64": 1e-12}  # of the largest value: sums of up to 4096 terms


@every_form
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", PATTERNS)
def test_forward_and_backward_agree_with_the_cpu(form, name, dtype):
    p, n = PATTERNS[name], (LENGTH, LENGTH)
    q, k, v, grad = arguments(n, *HEADS, 64, 64, dtype)
    exact = [x.astype(np.float64) for x in (q, k, v)]
    expected, sets = sr.attend_with_lse(*exact, p), FORMS[form](p, n)
    out, lse = attended(sets, q, k, v)
    for found, right in zip((out, lse), expected):
        assert_close(found, right, WORST[q.dtype.name])
    right_gradients = sr.attend_backward(grad.astype(np.float64), *exact, *expected, p)
    for found, right in zip(gradients(sets, grad, q, k, v, out, lse), right_gradients):
        assert_close(found, right, WORST[q.dtype.name])


@every_form
@pytest.mark.parametrize(
    ("n", "heads", "d", "e"),
    [((1000, 3001), (6, 2), 40, 200), ((1, 65), (1, 1), 1, 1), ((65, 1), (1, 1), 128, 3)],
)
def test_odd_shapes_agree_with_the_cpu(form, n, heads, d, e):
    p = sr.Local(50) | sr.Strided(7)
    q, k, v, grad = arguments(n, *heads, d, e)
    out, lse = attended(FORMS[form](p, n), q, k, v)
    expected = sr.attend_with_lse(*(x.astype(np.float64) for x in (q, k, v)), p)
    for found, right in zip((out, lse), expected):
        assert_close(found, right, WORST["float32"])
    found = gradients(FORMS[form](p, n), grad, q, k, v, out, lse)
    for x, right in zip(
        found, sr.attend_backward(*(x.astype(np.float64) for x in (grad, q, k, v)), *expected, p)
    ):
        assert_close(x, right, WORST["float32"])


@every_form
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_only_members_matter_bit_for_bit_on_a_device(form, poison):
    p, n = PATTERNS["mixed"], (1000, 1000)
    q, k, v, grad = arguments(n)
    sets, skip = FORMS[form](p, n), ~mask(p, n)[:, 500]
    out, lse = attended(sets, q, k, v)
    dq, dk, dv = gradients(sets, grad, q, k, v, out, lse)
    K, V, Q, G = (x.copy() for x in (k, v, q, grad))
    K[:, 500], V[:, 500, 1], Q[:, 500], G[:, 500] = poison, poison, poison, poison
    moved_out, moved_lse = attended(sets, q, K, V)
    for moved, kept in (
        (moved_out, out),
        (moved_lse, lse),
        (gradients(sets, grad, q, K, V, out, lse)[0], dq),
    ):
        assert moved[0, skip].tobytes() == kept[0, skip].tobytes()
    assert not np.isfinite(moved_out[0, ~skip]).all(axis=1).any()
    skip = ~mask(p, n)[500]
    for moved, kept in zip(gradients(sets, G, Q, k, v, out, lse)[1:], (dk, dv)):
        assert moved[0, skip].tobytes() == kept[0, skip].tobytes()


@pytest.mark.parametrize("beside", [1.0, -1.0, np.nan])
def test_a_sum_of_nothing_but_underflows_is_a_zero_without_a_sign(beside):
    """Which zero a fused product with a key that is no member would leave: a simulator fuses none.

    Logits are 0 and 1, values -1e-45 and -0.
    """
    q, k, v = (
        np.array(x, np.float32)[None, :, None]
        for x in ([1, 1, 1], [0, 1, beside], [-1e-45, -0.0, beside])
    )
    out, _ = attended(sr.plan(sr.Listed.of_rows([[0, 1], [2], [2]]), 3), q, k, v)
    assert out[0, 0] == 0
    assert not np.signbit(out[0, 0])


@every_form
def test_the_bits_are_the_same_each_time(form):
    q, k, v, grad = arguments((1000, 1000), 4, 2)
    sets, found = FORMS[form](PATTERNS["mixed"], (1000, 1000)), set()
    for _ in range(5):
        out, lse = attended(sets, q, k, v)
        found.add(
            b"".join(x.tobytes() for x in (out, lse, *gradients(sets, grad, q, k, v, out, lse)))
        )
    assert len(found) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PATTERNS)
def test_speed_is_printed(form, name, capsys):
    """Useful GFLOP/s of the forward kernel only, 4 d per connected pair and head, best of five.

    No speed is asserted.
    """
    p, n = PATTERNS[name], (LENGTH, LENGTH)
    q, k, v, _ = arguments(n, 8, 8, 64, 64)
    sets = FORMS[form](p, n)
    sets = sets.parts[0] if form == "tiles" else sets
    pairs = sets.nnz if form == "tiles" else len(sets.indices)
    form_of_sets = kernels._form(sets, "float32", 64)
    out, lse = np.zeros_like(q), np.zeros(q.shape[:2], np.float32)
    vectors, key_head, results = kernels._send(cuda, (Vectors(q, k, v), np.arange(8), (out, lse)))
    on_device = kernels._send(cuda, form_of_sets.sets)
    grid = form_of_sets.blocks * 8, form_of_sets.parts
    kernel = form_of_sets.attend_kernel()[grid, form_of_sets.threads]
    seconds = []
    for _ in range(6):
        start, stop = cuda.event(), cuda.event()
        start.record()
        kernel(vectors, key_head, np.float32(0.125), *on_device, results)
        stop.record()
        stop.synchronize()
        seconds.append(start.elapsed_time(stop) / 1000)
    with capsys.disabled():
        print(
            f"\n{form} {name}: {8 * 256 * pairs / min(seconds[1:]) / 1e9:,.0f} GFLOP/s, "
            f"{1000 * min(seconds[1:]):.3f} ms"
        )
    assert np.isfinite(results[0].copy_to_host()).all()
