"""JAX as it is judged: the sets, numbers and gradients of its own attention and of functions
written in it, right and wrong.
"""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify import check, identify, leaked_future, probe

jax = pytest.importorskip("jax", reason="jax is missing: make test-originals")
jnp = jax.numpy
N = 40
DTYPES = ["float32", "bfloat16"]


def windowed(keys, wrong=lambda x: x):
    """Eager attention over a window of so many keys, compiled; `wrong` is what becomes of k."""
    i = jnp.arange(N)
    mask = (i <= i[:, None]) & (i > i[:, None] - keys)

    @jax.jit
    def fn(q, k, v):
        x = jnp.where(mask, q @ wrong(k).mT * q.shape[-1] ** -0.5, -jnp.inf)
        return jax.nn.softmax(x, axis=-1) @ v

    return fn


@jax.custom_vjp
def shrunk(x):
    """What it is given, with nine tenths of its gradient."""
    return x


shrunk.defvjp(lambda x: (x, None), lambda _, grad: (grad * jnp.asarray(0.9, grad.dtype),))


def judged(fn, pattern, heads=2, dtype="float32", **options):
    return check(fn, pattern, N, heads, framework="jax", dtype=dtype, d=32, **options)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_function_and_its_gradients_pass(dtype):
    report = judged(windowed(9), sr.Lookback(9), dtype=dtype, gradients="jax")
    assert report.passed, report
    assert report.probe.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_window_of_one_key_more_is_named(dtype):
    report = judged(windowed(10), sr.Lookback(9), dtype=dtype)
    assert report.names == {0: "Lookback(10)", 1: "Lookback(10)"}
    assert {finding.kind for finding in report.findings} == {"extra"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", [shrunk, jax.lax.stop_gradient])
def test_a_wrong_gradient_is_told_by_its_name(dtype, wrong):
    report = judged(windowed(9, wrong), sr.Lookback(9), dtype=dtype, gradients="jax")
    assert [finding.kind for finding in report.findings] == ["gradient"]
    assert "of dk with wrong numbers" in report.findings[0].message


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (dict(), sr.Full()),
        (dict(is_causal=True), sr.Causal()),
        (dict(local_window_size=(5, 0)), sr.Lookback(6)),
        (dict(local_window_size=4), sr.Window(4)),
        (dict(local_window_size=(5, 3), is_causal=True), sr.Lookback(6)),
    ],
)
def test_its_own_attention_says_how_far_a_window_reaches_beside_i(dtype, options, pattern):
    def fn(q, k, v):
        return jax.nn.dot_product_attention(q, k, v, implementation="xla", **options)

    report = judged(fn, pattern, 4, dtype, kv_heads=2, layout="bnhd", gradients="jax")
    assert report.passed, report


def test_probe_and_identify_take_it_too():
    found = probe(windowed(9), N, 2, framework="jax", d=8)
    assert [identify(mask)[0] for mask in found.mask] == [sr.Lookback(9)] * 2
    assert leaked_future(windowed(9), N, framework="jax") == []
    assert leaked_future(lambda q, k, v: windowed(9)(q, k, v)[:, ::-1], N, framework="jax")


def test_arrays_cross_without_a_copy_and_come_back_writable():
    from sparse_ref.verify.calling.arrays import FRAMEWORKS, to_float64

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    for dtype in ("float32", "bfloat16", "float16"):
        there = FRAMEWORKS["jax"](x, dtype, "cpu")
        assert there.dtype == dtype
        back = to_float64(there)
        back[:] += 1
        assert (back == x + 1).all()
    assert (to_float64(there) == x).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_n(dtype):
    n = 2500

    def fn(keys):
        def windowed(q, k, v):
            return jax.nn.dot_product_attention(
                q, k, v, local_window_size=(keys - 1, 0), implementation="xla"
            )

        return jax.jit(windowed)

    options = dict(framework="jax", dtype=dtype, d=64, layout="bnhd")
    assert check(fn(500), sr.Lookback(500), n, **options).passed
    assert check(fn(501), sr.Lookback(500), n, **options).names == {0: "Lookback(501)"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_attend_gives_jax_arrays_back(dtype):
    x = np.random.default_rng(0).standard_normal((3, 2, 9, 8)).astype(np.float32)
    q, k, v = (jnp.asarray(a, dtype) for a in x)
    out, lse = sr.attend_with_lse(q, k, v, sr.Lookback(3))
    assert isinstance(out, jax.Array)
    assert isinstance(lse, jax.Array)
    assert (out.dtype, lse.dtype) == (dtype, "float32")
    ours = sr.attend(*(np.asarray(a) for a in (q, k, v)), sr.Lookback(3))
    assert np.array_equal(np.asarray(out), ours)


def test_attend_within_jit_is_refused():
    x = jnp.ones((4, 8))
    with pytest.raises(TypeError, match="q must be an array"):
        jax.jit(lambda x: sr.attend(x, x, x, sr.Causal()))(x)
