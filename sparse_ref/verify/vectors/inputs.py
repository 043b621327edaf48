"""The numbers of a case: multiples of 1/32 from -2 to 2, exact in bfloat16 and float16.

They come from the raw words of Philox-4x64, whose key is the CRC-32 of the case's id, so they are
the same on any machine. Then `values` of the case changes some of them.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ...sets.types import BoolArray
from .cases import Case

Float32Array = NDArray[np.float32]
Change = Callable[[Float32Array, Float32Array, Float32Array, BoolArray], None]  # q, k, v, idle

SPREAD = 129  # multiples of 1/32 from -64/32 to 64/32
POISON = 32768
LAST_RANK = np.uint64(2**63)


def seed(name: str) -> int:
    """The seed of the case of this name."""
    return crc32(name.encode())


def random_arrays(name: str, *shapes: tuple[int, ...]) -> list[Float32Array]:
    """Arrays of multiples of 1/32 from -2 to 2, float32, one after the other from one stream."""
    stream = np.random.Philox(key=seed(name))
    return [_random_array(stream, shape) for shape in shapes]


def _random_array(stream: np.random.Philox, shape: tuple[int, ...]) -> Float32Array:
    """The next numbers of a stream."""
    words = stream.random_raw(int(np.prod(shape))).reshape(shape)
    remainders = (words % np.uint64(SPREAD)).astype(np.float32)
    return (remainders - np.float32(64)) / np.float32(32)


def _plain(q, k, v, idle):
    """No change."""


def _large(q, k, v, idle):
    """Logits up to some hundreds."""
    q *= 8
    k *= 8


def _low(q, k, v, idle):
    """Logits around -360 at d = 8."""
    q[..., 0] = 16
    k[..., 0] = -64


def _rising(q, k, v, idle):
    """q . k rises by 4096 from key to key, from below 0 to above it."""
    n_k = k.shape[1]
    q[:] = 0
    k[:] = 0
    q[..., 0] = 64
    k[..., 0] = 64 * (np.arange(n_k) - n_k // 2)


def _equal(q, k, v, idle):
    """All logits are 0."""
    q[:] = 0


def _weights(q, k, v, idle):
    """All logits are 0, and v is the identity, so that out is the matrix of weights."""
    q[:] = 0
    v[:] = np.eye(*v.shape[1:])


def _ones(q, k, v, idle):
    """All values are 1."""
    v[:] = 1


def _poison_values(q, k, v, idle):
    """Values of 32768 at idle keys."""
    v[idle] = POISON


def _poison_keys(q, k, v, idle):
    """Values of 32768 and logits of 11585 and more, at d = 8, at idle keys."""
    q[..., 0] = 1
    k[idle, 0] = POISON
    v[idle] = POISON


def _nan_at_idle(q, k, v, idle):
    """NaN in k and v at idle keys."""
    k[idle] = v[idle] = np.nan


def _inf_at_idle(q, k, v, idle):
    """inf in k and v at idle keys."""
    k[idle] = v[idle] = np.inf


def _nan_member(q, k, v, idle):
    """One value that is NaN, of a key that some queries attend to."""
    v[:, 5, 0] = np.nan


VALUES: dict[str, Change] = {
    "plain": _plain,
    "large": _large,
    "low": _low,
    "rising": _rising,
    "equal": _equal,
    "weights": _weights,
    "ones": _ones,
    "poisoned values": _poison_values,
    "poisoned keys": _poison_keys,
    "nan beside": _nan_at_idle,
    "inf beside": _inf_at_idle,
    "nan member": _nan_member,
}


def inputs(
    case: Case,
    n: tuple[int, int],
    idle: BoolArray,
) -> dict[str, Float32Array]:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), sinks (H,) and grad_out (H, n_q, e), float32.

    `idle` are the keys that no query attends to, bool (G, n_k). Sinks and grad_out are there if the
    case has them.
    """
    n_q, n_k = n
    shapes: dict[str, tuple[int, ...]] = {
        "q": (case.heads, n_q, case.d),
        "k": (case.kv_heads, n_k, case.d),
        "v": (case.kv_heads, n_k, case.e),
    }
    if case.sinks:
        shapes["sinks"] = (case.heads,)
    if case.backward:
        shapes["grad_out"] = (case.heads, n_q, case.e)
    arrays = dict(zip(shapes, random_arrays(case.id, *shapes.values())))
    VALUES[case.values](arrays["q"], arrays["k"], arrays["v"], idle)
    return arrays


def selected_keys(case: Case, candidates: BoolArray) -> NDArray[np.int32]:
    """Up to `topk` keys for each query in no order, then -1: (H, n_q, topk).

    `candidates` are the keys it may select, bool (n_q, n_k).
    """
    shape = (case.heads, *candidates.shape)
    stream = np.random.Philox(key=seed(f"{case.id} topk"))
    words = stream.random_raw(int(np.prod(shape))).reshape(shape)
    ranks = np.where(candidates, words >> np.uint64(1), LAST_RANK)
    order = np.argsort(ranks, axis=-1, kind="stable")[..., : case.topk]
    counts = candidates.sum(axis=-1)[:, None]
    is_filled = np.arange(case.topk) < counts
    return np.where(is_filled, order, -1).astype(np.int32)
