"""Attention that torch's autograd goes back through: `attend` and `attend_backward` as one step."""

from __future__ import annotations

from functools import cache
from typing import Any

from .arrays import is_torch, return_as
from .sinks import sink_gradient


@cache
def attention_function() -> Any:
    """The torch.autograd.Function (q, k, v, sink, pattern, scale, device) -> (out, lse).

    lse has no gradient of its own. The backward pass keeps it in float64.
    """
    import torch

    from .attend import attend_backward, attend_exactly

    class RecordedAttention(torch.autograd.Function):
        @staticmethod
        def forward(ctx, q, k, v, sink, pattern, scale, device):
            _require_tensors(q=q, k=k, v=v)
            out, lse = attend_exactly(q, k, v, pattern, scale, device, sink)
            out, lse = return_as(out, q), return_as(lse, q)
            sink_tensor = sink if is_torch(sink) else None
            ctx.save_for_backward(q, k, v, out, lse, sink_tensor)
            ctx.options = pattern, scale, device, sink
            sums = torch.float64 if q.dtype == torch.float64 else torch.float32
            shown_lse = lse.to(sums)
            ctx.mark_non_differentiable(shown_lse)
            return out, shown_lse

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad_out, _):
            pattern, scale, device, sink = ctx.options
            q, k, v, out, lse, sink_tensor = ctx.saved_tensors
            sink = sink if sink_tensor is None else sink_tensor
            options = {"scale": scale, "device": device, "sink": sink}
            gradients = attend_backward(grad_out, q, k, v, out, lse, pattern, **options)
            has_slope = ctx.needs_input_grad[3]
            slope = sink_gradient(grad_out, out, lse, sink) if has_slope else None
            return (*gradients, slope, None, None, None)

    return RecordedAttention


def _require_tensors(**arrays: Any) -> None:
    """Refuse what is no torch tensor."""
    for name, x in arrays.items():
        if not is_torch(x):
            raise TypeError(
                f"{name} must be a torch tensor, since another argument requires gradients, "
                f"got {type(x).__name__}"
            )
