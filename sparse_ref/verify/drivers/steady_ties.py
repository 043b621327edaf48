"""torch.topk with ties to the smallest index, while a model is judged.

It promises no order of equal numbers, and takes others if a row has another length: a model that is
padded or cached would differ from itself in ties, which is no fault of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


def topk_of(torch: Any) -> Callable[..., Any]:
    """A function like torch.topk, by a stable sort."""

    def topk(x, k, dim=-1, largest=True, sorted=True):
        values, indices = torch.sort(x, dim=dim, descending=largest, stable=True)
        pair = values.narrow(dim, 0, k), indices.narrow(dim, 0, k)
        return torch.return_types.topk(pair)

    return topk


@contextmanager
def steady_ties() -> Iterator[None]:
    """Ties of torch.topk go to the smallest index."""
    torch: Any = import_module("torch")
    function, method = torch.topk, torch.Tensor.topk
    torch.topk = torch.Tensor.topk = topk_of(torch)
    try:
        yield
    finally:
        torch.topk, torch.Tensor.topk = function, method
