"""torch and JAX: their contexts around a check, seen on the caller's thread and carried over to the
thread of a time limit; and how their functions are called if nobody says so.
"""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify import check
from sparse_ref.verify.calling.subject import CallOptions
from sparse_ref.verify.calling.trials import resolve

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
jax = pytest.importorskip("jax", reason="jax is missing: make test-originals")

pytestmark = pytest.mark.originals
N = 8
SECONDS = pytest.mark.parametrize("seconds", [None, 60])


def torch_attention(causal):
    """PyTorch's attention, causal if causal() says so."""
    return lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal=causal()
    )


def torch_passes(causal, seconds):
    fn = torch_attention(causal)
    return check(fn, sr.Causal(), N, layout="bhnd", framework="torch", seconds=seconds).passed


@SECONDS
def test_autocast_around_a_check_is_seen(seconds):
    """A function that drops causality under autocast."""

    def causal():
        return not torch.is_autocast_enabled("cpu")

    assert torch_passes(causal, seconds)
    with torch.autocast("cpu", torch.bfloat16):
        assert not torch_passes(causal, seconds)


@SECONDS
def test_the_dtype_of_autocast_is_that_of_the_output(seconds):
    """Products in bfloat16, from float32 arrays."""
    mask = torch.ones(N, N).tril() == 0
    dtypes = set()

    def fn(q, k, v):
        x = (q @ k.mT / 4).masked_fill(mask, -torch.inf)
        out = x.softmax(-1) @ v
        dtypes.add(out.dtype)
        return out

    with torch.autocast("cpu", torch.bfloat16):
        check(fn, sr.Causal(), N, framework="torch", seconds=seconds)
    assert dtypes == {torch.bfloat16}


@SECONDS
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_contexts_without_gradients_are_seen(context, seconds):
    assert torch_passes(torch.is_grad_enabled, seconds)
    with context():
        assert not torch_passes(torch.is_grad_enabled, seconds)


@SECONDS
def test_the_contexts_of_jax_are_seen(seconds):
    seen = set()

    def fn(q, k, v):
        seen.add((jax.config.jax_default_matmul_precision, jax.config.jax_disable_jit))
        q, k, v = (x.swapaxes(0, 1)[None] for x in (q, k, v))
        return jax.nn.dot_product_attention(q, k, v, is_causal=True)[0].swapaxes(0, 1)

    with jax.default_matmul_precision("float32"), jax.disable_jit():
        assert check(fn, sr.Causal(), N, framework="jax", seconds=seconds).passed
    assert seen == {("float32", True)}


def torch_causal(q, k, v):
    """PyTorch's attention on any leading axes."""
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


class Layer(torch.nn.Module):
    """(batch, n, heads, d), as FlashAttention has it."""

    def forward(self, q, k, v):
        q, k, v = (x.permute(0, 2, 1, 3) for x in (q, k, v))
        return torch_causal(q, k, v).permute(0, 2, 1, 3)


def jax_causal(q, k, v):
    """JAX's attention, (batch, n, heads, d)."""
    return jax.nn.dot_product_attention(q, k, v, is_causal=True)


def converts(q, k, v):
    """torch within, NumPy without."""
    return torch_causal(*(torch.from_numpy(x) for x in (q, k, v))).numpy()


def by_method(q, k, v):
    """Of tensors, though nothing of torch is named."""
    x = q @ k.transpose(-2, -1) * q.size(-1) ** -0.5
    positions = (x * 0 + 1).cumsum(-1)
    return x.masked_fill(positions > positions.mT, -np.inf).softmax(-1) @ v


@pytest.mark.parametrize(("fn", "layout", "framework"), [
    (torch_causal, "hnd", "torch"),
    (Layer(), "bnhd", "torch"),
    (torch.compile(Layer(), backend="eager"), "bnhd", "torch"),
    (jax_causal, "bnhd", "jax"),
    (jax.jit(jax_causal), "bnhd", "jax"),
    (converts, "hnd", "numpy"),
    (by_method, "hnd", "torch"),
], ids=["sdpa", "module", "compiled", "jax", "jit", "converts", "methods"])  # fmt: skip
def test_the_framework_and_the_layout_are_found(fn, layout, framework):
    options = CallOptions(layout="auto", framework="auto")
    settled = resolve(fn, N, 2, options)
    assert (settled.layout, settled.framework) == (layout, framework)
    assert check(fn, sr.Causal(), N, 2).passed


def test_a_compiled_function_is_tried_as_it_was_before():
    """No trial of another layout shows in the cache of torch.compile."""
    shapes = []

    def backend(module, inputs):
        shapes.append([tuple(x.shape) for x in inputs])
        return module.forward

    resolve(torch.compile(torch_causal, backend=backend), N, 2, CallOptions(
        layout="auto", framework="auto"
    ))  # fmt: skip
    assert shapes == []


def test_gradients_of_torch_with_the_framework_found():
    assert check(torch_causal, sr.Causal(), N, 2, gradients="torch").passed


def test_gradients_of_packed_sequences():
    def fn(q, k, v, cu_q, cu_k):
        sizes = cu_q.diff().tolist()
        parts = zip(*(x.swapaxes(0, 1).split(sizes, dim=1) for x in (q, k, v)))
        return torch.cat([torch_causal(*part) for part in parts], dim=1).swapaxes(0, 1)

    options = dict(layout="thd", framework="torch", gradients="torch")
    assert check(fn, sr.Causal(), N, 2, **options).passed
    assert not check(fn, sr.Lookback(4), N, 2, **options).passed
