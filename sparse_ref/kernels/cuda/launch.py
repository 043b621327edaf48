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

from ...lower import CSR, plan, transpose_rows
from ...sets.listed import Listed
from ..arguments import Factors, HeadTriples, Statistics, Tiles, Vectors

_entry = RLock()
# whether the rows of the plan are keys, and whether the weights are plain P
FLAGS = {"dq": (False, False), "dk": (True, False), "dv": (True, True)}


class Form(NamedTuple):
    """How kernels run over sets: `blocks` per head, `parts` of the features, `threads` of each.

    `sets` are the kernels' arguments: arrays, or tuples of arrays.
    """

    attend_kernel: Callable
    gradient_kernel: Callable
    sets: tuple[Any, ...]
    blocks: int
    parts: int
    threads: int


def attend(vectors, heads, kv, scale, sets, results):
    """Write results = (out (H, n_q, e), lse (H, n_q)) of each h in `heads`.

    vectors = (q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)), read in the dtype of out, float32 or
    float64; lse is float64; head h reads k[kv[h]] and v[kv[h]]. `sets` is a Plan or a CSR of
    (n_q, n_k). A query without keys gets 0 and -inf. Returns whether each head got inf or NaN, bool
    (H,). Raises RuntimeError if there is no device to run on.
    """
    with _device() as device:
        q, k, v = vectors
        out, lse = results
        number, width = out.dtype.type, v.shape[2]
        form = _form(sets, out.dtype.name, width)
        is_lost = np.zeros(len(out), bool)
        if not form.blocks:
            return is_lost
        groups, key_head = np.unique(kv[heads], return_inverse=True)
        x = Vectors(q[heads], k[groups], v[groups])
        x = Vectors(*(array.astype(number) for array in x))
        shapes = [(len(heads), *y.shape[1:]) for y in results]
        dtypes = [y.dtype for y in results]
        arrays = [_allocate(device, *room) for room in zip(shapes, dtypes)]
        inputs = _send(device, x), _send(device, key_head), number(scale)
        grid = (form.blocks * len(heads), form.parts)
        kernel = form.attend_kernel()[grid, form.threads]
        kernel(*inputs, *_send(device, form.sets), tuple(arrays))
        out[heads] = arrays[0].copy_to_host()[..., :width]
        lse[heads] = arrays[1].copy_to_host()
        has_nan = np.isnan(lse[heads]).any(axis=1)
        is_finite = np.isfinite(out[heads]).all(axis=(1, 2))
        is_lost[heads] = has_nan | ~is_finite
        return is_lost


def backward(arrays, heads, kv, scale, sets, gradients):
    """Add to gradients = (dq (H, n_q, d), dk (G, n_k, d), dv (G, n_k, e)) what `heads` give.

    arrays = (grad, q, k, v, out, lse): grad and out (H, n_q, e) are the gradient at the output and
    that output, lse (H, n_q) in float64; the others as for `attend`. All is read in the dtype of
    dq, float32 or float64, and lse in two numbers of it. Query heads of one key head are added up
    in turn: the bits are always the same.
    """
    dq, dk, dv = gradients
    with _device() as device, np.errstate(invalid="ignore", over="ignore"):
        groups, key_head = np.unique(kv[heads], return_inverse=True)
        working = _working(device, arrays, heads, groups, dq.dtype.type)
        grad, q, k, v, statistics = working
        by_query_head, by_key_head = _head_triples(key_head, len(groups))
        number = dq.dtype.type(scale)
        of_queries = statistics, by_query_head, number
        of_keys = statistics, by_key_head, number
        dq_factors = Factors(q, k, grad, v, k)
        dk_factors = Factors(k, q, v, grad, q)
        dv_factors = Factors(k, q, v, grad, grad)
        columns = transpose(sets)
        dq[heads] += _gradient(device, sets, dq_factors, of_queries, dq, "dq")
        dk[groups] += _gradient(device, columns, dk_factors, of_keys, dk, "dk")
        dv[groups] += _gradient(device, columns, dv_factors, of_keys, dv, "dv")


def _working(device, arrays, heads, groups, number) -> tuple[Any, ...]:
    """grad, q, k, v and the Statistics of these heads and key heads, on the device."""
    grad, q, k, v, out, lse = arrays
    lse = lse[heads]
    rounded = lse.astype(number)
    rest = np.where(np.isfinite(rounded), lse - rounded, 0)

    def send(x):
        return _send(device, x.astype(number, copy=False))

    vectors = grad[heads], q[heads], k[groups], v[groups]
    means = _means(device, send(grad[heads]), send(out[heads]))
    statistics = Statistics(send(rounded), send(rest), means)
    return *map(send, vectors), statistics


def _means(device, grad, out):
    """mean_i = g_i . out_i, (H, n_q), from arrays on the device."""
    from . import means

    heads, n_q, _ = grad.shape
    target = _allocate(device, (heads, n_q), grad.dtype)
    grid = heads, -(-n_q // means.THREADS)
    kernel = means.means_kernel(grad.dtype.name)
    kernel[grid, means.THREADS](grad, out, target)
    return target


def _head_triples(key_head, groups: int) -> tuple[HeadTriples, HeadTriples]:
    """Those for dq, head by head, and for dk and dv, key head by key head."""
    every = np.arange(len(key_head))
    order = np.argsort(key_head, kind="stable")
    by_query_head = np.stack([every, key_head, every], axis=1)
    by_key_head = np.stack([key_head, every, every], axis=1)[order]
    first = np.searchsorted(key_head[order], np.arange(groups + 1))
    one_each = np.arange(len(key_head) + 1)
    return HeadTriples(by_query_head, one_each), HeadTriples(by_key_head, first)


def _gradient(device, sets, factors, inputs, total, name: str) -> np.ndarray:
    """What a gradient's kernel adds to `total`, per head; inputs = (statistics, heads, scale)."""
    statistics, heads, scale = inputs
    width = total.shape[2]
    form = _form(sets, total.dtype.name, width)
    shape = len(heads.first) - 1, sets.shape[0], width
    if not form.blocks:
        return np.zeros(shape, total.dtype)
    target = _allocate(device, shape, total.dtype)
    grid = (form.blocks * shape[0], form.parts)
    kernel = form.gradient_kernel(*FLAGS[name])[grid, form.threads]
    triples = _send(device, heads)
    kernel(factors, statistics, triples, scale, *_send(device, form.sets), target)
    return target.copy_to_host()[..., :width]


def transpose(sets):
    """The queries of each key, a Plan or a CSR of (n_k, n_q) as the sets are. O(nnz) memory."""
    if isinstance(sets, CSR):
        return transpose_rows(sets)
    columns = transpose_rows(sets.csr())
    return plan(Listed(columns.indptr, columns.indices), columns.shape)


def _form(sets, dtype: str, width: int) -> Form:
    """Rows over CSR, or tiles of a plan with the heaviest first."""
    return (
        _rows_form(sets, dtype, width) if isinstance(sets, CSR) else _tiles_form(sets, dtype, width)
    )


def _rows_form(sets, dtype: str, width: int) -> Form:
    """A block per row, with more threads if there are more float32 features than the fewer take."""
    from . import rows

    few, many = rows.THREADS
    threads = many if width > few and dtype == "float32" else few
    indptr = sets.indptr.astype(np.int64, copy=False)
    indices = sets.indices.astype(np.int32, copy=False)
    return Form(
        partial(rows.attend_kernel, threads, dtype),
        partial(rows.gradient_kernel, threads, dtype),
        ((indptr, indices),),
        sets.shape[0],
        _parts(width, threads),
        threads,
    )


def _tiles_form(sets, dtype: str, width: int) -> Form:
    """A block per tile."""
    from . import tile, tiles

    layout = tile.LAYOUT[dtype]
    part = 128 if width > 64 and dtype == "float32" else 64
    visit = np.argsort(-np.diff(sets.ptr), kind="stable")
    return Form(
        partial(tiles.attend_kernel, layout, dtype, part),
        partial(tiles.gradient_kernel, layout, dtype, part),
        (Tiles(*sets.arrays), visit),
        len(sets.rows),
        _parts(width, part),
        layout.threads,
    )


def _parts(width: int, part: int) -> int:
    """How many parts cover the width, at least one."""
    return max(1, -(-width // part))


def _send(device, x) -> Any:
    """An array on the device, or a tuple of them; zeros, one along each empty axis, if empty."""
    if isinstance(x, tuple):
        members = [_send(device, member) for member in x]
        return x._make(members) if hasattr(x, "_make") else tuple(members)
    shape = [length or 1 for length in x.shape]
    array = np.ascontiguousarray(x) if x.size else np.zeros(shape, x.dtype)
    return device.to_device(array)


def _allocate(device, shape, dtype):
    """Room for results on the device, at least one along each axis."""
    return device.device_array([length or 1 for length in shape], dtype)


@contextmanager
def _device():
    """numba.cuda if it finds a device, for one caller at a time, and silent about small grids."""
    try:
        from numba import cuda
        from numba.core.errors import NumbaPerformanceWarning

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
