"""Peers in PyTorch: its own dense attention, causal and with a mask."""

from __future__ import annotations

import numba
import numpy as np

import sparse_ref as sr

from . import peers
from .cases import part
from .peers import Peer
from .rows import Row, Target
from .timing import Size

GROUP = "torch SDPA"
CAUSAL = "torch SDPA, causal"
MASKED = "torch SDPA, boolean mask"


def rows(size: Size) -> list[Row]:
    """Time of `attend` over that of `scaled_dot_product_attention`, 8 heads, with its own causal
    form and with a boolean mask.

    Everybody's tensors of PyTorch share the memory of our arrays, run on as many threads as ours,
    and record no gradients. The mask is made beforehand, as our set is lowered beforehand.
    """
    return peers.rows(GROUP, [causal_peer, masked_peer], size)


def torch_on_our_threads():
    """PyTorch, with as many threads as Numba has. Raises ImportError if it is not installed.

    The number is set only if it differs: the two share one OpenMP library, and setting it once
    Numba's threads run makes PyTorch's attention several times slower.
    """
    import torch

    if torch.get_num_threads() != numba.get_num_threads():
        torch.set_num_threads(numba.get_num_threads())
    return torch


def inference(fn):
    """The function without a record for gradients."""
    return torch_on_our_threads().inference_mode()(fn)


def tensors(*arrays):
    """The arrays as a batch of one, sharing their memory."""
    torch = torch_on_our_threads()
    return [torch.from_numpy(x)[None] for x in arrays]


def first(out) -> np.ndarray:
    """(heads, n, d), of a batch of one."""
    return out[0].numpy()


def sdpa_call(q, k, v, mask: np.ndarray | None = None):
    """The call of PyTorch's dense attention: with a boolean mask, or else causal.

    The causal form skips the blocks of the future.
    """
    torch = torch_on_our_threads()
    inputs = tensors(q, k, v)
    attention = torch.nn.functional.scaled_dot_product_attention
    if mask is None:
        return inference(lambda: attention(*inputs, is_causal=True))
    attn_mask = torch.from_numpy(mask)
    return inference(lambda: attention(*inputs, attn_mask=attn_mask))


def causal_peer(scale: int) -> Peer:
    """Dense and causal."""

    def ready(q, k, v):
        return sdpa_call(q, k, v), first

    n = part(8192, scale)
    return Peer(CAUSAL, "Causal()", sr.Causal(), n, ready, Target("<=", 1.1))


def masked_peer(scale: int) -> Peer:
    """Dense, with a mask of all pairs."""
    n, p = part(4096, scale), sr.Lookback(part(512, scale))

    def ready(q, k, v):
        return sdpa_call(q, k, v, sr.dense(p, n)), first

    return Peer(MASKED, repr(p), p, n, ready)
