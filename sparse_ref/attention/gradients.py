"""Attention that torch's autograd goes back through: `attend` and `attend_backward` as one step."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def attention_function() -> Any:
    """The torch.autograd.Function (q, k, v, pattern, scale, device) -> (out, lse).

    lse has no gradient of its own.
    """
    import torch

    from .attend import attend_backward, attend_with_lse

    class RecordedAttention(torch.autograd.Function):
        @staticmethod
        def forward(ctx, q, k, v, pattern, scale, device):
            out, lse = attend_with_lse(q, k, v, pattern, scale=scale, device=device)
            ctx.save_for_backward(q, k, v, out, lse)
            ctx.mark_non_differentiable(lse)
            ctx.options = pattern, scale, device
            return out, lse

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad_out, _):
            pattern, scale, device = ctx.options
            q, k, v, out, lse = ctx.saved_tensors
            gradients = attend_backward(
                grad_out, q, k, v, out, lse, pattern, scale=scale, device=device
            )
            return (*gradients, None, None, None)

    return RecordedAttention
