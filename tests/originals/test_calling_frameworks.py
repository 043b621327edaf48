"""The contexts of torch and JAX around a check: seen on the caller's thread, and carried over to
the thread of a time limit.
"""

import pytest

import sparse_ref as sr
from sparse_ref.verify import check

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
