"""The host's side of the CUDA kernels: arrays to the device, kernels over sets, results back.

Nothing of numba.cuda is imported before the first call, so that a machine without a GPU needs
nothing of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaPerformanceWarning

from ...lower import CSR, plan
from ...sets.listed import Listed

_entry = RLock()


class Form(NamedTuple):
    """How kernels run over sets: `blocks` per head, `parts` of the features, `threads` of each."""

    attend_kernel: Callable
    gradient_kernel: Callable
    tables: tuple[np.ndarray, ...]
    blocks: int
    parts: int
    threads: int


def attend(q, k, v, heads, kv, scale, sets, out, lse):
    """Write out (H, n_q, e) and lse (H, n_q) of each h in `heads`, which reads k[kv[h]], v[kv[h]].

    q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), read in the dtype of out, float32 or float64;
    `sets` is a Plan or a CSR of (n_q, n_k). A query without keys gets 0 and -inf. Raises
    RuntimeError where there is no device to run on.
    """
    with _device() as device:
        form, number = _form(sets, out.dtype.name, v.shape[2]), out.dtype.type
        if not form.blocks:
            return
        groups, own = np.unique(kv[heads], return_inverse=True)
        vectors = (x.astype(number, copy=False) for x in (q[heads], k[groups], v[groups]))
        found = [_unset(device, (len(heads), *x.shape[1:]), number) for x in (out, lse)]
        form.attend_kernel()[(form.blocks * len(heads), form.parts), form.threads](
            *_sent(device, *vectors, own), number(scale), *_sent(device, *form.tables), *found
        )
        out[heads], lse[heads] = (
            found[0].copy_to_host()[..., : out.shape[2]],
            found[1].copy_to_host(),
        )


def backward(grad, q, k, v, out, lse, heads, kv, scale, sets, dq, dk, dv):
    """Add to dq (H, n_q, d), dk (G, n_k, d) and dv (G, n_k, e) what the heads in `heads` give.

    grad and out (H, n_q, e) are the gradient at the output and that output, lse (H, n_q); the
    others as for `attend`. All is read in the dtype of dq, float32 or float64. Query heads of one
    key head are added up in turn: the bits are always the same.
    """
    with _device() as device, np.errstate(invalid="ignore", over="ignore"):
        groups, own = np.unique(kv[heads], return_inverse=True)
        mean = (grad[heads].astype(np.float64) * out[heads]).sum(axis=2)
        q, k, v, g, log, mean = _sent(
            device,
            *(
                x.astype(dq.dtype, copy=False)
                for x in (q[heads], k[groups], v[groups], grad[heads], lse[heads], mean)
            ),
        )
        each, order = np.arange(len(heads)), np.argsort(own, kind="stable")
        alone = np.stack([each, own, each], axis=1), np.arange(len(heads) + 1)
        shared = (
            np.stack([own, each, each], axis=1)[order],
            np.searchsorted(own[order], np.arange(len(groups) + 1)),
        )
        turned = transposed(sets)
        dq[heads] += _gradient(
            device, sets, (q, k, g, v, k), (log, mean), alone, scale, dq.shape[2], False, False
        )
        dk[groups] += _gradient(
            device, turned, (k, q, v, g, q), (log, mean), shared, scale, dk.shape[2], True, False
        )
        dv[groups] += _gradient(
            device, turned, (k, q, v, g, g), (log, mean), shared, scale, dv.shape[2], True, True
        )


def _gradient(device, sets, vectors, rows, heads, scale, width, keyed, plain) -> np.ndarray:
    """One of dq, dk and dv: a head per entry of heads[1] but the last, a row per set."""
    dtype, shape = vectors[0].dtype, (len(heads[1]) - 1, sets.shape[0], width)
    form = _form(sets, dtype.name, width)
    if not form.blocks:
        return np.zeros(shape, dtype)
    target = _unset(device, shape, dtype)
    kernel = form.gradient_kernel(keyed, plain)
    kernel[(form.blocks * shape[0], form.parts), form.threads](
        *vectors,
        *rows,
        *_sent(device, *heads),
        dtype.type(scale),
        *_sent(device, *form.tables),
        target,
    )
    return target.copy_to_host()[..., :width]


def transposed(sets):
    """The queries of each key, a Plan or a CSR of (n_k, n_q) as the sets are. O(nnz) memory."""
    turned = (sets if isinstance(sets, CSR) else sets.csr()).transpose()
    return (
        turned
        if isinstance(sets, CSR)
        else plan(Listed(turned.indptr, turned.indices), turned.shape)
    )


def _form(sets, dtype: str, width: int) -> Form:
    """Rows over CSR, or tiles of a plan with the heaviest first."""
    from . import rows as cuda_rows
    from . import tile as cuda_parts
    from . import tiles as cuda_tiles
    from . import tiles_backward as cuda_tiles_backward

    if isinstance(sets, CSR):
        threads = cuda_rows.THREADS[width > cuda_rows.THREADS[0] and dtype == "float32"]
        tables = sets.indptr.astype(np.int64, copy=False), sets.indices.astype(np.int32, copy=False)
        return Form(
            partial(cuda_rows.attend_kernel, threads, dtype),
            partial(cuda_rows.gradient_kernel, threads, dtype),
            tables,
            sets.shape[0],
            _parts(width, threads),
            threads,
        )
    layout, part = cuda_parts.LAYOUT[dtype], 128 if width > 64 and dtype == "float32" else 64
    tables = np.argsort(-np.diff(sets.ptr), kind="stable"), *sets.arrays
    return Form(
        partial(cuda_tiles.attend_kernel, layout, dtype, part),
        partial(cuda_tiles_backward.gradient_kernel, layout, dtype, part),
        tables,
        len(sets.rows),
        _parts(width, part),
        layout.threads,
    )


def _parts(width: int, part: int) -> int:
    """How many parts cover the width, at least one."""
    return max(1, -(-width // part))


def _sent(device, *arrays) -> list[Any]:
    """The arrays on the device; where one is empty, zeros, one along each axis that had none."""
    return [
        device.to_device(
            np.ascontiguousarray(x) if x.size else np.zeros([s or 1 for s in x.shape], x.dtype)
        )
        for x in arrays
    ]


def _unset(device, shape, dtype):
    """Room for results on the device, at least one along each axis."""
    return device.device_array([s or 1 for s in shape], dtype)


@contextmanager
def _device():
    """numba.cuda if it finds a device, for one caller at a time, and silent about small grids."""
    try:
        from numba import cuda

        reason = None if cuda.is_available() else cuda.cuda_error() or "no device was found"
    except ImportError as error:
        reason = error
    if reason is not None:
        raise RuntimeError(
            f'device="cuda" needs an NVIDIA driver and pip install "sparse-ref[cuda]": {reason}'
        )
    with _entry, warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaPerformanceWarning)
        yield cuda
