"""Functions on a GPU are judged by the same code: with a device at hand, torch, JAX and CuPy."""

from importlib.util import find_spec

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify import check

DTYPES = ["float32", "bfloat16", "float16"]


def has_device(framework):
    """Whether the framework is installed and sees a GPU."""
    if find_spec(framework) is None:
        return False
    if framework == "torch":
        import torch

        return torch.cuda.is_available()
    if framework == "jax":
        import jax

        return any(device.platform == "gpu" for device in jax.devices())
    import cupy

    return cupy.cuda.is_available()


def needs(framework):
    return pytest.mark.skipif(
        not has_device(framework), reason=f"no GPU is at hand that {framework} sees"
    )


def sdpa(q, k, v):
    """PyTorch's own, causal."""
    from torch.nn.functional import scaled_dot_product_attention

    assert q.is_cuda
    k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], dim=1) for x in (k, v))
    return scaled_dot_product_attention(q, k, v, is_causal=True)


def windowed(q, k, v, keys=257):
    """A window with one key too many, in torch on any device."""
    import torch

    n = q.shape[-2]
    i, j = torch.arange(n, device=q.device)[:, None], torch.arange(n, device=q.device)
    mask = (j <= i) & (j > i - keys)
    k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], dim=1) for x in (k, v))
    x = (q @ k.mT).float() * q.shape[-1] ** -0.5
    return torch.softmax(x.masked_fill(~mask, -torch.inf), -1).to(v.dtype) @ v


GROUPED = dict(heads=4, kv_heads=2, layout="bhnd", framework="torch", device="cuda")


@needs("torch")
@pytest.mark.parametrize("n", [200, 3000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_on_a_gpu(dtype, n):
    report = check(sdpa, sr.Causal(), n, dtype=dtype, d=64, gradients="torch", **GROUPED)
    assert report.passed, report
    wrong = check(windowed, sr.Lookback(256), 600, dtype=dtype, **GROUPED)
    assert "one key too many at the left edge" in wrong.verdict


@needs("torch")
def test_layout_and_framework_are_found_on_a_gpu():
    report = check(sdpa, sr.Causal(), 100, heads=4, kv_heads=2, device="cuda")
    assert report.passed, report
    assert (report.form.layout, report.form.framework) == ("bhnd", "torch")


def dense(np_like, q, k, v, keys=5):
    """A window in the functions that NumPy, CuPy and JAX have in common."""
    i, j = np_like.arange(q.shape[1])[:, None], np_like.arange(k.shape[1])
    x = (q @ k.swapaxes(1, 2)).astype("float32") * q.shape[-1] ** -0.5
    x = np_like.where((j <= i) & (j > i - keys), x, -np.inf)
    p = np_like.exp(x - x.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return (p.astype(v.dtype) @ v).astype(v.dtype)


@needs("jax")
@pytest.mark.parametrize("dtype", DTYPES)
def test_jax_on_a_gpu(dtype):
    import jax.numpy

    def fn(q, k, v):
        assert next(iter(q.devices())).platform == "gpu"
        return dense(jax.numpy, q, k, v)

    how = dict(heads=2, layout="hnd", framework="jax", device="gpu", dtype=dtype)
    assert check(fn, sr.Lookback(5), 70, **how).passed
    assert check(fn, sr.Lookback(6), 70, **how).status == "FAIL"


@needs("cupy")
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_cupy_on_a_gpu(dtype):
    import cupy

    def fn(q, k, v):
        assert isinstance(q, cupy.ndarray)
        return dense(cupy, q, k, v)

    how = dict(heads=2, layout="hnd", framework="cupy", device="cuda", dtype=dtype)
    assert check(fn, sr.Lookback(5), 70, **how).passed
    assert check(fn, sr.Lookback(6), 70, **how).status == "FAIL"
