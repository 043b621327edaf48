"""Are the gradients right? By autograd through fn, or by a backward function that is handed in, against the float64 statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

import numpy as np

from ...attention import attend_backward, attend_with_lse
from ..calling.frameworks import DTYPES, FRAMEWORKS, bits, name_of, numpy_of, spacing
from ..calling.rounded_attention import differentiated
from ..calling.subject import LAYOUTS, ProbeError, Subject
from .finding import Finding, found_in
from .gradient_sets import other_keys

NAMES = ("dq", "dk", "dv")


def wrong_gradients(
    call: Subject, vjp, patterns, sets, judged, scale, seed: int, rows=None
) -> Iterator[Finding]:
    """Rows of dq, dk and dv that are off, for a random gradient at the rows judged, bool (H, rows), and 0 at the others.

    sets, bool (H, rows, n_k), are those of these rows; `rows` says which they are, all unless given."""
    rows = np.arange(call.n[0]) if rows is None else rows
    rng = np.random.default_rng(seed)
    q, k, v = call.normal(rng)
    grad = call.rounded(rng.standard_normal((call.heads, call.n[0], call.e), np.float32))
    grad[:, ~np.isin(np.arange(call.n[0]), rows)] = 0
    grad[:, rows] *= judged[..., None]
    found, dtype = _called(call, vjp, grad, q, k, v)
    if len(found) != 3:
        yield Finding(
            "gradient", f"the gradient of fn must be (dq, dk, dv), got {len(found)} of them"
        )
        return
    scale = call.d**-0.5 if scale is None else scale
    right = _stated([x.astype(np.float64) for x in (grad, q, k, v)], patterns, scale)
    budgets = [*_budgets(grad, q, k, v, sets, rows, scale, dtype, right)]
    unseen = (
        ~attended(patterns, call.n),
        (right[2] == 0).all(axis=-1),
    )  # queries without keys; keys that nothing comes back to
    for name, x, true, budget, alone in zip(
        NAMES, found, right, budgets, (unseen[0], unseen[1], unseen[1])
    ):
        if x.shape != true.shape:
            yield Finding("gradient", f"{name} must have shape {true.shape}, got {x.shape}")
            continue
        with np.errstate(invalid="ignore"):
            off = ~(np.abs(x - true).max(axis=-1, initial=0) <= budget)
        yield from found_in(
            "gradient", off, f"{{}} of {name} off, where {budget:.2g} is allowed", "row"
        )
        nothing = alone & (x != 0).any(axis=-1) & ~off
        yield from found_in(
            "gradient",
            nothing,
            f"{{}} of {name} that must be 0, as nothing reaches them, but are not",
            "row",
        )
    if found[2].shape == right[2].shape:
        yield from other_keys(
            call,
            lambda q, k, v, grad: _called(call, vjp, grad, q, k, v)[0][2],
            sets & judged[..., None],
            rows,
        )


def _budgets(grad, q, k, v, sets, rows, scale, dtype: str, right) -> Iterator[float]:
    """Of dq, dk and dv: twice the error of plain NumPy in this precision, logits in it or in float32, and their own rounding."""
    x = grad[:, rows], q[:, rows], k, v, sets, scale
    plain = [differentiated(*x, bits(dtype), of_logits) for of_logits in {24, bits(dtype)}]
    for at, true in enumerate(right):
        own = true[:, rows] if at == 0 else true
        error = max(np.abs(each[at] - own).max(initial=0) for each in plain)
        yield 2 * error + (spacing(dtype) + 16 * spacing("float32")) * np.abs(true).max(initial=0)


def attended(patterns, n) -> np.ndarray:
    """Which queries have any key, bool (H, n_q)."""
    zero = np.zeros((len(patterns), n[0], 1)), np.zeros((1, n[1], 1))
    return attend_with_lse(zero[0], zero[1], zero[1], patterns)[1] > -np.inf


def _stated(x, patterns, scale) -> tuple[np.ndarray, ...]:
    """(dq, dk, dv) by this library: the statement in float64, the tiles in float32."""
    grad, q, k, v = x
    device = "reference" if q.dtype == np.float64 and max(q.shape[1], k.shape[1]) <= 4096 else "cpu"
    out, lse = attend_with_lse(q, k, v, patterns, scale=scale, device=device)
    return attend_backward(grad, q, k, v, out, lse, patterns, scale=scale, device=device)


def _called(call: Subject, vjp, grad, q, k, v) -> tuple[list[np.ndarray], str]:
    """dq, dk, dv in float64, (heads, n, width), and the dtype they came in."""
    into, back = LAYOUTS[call.layout]
    arrays = [np.array(into(x[None]), order="C") for x in (grad, q, k, v)]
    make: Callable = {"torch": _torch, "jax": _jax}[vjp] if isinstance(vjp, str) else lambda fn: vjp

    def run():
        with np.errstate(all="ignore"):
            found = make(call.fn)(
                *(
                    FRAMEWORKS[call.framework](x, call.dtype, call.device)
                    for x in (*arrays[1:], arrays[0])
                )
            )
            heads = call.heads, call.kv_heads, call.kv_heads
            least = min(
                (name_of(x) for x in found if name_of(x) in DTYPES), key=bits, default=call.dtype
            )
            return [back(numpy_of(x), h)[0] for x, h in zip(found, heads)] if len(
                found
            ) == 3 else list(found), least

    try:
        found, dtype = call.worker(run, call.seconds)
        return found, min(dtype, call.dtype, key=bits)
    except TimeoutError as error:
        raise ProbeError(
            f"the gradient of fn {error}", "timeout" if call.worker.lost else "error"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ProbeError(f"the gradient of fn raised {type(error).__name__}: {error}") from error


def _torch(fn):
    """vjp(q, k, v, grad) by torch's autograd."""

    def vjp(q, k, v, grad):
        torch = import_module("torch")
        with torch.enable_grad():
            x = [a.detach().clone().requires_grad_() for a in (q, k, v)]
            out = fn(*x)
            out = out[0] if isinstance(out, (tuple, list)) else out
            return torch.autograd.grad(out, x, grad.to(out.dtype))

    return vjp


def _jax(fn):
    """vjp(q, k, v, grad) by jax.vjp."""

    def vjp(q, k, v, grad):
        def alone(*x):
            out = fn(*x)
            return out[0] if isinstance(out, (tuple, list)) else out

        out, back = import_module("jax").vjp(alone, q, k, v)
        return back(grad.astype(out.dtype))

    return vjp
