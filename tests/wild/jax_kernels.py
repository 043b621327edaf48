"""JAX's attention, its splash and Pallas kernels (interpreted), tokamax and flash-attention-jax,
each as a function of q, k and v, JAX arrays (B, H, n, d).
"""

from functools import partial

import pytest

import sparse_ref as sr

flags, jax, jnp, flash_jax, flash_jax_causal, splash, splash_masks, gpu, tokamax = (
    pytest.importorskip(name, reason=f"{name} is missing: make test-originals")
    for name in (
        "absl.flags",
        "jax",
        "jax.numpy",
        "flash_attention_jax.flash_attention",
        "flash_attention_jax.causal_flash_attention",
        "jax.experimental.pallas.ops.tpu.splash_attention.splash_attention_kernel",
        "jax.experimental.pallas.ops.tpu.splash_attention.splash_attention_mask",
        "jax.experimental.pallas.ops.gpu.attention",
        "tokamax",
    )
)

flags.FLAGS.mark_as_parsed()  # tokamax would read them from the command line of pytest

JAX = dict(framework="jax")
LANES = 128  # the least block of keys of the splash kernel


def bnhd(function):
    """A function of (B, n, H, d) as one of (B, H, n, d)."""

    def fn(q, k, v):
        return function(*(x.swapaxes(1, 2) for x in (q, k, v))).swapaxes(1, 2)

    return fn


def product(**options):
    """jax.nn.dot_product_attention."""
    return bnhd(partial(jax.nn.dot_product_attention, **options))


def flash(q, k, v):
    """flash_attention of flash-attention-jax, with a key mask that leaves nothing out."""
    return flash_jax.flash_attention(q, k, v, jnp.ones((len(k), k.shape[2]), bool))


def splash_attention(mask):
    """The splash kernel, interpreted, under one of its masks; it scales nothing itself."""

    def fn(q, k, v):
        heads = q.shape[1]
        kernel = splash.make_splash_mha_single_device(
            splash_masks.MultiHeadMask([mask] * heads),
            block_sizes=splash.BlockSizes(block_q=LANES, block_kv=LANES, block_kv_compute=LANES),
            interpret=True,
        )
        return jax.vmap(kernel)(q / q.shape[-1] ** 0.5, k, v)

    return fn


def gpu_attention(q, k, v):
    """The Pallas kernel for GPUs, interpreted, causal."""
    blocks = gpu.BlockSizes(block_q=16, block_k=16)
    scale = q.shape[-1] ** -0.5
    kernel = partial(gpu.mha, sm_scale=scale, causal=True, block_sizes=blocks, interpret=True)
    return bnhd(lambda q, k, v: kernel(q, k, v, None))(q, k, v)


def table(pattern, n):
    """The mask of a pattern, for the splash kernel."""
    return splash_masks.NumpyMask(sr.dense(pattern, n))


def tokamax_attention(implementation, **options):
    """tokamax's attention, by XLA alone."""
    return bnhd(partial(tokamax.dot_product_attention, implementation=implementation, **options))
