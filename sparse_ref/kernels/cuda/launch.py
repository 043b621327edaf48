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
        number, width = out.dtype.type, v.shape[2]
        form = _form(sets, out.dtype.name, width)
        if not form.blocks:
            return
        groups, key_head = np.unique(kv[heads], return_inverse=True)
        vectors = [x.astype(number, copy=False) for x in (q[heads], k[groups], v[groups])]
        inputs = _send(device, *vectors, key_head)
        results = [_allocate(device, (len(heads), *x.shape[1:]), number) for x in (out, lse)]
        grid = (form.blocks * len(heads), form.parts)
        kernel = form.attend_kernel()[grid, form.threads]
        kernel(*inputs, number(scale), *_send(device, *form.tables), *results)
        out[heads] = results[0].copy_to_host()[..., :width]
        lse[heads] = results[1].copy_to_host()


def backward(grad, q, k, v, out, lse, heads, kv, scale, sets, dq, dk, dv):
    """Add to dq (H, n_q, d), dk (G, n_k, d) and dv (G, n_k, e) what the heads in `heads` give.

    grad and out (H, n_q, e) are the gradient at the output and that output, lse (H, n_q); the
    others as for `attend`. All is read in the dtype of dq, float32 or float64. Query heads of one
    key head are added up in turn: the bits are always the same.
    """
    with _device() as device, np.errstate(invalid="ignore", over="ignore"):
        groups, key_head = np.unique(kv[heads], return_inverse=True)
        mean = (grad[heads].astype(np.float64) * out[heads]).sum(axis=2)
        arrays = (q[heads], k[groups], v[groups], grad[heads], lse[heads], mean)
        working = [x.astype(dq.dtype, copy=False) for x in arrays]
        q, k, v, g, *rows = _send(device, *working)
        separate, shared = _head_triples(key_head, len(groups))
        columns = transpose(sets)

        def gradient(lowered, vectors, triples, total, keyed, plain):
            """One of them, of the heads of the triples."""
            form = _form(lowered, dq.dtype.name, total.shape[2])
            shape = (len(triples[1]) - 1, lowered.shape[0], total.shape[2])
            arguments = (*vectors, *rows, *_send(device, *triples), dq.dtype.type(scale))
            return _gradient(device, form, arguments, np.zeros(shape, dq.dtype), keyed, plain)

        dq[heads] += gradient(sets, (q, k, g, v, k), separate, dq, False, False)
        dk[groups] += gradient(columns, (k, q, v, g, q), shared, dk, True, False)
        dv[groups] += gradient(columns, (k, q, v, g, g), shared, dv, True, True)


def _head_triples(key_head, groups: int):
    """(triples, first) for dq, head by head, and for dk and dv, key head by key head.

    A triple is which head of a, of b, and of lse and mean a kernel reads.
    """
    every = np.arange(len(key_head))
    order = np.argsort(key_head, kind="stable")
    separate = np.stack([every, key_head, every], axis=1)
    shared = np.stack([key_head, every, every], axis=1)[order]
    first = np.searchsorted(key_head[order], np.arange(groups + 1))
    return (separate, np.arange(len(key_head) + 1)), (shared, first)


def _gradient(device, form: Form, arguments, nothing, keyed: bool, plain: bool) -> np.ndarray:
    """What the gradient kernel makes of these arguments; `nothing`, zeros, if there are no rows."""
    if not form.blocks:
        return nothing
    target = _allocate(device, nothing.shape, nothing.dtype)
    grid = (form.blocks * len(nothing), form.parts)
    kernel = form.gradient_kernel(keyed, plain)[grid, form.threads]
    kernel(*arguments, *_send(device, *form.tables), target)
    return target.copy_to_host()[..., : nothing.shape[2]]


def transpose(sets):
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


def _send(device, *arrays) -> list[Any]:
    """The arrays on the device; where one is empty, zeros, one along each axis that had none."""
    return [
        device.to_device(
            np.ascontiguousarray(x) if x.size else np.zeros([s or 1 for s in x.shape], x.dtype)
        )
        for x in arrays
    ]


def _allocate(device, shape, dtype):
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
