"""What the caller's thread has set and a new thread would not have: torch's and JAX's contexts.

Context variables are copied anyway. These are the thread-locals that a public function can read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any

JAX_SETTINGS = ("default_matmul_precision", "disable_jit", "enable_x64", "default_device")


def ambient_contexts() -> list[AbstractContextManager[Any]]:
    """Contexts that set, on another thread, what holds on this one.

    They are torch's autocast, no_grad and inference_mode, and JAX's default_matmul_precision,
    disable_jit, enable_x64 and default_device. Frameworks that are not imported are left alone; a
    version without one of these carries less over.
    """
    contexts: list[AbstractContextManager[Any]] = []
    for name, contexts_of in (("torch", _torch_contexts), ("jax", _jax_contexts)):
        if name in sys.modules:
            with suppress(AttributeError, TypeError):
                contexts += contexts_of(sys.modules[name])
    return contexts


def _torch_contexts(torch: Any) -> Iterator[AbstractContextManager[Any]]:
    """Autocast on the CPU and on the accelerator, and whether gradients are recorded."""
    accelerator = "cuda" if torch.cuda.is_available() else None
    for device in filter(None, ("cpu", accelerator)):
        if torch.is_autocast_enabled(device):
            yield torch.autocast(device, torch.get_autocast_dtype(device))
    if torch.is_inference_mode_enabled():
        yield torch.inference_mode()
    elif not torch.is_grad_enabled():
        yield torch.no_grad()


def _jax_contexts(jax: Any) -> Iterator[AbstractContextManager[Any]]:
    """The settings whose contexts hold on one thread only."""
    for name in JAX_SETTINGS:
        context = getattr(jax, name, None)
        if context is not None:
            yield context(getattr(jax.config, f"jax_{name}"))
