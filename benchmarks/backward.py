"""What the backward costs, compared with the forward that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import sparse_ref as sr

from .cases import label, part, qkv
from .rows import Row, Target, ratio, reason
from .timing import Seconds, Size, time_rounds
from .torch_peers import CAUSAL, tensors, torch_on_our_threads

GROUP = "backward"
Pass = Callable[[], object]


class Passes(NamedTuple):
    """A name, a length, and what gives (forward, backward) on q, k, v and the gradient of out."""

    name: str
    n: int
    calls: Callable[..., tuple[Pass, Pass]]
    target: Target | None = Target("<=", 3.0)


def rows(size: Size) -> list[Row]:
    """Time of `attend_backward` over that of `attend_with_lse`, 8 heads, the set lowered beforehand
    for both.

    The last row, without a target, is PyTorch's dense causal attention: the gradients of q, k and v
    by autograd, over its forward.
    """
    n, short = part(16384, size.scale), part(4096, size.scale)
    window, l = part(512, size.scale), part(128, size.scale)
    cases = [
        Passes("Causal()", short, partial(set_calls, sr.Causal())),
        Passes(f"Lookback({window})", n, partial(set_calls, sr.Lookback(window))),
        Passes(f"Strided({l})", n, partial(set_calls, sr.Strided(l))),
        Passes(CAUSAL, short, torch_calls, None),
    ]
    calls, reasons = {}, {}
    for case in cases:
        grad, _, _ = qkv(case.n, seed=1)
        try:
            pair = case.calls(*qkv(case.n), grad)
        except ImportError as error:
            reasons[case] = reason(error)
        else:
            calls[f"{case.name}, forward"], calls[f"{case.name}, backward"] = pair
    seconds = time_rounds(calls, size, GROUP)
    return [row(case, seconds, reasons.get(case)) for case in cases]


def row(case: Passes, seconds: Seconds, why: str | None) -> Row:
    """The row of a case from the seconds of its calls, or why there are none."""
    text = label(case.name, case.n)
    if why is not None:
        return Row(GROUP, text, "its forward", missing=why)
    forward, backward = seconds[f"{case.name}, forward"], seconds[f"{case.name}, backward"]
    return ratio(GROUP, text, "its forward", backward, forward, case.target)


def set_calls(p, q, k, v, grad) -> tuple[Pass, Pass]:
    """(forward, backward) over a set."""
    plan = sr.plan(p, q.shape[1])
    out, lse = sr.attend_with_lse(q, k, v, plan)
    backward = partial(sr.attend_backward, grad, q, k, v, out, lse, plan)
    return partial(sr.attend_with_lse, q, k, v, plan), backward


def torch_calls(q, k, v, grad) -> tuple[Pass, Pass]:
    """(forward, backward) of PyTorch's dense causal attention."""
    torch = torch_on_our_threads()
    *inputs, grad = tensors(q, k, v, grad)
    leaves = [x.clone().requires_grad_() for x in inputs]
    forward = partial(torch.nn.functional.scaled_dot_product_attention, *leaves, is_causal=True)
    out = forward()
    return forward, lambda: torch.autograd.grad(out, leaves, grad, retain_graph=True)
