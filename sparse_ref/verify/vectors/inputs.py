"""The numbers of a case. They are multiples of 1/32 from -2 to 2, so that bfloat16 and float16 hold them exactly.

They come from the raw words of Philox-4x64, whose key is the CRC-32 of the case's id: the same on any machine.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np


def seed(name: str) -> int:
    """The seed of the case of this name."""
    return crc32(name.encode())


def drawn(name: str, *shapes) -> list[np.ndarray]:
    """Arrays of multiples of 1/32 from -2 to 2, float32, one after the other from one stream."""
    stream = np.random.Philox(key=seed(name))
    words = [stream.random_raw(int(np.prod(shape))).reshape(shape) for shape in shapes]
    return [((word % np.uint64(129)).astype(np.float32) - 64) / 32 for word in words]


def _plain(q, k, v, outside):
    """As they were drawn."""


def _large(q, k, v, outside):
    """Logits up to some hundreds."""
    q *= 8
    k *= 8


def _low(q, k, v, outside):
    """Logits around -360 at d = 8."""
    q[..., 0], k[..., 0] = 16, -64


def _rising(q, k, v, outside):
    """q . k rises by 4096 from key to key, from below 0 to above it."""
    q[:], k[:] = 0, 0
    q[..., 0], k[..., 0] = 64, 64 * (np.arange(k.shape[1]) - k.shape[1] // 2)


def _equal(q, k, v, outside):
    """All logits are 0."""
    q[:] = 0


def _weights(q, k, v, outside):
    """All logits are 0, and the values of key j are 0 but at j, so that out is the matrix of weights."""
    q[:], v[:] = 0, np.eye(*v.shape[1:])


def _ones(q, k, v, outside):
    """All values are 1."""
    v[:] = 1


def _poisoned_values(q, k, v, outside):
    """Values of 32768 where no query looks."""
    v[outside] = 32768


def _poisoned_keys(q, k, v, outside):
    """Values of 32768 and logits of 11585 and more, at d = 8, where no query looks."""
    q[..., 0] = 1
    k[outside, 0] = 32768
    v[outside] = 32768


def _beside(number):
    """This number in k and v where no query looks."""

    def put(q, k, v, outside):
        k[outside] = v[outside] = number

    return put


def _nan_member(q, k, v, outside):
    """One value that is NaN, of a key that some look at."""
    v[:, 5, 0] = np.nan


VALUES = {
    "plain": _plain,
    "large": _large,
    "low": _low,
    "rising": _rising,
    "equal": _equal,
    "weights": _weights,
    "ones": _ones,
    "poisoned values": _poisoned_values,
    "poisoned keys": _poisoned_keys,
    "nan beside": _beside(np.nan),
    "inf beside": _beside(np.inf),
    "nan member": _nan_member,
}


def inputs(case, n, outside) -> list[np.ndarray]:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), float32; `outside` is bool (G, n_k), the keys that no query looks at."""
    shapes = (case.heads, n[0], case.d), (case.groups, n[1], case.d), (case.groups, n[1], case.e)
    q, k, v = drawn(case.id, *shapes)
    VALUES[case.values](q, k, v, outside)
    return [q, k, v]
