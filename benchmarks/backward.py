"""What the backward costs, beside the forward that it belongs to."""

from __future__ import annotations

from functools import partial

import numpy as np

import sparse_ref as sr

from .cases import named, part, qkv
from .rows import Row, Target, ratio, reason
from .timing import Size, interleaved

GROUP = "backward"
TORCH = "torch SDPA, causal"


def rows(size: Size) -> list[Row]:
    """Time of `attend_backward` over that of `attend_with_lse`, 8 heads, the set lowered beforehand
    for both.

    Beside it, without a target, PyTorch's dense causal attention: the gradients of q, k and v by
    autograd, over its forward.
    """
    n, window, l = part(16384, size.scale), part(512, size.scale), part(128, size.scale)
    cases = [
        ("Causal()", sr.Causal(), part(4096, size.scale)),
        (f"Lookback({window})", sr.Lookback(window), n),
        (f"Strided({l})", sr.Strided(l), n),
        (TORCH, None, part(4096, size.scale)),
    ]
    calls, missing = {}, {}
    for name, p, length in cases:
        q, k, v = qkv(length)
        grad = qkv(length, seed=1)[0]
        try:
            pair = (
                torch_calls(q, k, v, grad)
                if p is None
                else own_calls(q, k, v, grad, sr.plan(p, length))
            )
            calls[f"{name}, forward"], calls[f"{name}, backward"] = pair
        except ImportError as error:
            missing[name] = reason(error)
    taken = interleaved(calls, size, GROUP)
    return [
        Row(GROUP, named(name, length), "its forward", missing=missing[name])
        if name in missing
        else ratio(
            GROUP,
            named(name, length),
            "its forward",
            taken[f"{name}, backward"],
            taken[f"{name}, forward"],
            None if p is None else Target("<=", 3.0),
        )
        for name, p, length in cases
    ]


def own_calls(q: np.ndarray, k: np.ndarray, v: np.ndarray, grad: np.ndarray, lowered: sr.Plan):
    """(forward, backward) over a set."""
    out, lse = sr.attend_with_lse(q, k, v, lowered)
    return partial(sr.attend_with_lse, q, k, v, lowered), partial(
        sr.attend_backward, grad, q, k, v, out, lse, lowered
    )


def torch_calls(q: np.ndarray, k: np.ndarray, v: np.ndarray, grad: np.ndarray):
    """(forward, backward) of PyTorch's dense causal attention."""
    from .torch_peers import tensors, torch_on_our_threads

    torch, (*own, grad) = torch_on_our_threads(), tensors(q, k, v, grad)
    own = [x.clone().requires_grad_() for x in own]
    forward = partial(torch.nn.functional.scaled_dot_product_attention, *own, is_causal=True)
    out = forward()
    return forward, lambda: torch.autograd.grad(out, own, grad, retain_graph=True)
