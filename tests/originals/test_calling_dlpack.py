"""Functions of MLX, Paddle, tinygrad and CuPy are called with their own arrays, and judged.

Each runs where its package is installed; CI has none of them.
"""

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify import check
from sparse_ref.verify.calling.frameworks import FRAMEWORKS, dtype_name, to_float64
from sparse_ref.verify.calling.subject import CallOptions
from sparse_ref.verify.calling.trials import resolve

pytestmark = [
    pytest.mark.originals,
    pytest.mark.filterwarnings("ignore"),  # Paddle warns of what it misses
]
N, HEADS, D = 6, 2, 8


def mlx_attention(causal):
    import mlx.core as mx

    def fn(q, k, v):
        mask = "causal" if causal else None
        return mx.fast.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** -0.5, mask=mask)

    return fn


def paddle_attention(causal, softmax=None):
    """By exponentials times the mask: Paddle's softmax on the CPU clips at e^-64, exp at e^-88."""
    import paddle

    def by_exponentials(x):
        p = paddle.exp(x - x.max(axis=-1, keepdim=True))
        p = paddle.where(x > -np.inf, p, paddle.zeros_like(p))
        return p / p.sum(axis=-1, keepdim=True)

    def fn(q, k, v):
        x = paddle.matmul(q, k, transpose_y=True) / q.shape[-1] ** 0.5
        mask = paddle.tril(paddle.ones([N, N])) > 0
        x = paddle.where(mask, x, paddle.full_like(x, -np.inf)) if causal else x
        return paddle.matmul((softmax or by_exponentials)(x), v)

    return fn


def tinygrad_attention(causal):
    def fn(q, k, v):
        return q.scaled_dot_product_attention(k, v, is_causal=causal)

    return fn


def cupy_attention(causal):
    import cupy

    def fn(q, k, v):
        x = q @ k.swapaxes(-1, -2) / np.float32(q.shape[-1] ** 0.5)
        x = cupy.where(cupy.tri(N, dtype=bool) | (not causal), x, -cupy.inf)
        p = cupy.exp(x - x.max(axis=-1, keepdims=True))
        return (p / p.sum(axis=-1, keepdims=True)).astype(v.dtype) @ v

    return fn


ATTENTION = {
    "mlx": mlx_attention,
    "paddle": paddle_attention,
    "tinygrad": tinygrad_attention,
    "cupy": cupy_attention,
}
HALF = {"mlx": ("bfloat16", "float16"), "cupy": ("float16",)}


def importable(name):
    """The module of a framework that has a device to compute on, or a skip with the reason."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    module = import_module(FRAMEWORKS[name].module)
    try:
        to_float64(FRAMEWORKS[name](np.ones(2), "float32", "cpu"))
    except Exception as error:
        pytest.skip(f"{name} has nothing to compute on here: {error}")
    return module


@pytest.fixture(params=ATTENTION)
def framework(request):
    importable(request.param)
    return request.param


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_arrays_go_there_and_come_back(framework, dtype):
    if (framework, dtype) == ("cupy", "bfloat16"):
        pytest.skip("CuPy has no bfloat16")
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    array = FRAMEWORKS[framework](x, dtype, "cpu")
    assert type(array).__module__.partition(".")[0] == framework
    assert dtype_name(array) == dtype
    back = to_float64(array)
    assert back.dtype == np.float64
    assert np.array_equal(back, x)
    offsets = FRAMEWORKS[framework](np.array([0, 3]), "int32", "cpu")
    assert dtype_name(offsets) == "int32"


def test_a_right_function_passes_and_another_does_not(framework):
    options = dict(layout="bhnd", framework=framework, d=D, ragged=False)
    right, wrong = (ATTENTION[framework](causal) for causal in (True, False))
    assert check(right, sr.Causal(), N, HEADS, **options).passed
    report = check(wrong, sr.Causal(), N, HEADS, **options)
    assert not report.passed
    assert "Full()" in str(report)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(framework, dtype):
    if dtype not in HALF.get(framework, ()):
        pytest.skip(f"{framework} has no attention in {dtype} on the CPU")
    options = dict(layout="bhnd", framework=framework, dtype=dtype, d=D, ragged=False)
    assert check(ATTENTION[framework](True), sr.Causal(), N, HEADS, **options).passed
    assert not check(ATTENTION[framework](False), sr.Causal(), N, HEADS, **options).passed


def test_the_framework_is_found(framework):
    options = CallOptions(d=D, layout="auto", framework="auto")
    settled = resolve(ATTENTION[framework](True), N, HEADS, options)
    assert settled.framework == framework


def test_a_lazy_array_of_mlx_made_outside_is_the_caller_s():
    """Its stream belongs to the thread that made it."""
    mx = importable("mlx")
    mask = mx.tril(mx.ones((N, N))) > 0

    def fn(q, k, v):
        return mx.fast.scaled_dot_product_attention(q, k, v, scale=D**-0.5, mask=mask)

    options = dict(layout="bhnd", framework="mlx", d=D, ragged=False)
    assert check(fn, sr.Causal(), N, HEADS, **options).passed


def test_the_softmax_of_paddle_on_the_cpu_gives_masked_keys_weight():
    """A defect of 3.3.1: e^-64 of a member's weight."""
    paddle = importable("paddle")
    fn = paddle_attention(True, paddle.nn.functional.softmax)
    options = dict(layout="bhnd", framework="paddle", d=D, ragged=False)
    report = check(fn, sr.Causal(), N, HEADS, **options)
    assert not report.passed
    assert "masked keys keep e^-64" in str(report)
